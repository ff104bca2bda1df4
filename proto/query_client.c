/* The calling side of query.h. */
#include <stdlib.h>

#include "proto/base/list.h"
#include "proto/query_codec.h"
#include "proto/result_codec.h"

struct query_client {
	struct rpc_client *rpc;
	ProtobufCService *stub;
	struct list under_way;
};

struct asking {
	struct list node;
	struct query_client *client; /* NULL once it was freed */
	union {
		query_status_fn *status;
		query_history_fn *history;
		query_changes_fn *changes;
		query_regressions_fn *regressions;
	} done;
	void *arg;
	/* While the answer is told. */
	struct arena *arena;
	struct rpc_status outcome;
};

static struct asking *
begin(struct query_client *client, void *arg)
{
	struct asking *asking = mem_zalloc(sizeof(*asking));

	asking->client = client;
	asking->arg = arg;
	list_push(&client->under_way, &asking->node);
	return asking;
}

/* Takes it off the client's list; false when nobody waits any more. */
static bool
arrive(struct asking *asking)
{
	if (asking->client == NULL) {
		free(asking);
		return false;
	}
	list_remove(&asking->node);
	asking->outcome = *rpc_client_status(asking->client->rpc);
	asking->arena = arena_new(0);
	return true;
}

/* Makes a malformed answer a status, and returns whether there is one. */
static bool
is_answer(struct asking *asking, int rc, const struct err *err)
{
	if (rc == 0)
		return true;
	asking->outcome.code = RPC_INTERNAL;
	snprintf(asking->outcome.message, sizeof(asking->outcome.message), "%s",
	    err->text);
	return false;
}

static void
leave(struct asking *asking)
{
	arena_free(asking->arena);
	free(asking);
}

static void
on_status(const Vedette__StatusAnswer *message, void *arg)
{
	struct asking *asking = arg;
	struct status_answer answer = { 0 };
	struct err err;
	bool told = message != NULL;

	if (!arrive(asking))
		return;
	if (told)
		told = is_answer(asking,
		    status_unpack(&answer, asking->arena, message, &err), &err);
	asking->done.status(
	    asking->arg, &asking->outcome, told ? &answer : NULL);
	leave(asking);
}

static void
on_history(const Vedette__HistoryAnswer *message, void *arg)
{
	struct asking *asking = arg;
	struct history_answer answer = { 0 };
	struct err err;
	bool told = message != NULL;

	if (!arrive(asking))
		return;
	if (told)
		told = is_answer(asking,
		    history_unpack(&answer, asking->arena, message, &err),
		    &err);
	asking->done.history(
	    asking->arg, &asking->outcome, told ? &answer : NULL);
	leave(asking);
}

static void
on_changes(const Vedette__ChangesAnswer *message, void *arg)
{
	struct asking *asking = arg;
	struct changes_answer answer = { 0 };
	struct err err;
	bool told = message != NULL;

	if (!arrive(asking))
		return;
	if (told)
		told = is_answer(asking,
		    changes_unpack(&answer, asking->arena, message, &err),
		    &err);
	asking->done.changes(
	    asking->arg, &asking->outcome, told ? &answer : NULL);
	leave(asking);
}

static void
on_regressions(const Vedette__RegressionsAnswer *message, void *arg)
{
	struct asking *asking = arg;
	struct regressions_answer answer = { 0 };
	struct err err;
	bool told = message != NULL;

	if (!arrive(asking))
		return;
	if (told)
		told = is_answer(asking,
		    regressions_unpack(&answer, asking->arena, message, &err),
		    &err);
	asking->done.regressions(
	    asking->arg, &asking->outcome, told ? &answer : NULL);
	leave(asking);
}

/* --- asking ----------------------------------------------------------------- */

struct query_client *
query_client_new(struct rpc_client *rpc)
{
	struct query_client *client = mem_zalloc(sizeof(*client));

	client->rpc = rpc;
	client->stub = rpc_stub_new(rpc, &vedette__query__descriptor);
	list_init(&client->under_way);
	return client;
}

void
query_status(struct query_client *client, const struct query_status *request,
    query_status_fn *done, void *arg)
{
	Vedette__StatusRequest message = VEDETTE__STATUS_REQUEST__INIT;
	struct asking *asking = begin(client, arg);

	asking->done.status = done;
	message.environment = codec_lend(request->environment);
	message.service = codec_lend(request->service);
	vedette__query__status(client->stub, &message, on_status, asking);
}

void
query_history(struct query_client *client, const struct query_history *request,
    query_history_fn *done, void *arg)
{
	Vedette__HistoryRequest message = VEDETTE__HISTORY_REQUEST__INIT;
	struct asking *asking = begin(client, arg);

	asking->done.history = done;
	message.environment = codec_lend(request->environment);
	message.service = codec_lend(request->service);
	message.agent = codec_lend(request->agent);
	message.probe = codec_lend(request->probe);
	message.from_ms = request->from_ms;
	message.to_ms = request->to_ms;
	message.limit = request->limit;
	vedette__query__history(client->stub, &message, on_history, asking);
}

void
query_changes(struct query_client *client, const struct query_changes *request,
    query_changes_fn *done, void *arg)
{
	Vedette__ChangesRequest message = VEDETTE__CHANGES_REQUEST__INIT;
	struct asking *asking = begin(client, arg);

	asking->done.changes = done;
	message.environment = codec_lend(request->environment);
	message.service = codec_lend(request->service);
	message.name = codec_lend(request->name);
	message.from_ms = request->from_ms;
	message.to_ms = request->to_ms;
	message.limit = request->limit;
	vedette__query__changes(client->stub, &message, on_changes, asking);
}

void
query_regressions(struct query_client *client,
    const struct query_regressions *request, query_regressions_fn *done,
    void *arg)
{
	Vedette__RegressionsRequest message =
	    VEDETTE__REGRESSIONS_REQUEST__INIT;
	struct asking *asking = begin(client, arg);

	asking->done.regressions = done;
	message.environment = codec_lend(request->environment);
	message.service = codec_lend(request->service);
	message.from_ms = request->from_ms;
	message.to_ms = request->to_ms;
	message.open_only = request->open_only;
	message.limit = request->limit;
	vedette__query__regressions(
	    client->stub, &message, on_regressions, asking);
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
	rpc_stub_free(client->stub);
	free(client);
}
