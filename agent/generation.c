#include <stdlib.h>
#include <string.h>

#include "agent/generation.h"
#include "proto/base/mem.h"

struct generation *
generation_new(struct agent_config *config)
{
	struct generation *generation = mem_zalloc(sizeof(*generation));

	list_init(&generation->node);
	generation->config = config;
	return generation;
}

int
generation_check(const struct agent_config *old,
    const struct agent_config *next, struct err *err)
{
	const struct {
		const char *key, *old, *next;
	} texts[] = {
		{ "agent", old->agent, next->agent },
		{ "environment", old->environment, next->environment },
		{ "state_directory", old->state_directory,
		    next->state_directory },
		{ "spool.path", old->spool.path, next->spool.path },
		{ "spool.max_size", old->spool.max_size, next->spool.max_size },
		{ "spool.max_age", old->spool.max_age, next->spool.max_age },
	};
	const char *key = NULL;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (strcmp(texts[i].old, texts[i].next) != 0)
			key = texts[i].key;
	if (old->concurrency != next->concurrency)
		key = "concurrency";
	if (key == NULL)
		return 0;
	return err_set(err, ERR_INVALID,
	    "%s: differs from what the agent was started with; restart it to "
	    "change this",
	    key);
}

void
generation_sweep(struct list *retired)
{
	struct generation *generation;

	LIST_EACH (node, retired) {
		generation = LIST_ITEM(node, struct generation, node);
		if (generation->runs == 0)
			generation_free(generation);
	}
}

void
generation_free(struct generation *generation)
{
	if (generation == NULL)
		return;
	list_remove(&generation->node);
	config_free(generation->config);
	free(generation);
}
