#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "collector/web/parts.h"
#include "proto/base/mem.h"
#include "proto/base/text.h"

/* An order under way. */
struct web_order {
	struct list node;       /* of orders */
	struct http_call *call; /* NULL once nobody waits for the answer */
};

static void
reply_done(struct http_call *call, const struct order_answer *answer)
{
	char time[TEXT_TIME_BYTES];
	struct text text = { 0 };
	size_t n;

	text_addf(&text,
	    "{\"id\": %llu, \"until\": ", (unsigned long long)answer->id);
	if (answer->until_ms != 0)
		text_addf(
		    &text, "\"%s\"}\n", text_time(time, answer->until_ms));
	else
		text_add(&text, "null}\n");
	n = text.n;
	reply_once(call, "application/json", text_take(&text), n);
}

static void
on_ordered(void *arg, const struct err *why, const struct order_answer *answer)
{
	struct web_order *order = arg;

	if (order->call != NULL && why != NULL)
		reply_err(order->call, why);
	else if (order->call != NULL)
		reply_done(order->call, answer);
	list_remove(&order->node);
	free(order);
}

void
order_forget_all(struct web *web)
{
	LIST_EACH (node, &web->orders) {
		LIST_ITEM(node, struct web_order, node)->call = NULL;
		list_remove(node);
	}
}

static void
take(struct web *web, struct http_call *call, const struct order *order)
{
	struct web_order *taken = mem_zalloc(sizeof(*taken));

	list_push(&web->orders, &taken->node);
	taken->call = call;
	web->setup.order(web->setup.order_arg, order, on_ordered, taken);
}

static struct order
order_of(enum order_kind kind, const struct web_request *request)
{
	return (struct order){
		.kind = kind,
		.environment = request->ask.environment,
		.service = request->ask.service,
		.for_ms = request->for_ms,
		.by = request->by[0] != '\0' ? request->by : "http",
		.why = request->why,
	};
}

/* The number that the path ends with. */
static bool
read_id(uint64_t *out, const char *rest)
{
	char *end;

	errno = 0;
	*out = strtoull(rest, &end, 10);
	return rest[0] >= '0' && rest[0] <= '9' && *end == '\0' && errno == 0;
}

static void
take_by_id(struct web *web, struct http_call *call, struct order order,
    const char *rest)
{
	if (read_id(&order.id, rest))
		take(web, call, &order);
	else
		reply_error(call, 404, "the path ends with a number");
}

void
order_silence(struct web *web, struct http_call *call,
    const struct web_request *request, const char *rest)
{
	const struct order order = order_of(ORDER_SILENCE, request);

	(void)rest;
	take(web, call, &order);
}

void
order_unsilence(struct web *web, struct http_call *call,
    const struct web_request *request, const char *rest)
{
	take_by_id(web, call, order_of(ORDER_UNSILENCE, request), rest);
}

void
order_acknowledge(struct web *web, struct http_call *call,
    const struct web_request *request, const char *rest)
{
	take_by_id(web, call, order_of(ORDER_ACKNOWLEDGE, request), rest);
}

void
order_release(struct web *web, struct http_call *call,
    const struct web_request *request, const char *rest)
{
	take_by_id(web, call, order_of(ORDER_RELEASE, request), rest);
}
