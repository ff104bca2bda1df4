/* The Report service of report.h, both sides. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/list.h"
#include "proto/base/mem.h"
#include "proto/base/text.h"
#include "proto/label.h"
#include "proto/peer.h"
#include "proto/query_codec.h"
#include "proto/report.h"
#include "proto/report.pb-c.h"
#include "proto/result_codec.h"

/* --- telling ---------------------------------------------------------------- */

struct report_client {
	struct rpc_client *rpc;
	ProtobufCService *stub;
	struct list under_way;
};

struct telling {
	struct list node;
	struct report_client *client; /* NULL once it was freed */
	report_done_fn *done;
	void *arg;
};

struct report_client *
report_client_new(struct rpc_client *rpc)
{
	struct report_client *client = mem_zalloc(sizeof(*client));

	client->rpc = rpc;
	client->stub = rpc_stub_new(rpc, &vedette__report__descriptor);
	list_init(&client->under_way);
	return client;
}

static void
on_answer(const Vedette__MarkAnswer *answer, void *arg)
{
	struct telling *telling = arg;

	if (telling->client != NULL) {
		list_remove(&telling->node);
		telling->done(telling->arg,
		    rpc_client_status(telling->client->rpc),
		    answer != NULL ? answer->at_ms : 0,
		    answer != NULL ? answer->replaced : "");
	}
	free(telling);
}

void
report_mark(struct report_client *client, const struct mark *mark,
    report_done_fn *done, void *arg)
{
	struct telling *telling = mem_zalloc(sizeof(*telling));
	struct arena *arena = arena_new(0);

	telling->client = client;
	telling->done = done;
	telling->arg = arg;
	list_push(&client->under_way, &telling->node);
	vedette__report__mark(
	    client->stub, mark_pack(arena, mark), on_answer, telling);
	arena_free(arena);
}

void
report_client_free(struct report_client *client)
{
	if (client == NULL)
		return;
	LIST_EACH (node, &client->under_way) {
		list_remove(node);
		LIST_ITEM(node, struct telling, node)->client = NULL;
	}
	rpc_stub_free(client->stub);
	free(client);
}

/* --- serving ---------------------------------------------------------------- */

struct report_service {
	Vedette__Report_Service base;
	report_on_mark_fn *on_mark;
	void *arg;
};

/* What is kept with the call. */
struct told {
	struct mark mark;
	char who[PEER_WHO_BYTES];
};

static int
check(const Vedette__MarkRow *row, struct err *err)
{
	if (!label_is_environment(row->environment) ||
	    (row->service[0] != '\0' && !label_is(row->service)))
		return err_set(err, ERR_INVALID,
		    "a mark whose environment or service is not " LABEL_RULE);
	if (row->kind >= MARK_COUNT)
		return err_set(
		    err, ERR_INVALID, "a mark of no known kind: %u", row->kind);
	if (row->at_ms < 0 || row->at_ms > CODEC_AT_MAX_MS)
		return err_set(err, ERR_INVALID, "a time outside 1970 to 2200");
	if (strlen(row->subject) > TEXT_MAX_BYTES ||
	    strlen(row->summary) > MESSAGE_MAX_BYTES)
		return err_set(err, ERR_INVALID,
		    "a subject of more than %d bytes, or a summary of more "
		    "than %d",
		    TEXT_MAX_BYTES, MESSAGE_MAX_BYTES);
	if (row->kind == MARK_CLAIM && row->summary[0] == '\0')
		return err_set(err, ERR_INVALID, "a claim that says nothing");
	return 0;
}

static void
on_mark(Vedette__Report_Service *base, const Vedette__MarkRow *row,
    Vedette__MarkAnswer_Closure closure, void *closure_data)
{
	struct report_service *service = (struct report_service *)base;
	struct rpc_call *call = closure_data;
	struct told *told;
	struct err err;

	(void)closure; /* report_ack() answers */
	if (peer_is_user(rpc_call_peer(call), &err) < 0) {
		rpc_call_fail(call, RPC_PERMISSION_DENIED, 0, "%s", err.text);
		return;
	}
	if (check(row, &err) < 0) {
		rpc_call_fail(call, RPC_INVALID_ARGUMENT, 0, "%s", err.text);
		return;
	}
	told = rpc_call_zalloc(call, sizeof(*told));
	peer_who(told->who, rpc_call_peer(call));
	told->mark = (struct mark){
		.at_ms = row->at_ms,
		.environment = row->environment,
		.service = row->service,
		.kind = (enum mark_kind)row->kind,
		.subject = row->subject,
		.summary = row->summary,
	};
	if (mark_attributes(
		&told->mark, rpc_call_arena(call), row, told->who, &err) < 0) {
		rpc_call_fail(call, RPC_INVALID_ARGUMENT, 0, "%s", err.text);
		return;
	}
	service->on_mark(service->arg, &told->mark, call);
}

struct report_service *
report_service_new(
    struct rpc_server *server, report_on_mark_fn *on_mark_fn, void *arg)
{
	struct report_service *service = mem_zalloc(sizeof(*service));

	vedette__report__init(&service->base, NULL);
	service->base.mark = on_mark;
	service->on_mark = on_mark_fn;
	service->arg = arg;
	rpc_server_add(server, &service->base.base);
	return service;
}

void
report_ack(struct rpc_call *call, int64_t at_ms, const char *replaced)
{
	Vedette__MarkAnswer answer = VEDETTE__MARK_ANSWER__INIT;

	answer.at_ms = at_ms;
	if (replaced != NULL)
		answer.replaced = (char *)(uintptr_t)replaced;
	rpc_call_answer(call, &answer.base);
}

void
report_service_free(struct report_service *service)
{
	free(service);
}
