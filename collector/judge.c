#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/expect.h"
#include "collector/judge.h"
#include "proto/base/text.h"

#define TEXT_BYTES       256
#define LATE_INTERVALS   3
#define LIVELY_INTERVALS 3
#define LIVELY_SPARE_MS  10000

/* --- results --------------------------------------------------------------------- */

/* When a run ended, by our clock. */
static int64_t
ended_ms(const struct result *result, const struct arrival *arrival)
{
	return result->at_ms - arrival->clock_offset_ms +
	    result->duration_us / 1000;
}

static bool
is_late(const struct series *series, const struct result *result,
    const struct arrival *arrival)
{
	int64_t limit_ms = (int64_t)series->interval_ms * LATE_INTERVALS;

	if (limit_ms < JUDGE_LATE_MS)
		limit_ms = JUDGE_LATE_MS;
	return arrival->at.wall_ms - ended_ms(result, arrival) > limit_ms;
}

static enum level
level_of(enum outcome outcome)
{
	switch (outcome) {
	case OUTCOME_OK:
		return LEVEL_GOOD;
	case OUTCOME_WARNING:
		return LEVEL_WARNING;
	case OUTCOME_CRITICAL:
		return LEVEL_CRITICAL;
	default:
		return LEVEL_UNKNOWN;
	}
}

/* "critical, connect.timeout, at least 5 s". */
static void
describe(char out[TEXT_BYTES], const struct fleet_series *series)
{
	const struct result *last = &series->last;
	char reason[REASON_TEXT_BYTES], span[TEXT_SPAN_BYTES];

	result_reason(reason, &series->series, last);
	snprintf(out, TEXT_BYTES, "%s%s%s, %s%s", outcome_name(last->outcome),
	    reason[0] != '\0' ? ", " : "", reason,
	    last->censored ? "at least " : "",
	    text_span(span, last->duration_us));
}

static int
open_state(const struct judge *judge, struct fleet_series *series, bool late,
    const struct arrival *arrival, struct err *err)
{
	const struct state_watch *watch = &series->watch;
	char before[TEXT_BYTES] = "never seen ok", after[TEXT_BYTES];
	char span[TEXT_SPAN_BYTES];
	struct regression_row row = {
		.kind = REGRESSION_STATE,
		.environment = series->series.environment,
		.service = series->series.service,
		.agent = series->series.agent,
		.subject = series->series.probe,
		.severity = watch->hard == LEVEL_CRITICAL ? OUTCOME_CRITICAL
							  : OUTCOME_WARNING,
		.onset_from_ms = watch->good_ms,
		.onset_to_ms = watch->bad_ms,
		.detected_ms = arrival->at.wall_ms,
		.late = late,
		.before = before,
		.after = after,
		.message = series->last.message,
	};

	if (series->good_us >= 0)
		snprintf(before, sizeof(before), "ok, %s",
		    text_span(span, series->good_us));
	describe(after, series);
	return ledger_open(judge->ledger, &series->open, &row, err);
}

/* An open regression has changed: worse or milder than it was, or a fresh
 * result confirms what only late ones had said. */
static int
update_state(const struct judge *judge, struct fleet_series *series,
    struct fleet_regression *open, bool late, const struct arrival *arrival,
    struct err *err)
{
	enum outcome severity = series->watch.hard == LEVEL_CRITICAL
	    ? OUTCOME_CRITICAL
	    : OUTCOME_WARNING;
	bool confirmed = open->row.late && !late;
	bool worse =
	    severity == OUTCOME_CRITICAL && open->row.severity != severity;
	struct regression_row row = open->row;
	char after[TEXT_BYTES];

	if (!confirmed && severity == open->row.severity)
		return 0;
	describe(after, series);
	row.severity = severity;
	row.after = after;
	row.message = series->last.message;
	if (confirmed) {
		row.late = false;
		row.detected_ms = arrival->at.wall_ms;
	}
	fleet_open(judge->fleet, &row);
	return ledger_update(
	    judge->ledger, row.id, confirmed || (worse && !row.late), err);
}

static int
follow_state(const struct judge *judge, struct fleet_series *series, bool late,
    const struct arrival *arrival, struct err *err)
{
	struct fleet_regression *open =
	    fleet_regression(judge->fleet, series->open);
	uint64_t id = series->open;
	enum level level = level_of(series->last.outcome);

	if (level == LEVEL_UNKNOWN || series->series.reference_of[0] != '\0')
		return 0;
	if (series->watch.hard == LEVEL_GOOD) {
		series->open = 0;
		return ledger_close(judge->ledger, id,
		    late ? ended_ms(&series->last, arrival)
			 : arrival->at.wall_ms,
		    err);
	}
	if (level == LEVEL_GOOD)
		return 0; /* better, but not sure of it yet */
	if (open != NULL)
		return update_state(judge, series, open, late, arrival, err);
	return open_state(judge, series, late, arrival, err);
}

