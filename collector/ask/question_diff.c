/* Two environments side by side: outcomes, facts, fingerprints. */
#include <stdlib.h>
#include <string.h>

#include "collector/ask/draft_rows.h"
#include "collector/ask/facts.h"
#include "collector/ask/questions.h"
#include "proto/base/map.h"
#include "proto/base/mem.h"
#include "proto/fingerprints.h"

#define VERSION   1
#define FORGET_MS ROLLUP_DAY_MS /* an agent does without a probe that long */
#define SIDES     2

/* How two sides compare. */
enum likeness { SAME, DIFFERS, MISSING, NOT_COMPARABLE, LIKENESSES };

static const char *const likenesses[LIKENESSES] = { "same", "differs",
	"missing", "not_comparable" };

/* A probe of a service, as both environments see it: the worst that any of
 * their agents says. */
struct outcome_pair {
	const char *service, *probe;
	bool is_there[SIDES];
	enum state state[SIDES];
	enum reason reason[SIDES];
	int64_t since_ms[SIDES];
};

/* A fact of a service; NULL: never seen there. */
struct fact_pair {
	const struct change_row *row[SIDES];
};

struct diff {
	const struct query_document *request;
	const char *names[SIDES];
	int64_t at_ms;
	struct arena *arena;
	struct draft draft;
	struct map *outcomes, *facts;
	int side; /* at hand */
	uint64_t n[LIKENESSES];
};

static bool
is_asked(const struct diff *diff, const char *service)
{
	const char *wanted = diff->request->service;

	return wanted[0] == '\0' || strcmp(wanted, service) == 0;
}

/* --- outcomes --------------------------------------------------------------------- */

/* From good to bad, as people should hear of them first. */
static int
rank_of(enum state state)
{
	static const int ranks[] = { [STATE_OK] = 0,
		[STATE_STALE] = 1,
		[STATE_WARNING] = 2,
		[STATE_UNKNOWN] = 3,
		[STATE_CRITICAL] = 4 };

	return ranks[state];
}

static int
on_moment(void *arg, const struct store_moment *moment, struct err *err)
{
	struct diff *diff = arg;
	const struct series *series = moment->series;
	int64_t age_ms = diff->at_ms - moment->to_ms;
	int64_t limit_ms = (int64_t)moment->interval_ms * STORE_HOLE_INTERVALS;
	bool is_stale = limit_ms > 0 && age_ms > limit_ms;
	enum state state = is_stale ? STATE_STALE : (enum state)moment->outcome;
	int side = diff->side;
	struct outcome_pair *pair;
	char *key;

	(void)err;
	if (!is_asked(diff, series->service) ||
	    (is_stale && age_ms > FORGET_MS))
		return 0;
	key = mem_printf("%s\n%s", series->service, series->probe);
	pair = map_get(diff->outcomes, key);
	if (pair == NULL) {
		pair = arena_zalloc(diff->arena, sizeof(*pair));
		pair->service = arena_strdup(diff->arena, series->service);
		pair->probe = arena_strdup(diff->arena, series->probe);
		map_put(diff->outcomes, key, pair);
	}
	free(key);
	if (pair->is_there[side] &&
	    rank_of(state) <= rank_of(pair->state[side]))
		return 0;
	pair->is_there[side] = true;
	pair->state[side] = state;
	pair->reason[side] = moment->reason;
	pair->since_ms[side] = moment->from_ms;
	return 0;
}

static int
compare_outcomes(const void *left, const void *right)
{
	const struct outcome_pair *a = *(struct outcome_pair *const *)left;
	const struct outcome_pair *b = *(struct outcome_pair *const *)right;
	int rc = strcmp(a->service, b->service);

	return rc != 0 ? rc : strcmp(a->probe, b->probe);
}

static enum likeness
likeness_of_outcomes(const struct outcome_pair *pair)
{
	if (!pair->is_there[0] || !pair->is_there[1])
		return MISSING;
	/* What is not seen any more says nothing of now. */
	if (pair->state[0] == STATE_STALE || pair->state[1] == STATE_STALE)
		return NOT_COMPARABLE;
	return pair->state[0] == pair->state[1] &&
		pair->reason[0] == pair->reason[1]
	    ? SAME
	    : DIFFERS;
}

