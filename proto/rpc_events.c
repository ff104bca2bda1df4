/* The events of rpc.h: a PUB socket inside, and a SUB socket for the loop. */
#include <nng/nng.h>
#include <nng/protocol/pubsub0/pub.h>
#include <nng/protocol/pubsub0/sub.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/mem.h"
#include "proto/crossing.h"
#include "proto/rpc_inside.h"

#define PUBLISHER_QUEUE  4096 /* events that the edge has not taken yet */
#define SUBSCRIBER_QUEUE 4096 /* events that the loop has not taken yet */

/* --- publishing ------------------------------------------------------------- */

struct rpc_publisher {
	nng_socket socket;
};

int
rpc_publisher_new(
    struct rpc_publisher **out, const char *address, struct err *err)
{
	nng_socket socket;
	int rc = nng_pub0_open(&socket);

	if (rc != 0)
		return rpc_nng_err(err, "open", address, rc);
	rc = nng_socket_set_int(socket, NNG_OPT_SENDBUF, PUBLISHER_QUEUE);
	if (rc == 0)
		rc = nng_listen(socket, address, NULL, 0);
	if (rc != 0) {
		nng_close(socket);
		return rpc_nng_err(err, "listen on", address, rc);
	}
	*out = mem_zalloc(sizeof(**out));
	(*out)->socket = socket;
	return 0;
}

void
rpc_publisher_send(struct rpc_publisher *publisher, const char *topic,
    const void *payload, size_t n)
{
	size_t head = strlen(topic) + 1;
	nng_msg *msg;
	char *body;

	if (nng_msg_alloc(&msg, head + n) != 0)
		abort(); /* out of memory, as in mem_zalloc() */
	body = nng_msg_body(msg);
	memcpy(body, topic, head);
	if (n > 0)
		memcpy(body + head, payload, n);
	if (nng_sendmsg(publisher->socket, msg, NNG_FLAG_NONBLOCK) != 0)
		nng_msg_free(msg);
}

void
rpc_publisher_close(struct rpc_publisher *publisher)
{
	nng_close(publisher->socket);
	free(publisher);
}

/* --- subscribing ------------------------------------------------------------ */

struct heard {
	struct list node;
	nng_msg *msg;
};

struct rpc_subscriber {
	nng_socket socket;
	nng_aio *aio;
	struct crossing crossing;
	rpc_event_fn *on_event;
	void *arg;
	/* Slots of the queue: the crossing's mutex guards free ones. */
	struct list unused;
	uint64_t dropped;
	bool is_closing;
	void (*done)(void *arg);
	void *done_arg;
	struct heard slots[SUBSCRIBER_QUEUE];
};

/* Runs on a thread of nng: hands the event over and waits for the next. */
static void
on_aio(void *arg)
{
	struct rpc_subscriber *subscriber = arg;
	struct list *node;
	nng_msg *msg;

	if (nng_aio_result(subscriber->aio) != 0)
		return; /* closing */
	msg = nng_aio_get_msg(subscriber->aio);
	uv_mutex_lock(&subscriber->crossing.mutex);
	node = list_pop(&subscriber->unused);
	if (node == NULL)
		subscriber->dropped++;
	uv_mutex_unlock(&subscriber->crossing.mutex);
	if (node == NULL) {
		nng_msg_free(msg);
	} else {
		LIST_ITEM(node, struct heard, node)->msg = msg;
		crossing_push(&subscriber->crossing, node);
	}
	nng_recv_aio(subscriber->socket, subscriber->aio);
}

/* A message without a NUL has no topic that ends: it is not ours. */
static void
tell(struct rpc_subscriber *subscriber, nng_msg *msg)
{
	const char *body = nng_msg_body(msg);
	size_t n = nng_msg_len(msg);
	const char *nul = n == 0 ? NULL : memchr(body, '\0', n);

	if (nul != NULL && !subscriber->is_closing)
		subscriber->on_event(subscriber->arg, body, nul + 1,
		    n - (size_t)(nul + 1 - body));
	nng_msg_free(msg);
}

