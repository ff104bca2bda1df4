#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "collector/pipeline/ledger.h"
#include "collector/pipeline/rows.h"
#include "proto/label.h"

#define RECALLED_MAX 10000 /* the newest; what a store gives at a time */

void
ledger_init(struct ledger *ledger, struct store *store, struct fleet *fleet)
{
	memset(ledger, 0, sizeof(*ledger));
	ledger->store = store;
	ledger->fleet = fleet;
	ledger->entries = entries_new();
}

void
ledger_fini(struct ledger *ledger)
{
	ledger_recall_end(ledger);
	entries_free(ledger->entries);
	free(ledger->results);
	memset(ledger, 0, sizeof(*ledger));
}

void
ledger_clear(struct ledger *ledger)
{
	ledger->n_results = 0;
	ledger->n_usual = 0;
}

struct entries *
ledger_take(struct ledger *ledger)
{
	struct entries *taken = ledger->entries;

	ledger->entries = entries_new();
	return taken;
}

/* --- events ------------------------------------------------------------- */

void
ledger_result(struct ledger *ledger, const struct series *series,
    const struct result *result, bool transition)
{
	struct event *event;

	if (ledger->recalled != NULL || !ledger->is_watched)
		return;
	if (!transition && ledger->n_usual++ >= LEDGER_RESULTS_MAX) {
		ledger->n_untold++;
		return;
	}
	if (ledger->n_results == ledger->room) {
		ledger->room = ledger->room > 0 ? ledger->room * 2 : 64;
		ledger->results = mem_resize(
		    ledger->results, ledger->room, sizeof(*ledger->results));
	}
	event = &ledger->results[ledger->n_results++];
	memset(event, 0, sizeof(*event));
	event->kind = EVENT_RESULT;
	event->at_ms = result->at_ms;
	event->result.series = *series;
	event->result.result = *result;
	event->transition = transition;
}

static void
tell_regression(struct ledger *ledger, enum event_kind kind, int64_t at_ms,
    const struct regression_row *row)
{
	struct entries *entries = ledger->entries;

	entries_event(entries, kind, at_ms)->regression =
	    rows_regression(entries->arena, row);
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

	ledger->arena = arena_new(0);
	ledger->recalled = map_new();
	ledger->rows = map_new();
	if (store_last_regression(ledger->store, &ledger->last_id, err) < 0 ||
	    store_scan_regressions(
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
	arena_free(ledger->arena);
	ledger->recalled = ledger->rows = NULL;
	ledger->arena = NULL;
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

void
ledger_change(
    struct ledger *ledger, const struct change_row *row, int64_t at_ms)
{
	struct entries *entries = ledger->entries;

	if (ledger->recalled != NULL)
		return;
	entries_change(entries, row);
	entries_event(entries, EVENT_CHANGE, at_ms)->change =
	    rows_change(entries->arena, row);
}

void
ledger_rekey(struct ledger *ledger, const struct fleet_fact *fact,
    const struct fact *seen)
{
	const struct change_row row = {
		.environment = fact->environment,
		.service = fact->service,
		.name = fact->name,
		.source = fact->source,
		.agent = fact->agent,
		.before_ms = seen->at_ms,
		.before = "",
		.after = fact->shown,
	};

	if (ledger->recalled == NULL)
		entries_rekey(ledger->entries, &row);
}

void
ledger_open(
    struct ledger *ledger, uint64_t *out_id, const struct regression_row *row)
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
		return;
	}
	*out_id = opened.id = ++ledger->last_id;
	entries_regression(ledger->entries, &opened);
	fleet_open(ledger->fleet, &opened);
	if (!row->late)
		tell_regression(
		    ledger, EVENT_REGRESSION, row->detected_ms, &opened);
}

void
ledger_note(struct ledger *ledger, const struct regression_row *row)
{
	struct regression_row noted = *row;

	if (ledger->recalled != NULL)
		return;
	noted.id = ++ledger->last_id;
	entries_regression(ledger->entries, &noted);
}

void
ledger_update(struct ledger *ledger, uint64_t id, bool raise)
{
	const struct fleet_regression *open =
	    fleet_regression(ledger->fleet, id);

	if (open == NULL)
		return;
	entries_regression(ledger->entries, &open->row);
	if (raise)
		tell_regression(ledger, EVENT_REGRESSION, open->row.detected_ms,
		    &open->row);
}

void
ledger_close(struct ledger *ledger, uint64_t id, int64_t cleared_ms)
{
	struct fleet_regression *open = fleet_regression(ledger->fleet, id);

	if (open == NULL)
		return;
	open->row.cleared_ms = cleared_ms;
	if (ledger->recalled == NULL) {
		entries_regression(ledger->entries, &open->row);
		if (!open->row.late)
			tell_regression(
			    ledger, EVENT_CLEARED, cleared_ms, &open->row);
	}
	fleet_close(ledger->fleet, id);
}

void
ledger_close_as(
    struct ledger *ledger, uint64_t id, int64_t cleared_ms, const char *message)
{
	const struct fleet_regression *open =
	    fleet_regression(ledger->fleet, id);
	struct regression_row row;

	if (open == NULL)
		return;
	row = open->row;
	row.message = message;
	fleet_open(ledger->fleet, &row);
	ledger_close(ledger, id, cleared_ms);
}
