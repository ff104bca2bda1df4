/* The Alerting service of alerting.h, both sides. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/alerting.h"
#include "proto/alerting.pb-c.h"
#include "proto/base/list.h"
#include "proto/base/mem.h"
#include "proto/label.h"

int
order_check(const struct order *order, struct err *err)
{
	if ((order->environment[0] != '\0' &&
		!label_is_environment(order->environment)) ||
	    (order->service[0] != '\0' && !label_is(order->service)))
		return err_set(err, ERR_INVALID,
		    "an environment or service that is not " LABEL_RULE);
	if (order->for_ms < 0 || order->for_ms > ORDER_FOR_MAX_MS)
		return err_set(err, ERR_INVALID, "for at most 90 days");
	if (order->kind == ORDER_SILENCE && order->for_ms == 0)
		return err_set(err, ERR_INVALID,
		    "a silence without an end: say for how long");
	if (order->kind == ORDER_SILENCE && order->environment[0] == '\0' &&
	    order->service[0] == '\0')
		return err_set(err, ERR_INVALID,
		    "a silence of everything: name an environment or a "
		    "service");
	if (strlen(order->by) > ORDER_TEXT_MAX_BYTES ||
	    strlen(order->why) > ORDER_TEXT_MAX_BYTES)
		return err_set(err, ERR_INVALID, "texts of at most %d bytes",
		    ORDER_TEXT_MAX_BYTES);
	return 0;
}

/* --- ordering ------------------------------------------------------------- */

struct alerting_client {
	struct rpc_client *rpc;
	ProtobufCService *stub;
	struct list under_way;
};

struct ordering {
	struct list node;
	struct alerting_client *client; /* NULL once it was freed */
	alerting_done_fn *done;
	void *arg;
};

struct alerting_client *
alerting_client_new(struct rpc_client *rpc)
{
	struct alerting_client *client = mem_zalloc(sizeof(*client));

	client->rpc = rpc;
	client->stub = rpc_stub_new(rpc, &vedette__alerting__descriptor);
	list_init(&client->under_way);
	return client;
}

static void
on_answer(const Vedette__OrderAnswer *message, void *arg)
{
	struct ordering *ordering = arg;
	struct order_answer answer;

	if (ordering->client != NULL) {
		list_remove(&ordering->node);
		if (message != NULL)
			answer = (struct order_answer){ message->id,
				message->until_ms };
		ordering->done(ordering->arg,
		    rpc_client_status(ordering->client->rpc),
		    message != NULL ? &answer : NULL);
	}
	free(ordering);
}

void
alerting_order(struct alerting_client *client, const struct order *order,
    alerting_done_fn *done, void *arg)
{
	struct ordering *ordering = mem_zalloc(sizeof(*ordering));
	Vedette__OrderRequest request = VEDETTE__ORDER_REQUEST__INIT;

	request.kind = (uint32_t)order->kind;
	request.id = order->id;
	request.environment = (char *)(uintptr_t)order->environment;
	request.service = (char *)(uintptr_t)order->service;
	request.for_ms = order->for_ms;
	request.by = (char *)(uintptr_t)order->by;
	request.why = (char *)(uintptr_t)order->why;
	ordering->client = client;
	ordering->done = done;
	ordering->arg = arg;
	list_push(&client->under_way, &ordering->node);
	vedette__alerting__order(client->stub, &request, on_answer, ordering);
}

void
alerting_client_free(struct alerting_client *client)
{
	if (client == NULL)
		return;
	LIST_EACH (node, &client->under_way) {
		list_remove(node);
		LIST_ITEM(node, struct ordering, node)->client = NULL;
	}
	rpc_stub_free(client->stub);
	free(client);
}

/* --- serving -------------------------------------------------------------- */

struct alerting_service {
	Vedette__Alerting_Service base;
	alerting_on_order_fn *on_order;
	void *arg;
};

/* What is kept with the call. */
struct given {
	struct order order;
	char by[ORDER_TEXT_MAX_BYTES + PEER_WHO_BYTES + 4];
};

/* Who says to be somebody is named with who that was. */
static void
set_by(struct given *given, const char *by, const struct peer *peer)
{
	char who[PEER_WHO_BYTES];

	peer_who(who, peer);
	if (by[0] != '\0')
		snprintf(given->by, sizeof(given->by), "%s (%s)", by, who);
	else
		snprintf(given->by, sizeof(given->by), "%s", who);
	given->order.by = given->by;
}

static void
on_order(Vedette__Alerting_Service *base, const Vedette__OrderRequest *request,
    Vedette__OrderAnswer_Closure closure, void *closure_data)
{
	struct alerting_service *service = (struct alerting_service *)base;
	struct rpc_call *call = closure_data;
	struct given *given;
	struct err err;

	(void)closure; /* alerting_answer() answers */
	if (peer_is_user(rpc_call_peer(call), &err) < 0) {
		rpc_call_fail(call, RPC_PERMISSION_DENIED, 0, "%s", err.text);
		return;
	}
	given = rpc_call_zalloc(call, sizeof(*given));
	given->order = (struct order){
		.kind = (enum order_kind)request->kind,
		.id = request->id,
		.environment = request->environment,
		.service = request->service,
		.for_ms = request->for_ms,
		.by = request->by,
		.why = request->why,
	};
	if (request->kind >= ORDER_COUNT) {
		rpc_call_fail(call, RPC_INVALID_ARGUMENT, 0,
		    "an order of no known kind: %u", request->kind);
		return;
	}
	if (order_check(&given->order, &err) < 0) {
		rpc_call_fail(call, RPC_INVALID_ARGUMENT, 0, "%s", err.text);
		return;
	}
	set_by(given, request->by, rpc_call_peer(call));
	service->on_order(service->arg, &given->order, call);
}

struct alerting_service *
alerting_service_new(
    struct rpc_server *server, alerting_on_order_fn *on_order_fn, void *arg)
{
	struct alerting_service *service = mem_zalloc(sizeof(*service));

	vedette__alerting__init(&service->base, NULL);
	service->base.order = on_order;
	service->on_order = on_order_fn;
	service->arg = arg;
	rpc_server_add(server, &service->base.base);
	return service;
}

void
alerting_answer(
    void *arg, const struct err *why, const struct order_answer *answer)
{
	Vedette__OrderAnswer message = VEDETTE__ORDER_ANSWER__INIT;
	struct rpc_call *call = arg;

	if (why != NULL) {
		rpc_call_fail(call,
		    why->code == ERR_NOT_FOUND     ? RPC_NOT_FOUND
			: why->code == ERR_INVALID ? RPC_INVALID_ARGUMENT
			: why->code == ERR_LIMIT   ? RPC_RESOURCE_EXHAUSTED
						   : RPC_UNAVAILABLE,
		    0, "%s", why->text);
		return;
	}
	message.id = answer->id;
	message.until_ms = answer->until_ms;
	rpc_call_answer(call, &message.base);
}

void
alerting_service_free(struct alerting_service *service)
{
	free(service);
}
