#include <stdlib.h>
#include <string.h>

#include "collector/pipeline/entries.h"
#include "collector/pipeline/rows.h"
#include "proto/fingerprints.h"

struct entry {
	enum { ENTRY_REGRESSION, ENTRY_CHANGE, ENTRY_REKEY } kind;
	union {
		struct change_row change;
		struct regression_row regression;
	};
};

struct entries *
entries_new(void)
{
	struct entries *entries = mem_zalloc(sizeof(*entries));

	entries->arena = arena_new(0);
	return entries;
}

void
entries_free(struct entries *entries)
{
	if (entries == NULL)
		return;
	arena_free(entries->arena);
	free(entries->rows);
	free(entries->events);
	free(entries);
}

static struct entry *
add_row(struct entries *entries)
{
	struct entry *row;

	if (entries->n_rows == entries->room_rows) {
		entries->room_rows = 2 * entries->room_rows + 16;
		entries->rows = mem_resize(
		    entries->rows, entries->room_rows, sizeof(*entries->rows));
	}
	row = &entries->rows[entries->n_rows++];
	memset(row, 0, sizeof(*row));
	return row;
}

void
entries_change(struct entries *entries, const struct change_row *row)
{
	struct entry *entry = add_row(entries);

	entry->kind = ENTRY_CHANGE;
	entry->change = rows_change(entries->arena, row);
}

void
entries_rekey(struct entries *entries, const struct change_row *row)
{
	struct entry *entry = add_row(entries);

	entry->kind = ENTRY_REKEY;
	entry->change = rows_change(entries->arena, row);
}

void
entries_regression(struct entries *entries, const struct regression_row *row)
{
	add_row(entries)->regression = rows_regression(entries->arena, row);
}

struct event *
entries_event(struct entries *entries, enum event_kind kind, int64_t at_ms)
{
	struct event *event;

	if (entries->n_events == entries->room_events) {
		entries->room_events = 2 * entries->room_events + 16;
		entries->events = mem_resize(entries->events,
		    entries->room_events, sizeof(*entries->events));
	}
	event = &entries->events[entries->n_events++];
	memset(event, 0, sizeof(*event));
	event->kind = kind;
	event->at_ms = at_ms;
	return event;
}

/* --- writing ------------------------------------------------------------ */

/* The newest change of a fact. */
struct newest {
	struct arena *arena;
	const struct change_row *fact;
	struct change_row row;
	bool is_found;
};

static int
on_change(void *arg, const struct change_row *row, struct err *err)
{
	struct newest *newest = arg;

	(void)err;
	if (row->source != newest->fact->source ||
	    strcmp(row->agent, newest->fact->agent) != 0)
		return 0;
	newest->row = rows_change(newest->arena, row);
	newest->is_found = true;
	return 1;
}

static int
rekey(struct store *store, struct arena *arena, const struct change_row *fact,
    struct err *err)
{
	struct newest newest = { .arena = arena, .fact = fact };
	const struct query_changes request = {
		.environment = fact->environment,
		.service = fact->service,
		.name = fact->name,
		.to_ms = fact->before_ms + 1,
		.limit = UINT32_MAX,
	};
	char *joined = NULL;
	bool more;
	int rc;

	rc =
	    store_scan_changes(store, &more, &request, on_change, &newest, err);
	if (rc < 0 || !newest.is_found)
		return rc;
	joined = fingerprints_join(fact->after, newest.row.after);
	if (strcmp(joined, newest.row.after) != 0) {
		newest.row.after = joined;
		rc = store_put_change(store, &newest.row, err);
	}
	free(joined);
	return rc;
}

static int
write_entry(const struct entry *entry, struct store *store, struct arena *arena,
    struct err *err)
{
	uint64_t id;

	switch (entry->kind) {
	case ENTRY_CHANGE:
		return store_put_change(store, &entry->change, err);
	case ENTRY_REKEY:
		return rekey(store, arena, &entry->change, err);
	default:
		return store_put_regression(
		    store, &id, &entry->regression, err);
	}
}

int
entries_write(
    const struct entries *entries, struct store *store, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; i < entries->n_rows && rc == 0; i++)
		rc = write_entry(&entries->rows[i], store, entries->arena, err);
	return rc;
}
