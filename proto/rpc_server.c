/* The serving side of rpc.h: REP contexts, and calls that wait for the loop. */
#include <assert.h>
#include <nng/nng.h>
#include <nng/protocol/reqrep0/rep.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/text.h"
#include "proto/crossing.h"
#include "proto/frame.h"
#include "proto/message.h"
#include "proto/rpc_inside.h"

#define SERVICES_MAX          16
#define CONTEXTS_DEFAULT      256
#define QUEUE_DEFAULT         1024
#define QUEUE_MAX_BYTES       (64 * 1024 * 1024)
#define BUSY_RETRY_DEFAULT_MS 1000
/* Contexts beyond those that wait or are served: they say UNAVAILABLE. */
#define REFUSING 16

/* A context of the socket, and the call that it holds at the moment; or a call
 * that came through the passage, and the words to find the way back. */
struct rpc_call {
	struct list node; /* free, arrived, waiting or under way */
	struct rpc_server *server;
	nng_ctx ctx;
	nng_aio *aio;
	bool is_open, is_sending;
	unsigned char words[PASSAGE_WORDS_MAX * 4];
	size_t n_words;
	nng_msg *request; /* until it is served */
	int64_t arrived_ms, deadline_ms;
	size_t n_bytes;
	uint64_t id;
	struct peer peer;
	struct arena *arena;   /* what was unpacked; has a cap */
	struct arena *lasting; /* rpc_call_zalloc() */
};

struct rpc_server {
	struct rpc_server_setup setup;
	nng_socket socket;
	struct crossing crossing;
	struct list free, waiting, under_way;
	size_t n_waiting, n_under_way, waiting_bytes;
	bool is_serving;
	ProtobufCService *services[SERVICES_MAX];
	size_t n_services;
	struct rpc_counts counts;
	void (*done)(void *arg);
	void *arg;
	size_t n_calls;
	struct rpc_call calls[];
};

/* Runs on a thread of nng: hands the call over, or waits for the next one. */
static void
on_aio(void *arg)
{
	struct rpc_call *call = arg;
	int rc = nng_aio_result(call->aio);

	if (!call->is_sending) {
		if (rc != 0)
			return; /* closing */
		call->request = nng_aio_get_msg(call->aio);
		crossing_push(&call->server->crossing, &call->node);
		return;
	}
	if (rc != 0)
		nng_msg_free(nng_aio_get_msg(call->aio));
	call->is_sending = false;
	nng_ctx_recv(call->ctx, call->aio);
}

/* --- answering -------------------------------------------------------------- */

static void
forget(struct rpc_call *call)
{
	if (call->request != NULL)
		nng_msg_free(call->request);
	arena_free(call->arena);
	arena_free(call->lasting);
	call->request = NULL;
	call->arena = call->lasting = NULL;
}

/* Sends; the context belongs to nng's threads from here on. */
static void
reply(struct rpc_call *call, const Vedette__Reply *message)
{
	struct rpc_server *server = call->server;
	nng_msg *msg = rpc_pack(&message->base);

	forget(call);
	if (server->setup.passage != NULL) {
		if (nng_msg_header_append(msg, call->words, call->n_words) != 0)
			abort(); /* out of memory, as in mem_zalloc() */
		list_push(&server->free, &call->node);
		passage_reply(server->setup.passage, msg);
		return;
	}
	call->is_sending = true;
	nng_aio_set_msg(call->aio, msg);
	nng_ctx_send(call->ctx, call->aio);
}

static void
refuse(struct rpc_call *call, enum rpc_code code, uint32_t retry_ms,
    const char *text)
{
	Vedette__Reply message = VEDETTE__REPLY__INIT;
	char clean[sizeof(((struct rpc_status *)NULL)->message)];

	snprintf(clean, sizeof(clean), "%s", text);
	text_sanitise(clean, strlen(clean));
	message.id = call->id;
	message.status = code;
	message.retry_ms = retry_ms;
	message.message = clean;
	reply(call, &message);
}

/* Takes the call out of those that services work on. */
static void
take_back(struct rpc_call *call)
{
	struct rpc_server *server = call->server;

	list_remove(&call->node);
	server->n_under_way--;
	server->counts.answered++;
	if (server->n_waiting > 0 && !server->is_serving)
		crossing_wake(&server->crossing);
}

