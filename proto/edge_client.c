#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/mem.h"
#include "proto/edge_conn.h"
#include "proto/edge_inside.h"
#include "proto/edge_limits.h"
#include "proto/edge_lookup.h"
#include "proto/edge_slots.h"

/* Replies may be large: the answer to a question, not a batch. */
#define FRAME_BYTES (16 * 1024 * 1024)

#define RETRY_MIN_MS 1000
#define RETRY_MAX_MS 300000

/* One connection or the try at one.  The client forgets it when it closes;
 * the memory follows later. */
struct
try {
	struct conn conn;
	struct edge_client *client;
};

struct target {
	char *text;
	struct edge_url url;
};

struct edge_client {
	struct conn_shared shared;
	struct edge_client_setup setup; /* without the borrowed pointers */
	struct target *targets;
	size_t n_targets, at;
	struct slots *slots;         /* of EDGE_REQ, else NULL */
	struct inside *events;       /* of EDGE_SUB, else NULL */
	struct tls_context *context; /* NULL without tls+tcp:// */
	char *server_name;           /* NULL: the host of the URL */
	uv_timer_t timer; /* until the next try, or for the look-up */
	struct lookup *lookup;
	struct edge_address addresses[LOOKUP_ADDRESSES_MAX];
	size_t n_addresses, address_at;
	struct try *try;
	bool is_up, is_closing;
	uint64_t up_since_ms;     /* of the loop's time */
	uint64_t up_since_frames; /* counted when it came up */
	uint64_t vain_since_ms;   /* of the loop's time: nothing worked since */
	uint32_t in_flight;
	size_t parts; /* not closed yet */
	void (*done)(void *arg);
	void *done_arg;
};

static struct edge_client *
client_of(struct conn *conn)
{
	return LIST_ITEM(conn, struct try, conn)->client;
}

static void
free_client(struct edge_client *client)
{
	for (size_t i = 0; i < client->n_targets; i++)
		free(client->targets[i].text);
	free(client->targets);
	free(client->server_name);
	tls_context_free(client->context);
	free(client);
}

/* --- trying -------------------------------------------------------------- */

/* How long to wait: anything up to a bound (full jitter), after each round of
 * all URLs as long as nothing has worked.  So the waits grow exponentially, and
 * whoever comes back after an absence is found again within that time once
 * more. */
static uint32_t
choose_wait(struct edge_client *client)
{
	uint64_t bound_ms = 0;

	client->at = (client->at + 1) % client->n_targets;
	if (client->at == 0)
		bound_ms = uv_now(client->shared.loop) - client->vain_since_ms;
	if (bound_ms < client->setup.retry_min_ms)
		bound_ms = client->setup.retry_min_ms;
	if (bound_ms > client->setup.retry_max_ms)
		bound_ms = client->setup.retry_max_ms;
	return 1 + (uint32_t)random_below(client->setup.random, bound_ms);
}

static void on_timer(uv_timer_t *timer);

/* The connection, or the try at the URL, is over. */
static void
go_down(struct edge_client *client, const struct err *why)
{
	const char *url = client->targets[client->at].text;
	uint64_t up_ms = uv_now(client->shared.loop) - client->up_since_ms;
	uint32_t retry_ms;

	/* Only who stayed for a while or answered was a success: one that
	 * takes us and throws us out again is not tried any faster for it. */
	if (client->is_up &&
	    (up_ms > client->setup.retry_min_ms ||
		client->shared.counts.frames_in > client->up_since_frames))
		client->vain_since_ms = uv_now(client->shared.loop);
	client->is_up = false;
	client->shared.counts.open = 0;
	client->in_flight = 0;
	if (client->slots != NULL)
		slots_forget(client->slots);
	retry_ms = choose_wait(client);
	uv_timer_start(&client->timer, on_timer, retry_ms, 0);
	if (client->setup.on_down != NULL)
		client->setup.on_down(client->setup.arg, url, why, retry_ms);
}

