/*
 * chain.h - which of many failures is the break, and which follow from it.
 *
 * The break is a failing node below which nothing of its branch fails; what
 * fails above it is entailed and weighs nothing.  Several breaks may stand
 * side by side: independent faults.
 */
#ifndef COLLECTOR_DIAGNOSE_CHAIN_H
#define COLLECTOR_DIAGNOSE_CHAIN_H

#include "collector/diagnose/node.h"
#include "proto/base/mem.h"

struct chain {
	struct node *nodes; /* every fresh view of the environment that counts,
	                       but reference runs */
	size_t n_nodes;
	struct node **failing; /* of these; the break first, then the other
	                          breaks, then what is entailed */
	size_t n_failing, n_breaks;
	/* Red for long before: kept apart from all of the above. */
	struct node **standing;
	size_t n_standing;
	bool has_impact; /* users feel it */
	bool has_inside; /* somebody looks from inside */
	/* Of the first user-facing check that failed, else of the break. */
	int64_t onset_from_ms, onset_to_ms;
	/* The first run that failed may have been under way for so long when it
	 * did, by clocks that differ a little. */
	int64_t onset_slack_ms;
	int64_t good_ms; /* newest time at which everything of it passed */
};

/* What it points to is in the arena or in the scene. */
void
chain_build(struct chain *out, struct arena *arena, const struct scene *scene);

/* The application that a failing node keeps from working: its own, or one
 * that needs it and fails with it; of what nobody declared, the only one that
 * fails; NULL when nobody does. */
const char *chain_sufferer(const struct chain *chain, const struct scene *scene,
    const struct node *node);

#endif
