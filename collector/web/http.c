#include <assert.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <microhttpd.h>

#include "collector/web/http.h"
#include "collector/web/http_call.h"
#include "proto/base/mem.h"

#define SWEEP_MS       1000
#define BACKLOG        511
#define TLS_PRIORITIES "SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"
#define ADDRESS_BYTES  80

struct http {
	struct MHD_Daemon *daemon;
	uv_poll_t poll;
	uv_timer_t timer, sweep;
	int n_handles;
	struct http_calls calls;
	char address[ADDRESS_BYTES];
	void (*closed)(void *arg);
	void *closed_arg;
};

/* --- the loop ----------------------------------------------------------- */

static void on_timer(uv_timer_t *timer);

/* Lets the library work, and asks when it wants to work next. */
static void
run(struct http *http)
{
	MHD_UNSIGNED_LONG_LONG ms;

	MHD_run(http->daemon);
	if (MHD_get_timeout(http->daemon, &ms) == MHD_YES)
		uv_timer_start(&http->timer, on_timer, ms, 0);
	else
		uv_timer_stop(&http->timer);
}

static void
on_timer(uv_timer_t *timer)
{
	run(timer->data);
}

static void
on_resumed(struct http_calls *calls)
{
	struct http *http = LIST_ITEM(calls, struct http, calls);

	uv_timer_start(&http->timer, on_timer, 0, 0);
}

static void
on_poll(uv_poll_t *poll, int status, int events)
{
	(void)status;
	(void)events;
	run(poll->data);
}

static void
on_sweep(uv_timer_t *timer)
{
	struct http *http = timer->data;

	http_calls_sweep(&http->calls);
	run(http);
}

/* --- starting ----------------------------------------------------------- */

/* Splits "[host]:port"; the host is without brackets. */
static int
split(char host[ADDRESS_BYTES], const char **port, const char *listen)
{
	const char *colon = strrchr(listen, ':');
	size_t n = colon != NULL ? (size_t)(colon - listen) : 0;

	if (n == 0 || n >= ADDRESS_BYTES || colon[1] == '\0')
		return -1;
	if (listen[0] == '[' && listen[n - 1] == ']') {
		listen++;
		n -= 2;
	}
	memcpy(host, listen, n);
	host[n] = '\0';
	*port = colon + 1;
	return 0;
}

static int
bind_to(const struct addrinfo *info)
{
	int one = 1;
	int fd = socket(info->ai_family,
	    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, info->ai_protocol);

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, info->ai_addr, info->ai_addrlen) == 0 &&
	    listen(fd, BACKLOG) == 0)
		return fd;
	one = errno;
	close(fd);
	errno = one;
	return -1;
}

/* Host is a number or localhost, so nobody waits for a name server. */
static int
open_socket(int *out_fd, const char *listen_at, struct err *err)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
		.ai_flags = AI_PASSIVE | AI_NUMERICSERV };
	struct addrinfo *info = NULL;
	char host[ADDRESS_BYTES];
	const char *port;
	int rc;

	if (split(host, &port, listen_at) < 0)
		return err_set(err, ERR_INVALID,
		    "http: %s: write HOST:PORT, such as 127.0.0.1:8080",
		    listen_at);
	rc = getaddrinfo(host, port, &hints, &info);
	if (rc != 0)
		return err_set(
		    err, ERR_IO, "http: %s: %s", listen_at, gai_strerror(rc));
	*out_fd = bind_to(info);
	freeaddrinfo(info);
	if (*out_fd < 0)
		return err_set(
		    err, ERR_IO, "http: %s: %s", listen_at, strerror(errno));
	return 0;
}

