/*
 * entries.h - what judging found out, until it is written and told.
 *
 * Rows for the store, in the order in which they were found, and the events
 * that are told of them once they are durable.  Everything is copied.
 */
#ifndef COLLECTOR_PIPELINE_ENTRIES_H
#define COLLECTOR_PIPELINE_ENTRIES_H

#include <stdbool.h>
#include <stddef.h>

#include "proto/base/mem.h"
#include "proto/query.h"
#include "storage/store.h"

struct entry; /* a row */

struct entries {
	struct arena *arena;
	struct entry *rows;
	struct event *events;
	size_t n_rows, room_rows;
	size_t n_events, room_events;
};

struct entries *entries_new(void);
void entries_free(struct entries *entries); /* NULL is allowed */

void entries_change(struct entries *entries, const struct change_row *row);

/* The newest change of that place, name, source and agent until before_ms gets
 * the fingerprint of after beside its own. */
void entries_rekey(struct entries *entries, const struct change_row *row);

/* row->id is set: the newest entry of an id is what is in force. */
void
entries_regression(struct entries *entries, const struct regression_row *row);

/* An event of this kind, to be filled in with copies in the arena. */
struct event *
entries_event(struct entries *entries, enum event_kind kind, int64_t at_ms);

/* Writes the rows into the open transaction.  The same again changes
 * nothing. */
int entries_write(
    const struct entries *entries, struct store *store, struct err *err);

#endif
