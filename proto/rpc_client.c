/* The calling side of rpc.h: a REQ context and a timer of the loop per call. */
#include <assert.h>
#include <nng/nng.h>
#include <nng/protocol/reqrep0/req.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/text.h"
#include "proto/crossing.h"
#include "proto/frame.h"
#include "proto/message.h"
#include "proto/rpc_inside.h"

#define DEADLINE_DEFAULT_MS 30000

struct stub {
	ProtobufCService base;
	struct rpc_client *client;
};

struct rpc_client {
	struct rpc_client_setup setup;
	nng_socket socket;
	struct crossing crossing;
	struct list under_way; /* not ended */
	struct list fated;     /* about to end, with their fate */
	size_t n_calls;        /* all that are not freed */
	uint32_t deadline_ms;
	uint64_t last_id;
	struct rpc_status status;
	bool is_closing;
	void (*done)(void *arg);
	void *arg;
};

/* Ends for the caller at most once; is freed when it has ended, its timer is
 * closed, and nng will not touch it any more. */
struct outgoing {
	struct list node;    /* under_way or fated, until it has ended */
	struct list arrived; /* of the crossing */
	struct rpc_client *client;
	const ProtobufCMethodDescriptor *method;
	ProtobufCClosure closure;
	void *closure_data;
	uint64_t id;
	nng_ctx ctx;
	nng_aio *aio;
	uv_timer_t deadline;
	struct rpc_status fate;
	bool is_sending, has_ctx, has_ended, is_timer_closed, is_aio_done;
};

/* --- ending ----------------------------------------------------------------- */

static void
on_crossing_closed(void *arg)
{
	struct rpc_client *client = arg;
	void (*done)(void *arg) = client->done;
	void *done_arg = client->arg;

	free(client);
	done(done_arg);
}

/* No call is left, so nng has nothing to do any more. */
static void
close_socket(struct rpc_client *client)
{
	nng_close(client->socket);
	crossing_close(&client->crossing, on_crossing_closed);
}

static void
release(struct outgoing *call)
{
	struct rpc_client *client = call->client;

	if (!call->is_timer_closed || !call->is_aio_done)
		return;
	if (call->aio != NULL)
		nng_aio_free(call->aio);
	free(call);
	client->n_calls--;
	if (client->is_closing && client->n_calls == 0)
		close_socket(client);
}

static void
on_timer_closed(uv_handle_t *handle)
{
	struct outgoing *call = handle->data;

	call->is_timer_closed = true;
	release(call);
}

/* Calls the closure; answer is NULL unless the status is OK. */
static void
end(struct outgoing *call, const struct rpc_status *status,
    const ProtobufCMessage *answer)
{
	struct rpc_client *client = call->client;

	assert(!call->has_ended);
	call->has_ended = true;
	list_remove(&call->node);
	/* Closed, never cancelled: nng 1.5.2 may crash when the receive of a
	 * request that is being sent is cancelled (#1702). */
	if (call->has_ctx)
		nng_ctx_close(call->ctx);
	uv_close((uv_handle_t *)&call->deadline, on_timer_closed);
	client->status = *status;
	call->closure(answer, call->closure_data);
}

static struct rpc_status
status_of(enum rpc_code code, const char *text)
{
	struct rpc_status status = { .code = code };

	snprintf(status.message, sizeof(status.message), "%s", text);
	return status;
}

static void
end_with(struct outgoing *call, enum rpc_code code, const char *text)
{
	struct rpc_status status = status_of(code, text);

	end(call, &status, NULL);
}

/* Lets it end from the loop, not from where we are. */
static void
doom(struct outgoing *call, enum rpc_code code, const char *text)
{
	call->fate = status_of(code, text);
	list_remove(&call->node);
	list_push(&call->client->fated, &call->node);
	crossing_wake(&call->client->crossing);
}

static void
on_deadline(uv_timer_t *timer)
{
	end_with(timer->data, RPC_DEADLINE_EXCEEDED, "no answer in time");
}

/* --- replies ---------------------------------------------------------------- */