static void
note_address(struct http *http, int fd)
{
	struct sockaddr_storage at;
	socklen_t n = sizeof(at);
	char host[48], port[8];

	if (getsockname(fd, (struct sockaddr *)&at, &n) < 0 ||
	    getnameinfo((struct sockaddr *)&at, n, host, sizeof(host), port,
		sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		return;
	snprintf(http->address, sizeof(http->address),
	    at.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
}

static struct MHD_Daemon *
start_daemon(struct http *http, int fd)
{
	unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME;
	struct MHD_OptionItem tls[] = {
		{ MHD_OPTION_HTTPS_CERT_CALLBACK, 0,
		    (void *)(uintptr_t)http_call_on_certificate },
		{ MHD_OPTION_HTTPS_PRIORITIES, 0,
		    (void *)(uintptr_t)TLS_PRIORITIES },
		{ MHD_OPTION_END, 0, NULL },
	};

	if (http->calls.identity == NULL)
		tls[0].option = MHD_OPTION_END;
	else
		flags |= MHD_USE_TLS;
	return MHD_start_daemon(flags, 0, NULL, NULL, http_call_on_access,
	    &http->calls, MHD_OPTION_LISTEN_SOCKET, fd,
	    MHD_OPTION_CONNECTION_LIMIT, 2U * HTTP_CONNECTIONS_MAX,
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HTTP_HEAD_MAX_BYTES,
	    MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)HTTP_STALL_MAX_S,
	    MHD_OPTION_NOTIFY_CONNECTION, http_call_on_connection, &http->calls,
	    MHD_OPTION_NOTIFY_COMPLETED, http_call_on_completed, &http->calls,
	    MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_ARRAY, tls,
	    MHD_OPTION_END);
}

static int
start(struct http *http, const struct http_setup *setup, struct err *err)
{
	int fd;

	if (setup->certificate_file != NULL &&
	    identity_load(&http->calls.identity, setup->certificate_file,
		setup->key_file, err) < 0)
		return -1;
	if (open_socket(&fd, setup->listen, err) < 0)
		return -1;
	note_address(http, fd);
	http->daemon = start_daemon(http, fd);
	if (http->daemon != NULL)
		return 0; /* the socket is the daemon's */
	close(fd);
	return err_set(
	    err, ERR_IO, "http: %s: the server does not start", setup->listen);
}

int
http_open(struct http **out, const struct http_setup *setup, struct err *err)
{
	struct http *http = mem_zalloc(sizeof(*http));
	const union MHD_DaemonInfo *info;

	http_calls_init(&http->calls, setup);
	http->calls.on_resumed = on_resumed;
	if (start(http, setup, err) < 0) {
		identity_drop(http->calls.identity);
		free(http);
		return -1;
	}
	info = MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	assert(info != NULL);
	uv_poll_init(setup->loop, &http->poll, info->epoll_fd);
	uv_timer_init(setup->loop, &http->timer);
	uv_timer_init(setup->loop, &http->sweep);
	http->n_handles = 3;
	http->poll.data = http->timer.data = http->sweep.data = http;
	uv_poll_start(&http->poll, UV_READABLE, on_poll);
	uv_timer_start(&http->sweep, on_sweep, SWEEP_MS, SWEEP_MS);
	*out = http;
	return 0;
}

void
http_set_identity(struct http *http, struct identity *identity)
{
	identity_drop(http->calls.identity);
	http->calls.identity = identity;
}

const char *
http_address(const struct http *http)
{
	return http->address;
}

const struct http_counts *
http_counts(const struct http *http)
{
	return &http->calls.counts;
}

/* --- stopping ----------------------------------------------------------- */

static void
on_handle_closed(uv_handle_t *handle)
{
	struct http *http = handle->data;

	if (--http->n_handles > 0)
		return;
	http->closed(http->closed_arg);
	free(http);
}

void
http_close(struct http *http, void (*closed)(void *arg), void *arg)
{
	http->closed = closed;
	http->closed_arg = arg;
	uv_poll_stop(&http->poll); /* before its descriptor goes */
	http_calls_release(&http->calls);
	MHD_stop_daemon(http->daemon);
	identity_drop(http->calls.identity);
	uv_close((uv_handle_t *)&http->poll, on_handle_closed);
	uv_close((uv_handle_t *)&http->timer, on_handle_closed);
	uv_close((uv_handle_t *)&http->sweep, on_handle_closed);
}
