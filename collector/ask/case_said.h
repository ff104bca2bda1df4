/*
 * case_said.h - what a log said of trouble, each text once.
 */
#ifndef COLLECTOR_ASK_CASE_SAID_H
#define COLLECTOR_ASK_CASE_SAID_H

#include "collector/diagnose/scene.h"
#include "proto/base/err.h"
#include "proto/base/mem.h"
#include "storage/store.h"

/* Starts as { 0 }. */
struct case_said {
	struct scene_said list[SCENE_SAID]; /* the newest first */
	uint64_t texts[SCENE_SAID];         /* fingerprints */
	size_t n;
};

/* Is it a series that says things once? */
bool case_said_is_of(const struct series *series);

/* Keeps what a result says, if it is of a kind of trouble that is known.
 * Results come the newest first, and some may come again.  Copies into the
 * arena. */
void case_said_add(
    struct case_said *said, struct arena *arena, const struct result *result);

/* When what fails in the environment began to; 0: nothing does. */
int64_t case_said_since(const struct scene *scene);

/* Keeps what a series said for some time before and after onset_ms, as far as
 * until_ms: of what began long ago, newest results do not tell. */
int case_said_look_back(struct case_said *said, struct arena *arena,
    struct store *store, const struct series *series, int64_t onset_ms,
    int64_t until_ms, struct err *err);

#endif