/* Ends the call with what its reply says. */
static void
take_reply(struct outgoing *call, struct arena *arena, const void *bytes,
    size_t n, struct err *err)
{
	Vedette__Reply *reply = frame_reply_read(arena, bytes, n, err);
	const ProtobufCMessage *answer = NULL;
	struct rpc_status status;

	if (reply == NULL)
		return;
	status = status_of(RPC_OK, reply->message);
	text_sanitise(status.message, strlen(status.message));
	status.code = reply->status <= RPC_UNAUTHENTICATED
	    ? (enum rpc_code)reply->status
	    : RPC_UNKNOWN;
	status.retry_ms = reply->retry_ms;
	/* A server that could not even read the id answers with 0. */
	if (reply->id != call->id &&
	    !(reply->id == 0 && status.code != RPC_OK)) {
		err_set(err, ERR_INVALID, "a reply to another call");
		return;
	}
	if (status.code == RPC_OK) {
		answer = message_unpack(call->method->output, arena,
		    reply->payload.data, reply->payload.len, err);
		if (answer == NULL)
			return;
	}
	end(call, &status, answer);
}

static void
complete(struct outgoing *call, nng_msg *msg)
{
	size_t n = nng_msg_len(msg), limit = call->client->setup.reply_bytes;
	struct arena *arena;
	struct err err;

	if (n > limit) {
		err_set(&err, ERR_LIMIT, "a reply of %zu bytes, limit %zu", n,
		    limit);
		end_with(call, RPC_RESOURCE_EXHAUSTED, err.text);
		return;
	}
	arena = message_arena(n, MESSAGE_ANSWER_FACTOR);
	take_reply(call, arena, nng_msg_body(msg), n, &err);
	if (!call->has_ended)
		end_with(call,
		    err.code == ERR_LIMIT ? RPC_RESOURCE_EXHAUSTED
					  : RPC_INTERNAL,
		    err.text);
	arena_free(arena);
}

/* Runs on a thread of nng: goes from sending to receiving, or hands over. */
static void
on_aio(void *arg)
{
	struct outgoing *call = arg;

	if (call->is_sending && nng_aio_result(call->aio) == 0) {
		call->is_sending = false;
		nng_ctx_recv(call->ctx, call->aio);
		return;
	}
	crossing_push(&call->client->crossing, &call->arrived);
}

/* nng will not touch the call any more. */
static void
settle(struct outgoing *call)
{
	int rc = nng_aio_result(call->aio);
	nng_msg *msg =
	    rc == 0 || call->is_sending ? nng_aio_get_msg(call->aio) : NULL;

	if (!call->has_ended && rc == 0)
		complete(call, msg);
	else if (!call->has_ended)
		end_with(call, RPC_UNAVAILABLE, nng_strerror(rc));
	if (msg != NULL)
		nng_msg_free(msg);
	call->is_aio_done = true;
	release(call);
}

static void
on_arrival(void *arg)
{
	struct rpc_client *client = arg;
	struct list *node;
	struct outgoing *call;

	/* The last one may free the client; not before the loop turns. */
	while (!list_is_empty(&client->fated)) {
		call =
		    LIST_ITEM(list_pop(&client->fated), struct outgoing, node);
		end(call, &call->fate, NULL);
	}
	while ((node = crossing_pop(&client->crossing)) != NULL)
		settle(LIST_ITEM(node, struct outgoing, arrived));
}

/* --- calling ---------------------------------------------------------------- */

/* Packs the envelope around the input; NULL when it is too large. */
static nng_msg *
pack_call(const struct outgoing *call,
    const ProtobufCServiceDescriptor *service, const ProtobufCMessage *input,
    uint32_t deadline_ms)
{
	Vedette__Call frame = VEDETTE__CALL__INIT;
	size_t n = protobuf_c_message_get_packed_size(input);
	char method[FRAME_METHOD_MAX * 2];
	unsigned char *payload;
	nng_msg *msg;

	snprintf(
	    method, sizeof(method), "%s/%s", service->name, call->method->name);
	frame.id = call->id;
	frame.method = method;
	frame.deadline_ms = deadline_ms;
	frame.payload.len = n;
	if (n > call->client->setup.request_bytes ||
	    vedette__call__get_packed_size(&frame) >
		call->client->setup.request_bytes)
		return NULL;
	payload = mem_zalloc(n);
	protobuf_c_message_pack(input, payload);
	frame.payload.data = payload;
	msg = rpc_pack(&frame.base);
	free(payload);
	return msg;
}

static void
begin(struct outgoing *call, nng_msg *msg)
{
	int rc = nng_ctx_open(&call->ctx, call->client->socket);

	call->has_ctx = rc == 0;
	if (rc == 0)
		rc = nng_aio_alloc(&call->aio, on_aio, call);
	if (rc != 0) {
		nng_msg_free(msg);
		call->is_aio_done = true;
		doom(call, RPC_INTERNAL, nng_strerror(rc));
		return;
	}
	nng_aio_set_timeout(call->aio, NNG_DURATION_INFINITE);
	nng_aio_set_msg(call->aio, msg);
	call->is_sending = true;
	nng_ctx_send(call->ctx, call->aio);
}