void
rpc_call_fail(struct rpc_call *call, enum rpc_code code, uint32_t retry_ms,
    const char *format, ...)
{
	char text[sizeof(((struct rpc_status *)NULL)->message)];
	va_list args;

	assert(code != RPC_OK);
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	take_back(call);
	refuse(call, code, retry_ms, text);
}

void
rpc_call_answer(struct rpc_call *call, const ProtobufCMessage *answer)
{
	Vedette__Reply message = VEDETTE__REPLY__INIT;
	size_t n = protobuf_c_message_get_packed_size(answer);
	unsigned char *bytes;

	if (n > call->server->setup.reply_bytes) {
		rpc_call_fail(call, RPC_RESOURCE_EXHAUSTED, 0,
		    "an answer of %zu bytes, limit %zu: ask for less", n,
		    call->server->setup.reply_bytes);
		return;
	}
	take_back(call);
	bytes = mem_zalloc(n);
	protobuf_c_message_pack(answer, bytes);
	message.id = call->id;
	message.payload.data = bytes;
	message.payload.len = n;
	reply(call, &message);
	free(bytes);
}

/* The closure that generated services answer with. */
static void
on_answer(const ProtobufCMessage *answer, void *closure_data)
{
	struct rpc_call *call = closure_data;

	if (answer != NULL)
		rpc_call_answer(call, answer);
	else
		rpc_call_fail(call, RPC_INTERNAL, 0, "no answer");
}

/* --- dispatching ------------------------------------------------------------ */

static ProtobufCService *
find_service(const struct rpc_server *server, const char *name)
{
	for (size_t i = 0; i < server->n_services; i++)
		if (strcmp(server->services[i]->descriptor->name, name) == 0)
			return server->services[i];
	return NULL;
}

/* Unpacks what the method takes, and calls it. */
static void
invoke(struct rpc_call *call, ProtobufCService *service,
    const ProtobufCMethodDescriptor *method, const Vedette__Call *frame)
{
	const ProtobufCMessage *input;
	struct err err;

	input = message_unpack(method->input, call->arena, frame->payload.data,
	    frame->payload.len, &err);
	if (input == NULL) {
		call->server->counts.malformed++;
		rpc_call_fail(call,
		    err.code == ERR_LIMIT ? RPC_RESOURCE_EXHAUSTED
					  : RPC_INVALID_ARGUMENT,
		    0, "%s: %s", frame->method, err.text);
		return;
	}
	service->invoke(service,
	    (unsigned)(method - service->descriptor->methods), input, on_answer,
	    call);
}

static void
dispatch(struct rpc_call *call, const Vedette__Call *frame)
{
	struct rpc_server *server = call->server;
	const ProtobufCMethodDescriptor *method = NULL;
	char name[FRAME_METHOD_MAX];
	const char *method_name = frame_method(name, frame->method);
	ProtobufCService *service = find_service(server, name);

	if (rpc_call_left_ms(call) <= 0) {
		server->counts.late++;
		rpc_call_fail(call, RPC_DEADLINE_EXCEEDED, 0,
		    "%s: waited longer than the %u ms it had", frame->method,
		    frame->deadline_ms);
		return;
	}
	if (service != NULL)
		method = protobuf_c_service_descriptor_get_method_by_name(
		    service->descriptor, method_name);
	if (method == NULL) {
		server->counts.unknown_method++;
		rpc_call_fail(call, RPC_UNIMPLEMENTED, 0,
		    "%s is not known to this version", frame->method);
		return;
	}
	invoke(call, service, method, frame);
}

/* Reads the peer's block and the envelope; NULL when it was refused. */
static Vedette__Call *
read_frame(struct rpc_call *call, struct err *err)
{
	const unsigned char *body = nng_msg_body(call->request);
	size_t n = nng_msg_len(call->request);
	int block = peer_read(&call->peer, body, n, err);
	Vedette__Call *frame;

	if (block < 0)
		return NULL;
	call->n_bytes = n - (size_t)block;
	call->id = frame_call_id(body + block, call->n_bytes);
	if (call->n_bytes > call->server->setup.request_bytes) {
		err_set(err, ERR_LIMIT, "a request of %zu bytes, limit %zu",
		    call->n_bytes, call->server->setup.request_bytes);
		return NULL;
	}
	call->arena = message_arena(call->n_bytes, MESSAGE_REQUEST_FACTOR);
	frame = frame_call_read(call->arena, body + block, call->n_bytes, err);
	if (frame != NULL && frame->deadline_ms > 0)
		call->deadline_ms = call->arrived_ms + frame->deadline_ms;
	return frame;
}