static void
draft_outcome(struct diff *diff, const struct outcome_pair *pair)
{
	static const char *const sides[SIDES] = { "left", "right" };
	struct draft *draft = &diff->draft;
	enum likeness likeness = likeness_of_outcomes(pair);

	diff->n[likeness]++;
	draft_open(draft, NULL, '{');
	draft_text(draft, "service", pair->service);
	draft_text(draft, "probe", pair->probe);
	draft_text(draft, "likeness", likenesses[likeness]);
	for (int i = 0; i < SIDES; i++) {
		if (!pair->is_there[i]) {
			draft_null(draft, sides[i]);
			continue;
		}
		draft_open(draft, sides[i], '{');
		draft_text(draft, "state", state_name(pair->state[i]));
		draft_text(draft, "reason",
		    pair->reason[i] == REASON_NONE
			? NULL
			: reason_name(pair->reason[i]));
		draft_time(draft, "since", pair->since_ms[i]);
		draft_close(draft, '}');
	}
	draft_close(draft, '}');
}

static int
draft_outcomes(struct diff *diff, struct store *store, struct err *err)
{
	struct outcome_pair **list;
	size_t n = 0;

	for (diff->side = 0; diff->side < SIDES; diff->side++)
		if (store_scan_moment(store, diff->names[diff->side],
			diff->at_ms, on_moment, diff, err) < 0)
			return -1;
	list = arena_zalloc(diff->arena,
	    (map_count(diff->outcomes) + 1) * sizeof(struct outcome_pair *));
	MAP_EACH (struct outcome_pair, pair, diff->outcomes)
		list[n++] = pair;
	qsort(list, n, sizeof(struct outcome_pair *), compare_outcomes);
	draft_open(&diff->draft, "outcomes", '[');
	for (size_t i = 0; i < n; i++)
		draft_outcome(diff, list[i]);
	draft_close(&diff->draft, ']');
	return 0;
}

/* --- facts -------------------------------------------------------------------------- */

static int
gather_facts(struct diff *diff, struct store *store, struct err *err)
{
	struct query_changes wanted = {
		.environment = diff->names[diff->side],
		.service = diff->request->service,
		.name = "",
		.to_ms = diff->at_ms + 1,
	};
	struct facts facts;

	if (facts_at(&facts, diff->arena, store, &wanted, err) < 0)
		return -1;
	for (size_t i = 0; i < facts.n; i++) {
		const struct change_row *row = &facts.rows[i];
		char *key = mem_printf(
		    "%s\n%s\n%d", row->service, row->name, (int)row->source);
		struct fact_pair *pair = map_get(diff->facts, key);

		if (pair == NULL) {
			pair = arena_zalloc(diff->arena, sizeof(*pair));
			map_put(diff->facts, key, pair);
		}
		free(key);
		pair->row[diff->side] = row;
	}
	return 0;
}

static const struct change_row *
any_row(const struct fact_pair *pair)
{
	return pair->row[0] != NULL ? pair->row[0] : pair->row[1];
}

static int
compare_facts(const void *left, const void *right)
{
	const struct change_row *a = any_row(*(struct fact_pair *const *)left);
	const struct change_row *b = any_row(*(struct fact_pair *const *)right);
	int rc = strcmp(a->service, b->service);

	if (rc == 0)
		rc = strcmp(a->name, b->name);
	return rc != 0 ? rc : (a->source > b->source) - (a->source < b->source);
}

/* Fingerprints of two keys, or one beside a value, say nothing. */
static enum likeness
likeness_of_facts(const struct fact_pair *pair)
{
	static const enum likeness likeness[] = {
		[FINGERPRINTS_SAME] = SAME,
		[FINGERPRINTS_DIFFER] = DIFFERS,
		[FINGERPRINTS_UNKNOWN] = NOT_COMPARABLE,
	};
	const char *left, *right;

	if (pair->row[0] == NULL || pair->row[1] == NULL)
		return MISSING;
	left = pair->row[0]->after;
	right = pair->row[1]->after;
	if (strcmp(left, right) == 0)
		return SAME;
	if (strcmp(left, "absent") == 0 || strcmp(right, "absent") == 0)
		return DIFFERS;
	if (fingerprints_are_shown(left) != fingerprints_are_shown(right))
		return NOT_COMPARABLE;
	if (!fingerprints_are_shown(left))
		return DIFFERS;
	return likeness[fingerprints_compare(left, right)];
}

