/* The facts of judge.h: changes, proof and drift. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/pipeline/expect.h"
#include "collector/pipeline/judge.h"
#include "proto/fingerprints.h"
#include "proto/base/text.h"

#define LIVELY_INTERVALS 3
#define LIVELY_SPARE_MS  10000

/* --- proof of facts ----------------------------------------------------- */

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

	return expect_next(judge->config, judge->guards, fact, &at) != NULL;
}

void
judge_proof(const struct judge *judge, const struct fleet_series *series,
    const struct arrival *arrival)
{
	const struct fleet_place *place = series->place;
	int64_t since_ms;
	uint64_t id;

	if (place->n_facts == 0 || series->proof.run < DRIFT_PROOF)
		return;
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
		ledger_close(judge->ledger, id, arrival->at.wall_ms);
	}
}

/* --- facts -------------------------------------------------------------- */

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
		return mem_printf(FINGERPRINTS_SHOWN "%s", fact->fingerprint);
	return mem_strdup("absent");
}

/* Are these of one value, or made with different keys?  Then nobody can tell
 * whether the value changed. */
static bool
is_rotated(const char *before, const char *after)
{
	return fingerprints_are_shown(before) &&
	    fingerprints_are_shown(after) &&
	    fingerprints_compare(before, after) != FINGERPRINTS_DIFFER;
}

static void
open_drift(const struct judge *judge, struct fleet_fact *fact,
    const struct expectation_config *broken, const struct arrival *arrival)
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
		/* What was once learned the hard way has its issue. */
		if (broken->issue != NULL || broken->relation != RELATION_NONE)
			row.kind = REGRESSION_GUARD;
		row.before = expect_text(expected, broken);
		row.message = broken->issue != NULL
		    ? "an earlier fix is no longer in force"
		    : broken->relation != RELATION_NONE
		    ? "not as people said that environments compare"
		    : "not as the configuration expects it";
		/* An expectation is broken now, whenever that began. */
		row.late = false;
	}
	ledger_open(judge->ledger, &fact->open, &row);
}

static void
update_drift(const struct judge *judge, const struct fleet_fact *fact,
    const struct fleet_regression *open)
{
	struct regression_row row = open->row;

	if (strcmp(row.after, fact->shown) == 0 ||
	    ledger_is_in_recall(judge->ledger))
		return;
	row.after = fact->shown;
	fleet_open(judge->fleet, &row);
	ledger_update(judge->ledger, row.id, false);
}

/* Opens, keeps or clears the drift of a fact. */
static void
settle(const struct judge *judge, struct fleet_fact *fact, bool is_bad,
    const struct expectation_config *broken, const struct arrival *arrival)
{
	const struct fleet_regression *open =
	    fleet_regression(judge->fleet, fact->open);
	uint64_t id = fact->open;

	fact->is_dirty = true;
	if (is_bad && open != NULL) {
		update_drift(judge, fact, open);
		return;
	}
	if (is_bad) {
		open_drift(judge, fact, broken, arrival);
		return;
	}
	fact->open = 0;
	ledger_close(judge->ledger, id, arrival->at.wall_ms);
}

static void
settle_expected(const struct judge *judge, struct fleet_fact *fact,
    const struct arrival *arrival)
{
	const struct expectation_config *broken = NULL, *one;
	size_t at = 0;

	while (broken == NULL &&
	    (one = expect_next(judge->config, judge->guards, fact, &at)) !=
		NULL)
		if (expect_state(one, judge->fleet, fact) == EXPECT_BROKEN)
			broken = one;
	settle(judge, fact, broken != NULL, broken, arrival);
}

/* A fact that is compared between environments changed: the others may hold
 * again, or no longer. */
static void
settle_related(const struct judge *judge, const struct fleet_fact *changed,
    const struct arrival *arrival)
{
	MAP_EACH (struct fleet_fact, fact, judge->fleet->facts) {
		if (fact == changed || fact->shown == NULL ||
		    strcmp(fact->name, changed->name) != 0 ||
		    !is_expected(judge, fact))
			continue;
		settle_expected(judge, fact, arrival);
	}
}

/* What is meant to change: that it does is a change, not a drift. */
static bool
may_change(const struct fleet_fact *fact)
{
	static const char *const names[] = { "build", "*/server_started",
		"process/started", "*start_time" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (text_matches(names[i], fact->name))
			return true;
	return false;
}

static void
follow_fact(const struct judge *judge, struct fleet_fact *fact,
    const struct arrival *arrival)
{
	bool is_bad = fact->drift.known != 0 &&
	    fact->drift.value != fact->drift.known && !may_change(fact);

	if (!is_expected(judge, fact))
		settle(judge, fact, is_bad, NULL, arrival);
	else
		settle_expected(judge, fact, arrival);
	if (is_expected(judge, fact) ||
	    expect_refers(judge->config, judge->guards, fact))
		settle_related(judge, fact, arrival);
}

/* Takes shown. */
static void
change_fact(const struct judge *judge, struct fleet_fact *fact,
    const struct fact *seen, char *shown, const struct arrival *arrival)
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
	/* Back to what was known, whatever key that has now? */
	bool is_known = fact->known != NULL && fingerprints_are_shown(shown) &&
	    fingerprints_compare(fact->known, shown) == FINGERPRINTS_SAME;

	if (fact->drift.value == fact->drift.known)
		fact->good_ms = row.after_ms;
	if (is_known)
		fleet_text(&fact->known, shown);
	drift_set(&fact->drift, is_known ? fact->drift.known : number_of(shown),
	    seen->at_ms);
	ledger_change(judge->ledger, &row, arrival->at.wall_ms);
	free(fact->shown);
	fact->shown = shown;
	follow_fact(judge, fact, arrival);
}

/* The same value under another key, as far as anyone can tell.  Takes
 * shown. */
static void
rotate(const struct judge *judge, struct fleet_fact *fact,
    const struct fact *seen, char *shown, const struct arrival *arrival)
{
	bool is_sure =
	    fingerprints_compare(fact->shown, shown) == FINGERPRINTS_SAME;

	/* The value keeps the number that it is known by. */
	if (fact->drift.known == fact->drift.value)
		fleet_text(&fact->known, shown);
	free(fact->shown);
	fact->shown = shown;
	if (!is_sure)
		return;
	ledger_rekey(judge->ledger, fact, seen);
	/* With a key in common, more may be told of other environments. */
	follow_fact(judge, fact, arrival);
}

void
judge_fact(const struct judge *judge, struct fleet_fact *fact,
    const struct fact *seen, const struct arrival *arrival)
{
	char *shown = shown_of(seen);
	bool is_past = fact->shown != NULL && seen->at_ms < fact->seen_ms &&
	    arrival->at.wall_ms - seen->at_ms + arrival->clock_offset_ms >
		JUDGE_LATE_MS;

	if (is_past) {
		free(shown);
		return; /* a later look has been heard of already */
	}
	fact->is_dirty = true;
	if (fact->shown != NULL && strcmp(fact->shown, shown) == 0)
		free(shown);
	else if (fact->shown != NULL && is_rotated(fact->shown, shown))
		rotate(judge, fact, seen, shown, arrival);
	else
		change_fact(judge, fact, seen, shown, arrival);
	fact->seen_ms = seen->at_ms;
}

void
judge_again(
    const struct judge *judge, struct fleet_fact *fact, struct moment now)
{
	struct arrival arrival = { .at = now };

	if (fact->shown != NULL)
		follow_fact(judge, fact, &arrival);
}
