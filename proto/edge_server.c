#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/base/mem.h"
#include "proto/edge_guests.h"
#include "proto/edge_inside.h"
#include "proto/edge_listener.h"

#define DOORS_MAX 16

/* Of the table of guests, per turn of the loop: some forty certificates when
 * there are ten thousand connections. */
#define RECHECK_BUCKETS 16

/* An address, and who may come in. */
struct door {
	struct edge_server *server;
	struct listener *listener;
	struct tls_context *context; /* NULL without TLS */
};

struct edge_server {
	struct conn_shared shared;
	struct edge_server_setup setup;
	struct guests guests;
	struct inside *requests; /* NULL with a passage */
	struct inside *events;   /* may be NULL */
	uv_prepare_t flush;      /* what came through the passage */
	struct door doors[DOORS_MAX];
	size_t n_doors;
	uv_idle_t recheck; /* looks at certificates after a reload */
	size_t recheck_at;
	struct list waiting, dirty, subs; /* of guests */
	bool is_closing;
	size_t parts; /* listeners and insides that are not closed yet */
	void (*done)(void *arg);
	void *done_arg;
};

static struct guest *
guest_of(struct conn *conn)
{
	return LIST_ITEM(conn, struct guest, conn);
}

static struct edge_server *
server_of(const struct guest *guest)
{
	const struct door *door = guest->owner;

	return door->server;
}

static void
mark_dirty(struct edge_server *server, struct guest *guest)
{
	if (list_is_empty(&guest->in_dirty))
		list_push(&server->dirty, &guest->in_dirty);
}

/* --- from outside to inside ---------------------------------------------- */

static int
on_hello(struct conn *conn, uint16_t protocol, struct err *err)
{
	struct guest *guest = guest_of(conn);
	struct edge_server *server = server_of(guest);
	struct parcel *hello;

	if (protocol == WIRE_SUB && server->events == NULL)
		return err_set(
		    err, ERR_UNSUPPORTED, "nothing is published here");
	if (protocol != WIRE_REQ && protocol != WIRE_SUB)
		return err_set(err, ERR_INVALID,
		    "speaks SP protocol 0x%02x, neither REQ nor SUB", protocol);
	guests_welcome(&server->guests, guest);
	if (protocol == WIRE_SUB)
		list_push(&server->subs, &guest->in_subs);
	else
		conn_start_idle(conn);
	hello = parcel_new_hello(protocol == WIRE_REQ ? WIRE_REP : WIRE_PUB);
	conn_queue(conn, hello);
	parcel_drop(hello);
	conn_flush(conn);
	return 0;
}

/* The message for inside: our number before the peer's words, and who the
 * peer is before the body. */
static nng_msg *
wrap(struct guest *guest, const unsigned char *bytes, size_t n, size_t words)
{
	unsigned char block[PEER_BLOCK_MAX_BYTES], *body;
	size_t n_block = peer_write(block, &guest->conn.peer);
	nng_msg *msg;

	if (nng_msg_alloc(&msg, n_block + n - words) != 0)
		abort(); /* out of memory, as in mem_zalloc() */
	body = nng_msg_body(msg);
	memcpy(body, block, n_block);
	memcpy(body + n_block, bytes + words, n - words);
	nng_msg_header_append_u32(msg, guest->number);
	nng_msg_header_append(msg, bytes, words);
	return msg;
}

static enum inside_sent
send_inside(struct edge_server *server, nng_msg *msg)
{
	if (server->requests != NULL)
		return inside_send(server->requests, msg);
	passage_request(server->setup.passage, msg);
	return INSIDE_SENT;
}

static int
on_frame(
    struct conn *conn, const unsigned char *bytes, size_t n, struct err *err)
{
	struct guest *guest = guest_of(conn);
	struct edge_server *server = server_of(guest);
	int words = wire_words(bytes, n);
	nng_msg *msg;

	if (conn->wire.protocol != WIRE_REQ)
		return err_set(err, ERR_INVALID, "a subscriber sent a message");
	if (words < 0)
		return err_set(err, ERR_INVALID, "a request without its id");
	msg = wrap(guest, bytes, n, (size_t)words);
	guest->in_flight++;
	conn_cancel_idle(conn);
	if (guest->in_flight >= server->shared.limits.in_flight)
		conn_pause(conn);
	if (send_inside(server, msg) == INSIDE_FULL) {
		guest->held = msg;
		list_push(&server->waiting, &guest->in_waiting);
		conn_pause(conn);
	}
	return 0;
}

