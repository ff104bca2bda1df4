#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/probes/kinds.h"
#include "agent/resolve.h"
#include "proto/base/text.h"

struct tcp {
	int fd;
	bool is_open;
	size_t at;       /* the address that is tried */
	int first_error; /* errno of the first address that did not do */
	size_t first_at;
};

static enum turn
resolve_step(struct probe *p, void *state)
{
	const struct tcp_config *config = probe_config(p)->tcp;

	if (probe_answer(p) == NULL)
		probe_target(p, config->host, config->port);
	return probe_resolve(p, state);
}

/* Begins to connect: 0, EINPROGRESS, or another errno. */
static int
dial(struct tcp *tcp, const struct sockaddr *address, socklen_t size)
{
	int type = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
	int fd = socket(address->sa_family, type, 0);

	if (fd < 0)
		return errno;
	tcp->fd = fd;
	tcp->is_open = true;
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

static void
hang_up(struct tcp *tcp)
{
	if (tcp->is_open)
		close(tcp->fd);
	tcp->is_open = false;
}

/* How often the kernel had to send its SYN again: each time is a packet that
 * was lost, or an answer that nobody sent. */
static unsigned
count_repeats(const struct tcp *tcp)
{
	struct tcp_info info = { 0 };
	socklen_t size = sizeof(info);

	if (!tcp->is_open ||
	    getsockopt(tcp->fd, IPPROTO_TCP, TCP_INFO, &info, &size) < 0)
		return 0;
	return info.tcpi_total_retrans;
}

static enum turn
connected(struct probe *p, struct tcp *tcp, const struct sockaddr *address)
{
	char server[ADDRESS_TEXT_BYTES];
	unsigned repeats = count_repeats(tcp);

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
lost(struct probe *p, const struct tcp *tcp)
{
	enum reason reason = probe_reason_of_errno(tcp->first_error);
	char server[ADDRESS_TEXT_BYTES];
	const char *more =
	    tcp->at > 1 ? " (nor any other of its addresses)" : "";

	address_text(server, probe_address(p, tcp->first_at, NULL));
	probe_text(p, "server", server);
	if (reason == REASON_INTERNAL || reason == REASON_DENIED)
		return probe_unknown(
		    p, reason, "%s: %s", server, strerror(tcp->first_error));
	return probe_fail(
	    p, reason, "%s: %s%s", server, strerror(tcp->first_error), more);
}

/* Tries the addresses in turn, as a client would. */
static enum turn
connect_step(struct probe *p, void *state)
{
	struct tcp *tcp = state;
	const struct sockaddr *address;
	socklen_t size;
	int error;

	while ((address = probe_address(p, tcp->at, &size)) != NULL) {
		error = tcp->is_open ? outcome_of(tcp->fd)
				     : dial(tcp, address, size);
		if (error == EINPROGRESS && !is_settled(tcp->fd))
			return probe_await(p, tcp->fd, UV_WRITABLE);
		if (error == EINPROGRESS)
			error = outcome_of(tcp->fd);
		if (error == 0)
			return connected(p, tcp, address);
		if (tcp->first_error == 0) {
			tcp->first_error = error;
			tcp->first_at = tcp->at;
		}
		hang_up(tcp);
		tcp->at++;
	}
	return lost(p, tcp);
}

static void
expire(struct probe *p, void *state)
{
	const struct tcp *tcp = state;
	const struct sockaddr *address = probe_address(p, tcp->at, NULL);
	char server[ADDRESS_TEXT_BYTES], span[TEXT_SPAN_BYTES];
	unsigned repeats = count_repeats(tcp);

	if (address == NULL)
		return;
	text_span(span, (int64_t)probe_config(p)->timeout_ms * 1000);
	probe_text(p, "server", address_text(server, address));
	probe_number(p, "syn_retransmits", repeats);
	probe_fail(p, REASON_TIMEOUT, "%s: no answer within %s, to %u attempts",
	    server, span, repeats + 1);
}

static void
cleanup(void *state)
{
	hang_up(state);
}

static int
check(const struct conf *conf, const char *path,
    const struct probe_config *config, struct err *err)
{
	char at[256];

	if (config->tcp->host[0] == '\0') {
		snprintf(at, sizeof(at), "%s.host", path);
		return conf_complain(
		    conf, err, at, "must be a name or an address");
	}
	if (config->tcp->port == 0) {
		snprintf(at, sizeof(at), "%s.port", path);
		return conf_complain(conf, err, at, "must be from 1 to 65535");
	}
	return 0;
}

static const struct probe_step steps[] = {
	{ "resolve", resolve_step },
	{ "connect", connect_step },
	{ NULL, NULL },
};

const struct probe_kind tcp_kind = {
	.name = "tcp",
	.state_size = sizeof(struct tcp),
	.steps = steps,
	.cleanup = cleanup,
	.expire = expire,
	.check = check,
};