static void
draft_fact(struct diff *diff, const struct fact_pair *pair)
{
	static const char *const sides[SIDES] = { "left", "right" };
	const struct change_row *any = any_row(pair);
	enum likeness likeness = likeness_of_facts(pair);
	struct draft *draft = &diff->draft;

	diff->n[likeness]++;
	draft_open(draft, NULL, '{');
	draft_text(draft, "service", any->service);
	draft_text(draft, "name", any->name);
	draft_text(draft, "source", source_name(any->source));
	draft_text(draft, "likeness", likenesses[likeness]);
	for (int i = 0; i < SIDES; i++) {
		if (pair->row[i] == NULL) {
			draft_null(draft, sides[i]);
			continue;
		}
		draft_open(draft, sides[i], '{');
		draft_text(draft, "value", pair->row[i]->after);
		draft_time(draft, "since", pair->row[i]->before_ms);
		draft_close(draft, '}');
	}
	draft_close(draft, '}');
}

static int
draft_facts(struct diff *diff, struct store *store, struct err *err)
{
	struct fact_pair **list;
	size_t n = 0;

	for (diff->side = 0; diff->side < SIDES; diff->side++)
		if (gather_facts(diff, store, err) < 0)
			return -1;
	list = arena_zalloc(diff->arena,
	    (map_count(diff->facts) + 1) * sizeof(struct fact_pair *));
	MAP_EACH (struct fact_pair, pair, diff->facts)
		list[n++] = pair;
	qsort(list, n, sizeof(struct fact_pair *), compare_facts);
	draft_open(&diff->draft, "facts", '[');
	for (size_t i = 0; i < n; i++)
		draft_fact(diff, list[i]);
	draft_close(&diff->draft, ']');
	return 0;
}

/* --- the whole ---------------------------------------------------------------------- */

static int
check(const struct diff *diff, const struct document_source *source,
    struct err *err)
{
	if (diff->names[0][0] == '\0' || diff->names[1][0] == '\0')
		return err_set(err, ERR_INVALID, "diff: which environments?");
	if (strcmp(diff->names[0], diff->names[1]) == 0)
		return err_set(err, ERR_INVALID,
		    "diff: %s and itself: name two environments",
		    diff->names[0]);
	for (int i = 0; i < SIDES; i++)
		if (question_check(source, diff->names[i], err) < 0)
			return -1;
	return 0;
}

static int
draft_all(
    struct diff *diff, const struct document_source *source, struct err *err)
{
	struct draft *draft = &diff->draft;

	draft_open(draft, NULL, '{');
	draft_count(draft, "version", VERSION);
	draft_text(draft, "left", diff->names[0]);
	draft_text(draft, "right", diff->names[1]);
	draft_text(draft, "service", diff->request->service);
	draft_time(draft, "at", diff->at_ms);
	if (draft_outcomes(diff, source->store, err) < 0 ||
	    draft_facts(diff, source->store, err) < 0)
		return -1;
	draft_open(draft, "counts", '{');
	for (int i = 0; i < LIKENESSES; i++)
		draft_count(draft, likenesses[i], diff->n[i]);
	draft_close(draft, '}');
	draft_close(draft, '}');
	return 0;
}

char *
question_diff(struct arena *arena, const struct document_source *source,
    const struct query_document *request, struct err *err)
{
	struct diff diff = {
		.request = request,
		.names = { request->environment, request->other },
		.at_ms = question_at_ms(source, request),
		.arena = arena,
	};
	int rc;

	if (check(&diff, source, err) < 0)
		return NULL;
	diff.outcomes = map_new();
	diff.facts = map_new();
	rc = draft_all(&diff, source, err);
	map_free(diff.outcomes);
	map_free(diff.facts);
	if (rc == 0)
		return draft_take(&diff.draft);
	draft_fini(&diff.draft);
	return NULL;
}