/* --- proof of facts ---------------------------------------------------------------- */

/* Does this series take part in proving the facts of its place?  One that
 * is not probed any more does not hold up the others. */
static bool
is_witness(const struct fleet_series *series, int64_t now_ms)
{
	int64_t patience_ms =
	    (int64_t)series->series.interval_ms * LIVELY_INTERVALS +
	    LIVELY_SPARE_MS;

	return series->counted && series->series.reference_of[0] == '\0' &&
	    now_ms - series->last.at_ms <= patience_ms;
}

/* Since when every series of the place has been well. */
static int64_t
well_since(const struct fleet_place *place, int64_t now_ms)
{
	int64_t since_ms = INT64_MAX, one_ms;

	for (size_t i = 0; i < place->n_series; i++) {
		const struct fleet_series *series = place->series[i];

		if (!is_witness(series, now_ms))
			continue;
		one_ms = drift_proof_since(&series->proof);
		since_ms = one_ms < since_ms ? one_ms : since_ms;
	}
	return since_ms == INT64_MAX ? INT64_MIN : since_ms;
}

static bool
is_expected(const struct judge *judge, const struct fleet_fact *fact)
{
	size_t at = 0;

	return expect_next(judge->config, fact, &at) != NULL;
}

static int
prove_facts(const struct judge *judge, const struct fleet_series *series,
    const struct arrival *arrival, struct err *err)
{
	const struct fleet_place *place = series->place;
	int64_t since_ms;
	uint64_t id;

	if (place->n_facts == 0 || series->proof.run < DRIFT_PROOF)
		return 0;
	since_ms = well_since(place, series->last.at_ms);
	for (size_t i = 0; i < place->n_facts; i++) {
		struct fleet_fact *fact = place->facts[i];

		if (!drift_prove(&fact->drift, since_ms))
			continue;
		fleet_text(&fact->known, fact->shown);
		fact->is_dirty = true;
		if (is_expected(judge, fact))
			continue;
		id = fact->open;
		fact->open = 0;
		if (ledger_close(judge->ledger, id, arrival->at.wall_ms, err) <
		    0)
			return -1;
	}
	return 0;
}

/* --- keeping results ----------------------------------------------------------------- */

static void
keep(struct fleet_series *series, const struct result *result,
    const struct arrival *arrival)
{
	int64_t fresh_ms = ended_ms(result, arrival);

	if (!series->counted || series->last.outcome != result->outcome)
		series->since_ms = result->at_ms;
	/* A result from the future is as fresh as can be, not fresher. */
	if (fresh_ms > arrival->at.wall_ms)
		fresh_ms = arrival->at.wall_ms;
	fleet_series_keep(series, result);
	series->fresh_ms = fresh_ms;
	series->mono_ms =
	    arrival->at.mono_ms - (arrival->at.wall_ms - fresh_ms);
}

/* A result that only people at a workstation could have seen. */
static void
keep_blind(struct fleet_series *series, const struct result *result,
    const struct arrival *arrival)
{
	series->counts = false;
	if (!series->counted)
		keep(series, result, arrival);
}

int
judge_result(const struct judge *judge, struct fleet_series *series,
    const struct series *described, const struct result *result,
    const struct arrival *arrival, struct err *err)
{
	static const struct state_rule fallback = { 1, 1 };
	struct state_rule rule = {
		judge->config->regressions.confirm_after,
		judge->config->regressions.clear_after,
	};
	bool late = is_late(described, result, arrival);
	bool known = series->n_results > 0;
	bool transition = known && series->last.outcome != result->outcome;

	if (rule.confirm == 0 || rule.clear == 0)
		rule = fallback;
	series->n_results++;
	series->is_dirty = true;
	if (known && late && result->at_ms < series->last.at_ms) {
		ledger_result(judge->ledger, described, result, false);
		return 0; /* history knows better already */
	}
	ledger_result(judge->ledger, described, result, transition);
	fleet_series_describe(series, described);
	if (!vantage_counts(described->vantage)) {
		keep_blind(series, result, arrival);
		return 0;
	}
	keep(series, result, arrival);
	series->counts = series->counted = true;
	state_add(
	    &series->watch, &rule, level_of(result->outcome), result->at_ms);
	if (result->outcome != OUTCOME_UNKNOWN)
		drift_proof_add(&series->proof, result->outcome == OUTCOME_OK,
		    result->at_ms);
	if (follow_state(judge, series, late, arrival, err) < 0)
		return -1;
	if (result->outcome == OUTCOME_OK)
		series->good_us = result->duration_us;
	return prove_facts(judge, series, arrival, err);
}

/* --- facts --------------------------------------------------------------------------- */