static void
invoke(ProtobufCService *service, unsigned method,
    const ProtobufCMessage *input, ProtobufCClosure closure, void *closure_data)
{
	struct rpc_client *client = ((struct stub *)service)->client;
	struct outgoing *call = mem_zalloc(sizeof(*call));
	nng_msg *msg;

	assert(!client->is_closing && method < service->descriptor->n_methods);
	call->client = client;
	call->method = &service->descriptor->methods[method];
	call->closure = closure;
	call->closure_data = closure_data;
	call->id = ++client->last_id;
	list_push(&client->under_way, &call->node);
	client->n_calls++;
	/* A loop that was busy would begin the deadline in the past. */
	uv_update_time(client->setup.loop);
	uv_timer_init(client->setup.loop, &call->deadline);
	call->deadline.data = call;
	uv_timer_start(&call->deadline, on_deadline, client->deadline_ms, 0);
	msg = pack_call(call, service->descriptor, input, client->deadline_ms);
	if (msg != NULL) {
		begin(call, msg);
		return;
	}
	call->is_aio_done = true;
	doom(call, RPC_RESOURCE_EXHAUSTED, "the request is too large to send");
}

ProtobufCService *
rpc_stub_new(
    struct rpc_client *client, const ProtobufCServiceDescriptor *descriptor)
{
	struct stub *stub = mem_zalloc(sizeof(*stub));

	stub->base.descriptor = descriptor;
	stub->base.invoke = invoke;
	stub->client = client;
	return &stub->base;
}

void
rpc_stub_free(ProtobufCService *stub)
{
	free(stub);
}

void
rpc_client_set_deadline(struct rpc_client *client, uint32_t ms)
{
	client->deadline_ms = ms;
}

const struct rpc_status *
rpc_client_status(const struct rpc_client *client)
{
	return &client->status;
}

void
rpc_client_fail_all(struct rpc_client *client, const char *why)
{
	LIST_EACH (node, &client->under_way)
		doom(LIST_ITEM(node, struct outgoing, node), RPC_UNAVAILABLE,
		    why);
}

/* --- from beginning to end -------------------------------------------------- */

static int
open_socket(struct rpc_client *client, struct err *err)
{
	const char *address = client->setup.address;
	int rc = nng_req0_open(&client->socket);

	if (rc != 0)
		return rpc_nng_err(err, "open", address, rc);
	/* Never again by itself: the caller knows what may be repeated. */
	rc = nng_socket_set_ms(
	    client->socket, NNG_OPT_REQ_RESENDTIME, NNG_DURATION_INFINITE);
	if (rc == 0)
		rc = nng_dial(client->socket, address, NULL, 0);
	if (rc == 0)
		return 0;
	nng_close(client->socket);
	return rpc_nng_err(err, "connect to", address, rc);
}

int
rpc_client_new(struct rpc_client **out, const struct rpc_client_setup *setup,
    struct err *err)
{
	struct rpc_client *client = mem_zalloc(sizeof(*client));

	client->setup = *setup;
	if (client->setup.reply_bytes == 0)
		client->setup.reply_bytes = RPC_REPLY_MAX_BYTES;
	if (client->setup.request_bytes == 0)
		client->setup.request_bytes = RPC_REQUEST_MAX_BYTES;
	client->deadline_ms = DEADLINE_DEFAULT_MS;
	list_init(&client->under_way);
	list_init(&client->fated);
	if (open_socket(client, err) < 0) {
		free(client);
		return -1;
	}
	client->setup.address = NULL; /* borrowed until here */
	if (crossing_init(&client->crossing, setup->loop, on_arrival, client) <
	    0) {
		nng_close(client->socket);
		free(client);
		return err_set(err, ERR_IO, "call %s: no handle of the loop",
		    setup->address);
	}
	*out = client;
	return 0;
}

void
rpc_client_close(struct rpc_client *client, void (*done)(void *arg), void *arg)
{
	client->is_closing = true;
	client->done = done;
	client->arg = arg;
	/* A fate that was not told yet is told now. */
	while (!list_is_empty(&client->fated)) {
		struct outgoing *call =
		    LIST_ITEM(client->fated.next, struct outgoing, node);

		end(call, &call->fate, NULL);
	}
	while (!list_is_empty(&client->under_way))
		end_with(
		    LIST_ITEM(client->under_way.next, struct outgoing, node),
		    RPC_CANCELLED, "the caller is closing");
	if (client->n_calls == 0)
		close_socket(client);
}