static void
resume(struct edge_server *server, struct guest *guest)
{
	if (guest->held == NULL &&
	    guest->in_flight < server->shared.limits.in_flight)
		conn_resume(&guest->conn);
}

static void
on_room(void *arg)
{
	struct edge_server *server = arg;

	LIST_EACH (node, &server->waiting) {
		struct guest *guest = LIST_ITEM(node, struct guest, in_waiting);

		if (inside_send(server->requests, guest->held) == INSIDE_FULL)
			return;
		guest->held = NULL;
		list_remove(node);
		resume(server, guest);
	}
}

/* --- from inside to outside ---------------------------------------------- */

static void
on_reply(void *arg, nng_msg *msg)
{
	struct edge_server *server = arg;
	struct guest *guest = NULL;
	struct parcel *parcel;
	uint32_t number;

	if (nng_msg_header_trim_u32(msg, &number) == 0)
		guest = guests_find(&server->guests, number);
	if (guest == NULL) {
		nng_msg_free(msg); /* the peer has left */
		return;
	}
	parcel = parcel_new(msg);
	conn_queue(&guest->conn, parcel);
	parcel_drop(parcel);
	mark_dirty(server, guest);
}

static void
on_event(void *arg, nng_msg *msg)
{
	struct edge_server *server = arg;
	struct parcel *parcel = parcel_new(msg);

	LIST_EACH (node, &server->subs) {
		struct guest *guest = LIST_ITEM(node, struct guest, in_subs);

		if (guest->conn.outbox.bytes +
			parcel_size(parcel, guest->conn.outbox.typed) >
		    server->shared.limits.queue_bytes) {
			server->shared.counts.dropped_events++;
			continue;
		}
		conn_queue(&guest->conn, parcel);
		mark_dirty(server, guest);
	}
	parcel_drop(parcel);
}

/* One write for all that one burst brought a peer. */
static void
on_burst(void *arg)
{
	struct edge_server *server = arg;
	struct list *node;

	while ((node = list_pop(&server->dirty)) != NULL)
		conn_flush(&LIST_ITEM(node, struct guest, in_dirty)->conn);
}

/* Before the loop waits again: one write for all that this turn brought. */
static void
on_flush(uv_prepare_t *flush)
{
	on_burst(flush->data);
}

static void
on_written(struct conn *conn)
{
	struct guest *guest = guest_of(conn);
	struct edge_server *server = server_of(guest);

	if (guest->in_flight == 0)
		return; /* an event */
	if (--guest->in_flight == 0)
		conn_start_idle(conn);
	resume(server, guest);
}

static const struct inside_events request_events = {
	.on_message = on_reply,
	.on_burst = on_burst,
	.on_room = on_room,
};

static const struct inside_events event_events = {
	.on_message = on_event,
	.on_burst = on_burst,
};

/* --- ending -------------------------------------------------------------- */

static void
on_timer_closed(uv_handle_t *handle)
{
	struct deadlines *deadlines = handle->data;
	struct edge_server *server =
	    LIST_ITEM(deadlines->arg, struct edge_server, shared);
	void (*done)(void *arg) = server->done;
	void *arg = server->done_arg;

	for (size_t i = 0; i < server->n_doors; i++)
		tls_context_free(server->doors[i].context);
	guests_fini(&server->guests);
	free(server);
	done(arg);
}

static void
check_closed(struct edge_server *server)
{
	if (server->is_closing && server->parts == 0 && server->guests.n == 0)
		conn_shared_fini(&server->shared, on_timer_closed);
}

static void
on_part_closed(void *arg)
{
	struct edge_server *server = arg;

	server->parts--;
	check_closed(server);
}

static void
on_handle_closed(uv_handle_t *handle)
{
	on_part_closed(handle->data);
}

/* Is it a reason to tell people about? */
static bool
is_refusal(const struct err *why)
{
	return why->code != ERR_CLOSED && why->code != ERR_IO;
}

