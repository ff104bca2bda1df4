#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "collector/pipeline/ledger.h"
#include "collector/pipeline/rows.h"
#include "proto/fingerprints.h"
#include "proto/label.h"

#define RECALLED_MAX 10000 /* the newest; what a store gives at a time */

void
ledger_init(struct ledger *ledger, struct store *store, struct fleet *fleet)
{
	memset(ledger, 0, sizeof(*ledger));
	ledger->store = store;
	ledger->fleet = fleet;
	ledger->arena = arena_new(0);
}

void
ledger_fini(struct ledger *ledger)
{
	ledger_recall_end(ledger);
	arena_free(ledger->arena);
	free(ledger->events);
	memset(ledger, 0, sizeof(*ledger));
}

void
ledger_clear(struct ledger *ledger)
{
	ledger->n_events = 0;
	ledger->n_results = 0;
	if (ledger->recalled == NULL && arena_bytes(ledger->arena) > 0) {
		arena_free(ledger->arena);
		ledger->arena = arena_new(0);
	}
}

/* --- events ------------------------------------------------------------- */

static struct event *
add_event(struct ledger *ledger, enum event_kind kind, int64_t at_ms)
{
	struct event *event;

	if (ledger->n_events == ledger->room) {
		ledger->room = ledger->room > 0 ? ledger->room * 2 : 64;
		ledger->events = mem_resize(
		    ledger->events, ledger->room, sizeof(*ledger->events));
	}
	event = &ledger->events[ledger->n_events++];
	memset(event, 0, sizeof(*event));
	event->kind = kind;
	event->at_ms = at_ms;
	return event;
}

void
ledger_result(struct ledger *ledger, const struct series *series,
    const struct result *result, bool transition)
{
	struct event *event;

	if (ledger->recalled != NULL || !ledger->is_watched)
		return;
	if (!transition && ledger->n_results++ >= LEDGER_RESULTS_MAX) {
		ledger->n_untold++;
		return;
	}
	event = add_event(ledger, EVENT_RESULT, result->at_ms);
	event->result.series = *series;
	event->result.result = *result;
	event->transition = transition;
}

static void
tell_regression(struct ledger *ledger, enum event_kind kind, int64_t at_ms,
    const struct regression_row *row)
{
	add_event(ledger, kind, at_ms)->regression =
	    rows_regression(ledger->arena, row);
}

/* --- recall ------------------------------------------------------------- */

/* What makes two findings the same one; owned by the caller. */
static char *
identity_of(const struct regression_row *row)
{
	return mem_printf("%d" LABEL_CUT "%s" LABEL_CUT "%s" LABEL_CUT
			  "%s" LABEL_CUT "%s" LABEL_CUT "%" PRId64,
	    row->kind, row->environment, row->service, row->agent, row->subject,
	    row->onset_to_ms);
}

static int
recall_row(void *arg, const struct regression_row *row, struct err *err)
{
	struct ledger *ledger = arg;
	struct regression_row *copy;
	char *identity = identity_of(row);
	char *id = mem_printf("%" PRIu64, row->id);

	(void)err;
	copy = arena_zalloc(ledger->arena, sizeof(*copy));
	*copy = rows_regression(ledger->arena, row);
	/* The newest comes first and stays. */
	if (map_get(ledger->recalled, identity) == NULL)
		map_put(ledger->recalled, identity, copy);
	map_put(ledger->rows, id, copy);
	free(identity);
	free(id);
	return 0;
}

int
ledger_recall(struct ledger *ledger, struct err *err)
{
	struct query_regressions request = {
		.environment = "", .service = "", .limit = RECALLED_MAX
	};
	bool more;

	ledger->recalled = map_new();
	ledger->rows = map_new();
	if (store_scan_regressions(
		ledger->store, &more, &request, recall_row, ledger, err) < 0)
		return -1;
	/* Of long ago, but open: none of those may be missing. */
	request.open_only = true;
	return store_scan_regressions(
	    ledger->store, &more, &request, recall_row, ledger, err);
}

void
ledger_recall_end(struct ledger *ledger)
{
	if (ledger->recalled == NULL)
		return;
	map_free(ledger->recalled);
	map_free(ledger->rows);
	ledger->recalled = ledger->rows = NULL;
	ledger_clear(ledger);
}

bool
ledger_is_in_recall(const struct ledger *ledger)
{
	return ledger->recalled != NULL;
}

bool
ledger_reopen(struct ledger *ledger, uint64_t id)
{
	char *text = mem_printf("%" PRIu64, id);
	const struct regression_row *row = map_get(ledger->rows, text);

	free(text);
	if (row != NULL)
		fleet_open(ledger->fleet, row);
	return row != NULL;
}

