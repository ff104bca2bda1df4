/* The calling side of query.h. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/base/list.h"
#include "proto/query_codec.h"
#include "proto/result_codec.h"

struct query_client {
	struct rpc_client *rpc;
	ProtobufCService *stub;
	struct list under_way;
	/* Of one that asks in this process, which has no stub. */
	const struct query_handlers *handlers;
	void *arg;
	const struct query_ear *ear;
};

/* In the order of query.proto. */
enum method { STATUS, HISTORY, CHANGES, REGRESSIONS, DOCUMENT };

union answer {
	struct status_answer status;
	struct history_answer history;
	struct changes_answer changes;
	struct regressions_answer regressions;
	const char *json;
};

struct asking {
	struct list node;
	struct query_client *client; /* NULL once it was freed */
	enum method method;
	union {
		query_status_fn *status;
		query_history_fn *history;
		query_changes_fn *changes;
		query_regressions_fn *regressions;
		query_document_fn *document;
	} done;
	const struct query_ear *ear; /* for one without done; or NULL */
	void *arg;
	struct arena *arena; /* of the answer; NULL: there is none */
	union answer answer;
	struct err err; /* why it could not be read */
};

static int
unpack(union answer *out, enum method method, struct arena *arena,
    const void *message, struct err *err)
{
	switch (method) {
	case STATUS:
		return status_unpack(&out->status, arena, message, err);
	case HISTORY:
		return history_unpack(&out->history, arena, message, err);
	case CHANGES:
		return changes_unpack(&out->changes, arena, message, err);
	case REGRESSIONS:
		return regressions_unpack(
		    &out->regressions, arena, message, err);
	case DOCUMENT:
		out->json = ((const Vedette__Document *)message)->json;
		return 0;
	}
	return -1;
}

static void
tell(const struct asking *asking, const struct rpc_status *status,
    const union answer *answer)
{
	void *arg = asking->arg;

	switch (asking->method) {
	case STATUS:
		asking->done.status(
		    arg, status, answer ? &answer->status : NULL);
		break;
	case HISTORY:
		asking->done.history(
		    arg, status, answer ? &answer->history : NULL);
		break;
	case CHANGES:
		asking->done.changes(
		    arg, status, answer ? &answer->changes : NULL);
		break;
	case REGRESSIONS:
		asking->done.regressions(
		    arg, status, answer ? &answer->regressions : NULL);
		break;
	case DOCUMENT:
		asking->done.document(
		    arg, status, answer ? answer->json : NULL);
		break;
	}
}

/* Reads an answer, maybe on another thread, which has asking alone. */
static void
take(struct asking *asking, const ProtobufCMessage *message)
{
	const void *answer = &asking->answer;

	asking->arena = arena_new(0);
	if (unpack(&asking->answer, asking->method, asking->arena, message,
		&asking->err) < 0)
		return;
	if (asking->method == DOCUMENT)
		answer = asking->answer.json;
	if (asking->ear != NULL)
		asking->ear->made(asking->arg, answer);
}

static void
asking_free(struct asking *asking)
{
	list_remove(&asking->node);
	arena_free(asking->arena);
	free(asking);
}

/* The one way in which a question ends. */
static void
end(struct asking *asking, const struct rpc_status *status)
{
	struct rpc_status found = *status;
	bool is_read = asking->arena != NULL && asking->err.code == ERR_NONE;

	list_remove(&asking->node); /* done may free the client */
	if (asking->client == NULL) {
		found = (struct rpc_status){ .code = RPC_CANCELLED };
	} else if (asking->err.code != ERR_NONE) {
		found.code = RPC_INTERNAL;
		snprintf(found.message, sizeof(found.message), "%s",
		    asking->err.text);
	}
	if (asking->ear != NULL)
		asking->ear->done(asking->arg, &found);
	else if (asking->client != NULL)
		tell(asking, &found, is_read ? &asking->answer : NULL);
	asking_free(asking);
}

static void
on_answer(const ProtobufCMessage *message, void *arg)
{
	struct asking *asking = arg;

	if (asking->client == NULL) {
		asking_free(asking); /* nobody waits any more */
		return;
	}
	if (message != NULL)
		take(asking, message);
	end(asking, rpc_client_status(asking->client->rpc));
}

/* --- asking in this process --------------------------------------------------- */

static void
on_made(void *arg, const ProtobufCMessage *message)
{
	take(arg, message);
}

static void
on_told(void *arg, const struct rpc_status *status)
{
	end(arg, status);
}

static const struct query_later later = { on_made, on_told };

/* Through the same checks and messages as a call, so that a store file and a
 * collector answer alike. */
static void
ask_locally(struct asking *asking, const ProtobufCMessage *request)
{
	const struct query_client *client = asking->client;
	struct rpc_status status = { .code = RPC_OK };
	const ProtobufCMessage *message;
	struct err err = { 0 };
	struct arena *arena;

	if (query_is_later(client->handlers, asking->method)) {
		query_answer_later(client->handlers, client->arg,
		    asking->method, request, &later, asking);
		return;
	}
	arena = arena_new(0);
	message = query_answer(client->handlers, client->arg, asking->method,
	    arena, request, &err);
	if (message != NULL) {
		take(asking, message);
	} else {
		status.code = query_code(&err);
		snprintf(
		    status.message, sizeof(status.message), "%s", err.text);
	}
	end(asking, &status);
	arena_free(arena);
}