/* A number for a text, never 0: FNV-1a. */
static uint64_t
number_of(const char *text)
{
	uint64_t hash = UINT64_C(14695981039346656037);

	for (; *text != '\0'; text++)
		hash = (hash ^ (unsigned char)*text) * UINT64_C(1099511628211);
	return hash != 0 ? hash : 1;
}

/* How a fact is shown; owned by the caller. */
static char *
shown_of(const struct fact *fact)
{
	if (fact->value != NULL)
		return mem_strdup(fact->value);
	if (fact->fingerprint != NULL)
		return mem_printf("fingerprint %s", fact->fingerprint);
	return mem_strdup("absent");
}

/* Were these made with different keys?  Then nobody can tell whether the
 * value changed. */
static bool
is_rotated(const char *before, const char *after)
{
	const char *word = "fingerprint ";
	size_t n = strcspn(before, ":");

	return strncmp(before, word, strlen(word)) == 0 &&
	    strncmp(after, word, strlen(word)) == 0 &&
	    strncmp(before, after, n + 1) != 0;
}

static int
open_drift(const struct judge *judge, struct fleet_fact *fact,
    const struct expectation_config *broken, const struct arrival *arrival,
    struct err *err)
{
	char expected[EXPECT_TEXT_BYTES];
	struct regression_row row = {
		.kind = REGRESSION_DRIFT,
		.environment = fact->environment,
		.service = fact->service,
		.agent = fact->agent,
		.subject = fact->name,
		.severity = broken != NULL && !broken->is_warning
		    ? OUTCOME_CRITICAL
		    : OUTCOME_WARNING,
		.onset_from_ms = fact->good_ms,
		.onset_to_ms = fact->drift.since_ms,
		.detected_ms = arrival->at.wall_ms,
		.late = arrival->at.wall_ms - fact->drift.since_ms +
			arrival->clock_offset_ms >
		    JUDGE_LATE_MS,
		.before = fact->known != NULL ? fact->known : "",
		.after = fact->shown,
		.message = "left the value that was known to be good",
	};

	if (broken != NULL) {
		row.before = expect_text(expected, broken);
		row.message = "not as the configuration expects it";
		/* An expectation is broken now, whenever that began. */
		row.late = false;
	}
	return ledger_open(judge->ledger, &fact->open, &row, err);
}

static int
update_drift(const struct judge *judge, const struct fleet_fact *fact,
    const struct fleet_regression *open, struct err *err)
{
	struct regression_row row = open->row;

	if (strcmp(row.after, fact->shown) == 0)
		return 0;
	row.after = fact->shown;
	fleet_open(judge->fleet, &row);
	return ledger_update(judge->ledger, row.id, false, err);
}

/* Opens, keeps or clears the drift of a fact. */
static int
settle(const struct judge *judge, struct fleet_fact *fact, bool is_bad,
    const struct expectation_config *broken, const struct arrival *arrival,
    struct err *err)
{
	const struct fleet_regression *open =
	    fleet_regression(judge->fleet, fact->open);
	uint64_t id = fact->open;

	fact->is_dirty = true;
	if (is_bad && open != NULL)
		return update_drift(judge, fact, open, err);
	if (is_bad)
		return open_drift(judge, fact, broken, arrival, err);
	fact->open = 0;
	return ledger_close(judge->ledger, id, arrival->at.wall_ms, err);
}

static int
settle_expected(const struct judge *judge, struct fleet_fact *fact,
    const struct arrival *arrival, struct err *err)
{
	const struct expectation_config *broken = NULL, *one;
	size_t at = 0;

	while (broken == NULL &&
	    (one = expect_next(judge->config, fact, &at)) != NULL)
		if (!expect_holds(one, judge->fleet, fact))
			broken = one;
	return settle(judge, fact, broken != NULL, broken, arrival, err);
}

/* A fact that is compared between environments changed: the others may hold
 * again, or no longer. */
static int
settle_related(const struct judge *judge, const struct fleet_fact *changed,
    const struct arrival *arrival, struct err *err)
{
	MAP_EACH (struct fleet_fact, fact, judge->fleet->facts) {
		if (fact == changed || fact->shown == NULL ||
		    strcmp(fact->name, changed->name) != 0 ||
		    !is_expected(judge, fact))
			continue;
		if (settle_expected(judge, fact, arrival, err) < 0)
			return -1;
	}
	return 0;
}

/* A build is meant to change; that it does is a change, not a drift. */
static bool
may_change(const struct fleet_fact *fact)
{
	return strcmp(fact->name, "build") == 0;
}

