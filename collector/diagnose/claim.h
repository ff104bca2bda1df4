/*
 * claim.h - what people say, held against what was seen.
 *
 * A claim is never evidence.  But a report of something that no probe looks
 * at cannot be answered with "all is well": it tells of a blind spot.
 */
#ifndef COLLECTOR_DIAGNOSE_CLAIM_H
#define COLLECTOR_DIAGNOSE_CLAIM_H

#include "collector/diagnose/scene.h"
#include "collector/diagnose/token.h"
#include "proto/base/mem.h"

/* Is the change a claim of the last day about the scene's environment? */
bool
claim_is_heard(const struct scene *scene, const struct scene_change *change);

/* Which class it blames, by its words; BLAME_UNDETERMINED: none. */
enum blame claim_blame(const char *text);

/* Does it say that all is well again, in one of the usual words, and not that it
 * is not? */
bool claim_is_of_repair(const char *text);

/* The path of a URL that it speaks of, "/api/export", in the arena; "" when it
 * names none. */
const char *claim_path(struct arena *arena, const struct scene_change *claim);

/* What it is of: its path, else the first word that another report of the day
 * has as well and no fresh result shows anybody to look at; in the arena, or
 * "". */
const char *claim_object(struct arena *arena, const struct scene *scene,
    const struct scene_change *claim);

/* The newest claim that something fails, its object, which no fresh result
 * that counts shows anybody to look at, unless it was said later that it is
 * mended; NULL. */
const struct scene_change *
claim_find_uncovered(struct arena *arena, const struct scene *scene);

#endif