static int
try_address(struct edge_client *client, const struct edge_address *address,
    struct err *err)
{
	const struct edge_url *url = &client->targets[client->at].url;
	const struct conn_target target = {
		.address = address,
		.transport = url->transport,
		.hello =
		    client->setup.pattern == EDGE_REQ ? WIRE_REQ : WIRE_SUB,
		.context = client->context,
		.server_name = client->server_name != NULL ? client->server_name
							   : url->host,
	};
	struct try *try;

	if (url->transport == TRANSPORT_TCP && !client->setup.insecure &&
	    !edge_address_is_local(address))
		return err_set(err, ERR_DENIED,
		    "anybody on the way could read along and answer; use "
		    "tls+tcp://, or allow it with insecure: true");
	try = mem_zalloc(sizeof(*try));
	try->client = client;
	if (conn_connect(&try->conn, &client->shared, &target, err) < 0) {
		free(try);
		return -1;
	}
	client->try = try;
	client->parts++;
	return 0;
}

/* Goes on to the next address of the URL. */
static void
try_next(struct edge_client *client, struct err *why)
{
	while (client->address_at < client->n_addresses) {
		const struct edge_address *address =
		    &client->addresses[client->address_at++];

		if (try_address(client, address, why) == 0)
			return;
	}
	go_down(client, why);
}

static void
on_lookup(void *arg, const struct edge_address *addresses, size_t n,
    const struct err *why)
{
	struct edge_client *client = arg;
	struct err err = { .code = ERR_NONE };

	client->lookup = NULL;
	uv_timer_stop(&client->timer);
	if (n == 0)
		err = *why;
	else
		memcpy(client->addresses, addresses, n * sizeof(*addresses));
	client->n_addresses = n;
	try_next(client, &err);
}

/* Certificates are renewed: each try reads the files as they are now. */
static int
read_certificates(struct edge_client *client, struct err *err)
{
	struct tls_context *context;

	if (tls_context_again(&context, client->context, err) < 0)
		return -1;
	tls_context_free(client->context);
	client->context = context;
	return 0;
}

static void
begin_try(struct edge_client *client)
{
	const struct edge_url *url = &client->targets[client->at].url;
	struct err err;

	if (url->transport == TRANSPORT_TLS &&
	    read_certificates(client, &err) < 0) {
		go_down(client, &err);
		return;
	}
	client->address_at = 0;
	client->n_addresses = 1;
	if (edge_url_address(client->addresses, url, &err) == 0) {
		try_next(client, &err);
		return;
	}
	client->n_addresses = 0;
	if (lookup_start(&client->lookup, client->shared.loop, url->host,
		url->port, on_lookup, client, &err) < 0) {
		go_down(client, &err);
		return;
	}
	uv_timer_start(
	    &client->timer, on_timer, client->shared.limits.handshake_ms, 0);
}

static void
on_timer(uv_timer_t *timer)
{
	struct edge_client *client = timer->data;
	struct err err;

	if (client->try != NULL) {
		err_set(&err, ERR_CLOSED, "given up for the next address");
		conn_close(&client->try->conn, &err);
	} else if (client->lookup != NULL) {
		lookup_cancel(client->lookup);
		client->lookup = NULL;
		err_set(&err, ERR_TIMEOUT,
		    "look-up of %s took longer than %u ms",
		    client->targets[client->at].url.host,
		    client->shared.limits.handshake_ms);
		go_down(client, &err);
	} else {
		begin_try(client);
	}
}

/* --- from inside to outside ---------------------------------------------- */

static void
on_request(void *arg, uint32_t id, nng_msg *msg)
{
	struct edge_client *client = arg;
	struct parcel *parcel;

	if (client->try == NULL) {
		nng_msg_free(msg); /* lost with the connection */
		return;
	}
	nng_msg_header_append_u32(msg, id);
	parcel = parcel_new(msg);
	conn_queue(&client->try->conn, parcel);
	parcel_drop(parcel);
	if (client->in_flight++ == 0)
		conn_start_idle(&client->try->conn);
}

static void
on_burst(void *arg)
{
	struct edge_client *client = arg;

	if (client->try != NULL)
		conn_flush(&client->try->conn);
}

