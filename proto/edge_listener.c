#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/base/mem.h"
#include "proto/edge_listener.h"

/* Others get their turn even under a flood of connections. */
#define ACCEPTS_MAX 64

#define BACKLOG 4096

struct listener {
	uv_poll_t poll;
	int fd;
	int spare_fd; /* given up to turn somebody away when none is left */
	struct edge_url url;
	char *text;
	dev_t device; /* of the IPC socket's file, to remove only our own */
	ino_t inode;
	listener_accept_fn *on_accept;
	void *arg;
	void (*closed)(void *arg);
	void *closed_arg;
};

static int
open_spare(void)
{
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

/* Without a free descriptor the connection would wait in the backlog, and the
 * loop would be told of it for ever. */
static void
turn_away(struct listener *listener)
{
	close(listener->spare_fd);
	close(accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC));
	listener->spare_fd = open_spare();
	listener->on_accept(listener->arg, listener, -1);
}

static void
on_poll(uv_poll_t *poll, int status, int events)
{
	struct listener *listener = poll->data;
	int fd;

	(void)status;
	(void)events;
	for (int i = 0; i < ACCEPTS_MAX && listener->fd >= 0; i++) {
		fd = accept4(
		    listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0) {
			listener->on_accept(listener->arg, listener, fd);
			continue;
		}
		if (errno == EMFILE || errno == ENFILE)
			turn_away(listener);
		else if (errno == EAGAIN)
			break;
		/* Else that peer is gone already; the next may be there. */
	}
}

/* Makes way for a socket at path: nobody may be listening there. */
static int
clear_path(
    const struct edge_address *address, const char *path, struct err *err)
{
	struct stat st;
	int fd, rc;

	if (lstat(path, &st) < 0)
		return 0; /* bind() knows better what is wrong, if anything */
	if (!S_ISSOCK(st.st_mode))
		return err_set(
		    err, ERR_EXISTS, "%s exists and is not a socket", path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return err_set(err, ERR_IO, "socket: %s", uv_strerror(-errno));
	rc = connect(fd, &address->any, address->n);
	close(fd);
	if (rc == 0 || errno == EAGAIN)
		return err_set(
		    err, ERR_BUSY, "%s is served by another process", path);
	unlink(path);
	return 0;
}

static int
bind_socket(struct listener *listener, const struct edge_address *address,
    struct err *err)
{
	int on = 1, rc;
	mode_t mask;

	listener->fd = socket(address->any.sa_family,
	    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (listener->fd < 0)
		return err_set(err, ERR_IO, "socket: %s", uv_strerror(-errno));
	setsockopt(listener->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	/* Who may ask is decided by the owner and group of an IPC socket. */
	mask = umask(0117);
	rc = bind(listener->fd, &address->any, address->n);
	umask(mask);
	if (rc < 0 || listen(listener->fd, BACKLOG) < 0)
		return err_set(err, errno == EADDRINUSE ? ERR_BUSY : ERR_IO,
		    "listen: %s", uv_strerror(-errno));
	return 0;
}

/* Opens the socket at an address that was found proper. */
static int
bind_url(
    struct listener *listener, const char *text, bool insecure, struct err *err)
{
	char host[EDGE_ADDRESS_BYTES];
	struct edge_url *url = &listener->url;
	struct edge_address address;
	struct stat st;

	if (edge_url_parse(url, text, err) < 0)
		return -1;
	if (edge_url_address(&address, url, err) < 0)
		return err_wrap(err,
		    "%s: listen at an address of this host, "
		    "or at * for all",
		    text);
	if (url->transport == TRANSPORT_TCP && !insecure &&
	    !edge_address_is_local(&address))
		return err_set(err, ERR_DENIED,
		    "%s: anybody could read along and pretend; use tls+tcp://, "
		    "or allow it with insecure: true",
		    text);
	if (url->transport == TRANSPORT_IPC &&
	    clear_path(&address, url->path, err) < 0)
		return -1;
	if (bind_socket(listener, &address, err) < 0)
		return err_wrap(err, "%s", text);
	if (url->transport == TRANSPORT_IPC) {
		if (stat(url->path, &st) == 0) {
			listener->device = st.st_dev;
			listener->inode = st.st_ino;
		}
		listener->text = mem_strdup(text);
		return 0;
	}
	address.n = sizeof(address.storage);
	getsockname(listener->fd, &address.any, &address.n);
	listener->text = mem_printf("%s://%s",
	    url->transport == TRANSPORT_TLS ? "tls+tcp" : "tcp",
	    edge_address_text(host, &address, true));
	return 0;
}

int
listener_open(struct listener **out, uv_loop_t *loop, const char *url,
    bool insecure, listener_accept_fn *on_accept, void *arg, struct err *err)
{
	struct listener *listener = mem_zalloc(sizeof(*listener));

	listener->fd = -1;
	if (bind_url(listener, url, insecure, err) < 0) {
		if (listener->fd >= 0)
			close(listener->fd);
		free(listener);
		return -1;
	}
	listener->on_accept = on_accept;
	listener->arg = arg;
	listener->spare_fd = open_spare();
	uv_poll_init(loop, &listener->poll, listener->fd);
	listener->poll.data = listener;
	uv_poll_start(&listener->poll, UV_READABLE, on_poll);
	*out = listener;
	return 0;
}

enum transport
listener_transport(const struct listener *listener)
{
	return listener->url.transport;
}

const char *
listener_url(const struct listener *listener)
{
	return listener->text;
}

static void
on_closed(uv_handle_t *handle)
{
	struct listener *listener = handle->data;

	listener->closed(listener->closed_arg);
	free(listener->text);
	free(listener);
}

void
listener_close(struct listener *listener, void (*closed)(void *arg), void *arg)
{
	const char *path = listener->url.path;
	struct stat st;

	listener->closed = closed;
	listener->closed_arg = arg;
	uv_close((uv_handle_t *)&listener->poll, on_closed);
	close(listener->fd);
	close(listener->spare_fd);
	listener->fd = -1;
	/* Somebody else may have replaced the file since. */
	if (path[0] != '\0' && stat(path, &st) == 0 &&
	    st.st_dev == listener->device && st.st_ino == listener->inode)
		unlink(path);
}