const struct regression_row *
ledger_recalled_open(const struct ledger *ledger, size_t *at)
{
	const struct regression_row *row;

	do
		row = map_next(ledger->rows, at);
	while (row != NULL && row->cleared_ms != 0);
	return row;
}

/* --- rows --------------------------------------------------------------- */

int
ledger_mark(struct ledger *ledger, const struct mark *mark, struct err *err)
{
	if (store_put_mark(ledger->store, mark, err) < 0)
		return -1;
	add_event(ledger, EVENT_MARK, mark->at_ms)->mark =
	    rows_mark(ledger->arena, mark);
	return 0;
}

int
ledger_change(struct ledger *ledger, const struct change_row *row,
    int64_t at_ms, struct err *err)
{
	if (ledger->recalled != NULL)
		return 0;
	if (store_put_change(ledger->store, row, err) < 0)
		return -1;
	add_event(ledger, EVENT_CHANGE, at_ms)->change =
	    rows_change(ledger->arena, row);
	return 0;
}

/* The newest change of a fact. */
struct newest {
	struct arena *arena;
	const struct fleet_fact *fact;
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

int
ledger_rekey(struct ledger *ledger, const struct fleet_fact *fact,
    const struct fact *seen, struct err *err)
{
	struct newest newest = { .arena = ledger->arena, .fact = fact };
	const struct query_changes request = {
		.environment = fact->environment,
		.service = fact->service,
		.name = fact->name,
		.to_ms = seen->at_ms + 1,
		.limit = UINT32_MAX,
	};
	char *joined = NULL;
	bool more;
	int rc;

	if (ledger->recalled != NULL)
		return 0;
	rc = store_scan_changes(
	    ledger->store, &more, &request, on_change, &newest, err);
	if (rc < 0 || !newest.is_found)
		return rc;
	joined = fingerprints_join(fact->shown, newest.row.after);
	if (strcmp(joined, newest.row.after) != 0) {
		newest.row.after = joined;
		rc = store_put_change(ledger->store, &newest.row, err);
	}
	free(joined);
	return rc;
}

int
ledger_open(struct ledger *ledger, uint64_t *out_id,
    const struct regression_row *row, struct err *err)
{
	const struct regression_row *found;
	struct regression_row opened = *row;
	char *identity;

	if (ledger->recalled != NULL) {
		identity = identity_of(row);
		found = map_get(ledger->recalled, identity);
		free(identity);
		*out_id = found != NULL ? found->id : 0;
		if (found != NULL)
			fleet_open(ledger->fleet, found);
		return 0;
	}
	if (store_put_regression(ledger->store, &opened.id, row, err) < 0)
		return -1;
	*out_id = opened.id;
	fleet_open(ledger->fleet, &opened);
	if (!row->late)
		tell_regression(
		    ledger, EVENT_REGRESSION, row->detected_ms, &opened);
	return 0;
}

int
ledger_note(
    struct ledger *ledger, const struct regression_row *row, struct err *err)
{
	uint64_t id;

	if (ledger->recalled != NULL)
		return 0;
	return store_put_regression(ledger->store, &id, row, err);
}

int
ledger_update(struct ledger *ledger, uint64_t id, bool raise, struct err *err)
{
	const struct fleet_regression *open =
	    fleet_regression(ledger->fleet, id);

	if (open == NULL)
		return 0;
	if (store_put_regression(ledger->store, &id, &open->row, err) < 0)
		return -1;
	if (raise)
		tell_regression(ledger, EVENT_REGRESSION, open->row.detected_ms,
		    &open->row);
	return 0;
}

int
ledger_close(
    struct ledger *ledger, uint64_t id, int64_t cleared_ms, struct err *err)
{
	struct fleet_regression *open = fleet_regression(ledger->fleet, id);

	if (open == NULL)
		return 0;
	open->row.cleared_ms = cleared_ms;
	if (ledger->recalled == NULL) {
		if (store_put_regression(ledger->store, &id, &open->row, err) <
		    0)
			return -1;
		if (!open->row.late)
			tell_regression(
			    ledger, EVENT_CLEARED, cleared_ms, &open->row);
	}
	fleet_close(ledger->fleet, id);
	return 0;
}

int
ledger_close_as(struct ledger *ledger, uint64_t id, int64_t cleared_ms,
    const char *message, struct err *err)
{
	const struct fleet_regression *open =
	    fleet_regression(ledger->fleet, id);
	struct regression_row row;

	if (open == NULL)
		return 0;
	row = open->row;
	row.message = message;
	fleet_open(ledger->fleet, &row);
	return ledger_close(ledger, id, cleared_ms, err);
}
