/*
 * generation.h - configurations over time: the one in force, and those before
 * it that runs still under way were started with.
 */
#ifndef AGENT_GENERATION_H
#define AGENT_GENERATION_H

#include "agent/config.h"
#include "proto/base/err.h"
#include "proto/base/list.h"

struct generation {
	struct list node; /* in the retired ones */
	struct agent_config *config;
	unsigned runs; /* under way */
};

/* Takes config. */
struct generation *generation_new(struct agent_config *config);

/* May an agent that runs with old go on with next?  ERR_INVALID names the key
 * that only a restart can change. */
int generation_check(const struct agent_config *old,
    const struct agent_config *next, struct err *err);

/* Frees those of the list that no run needs any more. */
void generation_sweep(struct list *retired);

void generation_free(struct generation *generation); /* NULL is allowed */

#endif
