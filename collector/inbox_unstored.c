/*
 * What could not be stored is said in the store as soon as it takes something
 * again: agents that keep nothing leave a hole there, and later nobody could
 * tell it from agents that were silent.
 */
#include <stdlib.h>
#include <string.h>

#include "collector/inbox_inside.h"
#include "proto/base/map.h"
#include "proto/base/mem.h"

/* Of one environment, for the next transaction. */
struct unstored {
	struct list node;
	char *environment, *why;
	int64_t from_ms, to_ms; /* wall clock */
};

void
inbox_unstored_begin(struct inbox *inbox, const char *why)
{
	if (inbox->is_broken)
		return;
	inbox->broken_ms = inbox_now(inbox).wall_ms;
	inbox->n_busy_before = inbox->counts.busy;
	free(inbox->broken_why);
	inbox->broken_why = mem_strdup(why);
}

static bool
is_noted(const struct inbox *inbox, const char *environment, int64_t to_ms)
{
	LIST_EACH (node, &inbox->unstored) {
		const struct unstored *one =
		    LIST_ITEM(node, struct unstored, node);

		if (one->to_ms == to_ms &&
		    strcmp(one->environment, environment) == 0)
			return true;
	}
	return false;
}

void
inbox_unstored_end(struct inbox *inbox)
{
	const struct fleet *fleet = pipeline_fleet(inbox->setup.pipeline);
	int64_t now_ms = inbox_now(inbox).wall_ms;

	/* Nobody was turned away: there is nothing that could be missing. */
	if (inbox->counts.busy == inbox->n_busy_before)
		return;
	MAP_EACH (const struct fleet_agent, agent, fleet->agents) {
		struct unstored *one;

		if (is_noted(inbox, agent->environment, now_ms))
			continue;
		one = mem_zalloc(sizeof(*one));
		one->environment = mem_strdup(agent->environment);
		one->why = mem_strdup(inbox->broken_why);
		one->from_ms = inbox->broken_ms;
		one->to_ms = now_ms;
		list_push(&inbox->unstored, &one->node);
		inbox->must_write = true;
	}
}

int
inbox_unstored_write(struct inbox *inbox, struct err *err)
{
	LIST_EACH (node, &inbox->unstored) {
		const struct unstored *one =
		    LIST_ITEM(node, struct unstored, node);
		const struct attribute attributes[] = {
			{ .name = MARK_UNTIL, .number = (double)one->to_ms },
			{ .name = MARK_BY, .text = "collector" },
		};
		const struct mark mark = {
			.at_ms = one->from_ms,
			.environment = one->environment,
			.service = "",
			.kind = MARK_UNSTORED,
			.subject = "collector:storage",
			.summary = one->why,
			.attributes = attributes,
			.n_attributes = 2,
		};

		if (pipeline_mark(inbox->setup.pipeline, &mark, err) < 0)
			return -1;
	}
	return 0;
}

void
inbox_unstored_drop(struct inbox *inbox)
{
	while (!list_is_empty(&inbox->unstored)) {
		struct unstored *one = LIST_ITEM(
		    list_pop(&inbox->unstored), struct unstored, node);

		free(one->environment);
		free(one->why);
		free(one);
	}
}