static const struct slots_events slots_events = {
	.on_request = on_request,
	.on_burst = on_burst,
};

/* --- from outside to inside ---------------------------------------------- */

static int
on_hello(struct conn *conn, uint16_t protocol, struct err *err)
{
	struct edge_client *client = client_of(conn);
	uint16_t expect =
	    client->setup.pattern == EDGE_REQ ? WIRE_REP : WIRE_PUB;

	if (protocol != expect)
		return err_set(err, ERR_INVALID,
		    "speaks SP protocol 0x%02x instead of 0x%02x", protocol,
		    expect);
	client->is_up = true;
	client->up_since_frames = client->shared.counts.frames_in;
	client->up_since_ms = uv_now(client->shared.loop);
	client->shared.counts.accepted++;
	client->shared.counts.open = 1;
	if (client->slots != NULL)
		slots_resume(client->slots);
	if (client->setup.on_up != NULL)
		client->setup.on_up(
		    client->setup.arg, client->targets[client->at].text);
	return 0;
}

static nng_msg *
copy(const unsigned char *bytes, size_t n)
{
	nng_msg *msg;

	if (nng_msg_alloc(&msg, n) != 0)
		abort(); /* out of memory, as in mem_zalloc() */
	if (n > 0)
		memcpy(nng_msg_body(msg), bytes, n);
	return msg;
}

static void
pass_event(struct edge_client *client, const unsigned char *bytes, size_t n)
{
	nng_msg *msg = copy(bytes, n);

	if (inside_send(client->events, msg) == INSIDE_FULL) {
		nng_msg_free(msg);
		client->shared.counts.dropped_events++;
	}
}

static int
on_frame(
    struct conn *conn, const unsigned char *bytes, size_t n, struct err *err)
{
	struct edge_client *client = client_of(conn);
	uint32_t id = 0;

	if (client->slots == NULL) {
		pass_event(client, bytes, n);
		return 0;
	}
	if (wire_words(bytes, n) != sizeof(id))
		return err_set(err, ERR_INVALID, "a reply without its id");
	for (size_t i = 0; i < sizeof(id); i++)
		id = id << 8 | bytes[i];
	if (!slots_answer(
		client->slots, id, copy(bytes + sizeof(id), n - sizeof(id))))
		return 0; /* nobody waits for it any more */
	if (--client->in_flight > 0)
		conn_start_idle(conn);
	else
		conn_cancel_idle(conn);
	return 0;
}

static void
on_written(struct conn *conn)
{
	(void)conn;
}

/* Nothing comes from the publishing side, and it is never full. */
static const struct inside_events inside_events = { .on_message = NULL };

/* --- ending -------------------------------------------------------------- */

static void
on_deadlines_closed(uv_handle_t *handle)
{
	struct deadlines *deadlines = handle->data;
	struct edge_client *client =
	    LIST_ITEM(deadlines->arg, struct edge_client, shared);
	void (*done)(void *arg) = client->done;
	void *arg = client->done_arg;

	free_client(client);
	done(arg);
}

static void
on_part_closed(void *arg)
{
	struct edge_client *client = arg;

	if (--client->parts == 0)
		conn_shared_fini(&client->shared, on_deadlines_closed);
}

static void
on_timer_closed(uv_handle_t *handle)
{
	on_part_closed(handle->data);
}

static void
on_closed(struct conn *conn, const struct err *why)
{
	struct edge_client *client = client_of(conn);
	struct err err = *why;

	client->try = NULL;
	if (client->is_closing)
		return;
	if (client->is_up)
		go_down(client, &err);
	else
		try_next(client, &err);
}

static void
on_freed(struct conn *conn)
{
	struct edge_client *client = client_of(conn);

	free(LIST_ITEM(conn, struct try, conn));
	on_part_closed(client);
}

static const struct conn_events conn_events = {
	.on_hello = on_hello,
	.on_frame = on_frame,
	.on_written = on_written,
	.on_closed = on_closed,
	.on_freed = on_freed,
};

/* --- what callers see ---------------------------------------------------- */

