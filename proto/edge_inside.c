#include <assert.h>
#include <nng/nng.h>
#include <nng/protocol/pubsub0/pub.h>
#include <nng/protocol/pubsub0/sub.h>
#include <nng/protocol/reqrep0/req.h>
#include <stdlib.h>

#include "proto/base/mem.h"
#include "proto/edge_inside.h"

/* Raw sockets have no room by default, and then a message is refused while
 * nng's threads are still moving the one before.  Requests may be large, and
 * those who send them can wait; events cannot. */
#define SEND_MESSAGES    1024
#define RECEIVE_MESSAGES 8192 /* the most that nng lets us ask for */

#define BURST_MESSAGES 256

struct inside {
	nng_socket socket;
	const struct inside_events *events;
	void *arg;
	bool paused, is_open;
	uv_poll_t receivable, sendable;
	unsigned handles;
	void (*closed)(void *arg);
	void *closed_arg;
};

static const struct kind {
	int (*open)(nng_socket *out);
	bool receives, sends, listens;
} kinds[] = {
	[INSIDE_REQ] = { nng_req0_open_raw, true, true, false },
	[INSIDE_SUB] = { nng_sub0_open_raw, true, false, false },
	[INSIDE_PUB] = { nng_pub0_open_raw, false, true, true },
};

/* The descriptor only says "maybe": whoever reads asks until told no. */
static void
on_receivable(uv_poll_t *poll, int status, int events)
{
	struct inside *inside = poll->data;
	nng_msg *msg;
	int n = 0;

	(void)status;
	(void)events;
	while (!inside->paused && n < BURST_MESSAGES &&
	    nng_recvmsg(inside->socket, &msg, NNG_FLAG_NONBLOCK) == 0) {
		n++;
		inside->events->on_message(inside->arg, msg);
	}
	if (n > 0 && inside->is_open)
		inside->events->on_burst(inside->arg);
}

static void
on_sendable(uv_poll_t *poll, int status, int events)
{
	struct inside *inside = poll->data;

	(void)status;
	(void)events;
	uv_poll_stop(poll);
	inside->events->on_room(inside->arg);
}

static int
complain(struct err *err, const char *what, const char *address, int rc)
{
	return err_set(err, rc == NNG_EADDRINUSE ? ERR_EXISTS : ERR_IO,
	    "%s %s: %s", what, address, nng_strerror(rc));
}

static int
join(struct inside *inside, const struct kind *kind, const char *address,
    struct err *err)
{
	int rc;

	if (kind->receives)
		nng_socket_set_int(
		    inside->socket, NNG_OPT_RECVBUF, RECEIVE_MESSAGES);
	if (kind->sends)
		nng_socket_set_int(
		    inside->socket, NNG_OPT_SENDBUF, SEND_MESSAGES);
	if (kind->listens) {
		rc = nng_listen(inside->socket, address, NULL, 0);
		return rc == 0 ? 0 : complain(err, "listen at", address, rc);
	}
	rc = nng_dial(inside->socket, address, NULL, 0);
	return rc == 0 ? 0 : complain(err, "connect to", address, rc);
}

static void
watch(
    struct inside *inside, uv_loop_t *loop, uv_poll_t *poll, const char *option)
{
	int fd = -1;

	nng_socket_get_int(inside->socket, option, &fd);
	assert(fd >= 0);
	uv_poll_init(loop, poll, fd);
	poll->data = inside;
	inside->handles++;
}

int
inside_open(struct inside **out, uv_loop_t *loop, enum inside_kind kind,
    const char *address, const struct inside_events *events, void *arg,
    struct err *err)
{
	struct inside *inside = mem_zalloc(sizeof(*inside));
	int rc;

	rc = kinds[kind].open(&inside->socket);
	if (rc != 0) {
		free(inside);
		return complain(err, "socket for", address, rc);
	}
	if (join(inside, &kinds[kind], address, err) < 0) {
		nng_close(inside->socket);
		free(inside);
		return -1;
	}
	inside->events = events;
	inside->arg = arg;
	inside->paused = inside->is_open = true;
	if (kinds[kind].receives)
		watch(inside, loop, &inside->receivable, NNG_OPT_RECVFD);
	if (kinds[kind].sends)
		watch(inside, loop, &inside->sendable, NNG_OPT_SENDFD);
	*out = inside;
	return 0;
}

enum inside_sent
inside_send(struct inside *inside, nng_msg *msg)
{
	int rc = nng_sendmsg(inside->socket, msg, NNG_FLAG_NONBLOCK);

	if (rc == 0)
		return INSIDE_SENT;
	assert(rc == NNG_EAGAIN);
	uv_poll_start(&inside->sendable, UV_READABLE, on_sendable);
	return INSIDE_FULL;
}

void
inside_pause(struct inside *inside)
{
	if (inside->paused)
		return;
	inside->paused = true;
	uv_poll_stop(&inside->receivable);
}

void
inside_resume(struct inside *inside)
{
	if (!inside->paused || !inside->is_open)
		return;
	inside->paused = false;
	uv_poll_start(&inside->receivable, UV_READABLE, on_receivable);
}

void
inside_forget(struct inside *inside)
{
	nng_msg *msg;

	while (nng_recvmsg(inside->socket, &msg, NNG_FLAG_NONBLOCK) == 0)
		nng_msg_free(msg);
}

static void
on_handle_closed(uv_handle_t *handle)
{
	struct inside *inside = handle->data;
	void (*closed)(void *arg);
	void *arg;

	if (--inside->handles > 0)
		return;
	/* nng owns the descriptors, so it goes last. */
	nng_close(inside->socket);
	closed = inside->closed;
	arg = inside->closed_arg;
	free(inside);
	closed(arg);
}

void
inside_close(struct inside *inside, void (*closed)(void *arg), void *arg)
{
	inside->paused = true;
	inside->is_open = false;
	inside->closed = closed;
	inside->closed_arg = arg;
	if (inside->receivable.data != NULL)
		uv_close((uv_handle_t *)&inside->receivable, on_handle_closed);
	if (inside->sendable.data != NULL)
		uv_close((uv_handle_t *)&inside->sendable, on_handle_closed);
}
