/*
 * case_said.h - what a log said of trouble, each text once.
 */
#ifndef COLLECTOR_ASK_CASE_SAID_H
#define COLLECTOR_ASK_CASE_SAID_H

#include "collector/diagnose/scene.h"
#include "proto/base/mem.h"

/* Starts as { 0 }. */
struct case_said {
	struct scene_said list[SCENE_SAID]; /* the newest first */
	uint64_t texts[SCENE_SAID];         /* fingerprints */
	size_t n;
	/* Of texts that mean nothing known, the last few: they are not looked
	 * at again.  How many were looked at. */
	uint64_t dull[SCENE_SAID];
	size_t n_dull, n_looks;
};

/* Is it a series that says things once? */
bool case_said_is_of(const struct series *series);

/* Keeps what a result says, if it is of a kind of trouble that is known.
 * Results come the newest first, and some may come again.  Copies into the
 * arena. */
void case_said_add(
    struct case_said *said, struct arena *arena, const struct result *result);

#endif