static int
copy_targets(struct edge_client *client, const struct edge_client_setup *setup,
    struct err *err)
{
	client->targets = mem_calloc(setup->n_urls, sizeof(struct target));
	client->n_targets = setup->n_urls;
	for (size_t i = 0; i < setup->n_urls; i++) {
		struct target *target = &client->targets[i];

		target->text = mem_strdup(setup->urls[i]);
		if (edge_url_parse(&target->url, target->text, err) < 0)
			return -1;
		if (target->url.transport == TRANSPORT_TLS &&
		    setup->tls == NULL)
			return err_set(err, ERR_INVALID,
			    "%s needs certificate, key and CA", target->text);
	}
	return 0;
}

static int
open_inside(struct edge_client *client, struct err *err)
{
	const struct edge_client_setup *setup = &client->setup;
	uint32_t n = setup->limits.in_flight;

	if (setup->pattern == EDGE_SUB)
		return inside_open(&client->events, setup->loop, INSIDE_PUB,
		    setup->inside_address, &inside_events, client, err);
	return slots_open(&client->slots, setup->loop, setup->inside_address,
	    n < SLOTS_MAX ? n : SLOTS_MAX, &slots_events, client, err);
}

/* Fills in what the caller left to us. */
static void
copy_setup(struct edge_client_setup *out, const struct edge_client_setup *setup)
{
	*out = *setup;
	if (out->retry_min_ms == 0)
		out->retry_min_ms = RETRY_MIN_MS;
	if (out->retry_max_ms == 0)
		out->retry_max_ms = RETRY_MAX_MS;
	if (out->limits.frame_bytes == 0)
		out->limits.frame_bytes = FRAME_BYTES;
	edge_limits_fill(&out->limits);
}

int
edge_client_new(struct edge_client **out, const struct edge_client_setup *setup,
    struct err *err)
{
	struct edge_client *client = mem_zalloc(sizeof(*client));

	assert(setup->n_urls > 0);
	copy_setup(&client->setup, setup);
	client->server_name = mem_strdup(setup->server_name);
	if (copy_targets(client, setup, err) < 0 ||
	    (setup->tls != NULL &&
		tls_context_new(&client->context, false, setup->tls, err) <
		    0) ||
	    open_inside(client, err) < 0) {
		free_client(client);
		return -1;
	}
	/* Borrowed for this call only. */
	client->setup.urls = NULL;
	client->setup.tls = NULL;
	client->setup.server_name = NULL;
	client->setup.inside_address = NULL;
	conn_shared_init(&client->shared, setup->loop, setup->clock,
	    &client->setup.limits, &conn_events);
	client->vain_since_ms = uv_now(setup->loop);
	uv_timer_init(setup->loop, &client->timer);
	client->timer.data = client;
	/* From the loop, so that nothing is called from here. */
	uv_timer_start(&client->timer, on_timer, 0, 0);
	client->parts = 2; /* the timer and the inside */
	*out = client;
	return 0;
}

bool
edge_client_is_up(const struct edge_client *client)
{
	return client->is_up;
}

void
edge_client_hurry(struct edge_client *client)
{
	if (client->try == NULL && client->lookup == NULL)
		uv_timer_start(&client->timer, on_timer, 0, 0);
}

void
edge_client_skip(struct edge_client *client)
{
	if (client->is_up)
		uv_timer_start(&client->timer, on_timer, 0, 0);
}

const struct edge_counts *
edge_client_counts(const struct edge_client *client)
{
	return &client->shared.counts;
}

void
edge_client_close(
    struct edge_client *client, void (*done)(void *arg), void *arg)
{
	struct err err;

	client->is_closing = true;
	client->done = done;
	client->done_arg = arg;
	if (client->lookup != NULL)
		lookup_cancel(client->lookup);
	err_set(&err, ERR_CLOSED, "closed");
	if (client->try != NULL)
		conn_close(&client->try->conn, &err);
	uv_close((uv_handle_t *)&client->timer, on_timer_closed);
	if (client->slots != NULL)
		slots_close(client->slots, on_part_closed, client);
	else
		inside_close(client->events, on_part_closed, client);
}
