#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include "proto/edge_link.h"

#define KEEPALIVE_IDLE_S     30
#define KEEPALIVE_INTERVAL_S 10
#define KEEPALIVE_PROBES     3

void
link_tune(int fd, uint32_t lost_ms)
{
	const struct {
		int name, value;
	} options[] = {
		{ TCP_NODELAY, 1 },
		{ TCP_KEEPIDLE, KEEPALIVE_IDLE_S },
		{ TCP_KEEPINTVL, KEEPALIVE_INTERVAL_S },
		{ TCP_KEEPCNT, KEEPALIVE_PROBES },
		{ TCP_USER_TIMEOUT, (int)lost_ms },
	};
	int on = 1;

	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		setsockopt(fd, IPPROTO_TCP, options[i].name, &options[i].value,
		    sizeof(options[i].value));
}

/* Describes errno after a call that returned -1. */
static int
translate(const char *what, struct err *err)
{
	if (errno == EAGAIN)
		return 0;
	return err_set(err, ERR_IO, "%s: %s", what, uv_strerror(-errno));
}

ssize_t
link_read(const struct link *link, void *to, size_t room, struct err *err)
{
	ssize_t got;

	if (link->tls != NULL)
		return tls_read(link->tls, to, room, err);
	do
		got = recv(link->fd, to, room, 0);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return translate("receive", err);
	if (got == 0)
		return err_set(err, ERR_CLOSED, "closed by the peer");
	return got;
}

/* One record for all the small pieces at the front; a large one goes as it
 * lies.  What is chosen depends on nothing but the pieces, so trying again
 * gives OpenSSL the same bytes. */
static ssize_t
write_records(struct tls *tls, const struct iovec *pieces, int n,
    unsigned char *scratch, struct err *err)
{
	size_t used = 0;

	if (pieces[0].iov_len >= LINK_SCRATCH_BYTES)
		return tls_write(
		    tls, pieces[0].iov_base, pieces[0].iov_len, err);
	for (int i = 0; i < n && used < LINK_SCRATCH_BYTES; i++) {
		size_t more = pieces[i].iov_len;

		if (more > LINK_SCRATCH_BYTES - used)
			more = LINK_SCRATCH_BYTES - used;
		memcpy(scratch + used, pieces[i].iov_base, more);
		used += more;
	}
	return tls_write(tls, scratch, used, err);
}

ssize_t
link_write(const struct link *link, struct iovec *pieces, int n,
    unsigned char *scratch, struct err *err)
{
	struct msghdr msg = { .msg_iov = pieces, .msg_iovlen = (size_t)n };
	ssize_t put;

	if (link->tls != NULL)
		return write_records(link->tls, pieces, n, scratch, err);
	do
		put = sendmsg(link->fd, &msg, MSG_NOSIGNAL);
	while (put < 0 && errno == EINTR);
	return put < 0 ? translate("send", err) : put;
}

void
link_close(struct link *link)
{
	char waste[4096];

	for (int i = 0; i < 16 && link->tls != NULL; i++) {
		if (recv(link->fd, waste, sizeof(waste), MSG_DONTWAIT) <= 0)
			break;
	}
	tls_free(link->tls);
	link->tls = NULL;
	close(link->fd);
	link->fd = -1;
}
