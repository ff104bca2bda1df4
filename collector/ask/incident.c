#include <stdlib.h>
#include <string.h>

#include "collector/ask/incident.h"

#define ROWS_MAX 10000

struct gathering {
	struct arena *arena;
	struct regression_row *rows;
	size_t n;
	int64_t at_ms;
};

static int
on_row(void *arg, const struct regression_row *row, struct err *err)
{
	struct gathering *gathering = arg;
	struct regression_row *copy = &gathering->rows[gathering->n];

	(void)err;
	if (row->detected_ms > gathering->at_ms || gathering->n == ROWS_MAX)
		return 0;
	if (row->severity == OUTCOME_OK)
		return 0; /* something got better */
	*copy = *row;
	copy->environment = arena_strdup(gathering->arena, row->environment);
	copy->service = arena_strdup(gathering->arena, row->service);
	copy->agent = arena_strdup(gathering->arena, row->agent);
	copy->subject = arena_strdup(gathering->arena, row->subject);
	copy->before = arena_strdup(gathering->arena, row->before);
	copy->after = arena_strdup(gathering->arena, row->after);
	copy->message = arena_strdup(gathering->arena, row->message);
	if (copy->cleared_ms > gathering->at_ms)
		copy->cleared_ms = 0; /* not yet, then */
	gathering->n++;
	return 0;
}

static int
by_onset(const void *a, const void *b)
{
	const struct regression_row *x = a, *y = b;

	if (x->onset_to_ms != y->onset_to_ms)
		return x->onset_to_ms < y->onset_to_ms ? -1 : 1;
	return (x->id > y->id) - (x->id < y->id);
}

/* Does it begin while the incident lasts, or soon after? */
static bool
belongs(const struct incident *incident, const struct regression_row *row)
{
	if (strcmp(incident->environment, row->environment) != 0)
		return false;
	for (size_t i = 0; i < incident->n_rows; i++) {
		const struct regression_row *other = incident->rows[i];

		if (other->cleared_ms == 0 ||
		    row->onset_to_ms <= other->cleared_ms + INCIDENT_JOIN_MS)
			return true;
	}
	return false;
}

static void
join(struct incident *incident, const struct regression_row *row)
{
	incident->rows[incident->n_rows++] = row;
	incident->is_critical |= row->severity == OUTCOME_CRITICAL;
	incident->is_late &= row->late;
	incident->is_silence &= row->kind == REGRESSION_SILENCE;
}

static struct incident *
begin(struct incidents *out, struct arena *arena,
    const struct regression_row *row, size_t room)
{
	struct incident *incident = &out->list[out->n++];

	*incident = (struct incident){
		.id = row->id,
		.environment = row->environment,
		.from_ms = row->onset_from_ms,
		.onset_ms = row->onset_to_ms,
		.is_late = true,
		.is_silence = true,
		.rows = arena_zalloc(arena, room * sizeof(*incident->rows)),
	};
	return incident;
}

/* When it ended, and the last moment at which all of it was still there. */
static void
settle(struct incident *incident, int64_t at_ms)
{
	int64_t closed_ms = 0, first_ms = 0;

	for (size_t i = 0; i < incident->n_rows; i++) {
		const struct regression_row *row = incident->rows[i];

		if (row->cleared_ms == 0) {
			incident->seen_ms = at_ms;
			return;
		}
		if (row->cleared_ms > closed_ms)
			closed_ms = row->cleared_ms;
		if (first_ms == 0 || row->cleared_ms < first_ms)
			first_ms = row->cleared_ms;
	}
	incident->closed_ms = closed_ms;
	/* Before the first of them cleared its target was well again already:
	 * the last one confirmed until then is the fullest picture. */
	for (size_t i = 0; i < incident->n_rows; i++)
		if (incident->rows[i]->detected_ms > incident->seen_ms &&
		    incident->rows[i]->detected_ms < first_ms)
			incident->seen_ms = incident->rows[i]->detected_ms;
}

static void
group(struct incidents *out, struct arena *arena,
    const struct gathering *gathering)
{
	out->list =
	    arena_zalloc(arena, (gathering->n + 1) * sizeof(*out->list));
	for (size_t i = 0; i < gathering->n; i++) {
		const struct regression_row *row = &gathering->rows[i];
		struct incident *of = NULL;

		for (size_t k = out->n; k > 0 && of == NULL; k--)
			if (belongs(&out->list[k - 1], row))
				of = &out->list[k - 1];
		if (of == NULL)
			of = begin(out, arena, row, gathering->n - i);
		join(of, row);
	}
	for (size_t i = 0; i < out->n; i++)
		settle(&out->list[i], gathering->at_ms);
	for (size_t i = 0; i < out->n / 2; i++) {
		struct incident swap = out->list[i];

		out->list[i] = out->list[out->n - 1 - i];
		out->list[out->n - 1 - i] = swap;
	}
}

int
incidents_find(struct incidents *out, struct arena *arena, struct store *store,
    const char *environment, int64_t from_ms, int64_t at_ms, struct err *err)
{
	const struct query_regressions request = {
		.environment = environment,
		.service = "",
		.from_ms = from_ms,
		.to_ms = at_ms + 1,
		.limit = ROWS_MAX,
	};
	struct gathering gathering = { .arena = arena, .at_ms = at_ms };
	bool more;

	memset(out, 0, sizeof(*out));
	gathering.rows =
	    arena_zalloc(arena, ROWS_MAX * sizeof(*gathering.rows));
	if (store_scan_regressions(
		store, &more, &request, on_row, &gathering, err) < 0)
		return -1;
	qsort(gathering.rows, gathering.n, sizeof(*gathering.rows), by_onset);
	group(out, arena, &gathering);
	return 0;
}