static void
serve(struct rpc_call *call)
{
	struct rpc_server *server = call->server;
	Vedette__Call *frame;
	struct err err;

	list_push(&server->under_way, &call->node);
	server->n_under_way++;
	call->id = 0;
	call->deadline_ms = INT64_MAX;
	frame = read_frame(call, &err);
	if (frame == NULL) {
		server->counts.malformed++;
		rpc_call_fail(call,
		    err.code == ERR_LIMIT ? RPC_RESOURCE_EXHAUSTED
					  : RPC_INVALID_ARGUMENT,
		    0, "%s", err.text);
		return;
	}
	nng_msg_free(call->request); /* it was copied into the arena */
	call->request = NULL;
	call->id = frame->id;
	dispatch(call, frame);
}

/* Lets a call that has come wait for its turn, if there is room. */
static void
admit(struct rpc_call *call)
{
	struct rpc_server *server = call->server;
	size_t n = nng_msg_len(call->request);
	struct peer peer;
	int block;

	server->counts.calls++;
	if (server->n_waiting < server->setup.queue &&
	    n <= QUEUE_MAX_BYTES - server->waiting_bytes) {
		call->arrived_ms = clock_mono_ms(server->setup.clock);
		list_push(&server->waiting, &call->node);
		server->n_waiting++;
		server->waiting_bytes += n;
		return;
	}
	server->counts.refused_busy++;
	block = peer_read(&peer, nng_msg_body(call->request), n, NULL);
	call->id = block < 0
	    ? 0
	    : frame_call_id((const char *)nng_msg_body(call->request) + block,
		  n - (size_t)block);
	refuse(call, RPC_UNAVAILABLE, server->setup.busy_retry_ms,
	    "busy: too many calls wait");
}

/* Serves those that wait, oldest first, as many as may be under way. */
static void
serve_waiting(struct rpc_server *server)
{
	struct rpc_call *call;

	server->is_serving = true;
	while (server->n_under_way < server->setup.contexts &&
	    server->n_waiting > 0) {
		call = LIST_ITEM(
		    list_pop(&server->waiting), struct rpc_call, node);
		server->n_waiting--;
		server->waiting_bytes -= nng_msg_len(call->request);
		serve(call);
	}
	server->is_serving = false;
}

/* Serving between two arrivals keeps the queue for those who must wait. */
static void
on_arrival(void *arg)
{
	struct rpc_server *server = arg;
	struct list *node;

	serve_waiting(server);
	while (server->done == NULL &&
	    (node = crossing_pop(&server->crossing)) != NULL) {
		admit(LIST_ITEM(node, struct rpc_call, node));
		serve_waiting(server);
	}
}

/* A call through the passage.  There is room: those that find none are refused
 * before this returns. */
static void
on_request(void *arg, nng_msg *msg)
{
	struct rpc_server *server = arg;
	struct rpc_call *call =
	    LIST_ITEM(list_pop(&server->free), struct rpc_call, node);

	call->n_words = nng_msg_header_len(msg);
	assert(call->n_words <= sizeof(call->words));
	memcpy(call->words, nng_msg_header(msg), call->n_words);
	call->request = msg;
	serve_waiting(server);
	admit(call);
	serve_waiting(server);
}

/* --- what services ask ------------------------------------------------------ */

const struct peer *
rpc_call_peer(const struct rpc_call *call)
{
	return &call->peer;
}

int64_t
rpc_call_left_ms(const struct rpc_call *call)
{
	if (call->deadline_ms == INT64_MAX)
		return INT64_MAX;
	return call->deadline_ms - clock_mono_ms(call->server->setup.clock);
}

size_t
rpc_call_bytes(const struct rpc_call *call)
{
	return call->n_bytes;
}

struct arena *
rpc_call_arena(struct rpc_call *call)
{
	if (call->lasting == NULL)
		call->lasting = arena_new(0);
	return call->lasting;
}

void *
rpc_call_zalloc(struct rpc_call *call, size_t size)
{
	return arena_zalloc(rpc_call_arena(call), size);
}

/* --- from beginning to end -------------------------------------------------- */

static void
fill_defaults(struct rpc_server_setup *setup)
{
	if (setup->contexts == 0)
		setup->contexts = CONTEXTS_DEFAULT;
	if (setup->queue == 0)
		setup->queue = QUEUE_DEFAULT;
	if (setup->busy_retry_ms == 0)
		setup->busy_retry_ms = BUSY_RETRY_DEFAULT_MS;
	if (setup->request_bytes == 0)
		setup->request_bytes = RPC_REQUEST_MAX_BYTES;
	if (setup->reply_bytes == 0)
		setup->reply_bytes = RPC_REPLY_MAX_BYTES;
}