/* --- asking ----------------------------------------------------------------- */

void
query_client_set_ear(struct query_client *client, const struct query_ear *ear)
{
	client->ear = ear;
}

static struct asking *
begin(struct query_client *client, enum method method, bool has_done, void *arg)
{
	struct asking *asking = mem_zalloc(sizeof(*asking));

	asking->client = client;
	asking->method = method;
	asking->ear = has_done ? NULL : client->ear;
	asking->arg = arg;
	assert(has_done || asking->ear != NULL);
	list_push(&client->under_way, &asking->node);
	return asking;
}

static void
ask(struct asking *asking, const ProtobufCMessage *request)
{
	ProtobufCService *stub = asking->client->stub;

	if (stub == NULL) {
		ask_locally(asking, request);
		return;
	}
	stub->invoke(stub, asking->method, request, on_answer, asking);
}

struct query_client *
query_client_new(struct rpc_client *rpc)
{
	struct query_client *client = mem_zalloc(sizeof(*client));

	client->rpc = rpc;
	client->stub = rpc_stub_new(rpc, &vedette__query__descriptor);
	list_init(&client->under_way);
	return client;
}

struct query_client *
query_client_new_local(const struct query_handlers *handlers, void *arg)
{
	struct query_client *client = mem_zalloc(sizeof(*client));

	client->handlers = handlers;
	client->arg = arg;
	list_init(&client->under_way);
	return client;
}

void
query_status(struct query_client *client, const struct query_status *request,
    query_status_fn *done, void *arg)
{
	Vedette__StatusRequest message = VEDETTE__STATUS_REQUEST__INIT;
	struct asking *asking = begin(client, STATUS, done != NULL, arg);

	asking->done.status = done;
	message.environment = codec_lend(request->environment);
	message.service = codec_lend(request->service);
	ask(asking, &message.base);
}

void
query_history(struct query_client *client, const struct query_history *request,
    query_history_fn *done, void *arg)
{
	Vedette__HistoryRequest message = VEDETTE__HISTORY_REQUEST__INIT;
	struct asking *asking = begin(client, HISTORY, done != NULL, arg);

	asking->done.history = done;
	message.environment = codec_lend(request->environment);
	message.service = codec_lend(request->service);
	message.agent = codec_lend(request->agent);
	message.probe = codec_lend(request->probe);
	message.from_ms = request->from_ms;
	message.to_ms = request->to_ms;
	message.limit = request->limit;
	ask(asking, &message.base);
}

void
query_changes(struct query_client *client, const struct query_changes *request,
    query_changes_fn *done, void *arg)
{
	Vedette__ChangesRequest message = VEDETTE__CHANGES_REQUEST__INIT;
	struct asking *asking = begin(client, CHANGES, done != NULL, arg);

	asking->done.changes = done;
	message.environment = codec_lend(request->environment);
	message.service = codec_lend(request->service);
	message.name = codec_lend(request->name);
	message.from_ms = request->from_ms;
	message.to_ms = request->to_ms;
	message.limit = request->limit;
	ask(asking, &message.base);
}

void
query_regressions(struct query_client *client,
    const struct query_regressions *request, query_regressions_fn *done,
    void *arg)
{
	Vedette__RegressionsRequest message =
	    VEDETTE__REGRESSIONS_REQUEST__INIT;
	struct asking *asking = begin(client, REGRESSIONS, done != NULL, arg);

	asking->done.regressions = done;
	message.environment = codec_lend(request->environment);
	message.service = codec_lend(request->service);
	message.from_ms = request->from_ms;
	message.to_ms = request->to_ms;
	message.open_only = request->open_only;
	message.limit = request->limit;
	ask(asking, &message.base);
}

void
query_document(struct query_client *client,
    const struct query_document *request, query_document_fn *done, void *arg)
{
	Vedette__DocumentRequest message = VEDETTE__DOCUMENT_REQUEST__INIT;
	struct asking *asking = begin(client, DOCUMENT, done != NULL, arg);

	asking->done.document = done;
	message.question = codec_lend(request->question);
	message.environment = codec_lend(request->environment);
	message.service = codec_lend(request->service);
	message.agent = codec_lend(request->agent);
	message.probe = codec_lend(request->probe);
	message.other = codec_lend(request->other);
	message.from_ms = request->from_ms;
	message.to_ms = request->to_ms;
	message.limit = request->limit;
	message.span_ms = request->span_ms;
	message.together = request->together;
	message.last_ms = request->last_ms;
	ask(asking, &message.base);
}

void
query_client_free(struct query_client *client)
{
	if (client == NULL)
		return;
	LIST_EACH (node, &client->under_way) {
		list_remove(node);
		LIST_ITEM(node, struct asking, node)->client = NULL;
	}
	if (client->stub != NULL)
		rpc_stub_free(client->stub);
	free(client);
}
