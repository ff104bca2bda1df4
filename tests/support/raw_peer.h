/*
 * raw_peer.h - a peer of the edge that writes its own bytes, as it likes.
 *
 * Blocking, with a limit on every wait.
 */
#ifndef TESTS_SUPPORT_RAW_PEER_H
#define TESTS_SUPPORT_RAW_PEER_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define RAW_PATIENCE_S   20
#define RAW_SESSION_MAX  128
#define RAW_REQUEST_BODY 20

/* Connects to tcp://127.0.0.1:port, tls+tcp:// the same, or ipc:///path;
 * returns the descriptor, or -1. */
static inline int
raw_connect(const char *url)
{
	struct timeval patience = { .tv_sec = RAW_PATIENCE_S };
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	bool is_ipc = strncmp(url, "ipc://", 6) == 0;
	int on = 1;
	struct sockaddr *address =
	    is_ipc ? (void *)&un : (struct sockaddr *)(void *)&in;
	int fd =
	    socket(is_ipc ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	if (is_ipc) {
		snprintf(un.sun_path, sizeof(un.sun_path), "%s", url + 6);
	} else {
		inet_pton(AF_INET, "127.0.0.1", &in.sin_addr);
		in.sin_port = htons((uint16_t)atoi(strrchr(url, ':') + 1));
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	}
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (connect(fd, address, is_ipc ? sizeof(un) : sizeof(in)) == 0)
		return fd;
	close(fd);
	return -1;
}

/* The SP header of protocol; returns its size. */
static inline size_t
raw_hello(unsigned char *out, unsigned char protocol)
{
	const unsigned char hello[] = { 0, 'S', 'P', 0, 0, protocol, 0, 0 };

	memcpy(out, hello, sizeof(hello));
	return sizeof(hello);
}

/* The beginning of a request with so many bytes of body. */
static inline size_t
raw_request_head(unsigned char *out, bool is_ipc, size_t n_body)
{
	size_t n = 0, size = n_body + 4;

	if (is_ipc)
		out[n++] = 1;
	for (int shift = 56; shift >= 0; shift -= 8)
		out[n++] = (unsigned char)(size >> shift);
	memcpy(out + n, "\x80\0\0\7", 4);
	return n + 4;
}

/* All that a good peer sends: hello, and one request. */
static inline size_t
raw_session(unsigned char out[RAW_SESSION_MAX], bool is_ipc)
{
	size_t n = raw_hello(out, 0x30);

	n += raw_request_head(out + n, is_ipc, RAW_REQUEST_BODY);
	memset(out + n, 'x', RAW_REQUEST_BODY);
	return n + RAW_REQUEST_BODY;
}

static inline bool
raw_send(int fd, const void *bytes, size_t n)
{
	return n == 0 || send(fd, bytes, n, MSG_NOSIGNAL) == (ssize_t)n;
}

/* Reads n bytes; false at the end or when the wait is too long. */
static inline bool
raw_receive(int fd, void *bytes, size_t n)
{
	return recv(fd, bytes, n, MSG_WAITALL) == (ssize_t)n;
}

/* Has the edge closed this connection, by now or within the patience? */
static inline bool
raw_is_closed(int fd)
{
	char waste[65536];
	ssize_t got;

	do
		got = recv(fd, waste, sizeof(waste), 0);
	while (got > 0);
	return got == 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
}

/* Ends with FIN, or with RST where the socket can. */
static inline void
raw_close(int fd, bool is_reset)
{
	struct linger linger = { .l_onoff = 1 };

	if (is_reset)
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	close(fd);
}

#endif