static int
follow_fact(const struct judge *judge, struct fleet_fact *fact,
    const struct arrival *arrival, struct err *err)
{
	bool is_bad = fact->drift.known != 0 &&
	    fact->drift.value != fact->drift.known && !may_change(fact);

	if (!is_expected(judge, fact))
		return settle(judge, fact, is_bad, NULL, arrival, err);
	if (settle_expected(judge, fact, arrival, err) < 0)
		return -1;
	return settle_related(judge, fact, arrival, err);
}

/* Takes shown. */
static int
change_fact(const struct judge *judge, struct fleet_fact *fact,
    const struct fact *seen, char *shown, const struct arrival *arrival,
    struct err *err)
{
	struct change_row row = {
		.environment = fact->environment,
		.service = fact->service,
		.name = fact->name,
		.source = fact->source,
		.before = fact->shown != NULL ? fact->shown : "not seen before",
		.after = shown,
		.after_ms = fact->shown == NULL ? 0
		    : seen->last_ms > 0         ? seen->last_ms
						: fact->seen_ms,
		.before_ms = seen->at_ms,
		.agent = fact->agent,
	};
	int rc;

	if (fact->drift.value == fact->drift.known)
		fact->good_ms = row.after_ms;
	drift_set(&fact->drift, number_of(shown), seen->at_ms);
	rc = ledger_change(judge->ledger, &row, arrival->at.wall_ms, err);
	free(fact->shown);
	fact->shown = shown;
	return rc < 0 ? -1 : follow_fact(judge, fact, arrival, err);
}

/* The same value under another key, as far as anyone can tell.  Takes
 * shown. */
static void
rotate(struct fleet_fact *fact, char *shown)
{
	uint64_t number = number_of(shown);

	if (fact->drift.known == fact->drift.value) {
		fact->drift.known = number;
		fleet_text(&fact->known, shown);
	}
	fact->drift.value = number;
	free(fact->shown);
	fact->shown = shown;
}

int
judge_fact(const struct judge *judge, struct fleet_fact *fact,
    const struct fact *seen, const struct arrival *arrival, struct err *err)
{
	char *shown = shown_of(seen);
	bool is_old = fact->shown != NULL && seen->at_ms < fact->seen_ms &&
	    arrival->at.wall_ms - seen->at_ms + arrival->clock_offset_ms >
		JUDGE_LATE_MS;
	int rc = 0;

	if (is_old) {
		free(shown);
		return 0; /* a later look has been heard of already */
	}
	fact->is_dirty = true;
	if (fact->shown != NULL && strcmp(fact->shown, shown) == 0)
		free(shown);
	else if (fact->shown != NULL && is_rotated(fact->shown, shown))
		rotate(fact, shown);
	else
		rc = change_fact(judge, fact, seen, shown, arrival, err);
	fact->seen_ms = seen->at_ms;
	return rc;
}

/* --- silence --------------------------------------------------------------------------- */

int
judge_heard(const struct judge *judge, struct fleet_agent *agent,
    struct moment at, struct err *err)
{
	uint64_t id = agent->open;

	agent->silence.heard_ms = at.mono_ms;
	agent->seen_ms = at.wall_ms;
	agent->is_dirty = true;
	agent->open = 0;
	return ledger_close(judge->ledger, id, at.wall_ms, err);
}

bool
judge_is_silent(const struct fleet_agent *agent, struct moment now)
{
	return agent->open == 0 && vantage_counts(agent->vantage) &&
	    silence_is_due(&agent->silence, now.mono_ms);
}

int
judge_silence(const struct judge *judge, struct fleet_agent *agent,
    struct moment now, struct err *err)
{
	int64_t heartbeat_ms = agent->silence.heartbeat_ms > 0
	    ? agent->silence.heartbeat_ms
	    : SILENCE_DEFAULT_MS;
	char promise[TEXT_SPAN_BYTES], quiet[TEXT_SPAN_BYTES];
	char before[TEXT_BYTES], after[TEXT_BYTES];
	struct regression_row row = {
		.kind = REGRESSION_SILENCE,
		.environment = agent->environment,
		.service = "",
		.agent = agent->agent,
		.subject = agent->agent,
		.severity = OUTCOME_WARNING,
		.onset_from_ms = agent->seen_ms,
		.onset_to_ms = agent->seen_ms + heartbeat_ms,
		.detected_ms = now.wall_ms,
		.before = before,
		.after = after,
		.message = "no batch when one was due: the agent, its machine "
			   "or the way here is down; what it watches cannot "
			   "be seen",
	};

	if (!judge_is_silent(agent, now))
		return 0;
	snprintf(before, sizeof(before), "a batch every %s",
	    text_span(promise, heartbeat_ms * 1000));
	snprintf(after, sizeof(after), "none for %s",
	    text_span(quiet, (now.mono_ms - agent->silence.heard_ms) * 1000));
	agent->is_dirty = true;
	return ledger_open(judge->ledger, &agent->open, &row, err);
}
