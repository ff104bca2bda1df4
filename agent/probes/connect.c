#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/probes/connect.h"
#include "agent/resolve.h"
#include "proto/base/text.h"

/* Begins to connect: 0, EINPROGRESS, or another errno. */
static int
dial(struct connect *connection, const struct sockaddr *address, socklen_t size)
{
	int type = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
	int fd = socket(address->sa_family, type, 0);

	if (fd < 0)
		return errno;
	connection->fd = fd;
	connection->is_open = true;
	return connect(fd, address, size) < 0 ? errno : 0;
}

/* What has become of it: 0 or an errno. */
static int
outcome_of(int fd)
{
	socklen_t size = sizeof(int);
	int error = 0;

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
		return errno;
	return error;
}

/* Is it settled without a wait?  A peer on this host, or one that refuses, has
 * answered by the time connect() returns. */
static bool
is_settled(int fd)
{
	struct pollfd pollfd = { .fd = fd, .events = POLLOUT };

	return poll(&pollfd, 1, 0) == 1;
}

void
connect_close(struct connect *connection)
{
	if (connection->is_open)
		close(connection->fd);
	connection->is_open = false;
}

/* How often the kernel had to send its SYN again: each time is a packet that
 * was lost, or an answer that nobody sent. */
static unsigned
count_repeats(const struct connect *connection)
{
	struct tcp_info info = { 0 };
	socklen_t size = sizeof(info);

	if (!connection->is_open ||
	    getsockopt(connection->fd, IPPROTO_TCP, TCP_INFO, &info, &size) < 0)
		return 0;
	return info.tcpi_total_retrans;
}

static enum turn
connected(
    struct probe *p, struct connect *connection, const struct sockaddr *address)
{
	char server[ADDRESS_TEXT_BYTES];
	unsigned repeats = count_repeats(connection);

	probe_text(p, "server", address_text(server, address));
	if (repeats > 0) {
		probe_number(p, "syn_retransmits", repeats);
		probe_say(p,
		    "%s answered after %u lost attempts: the path loses "
		    "packets, or the server's queue is full",
		    server, repeats);
	}
	return TURN_NEXT;
}

static enum turn
lost(struct probe *p, const struct connect *connection)
{
	enum reason reason = probe_reason_of_errno(connection->first_error);
	char server[ADDRESS_TEXT_BYTES];
	const char *more =
	    connection->at > 1 ? " (nor any other of its addresses)" : "";

	address_text(server, probe_address(p, connection->first_at, NULL));
	probe_text(p, "server", server);
	if (reason == REASON_INTERNAL || reason == REASON_DENIED)
		return probe_unknown(p, reason, "%s: %s", server,
		    strerror(connection->first_error));
	return probe_fail(p, reason, "%s: %s%s", server,
	    strerror(connection->first_error), more);
}

enum turn
connect_try(struct probe *p, struct connect *connection)
{
	const struct sockaddr *address;
	socklen_t size;
	int error;

	while ((address = probe_address(p, connection->at, &size)) != NULL) {
		error = connection->is_open ? outcome_of(connection->fd)
					    : dial(connection, address, size);
		if (error == EINPROGRESS && !is_settled(connection->fd))
			return probe_await(p, connection->fd, UV_WRITABLE);
		if (error == EINPROGRESS)
			error = outcome_of(connection->fd);
		if (error == 0)
			return connected(p, connection, address);
		if (connection->first_error == 0) {
			connection->first_error = error;
			connection->first_at = connection->at;
		}
		connect_close(connection);
		connection->at++;
	}
	return lost(p, connection);
}

void
connect_expire(struct probe *p, const struct connect *connection)
{
	const struct sockaddr *address = probe_address(p, connection->at, NULL);
	char server[ADDRESS_TEXT_BYTES], span[TEXT_SPAN_BYTES];
	unsigned repeats = count_repeats(connection);

	if (address == NULL)
		return;
	text_span(span, (int64_t)probe_config(p)->timeout_ms * 1000);
	probe_text(p, "server", address_text(server, address));
	probe_number(p, "syn_retransmits", repeats);
	probe_fail(p, REASON_TIMEOUT, "%s: no answer within %s, to %u attempts",
	    server, span, repeats + 1);
}
