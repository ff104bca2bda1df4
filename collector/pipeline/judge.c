#include <stdio.h>
#include <string.h>

#include "collector/pipeline/judge.h"
#include "proto/base/text.h"

#define TEXT_BYTES     256
#define LATE_INTERVALS 3

/* --- results ------------------------------------------------------------ */

int64_t
judge_ended_ms(const struct result *result, const struct arrival *arrival)
{
	return result->at_ms - arrival->clock_offset_ms +
	    result->duration_us / 1000;
}

/* How old a result was when it arrived. */
static int64_t
age_ms(const struct result *result, const struct arrival *arrival)
{
	return arrival->at.wall_ms - judge_ended_ms(result, arrival);
}

/* So old that it says nothing of now. */
static bool
is_old(const struct series *series, const struct result *result,
    const struct arrival *arrival)
{
	int64_t limit_ms = series->interval_ms == 0
	    ? JUDGE_LATE_MS
	    : (int64_t)series->interval_ms * LATE_INTERVALS +
		JUDGE_LATE_SPARE_MS;

	return age_ms(result, arrival) > limit_ms;
}

/* Of the past: it raises nothing. */
static bool
is_late(const struct series *series, const struct result *result,
    const struct arrival *arrival)
{
	return is_old(series, result, arrival) ||
	    (arrival->is_behind &&
		age_ms(result, arrival) > (int64_t)series->interval_ms);
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

static void
open_state(const struct judge *judge, struct fleet_series *series, bool late,
    const struct arrival *arrival)
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
	ledger_open(judge->ledger, &series->open, &row);
}

/* An open regression has changed: worse or milder than it was, or a fresh
 * result confirms what only late ones had said. */
static void
update_state(const struct judge *judge, struct fleet_series *series,
    struct fleet_regression *open, bool late, const struct arrival *arrival)
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
		return;
	/* What became of it later is in its row already. */
	if (ledger_is_in_recall(judge->ledger))
		return;
	describe(after, series);
	row.severity = severity;
	row.after = after;
	row.message = series->last.message;
	if (confirmed) {
		row.late = false;
		row.detected_ms = arrival->at.wall_ms;
	}
	fleet_open(judge->fleet, &row);
	ledger_update(judge->ledger, row.id, confirmed || (worse && !row.late));
}

static void
follow_state(const struct judge *judge, struct fleet_series *series, bool late,
    const struct arrival *arrival)
{
	struct fleet_regression *open =
	    fleet_regression(judge->fleet, series->open);
	uint64_t id = series->open;
	enum level level = level_of(series->last.outcome);

	if (level == LEVEL_UNKNOWN || series->series.reference_of[0] != '\0')
		return;
	if (series->watch.hard == LEVEL_GOOD) {
		series->open = 0;
		ledger_close(judge->ledger, id,
		    late ? judge_ended_ms(&series->last, arrival)
			 : arrival->at.wall_ms);
		return;
	}
	if (level == LEVEL_GOOD)
		return; /* better, but not sure of it yet */
	if (open != NULL) {
		update_state(judge, series, open, late, arrival);
		return;
	}
	open_state(judge, series, late, arrival);
}

/* --- keeping results ---------------------------------------------------- */

static void
keep(struct fleet_series *series, const struct result *result,
    const struct arrival *arrival)
{
	int64_t fresh_ms = judge_ended_ms(result, arrival);

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

/* How many results in a row prove a state.  A job that calls once a night is
 * believed at once: what it says was not measured in passing, and three nights
 * are too late. */
static struct state_rule
rule_of(const struct judge *judge, const struct series *series)
{
	const struct regressions_config *regressions =
	    config_regressions(judge->config, series->environment);

	if (strcmp(series->kind, "heartbeat") == 0)
		return (struct state_rule){ 1, 1 };
	return (struct state_rule){ regressions->confirm_after,
		regressions->clear_after };
}

void
judge_result(const struct judge *judge, struct fleet_series *series,
    const struct series *described, const struct result *result,
    const struct arrival *arrival)
{
	struct state_rule rule = rule_of(judge, described);
	bool late = is_late(described, result, arrival);
	bool known = series->n_results > 0;
	bool transition = known && series->last.outcome != result->outcome;

	series->n_results++;
	series->is_dirty = true;
	if (known && result->at_ms < series->last.at_ms &&
	    is_old(described, result, arrival)) {
		ledger_result(judge->ledger, described, result, false);
		return; /* history knows better already */
	}
	ledger_result(judge->ledger, described, result, transition);
	fleet_series_describe(series, described);
	if (!vantage_counts(described->vantage)) {
		keep_blind(series, result, arrival);
		return;
	}
	keep(series, result, arrival);
	series->counts = series->counted = true;
	state_add(
	    &series->watch, &rule, level_of(result->outcome), result->at_ms);
	if (result->outcome != OUTCOME_UNKNOWN)
		drift_proof_add(&series->proof, result->outcome == OUTCOME_OK,
		    result->at_ms);
	follow_state(judge, series, late, arrival);
	judge_course(judge, series, late, arrival);
	if (result->outcome == OUTCOME_OK)
		series->good_us = result->duration_us;
	judge_proof(judge, series, arrival);
}

/* --- silence ------------------------------------------------------------ */

void
judge_heard(
    const struct judge *judge, struct fleet_agent *agent, struct moment at)
{
	uint64_t id = agent->open;

	agent->silence.heard_ms = at.mono_ms;
	agent->seen_ms = at.wall_ms;
	agent->is_dirty = true;
	agent->open = 0;
	ledger_close(judge->ledger, id, at.wall_ms);
}

bool
judge_is_silent(const struct fleet_agent *agent, struct moment now)
{
	return agent->open == 0 && vantage_counts(agent->vantage) &&
	    silence_is_due(&agent->silence, now.mono_ms);
}

void
judge_silence(
    const struct judge *judge, struct fleet_agent *agent, struct moment now)
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
		return;
	snprintf(before, sizeof(before), "a batch every %s",
	    text_span(promise, heartbeat_ms * 1000));
	snprintf(after, sizeof(after), "none for %s",
	    text_span(quiet, (now.mono_ms - agent->silence.heard_ms) * 1000));
	agent->is_dirty = true;
	ledger_open(judge->ledger, &agent->open, &row);
}