static int
open_calls(struct rpc_server *server, struct err *err)
{
	for (size_t i = 0; i < server->n_calls; i++) {
		struct rpc_call *call = &server->calls[i];
		int rc = nng_ctx_open(&call->ctx, server->socket);

		call->server = server;
		call->is_open = rc == 0;
		if (rc == 0)
			rc = nng_aio_alloc(&call->aio, on_aio, call);
		if (rc != 0)
			return rpc_nng_err(
			    err, "context of", server->setup.address, rc);
		nng_aio_set_timeout(call->aio, NNG_DURATION_INFINITE);
	}
	return 0;
}

/* Stops every thread of nng that may still call on_aio(). */
static void
close_calls(struct rpc_server *server)
{
	for (size_t i = 0; i < server->n_calls; i++)
		if (server->calls[i].is_open)
			nng_ctx_close(server->calls[i].ctx);
	for (size_t i = 0; i < server->n_calls; i++) {
		if (server->calls[i].aio != NULL) {
			nng_aio_stop(server->calls[i].aio);
			nng_aio_free(server->calls[i].aio);
		}
		forget(&server->calls[i]);
	}
}

static void
open_passage(struct rpc_server *server)
{
	for (size_t i = 0; i < server->n_calls; i++) {
		server->calls[i].server = server;
		list_push(&server->free, &server->calls[i].node);
	}
	server->setup.passage->on_request = on_request;
	server->setup.passage->server = server;
}

static void
close_way_in(struct rpc_server *server)
{
	close_calls(server);
	if (server->setup.passage != NULL)
		server->setup.passage->on_request = NULL;
	else
		nng_close(server->socket);
}

static int
open_socket(struct rpc_server *server, struct err *err)
{
	int rc = nng_rep0_open(&server->socket);

	if (rc != 0)
		return rpc_nng_err(err, "open", server->setup.address, rc);
	if (open_calls(server, err) == 0) {
		rc = nng_listen(server->socket, server->setup.address, NULL, 0);
		if (rc == 0)
			return 0;
		rpc_nng_err(err, "listen on", server->setup.address, rc);
	}
	close_calls(server);
	nng_close(server->socket);
	return -1;
}

int
rpc_server_new(struct rpc_server **out, const struct rpc_server_setup *setup,
    struct err *err)
{
	struct rpc_server_setup filled = *setup;
	struct rpc_server *server;
	size_t n;

	fill_defaults(&filled);
	n = (size_t)filled.contexts + filled.queue + REFUSING;
	server = mem_zalloc(sizeof(*server) + n * sizeof(struct rpc_call));
	server->setup = filled;
	server->n_calls = n;
	list_init(&server->free);
	list_init(&server->waiting);
	list_init(&server->under_way);
	if (setup->passage != NULL) {
		open_passage(server);
	} else if (open_socket(server, err) < 0) {
		free(server);
		return -1;
	}
	if (crossing_init(&server->crossing, setup->loop, on_arrival, server) <
	    0) {
		close_way_in(server);
		free(server);
		return err_set(err, ERR_IO, "serve: no handle of the loop");
	}
	server->setup.address = NULL; /* borrowed until here */
	for (size_t i = 0; i < n && setup->passage == NULL; i++)
		nng_ctx_recv(server->calls[i].ctx, server->calls[i].aio);
	*out = server;
	return 0;
}

void
rpc_server_add(struct rpc_server *server, ProtobufCService *service)
{
	assert(server->n_services < SERVICES_MAX);
	server->services[server->n_services++] = service;
}

const struct rpc_counts *
rpc_server_counts(const struct rpc_server *server)
{
	return &server->counts;
}

static void
on_closed(void *arg)
{
	struct rpc_server *server = arg;
	void (*done)(void *arg) = server->done;
	void *done_arg = server->arg;

	free(server);
	done(done_arg);
}

void
rpc_server_close(struct rpc_server *server, void (*done)(void *arg), void *arg)
{
	server->done = done;
	server->arg = arg;
	server->counts.cancelled += server->n_under_way + server->n_waiting;
	server->n_waiting = 0; /* on_arrival() may be running further up */
	close_way_in(server);
	crossing_close(&server->crossing, on_closed);
}
