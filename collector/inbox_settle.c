/*
 * Questions wait for what was acknowledged before them.
 *
 * Whoever was told that a batch is safe, and asks, wants to see what became of
 * it; usually that is a matter of one commit.
 */
#include <stdlib.h>

#include "collector/inbox_inside.h"

#define SETTLE_MAX 64 /* unjudged batches; nobody waits for more */

struct settling {
	struct list node;
	uint64_t judged; /* wait for so many */
	bool is_judged;
	uint64_t written; /* and then for so many */
	void (*fn)(void *arg);
	void *arg;
};

/* The transaction that has all that was found by now. */
static uint64_t
has_all(const struct inbox *inbox)
{
	return inbox->n_gathered + pipeline_has_found(inbox->setup.pipeline);
}

static bool
is_settled(const struct inbox *inbox, struct settling *one)
{
	if (inbox->is_broken)
		return true;
	if (inbox->n_judged < one->judged)
		return false;
	if (!one->is_judged)
		one->written = has_all(inbox);
	one->is_judged = true;
	return inbox->n_written >= one->written;
}

void
inbox_settle_some(struct inbox *inbox)
{
	while (!list_is_empty(&inbox->settling)) {
		struct settling *one =
		    LIST_ITEM(inbox->settling.next, struct settling, node);

		if (!is_settled(inbox, one))
			return;
		list_remove(&one->node);
		one->fn(one->arg);
		free(one);
	}
}

void
inbox_settle(struct inbox *inbox, void (*fn)(void *arg), void *arg)
{
	struct settling *one;

	if (inbox->backlog.n > SETTLE_MAX) {
		fn(arg);
		return;
	}
	one = mem_zalloc(sizeof(*one));
	one->judged = inbox->n_judged + inbox->backlog.n;
	one->fn = fn;
	one->arg = arg;
	list_push(&inbox->settling, &one->node);
	inbox_settle_some(inbox);
}