static void
on_arrival(void *arg)
{
	struct rpc_subscriber *subscriber = arg;
	struct list *node;
	nng_msg *msg;

	while ((node = crossing_pop(&subscriber->crossing)) != NULL) {
		msg = LIST_ITEM(node, struct heard, node)->msg;
		uv_mutex_lock(&subscriber->crossing.mutex);
		list_push(&subscriber->unused, node);
		uv_mutex_unlock(&subscriber->crossing.mutex);
		tell(subscriber, msg);
	}
}

static int
open_socket(struct rpc_subscriber *subscriber, const char *address,
    const char *prefix, struct err *err)
{
	int rc = nng_sub0_open(&subscriber->socket);

	if (rc != 0)
		return rpc_nng_err(err, "open", address, rc);
	rc = nng_socket_set(
	    subscriber->socket, NNG_OPT_SUB_SUBSCRIBE, prefix, strlen(prefix));
	if (rc == 0) /* while nng's thread waits for a processor */
		rc = nng_socket_set_int(
		    subscriber->socket, NNG_OPT_RECVBUF, SUBSCRIBER_QUEUE);
	if (rc == 0)
		rc = nng_aio_alloc(&subscriber->aio, on_aio, subscriber);
	if (rc == 0)
		rc = nng_dial(subscriber->socket, address, NULL, 0);
	if (rc == 0)
		return 0;
	nng_aio_free(subscriber->aio);
	nng_close(subscriber->socket);
	return rpc_nng_err(err, "connect to", address, rc);
}

int
rpc_subscriber_new(struct rpc_subscriber **out, uv_loop_t *loop,
    const char *address, const char *prefix, rpc_event_fn *on_event, void *arg,
    struct err *err)
{
	struct rpc_subscriber *subscriber = mem_zalloc(sizeof(*subscriber));

	subscriber->on_event = on_event;
	subscriber->arg = arg;
	list_init(&subscriber->unused);
	for (size_t i = 0; i < SUBSCRIBER_QUEUE; i++)
		list_push(&subscriber->unused, &subscriber->slots[i].node);
	if (open_socket(subscriber, address, prefix, err) < 0) {
		free(subscriber);
		return -1;
	}
	if (crossing_init(&subscriber->crossing, loop, on_arrival, subscriber) <
	    0) {
		nng_aio_free(subscriber->aio);
		nng_close(subscriber->socket);
		free(subscriber);
		return err_set(
		    err, ERR_IO, "hear %s: no handle of the loop", address);
	}
	nng_aio_set_timeout(subscriber->aio, NNG_DURATION_INFINITE);
	nng_recv_aio(subscriber->socket, subscriber->aio);
	*out = subscriber;
	return 0;
}

uint64_t
rpc_subscriber_dropped(const struct rpc_subscriber *subscriber)
{
	struct rpc_subscriber *mutable = (void *)(uintptr_t)subscriber;
	uint64_t dropped;

	uv_mutex_lock(&mutable->crossing.mutex);
	dropped = subscriber->dropped;
	uv_mutex_unlock(&mutable->crossing.mutex);
	return dropped;
}

static void
on_closed(void *arg)
{
	struct rpc_subscriber *subscriber = arg;
	void (*done)(void *arg) = subscriber->done;
	void *done_arg = subscriber->done_arg;

	free(subscriber);
	done(done_arg);
}

void
rpc_subscriber_close(
    struct rpc_subscriber *subscriber, void (*done)(void *arg), void *arg)
{
	subscriber->is_closing = true;
	subscriber->done = done;
	subscriber->done_arg = arg;
	nng_aio_stop(subscriber->aio);
	nng_aio_free(subscriber->aio);
	nng_close(subscriber->socket);
	on_arrival(subscriber); /* frees what was not told */
	crossing_close(&subscriber->crossing, on_closed);
}
