#include <stdlib.h>
#include <string.h>

#include "collector/ask/incident.h"
#include "collector/diagnose/relapse.h"

#define ROWS_MAX      10000
#define RETURNS_LEAST 2 /* after so many it will return again, */
#define QUIET_TIMES   2 /* unless it stays away so much longer */

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

/* Why, in a word: "timeout" of "critical, connect.timeout, at least 5 s",
 * wherever on the way that was; *out_n 0: nobody said. */
static const char *
trouble_of(size_t *out_n, const struct regression_row *row)
{
	const char *field = strstr(row->after, ", "), *word;
	size_t n;

	*out_n = 0;
	if (field == NULL || strstr(field + 2, ", ") == NULL)
		return "";
	field += 2;
	n = strcspn(field, ",");
	for (word = field + n; word > field && word[-1] != '.'; word--)
		;
	*out_n = (size_t)(field + n - word);
	return word;
}

/* What fails, whoever sees it, and why, where that was said. */
static bool
is_same_failure(const struct regression_row *a, const struct regression_row *b)
{
	size_t n_why, n_other;
	const char *why = trouble_of(&n_why, a);
	const char *other = trouble_of(&n_other, b);

	return a->kind == b->kind && strcmp(a->service, b->service) == 0 &&
	    strcmp(a->subject, b->subject) == 0 &&
	    (n_why == 0 || n_other == 0 ||
		(n_why == n_other && memcmp(why, other, n_why) == 0));
}

/* Is it what failed here before, back soon after it had ended? */
static bool
comes_back(const struct incident *incident, const struct regression_row *row)
{
	if (!incident->is_open &&
	    row->onset_to_ms > incident->ended_ms + RELAPSE_ANEW_MS)
		return false;
	for (size_t i = incident->n_rows; i > 0; i--) {
		const struct regression_row *other = incident->rows[i - 1];

		if (is_same_failure(other, row) &&
		    (other->cleared_ms == 0 ||
			row->onset_to_ms <=
			    other->cleared_ms + RELAPSE_ANEW_MS))
			return true;
	}
	return false;
}

/* Does it begin while the incident lasts, or soon after?  One to which nothing
 * was added for a day is a standing fault, and no part of what is new. */
static bool
goes_along(const struct incident *incident, const struct regression_row *row)
{
	return row->onset_to_ms <= incident->newest_ms + INCIDENT_STANDS_MS &&
	    (incident->is_open ||
		row->onset_to_ms <= incident->ended_ms + INCIDENT_JOIN_MS);
}

static struct incident *
find_of(const struct incidents *of, const struct regression_row *row)
{
	for (size_t i = of->n; i > 0; i--)
		if (strcmp(of->list[i - 1].environment, row->environment) ==
			0 &&
		    comes_back(&of->list[i - 1], row))
			return &of->list[i - 1];
	for (size_t i = of->n; i > 0; i--)
		if (strcmp(of->list[i - 1].environment, row->environment) ==
			0 &&
		    goes_along(&of->list[i - 1], row))
			return &of->list[i - 1];
	return NULL;
}

static void
join(struct incident *incident, const struct regression_row *row)
{
	incident->rows[incident->n_rows++] = row;
	incident->newest_ms = row->onset_to_ms;
	incident->is_open |= row->cleared_ms == 0;
	if (row->cleared_ms > incident->ended_ms)
		incident->ended_ms = row->cleared_ms;
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

/* --- coming back ---------------------------------------------------------------- */

/* One failure, each time it began. */
struct returns {
	const struct regression_row *last;
	uint32_t n;
	int64_t longest_ms; /* from one to the next */
	int64_t ended_ms;
};

static void
add_return(struct returns *returns, const struct regression_row *row)
{
	int64_t apart_ms = row->onset_to_ms - returns->last->onset_to_ms;

	if (returns->ended_ms == 0 || row->onset_to_ms <= returns->ended_ms)
		return; /* another agent sees it as well */
	returns->n++;
	if (apart_ms > returns->longest_ms)
		returns->longest_ms = apart_ms;
	returns->last = row;
	returns->ended_ms = row->cleared_ms;
}

/* What came back twice is not over before it stayed away for twice the
 * longest time between: the rule of collector/diagnose/relapse. */
static void
settle_returns(struct incident *incident, struct arena *arena, int64_t at_ms)
{
	struct returns *list =
	    arena_zalloc(arena, incident->n_rows * sizeof(*list));
	size_t n = 0;

	for (size_t i = 0; i < incident->n_rows; i++) {
		const struct regression_row *row = incident->rows[i];
		size_t k = 0;

		while (k < n && !is_same_failure(list[k].last, row))
			k++;
		if (k < n)
			add_return(&list[k], row);
		else
			list[n++] = (struct returns){ .last = row,
				.ended_ms = row->cleared_ms };
	}
	for (size_t k = 0; k < n; k++) {
		if (list[k].n > incident->n_returns)
			incident->n_returns = list[k].n;
		incident->is_open |= list[k].n >= RETURNS_LEAST &&
		    (list[k].ended_ms == 0 ||
			at_ms - list[k].ended_ms <=
			    QUIET_TIMES * list[k].longest_ms);
	}
}

/* --- the fullest picture ----------------------------------------------------------- */

static int
by_number(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* The newest moment at which most of its regressions were confirmed and not
 * yet over. */
static int64_t
find_fullest(struct arena *arena, const struct incident *incident)
{
	size_t n = incident->n_rows, n_over = 0, most = 0;
	int64_t *seen = arena_zalloc(arena, n * sizeof(*seen));
	int64_t *over = arena_zalloc(arena, n * sizeof(*over));
	int64_t fullest_ms = 0;

	for (size_t i = 0; i < n; i++) {
		seen[i] = incident->rows[i]->detected_ms;
		over[i] = incident->rows[i]->cleared_ms;
	}
	qsort(seen, n, sizeof(*seen), by_number);
	qsort(over, n, sizeof(*over), by_number);
	for (size_t i = 0; i < n; i++) {
		while (n_over < n && over[n_over] <= seen[i])
			n_over++;
		if (i + 1 - n_over >= most) {
			most = i + 1 - n_over;
			fullest_ms = seen[i];
		}
	}
	return fullest_ms;
}

/* When it ended, and the moment to judge it by. */
static void
settle(struct incident *incident, struct arena *arena, int64_t at_ms)
{
	settle_returns(incident, arena, at_ms);
	incident->seen_ms =
	    incident->is_open ? at_ms : find_fullest(arena, incident);
	incident->closed_ms = incident->is_open ? 0 : incident->ended_ms;
}

static void
group(struct incidents *out, struct arena *arena,
    const struct gathering *gathering)
{
	out->list =
	    arena_zalloc(arena, (gathering->n + 1) * sizeof(*out->list));
	for (size_t i = 0; i < gathering->n; i++) {
		const struct regression_row *row = &gathering->rows[i];
		struct incident *of = find_of(out, row);

		if (of == NULL)
			of = begin(out, arena, row, gathering->n - i);
		join(of, row);
	}
	for (size_t i = 0; i < out->n; i++)
		settle(&out->list[i], arena, gathering->at_ms);
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
