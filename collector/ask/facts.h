/*
 * facts.h - what was known of settings, builds and the like at a moment.
 *
 * Every fact begins as a change ("not seen before"), so the newest change of
 * each up to a moment is what was in force then.
 */
#ifndef COLLECTOR_ASK_FACTS_H
#define COLLECTOR_ASK_FACTS_H

#include "proto/base/mem.h"
#include "proto/query.h"
#include "storage/store.h"

struct facts {
	const struct change_row *rows; /* after: what was in force */
	size_t n;
};

/* Of an environment ("" for all) and a service ("" for all), in the order of
 * environment, service, name and source.  Rows and texts are in the arena. */
int facts_at(struct facts *out, struct arena *arena, struct store *store,
    const struct query_changes *request, struct err *err);

#endif