static void
on_closed(struct conn *conn, const struct err *why)
{
	struct guest *guest = guest_of(conn);
	struct edge_server *server = server_of(guest);

	server->shared.counts.open--;
	guests_forget(&server->guests, guest);
	if (server->setup.on_refused != NULL && is_refusal(why) &&
	    !server->is_closing)
		server->setup.on_refused(server->setup.arg, &conn->peer, why);
}

static void
on_freed(struct conn *conn)
{
	struct guest *guest = guest_of(conn);
	struct edge_server *server = server_of(guest);

	guest_free(&server->guests, guest);
	check_closed(server);
}

static const struct conn_events conn_events = {
	.on_hello = on_hello,
	.on_frame = on_frame,
	.on_written = on_written,
	.on_closed = on_closed,
	.on_freed = on_freed,
};

/* --- beginning ----------------------------------------------------------- */

static void
evict(struct edge_server *server, struct guest *guest)
{
	struct err err;

	err_set(&err, ERR_BUSY,
	    "gave way in its handshake: too many connections at a time");
	server->shared.counts.evicted++;
	conn_close(&guest->conn, &err);
}

/* Makes room for one more; false when all the others are in good standing. */
static bool
make_room(struct edge_server *server)
{
	struct guest *oldest;

	if (server->shared.counts.open < server->shared.limits.connections)
		return true;
	oldest = guests_oldest(&server->guests, NULL);
	if (oldest == NULL)
		return false;
	evict(server, oldest);
	return true;
}

static void
on_accept(void *arg, struct listener *listener, int fd)
{
	struct door *door = arg;
	struct edge_server *server = door->server;
	struct edge_counts *counts = &server->shared.counts;
	struct guest *guest;

	counts->accepted++;
	if (fd < 0 || !make_room(server)) {
		counts->handshakes_refused++;
		if (fd >= 0)
			close(fd);
		return;
	}
	guest = guest_new(door);
	conn_accept(&guest->conn, &server->shared, fd,
	    listener_transport(listener), door->context);
	counts->open++;
	guests_add(&server->guests, guest);
	if (guests_shaking_hands(guest) > server->shared.limits.handshaking)
		evict(server, guests_oldest(&server->guests, guest));
}

static void
on_nothing(void *arg)
{
	(void)arg;
}

static int
open_insides(struct edge_server *server, struct err *err)
{
	const struct edge_server_setup *setup = &server->setup;

	if (setup->passage == NULL &&
	    inside_open(&server->requests, setup->loop, INSIDE_REQ,
		setup->rep_address, &request_events, server, err) < 0)
		return -1;
	if (setup->pub_address != NULL &&
	    inside_open(&server->events, setup->loop, INSIDE_SUB,
		setup->pub_address, &event_events, server, err) < 0) {
		if (server->requests != NULL)
			inside_close(server->requests, on_nothing, NULL);
		return -1;
	}
	if (setup->passage != NULL) {
		setup->passage->on_reply = on_reply;
		setup->passage->edge = server;
	}
	server->parts = (server->requests != NULL) + (server->events != NULL);
	return 0;
}

static void
start_handles(struct edge_server *server)
{
	uv_idle_init(server->setup.loop, &server->recheck);
	uv_prepare_init(server->setup.loop, &server->flush);
	server->recheck.data = server->flush.data = server;
	uv_prepare_start(&server->flush, on_flush);
	server->parts += 2;
}

int
edge_server_new(struct edge_server **out, const struct edge_server_setup *setup,
    struct err *err)
{
	struct edge_server *server = mem_zalloc(sizeof(*server));

	server->setup = *setup;
	if (open_insides(server, err) < 0) {
		free(server);
		return -1;
	}
	start_handles(server);
	conn_shared_init(&server->shared, setup->loop, setup->clock,
	    &setup->limits, &conn_events);
	/* Nanoseconds pass faster than connections come, so no two servers of
	 * a process use a number twice. */
	guests_init(&server->guests, server->shared.limits.connections,
	    (uint64_t)clock_mono_ns(setup->clock));
	list_init(&server->waiting);
	list_init(&server->dirty);
	list_init(&server->subs);
	if (server->requests != NULL)
		inside_resume(server->requests);
	if (server->events != NULL)
		inside_resume(server->events);
	*out = server;
	return 0;
}

