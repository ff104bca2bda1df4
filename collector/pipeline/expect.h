/*
 * expect.h - does a fact hold what the configuration expects of it?
 */
#ifndef COLLECTOR_PIPELINE_EXPECT_H
#define COLLECTOR_PIPELINE_EXPECT_H

#include <stdbool.h>

#include "collector/config/config.h"
#include "collector/pipeline/fleet.h"
#include "collector/pipeline/guards.h"

#define EXPECT_TEXT_BYTES 256
#define EXPECT_WHY_BYTES  512

/* The expectations of a fact, those of the configuration and then those that
 * people told; *at starts as 0, NULL is the end. */
const struct expectation_config *
expect_next(const struct collector_config *config, const struct guards *guards,
    const struct fleet_fact *fact, size_t *at);

/* Is it about facts of this environment? */
bool expect_concerns(
    const struct expectation_config *expectation, const char *environment);

/* Does it compare environments?  Then other facts may have to be judged
 * again when this one changes. */
bool expect_is_relation(const struct expectation_config *expectation);

/* What is expected, for people: "at least 35 (issue 1263)"; returns out. */
char *expect_text(
    char out[EXPECT_TEXT_BYTES], const struct expectation_config *expectation);

/* Is a fact of this name, place and kind what others are measured by? */
bool expect_refers(const struct collector_config *config,
    const struct guards *guards, const struct fleet_fact *fact);

enum expect {
	EXPECT_HELD,
	EXPECT_BROKEN,
	EXPECT_UNKNOWN, /* the other side was not seen, or is not comparable */
};

/* Does it hold now?  What cannot be told breaks nothing. */
enum expect expect_state(const struct expectation_config *expectation,
    const struct fleet *fleet, const struct fleet_fact *fact);

/* Why that is EXPECT_UNKNOWN of a fact, and what to do; returns out. */
char *expect_why(char out[EXPECT_WHY_BYTES],
    const struct expectation_config *expectation, const struct fleet *fleet,
    const struct fleet_fact *fact);

#endif
