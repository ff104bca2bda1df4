/*
 * judge.h - what a result, a fact or a silence means for the picture.
 *
 * Keeps the fleet up to date and opens and clears regressions: state, latency,
 * error rate, drift, guard and silence.  Everything is a function of what is
 * given; time is an argument.
 *
 *   - Results from a workstation, runs with reference inputs and outcomes
 *     that are unknown never open a regression.
 *   - Late results take part in history and state.  A regression found in
 *     them is stored as late and not told; a fresh result that confirms it
 *     raises it.
 *   - Only results clear: a series' own good ones, a fact's return or proof, a
 *     batch of the silent agent.
 */
#ifndef COLLECTOR_PIPELINE_JUDGE_H
#define COLLECTOR_PIPELINE_JUDGE_H

#include "collector/config/config.h"
#include "collector/pipeline/guards.h"
#include "collector/pipeline/ledger.h"
#include "proto/publish.h"

/* A result is late when it is older, as it arrives, than three intervals and
 * this; or, while its agent has newer ones waiting, than one interval. */
#define JUDGE_LATE_SPARE_MS 2000
/* ... and than this, where there is no interval. */
#define JUDGE_LATE_MS 60000

struct judge {
	const struct collector_config *config;
	const struct guards *guards;
	struct fleet *fleet;
	struct ledger *ledger;
};

/* Under which circumstances a batch came. */
struct arrival {
	struct moment at;
	int64_t clock_offset_ms; /* the agent's clock minus ours */
	bool is_behind;          /* the agent has newer batches waiting */
};

/* One result of a series that fleet_series_of() gave. */
void judge_result(const struct judge *judge, struct fleet_series *series,
    const struct series *described, const struct result *result,
    const struct arrival *arrival);

/* One fact of an agent whose vantage counts. */
void judge_fact(const struct judge *judge, struct fleet_fact *fact,
    const struct fact *seen, const struct arrival *arrival);

/* Judges a fact again that is as it was, because what is expected of it may
 * have changed. */
void judge_again(
    const struct judge *judge, struct fleet_fact *fact, struct moment now);

/* What the newest result of a series proves of the facts of its place; for
 * judge_result(). */
void judge_proof(const struct judge *judge, const struct fleet_series *series,
    const struct arrival *arrival);

/* Where the newest result of a series, which counts and could tell, shows it
 * to be going: latency and error rate; for judge_result(). */
void judge_course(const struct judge *judge, struct fleet_series *series,
    bool late, const struct arrival *arrival);

/* When a run ended, by our clock. */
int64_t
judge_ended_ms(const struct result *result, const struct arrival *arrival);

/* A batch of this agent came: ends its silence. */
void judge_heard(
    const struct judge *judge, struct fleet_agent *agent, struct moment at);

/* Does judge_silence() have something to do now? */
bool judge_is_silent(const struct fleet_agent *agent, struct moment now);

void judge_silence(
    const struct judge *judge, struct fleet_agent *agent, struct moment now);

#endif