int
edge_server_listen(struct edge_server *server, const char *url, bool insecure,
    const struct edge_tls *tls, struct err *err)
{
	struct door *door = &server->doors[server->n_doors];

	if (server->n_doors == DOORS_MAX)
		return err_set(err, ERR_LIMIT,
		    "%s: there are %d addresses already", url, DOORS_MAX);
	*door = (struct door){ .server = server };
	if (tls != NULL && tls_context_new(&door->context, true, tls, err) < 0)
		return err_wrap(err, "%s", url);
	if (listener_open(&door->listener, server->shared.loop, url, insecure,
		on_accept, door, err) < 0) {
		tls_context_free(door->context);
		return -1;
	}
	if (listener_transport(door->listener) == TRANSPORT_TLS &&
	    tls == NULL) {
		listener_close(door->listener, on_nothing, NULL);
		return err_set(
		    err, ERR_INVALID, "%s needs certificate, key and CA", url);
	}
	server->n_doors++;
	server->parts++;
	return 0;
}

const char *
edge_server_url(const struct edge_server *server)
{
	return listener_url(server->doors[server->n_doors - 1].listener);
}

/* Closes a connection whose certificate would not be accepted any more. */
static void
recheck(void *arg, struct guest *guest)
{
	struct edge_server *server = arg;
	const struct door *door = guest->owner;
	struct err err;

	if (guest->conn.link.tls == NULL ||
	    guest->conn.state == CONN_SECURING ||
	    tls_recheck(guest->conn.link.tls, door->context, &err) == 0)
		return;
	server->shared.counts.certificate_refused++;
	conn_close(&guest->conn, &err);
}

/* A few at a time: each costs a signature. */
static void
on_recheck(uv_idle_t *idle)
{
	struct edge_server *server = idle->data;

	server->recheck_at = guests_some(&server->guests, server->recheck_at,
	    RECHECK_BUCKETS, recheck, server);
	if (server->recheck_at == 0)
		uv_idle_stop(idle);
}

int
edge_server_reload(struct edge_server *server, struct err *err)
{
	struct tls_context *contexts[DOORS_MAX] = { NULL };
	int rc = 0;

	for (size_t i = 0; i < server->n_doors && rc == 0; i++) {
		if (server->doors[i].context != NULL)
			rc = tls_context_again(
			    &contexts[i], server->doors[i].context, err);
	}
	for (size_t i = 0; i < server->n_doors; i++) {
		struct door *door = &server->doors[i];

		if (rc < 0) {
			tls_context_free(contexts[i]);
		} else if (contexts[i] != NULL) {
			tls_context_free(door->context);
			door->context = contexts[i];
		}
	}
	if (rc == 0) {
		server->recheck_at = 0;
		uv_idle_start(&server->recheck, on_recheck);
	}
	return rc;
}

const struct edge_counts *
edge_server_counts(const struct edge_server *server)
{
	return &server->shared.counts;
}

bool
edge_server_has_subscribers(const struct edge_server *server)
{
	return !list_is_empty(&server->subs);
}

static void
close_guest(void *arg, struct guest *guest)
{
	struct err err;

	(void)arg;
	err_set(&err, ERR_CLOSED, "the server is stopping");
	conn_close(&guest->conn, &err);
}

void
edge_server_close(
    struct edge_server *server, void (*done)(void *arg), void *arg)
{
	on_burst(server); /* answers that were given already */
	server->is_closing = true;
	server->done = done;
	server->done_arg = arg;
	for (size_t i = 0; i < server->n_doors; i++)
		listener_close(
		    server->doors[i].listener, on_part_closed, server);
	uv_close((uv_handle_t *)&server->recheck, on_handle_closed);
	uv_close((uv_handle_t *)&server->flush, on_handle_closed);
	guests_some(&server->guests, 0, SIZE_MAX, close_guest, NULL);
	if (server->requests != NULL)
		inside_close(server->requests, on_part_closed, server);
	else
		server->setup.passage->on_reply = NULL;
	if (server->events != NULL)
		inside_close(server->events, on_part_closed, server);
}
