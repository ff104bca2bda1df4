#include <errno.h>
#include <jansson.h>
#include <stdlib.h>

#include "collector/cli/ask_order.h"
#include "proto/base/mem.h"
#include "proto/shape.h"

struct ordering {
	struct ask *ask;
	struct alerting_client *client;
	ask_said_fn *say;
};

static json_t *
value_of(const struct order_answer *answer)
{
	json_t *value = json_object();

	json_object_set_new(value, "id", json_integer((json_int_t)answer->id));
	json_object_set_new(value, "until", shape_time(answer->until_ms));
	return value;
}

static void
on_ordered(void *arg, const struct rpc_status *status,
    const struct order_answer *answer)
{
	struct ordering *ordering = arg;
	struct ask *ask = ordering->ask;

	if (answer != NULL && ask->arguments->json)
		shape_print(&ask->page.text, value_of(answer), false);
	else if (answer != NULL)
		ordering->say(&ask->page, answer);
	alerting_client_free(ordering->client);
	free(ordering);
	ask_done(ask, status);
}

void
ask_order(struct ask *ask, const struct order *order, ask_said_fn *say)
{
	struct ordering *ordering = mem_zalloc(sizeof(*ordering));

	ordering->ask = ask;
	ordering->say = say;
	ordering->client = alerting_client_new(ask_rpc(ask));
	alerting_order(ordering->client, order, on_ordered, ordering);
}

const char *
ask_order_bare(const char *text)
{
	return text + (text[0] == '#');
}

uint64_t
ask_order_id(const char *text)
{
	unsigned long long id;
	char *end;

	text = ask_order_bare(text);
	errno = 0;
	id = strtoull(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0)
		return 0;
	return id;
}
