/*
 * late.h - when nothing fails, but what users feel takes much longer.
 *
 * Slow is not well: it is diagnosed like a failure that began with the first
 * late result.  As soon as anything fails, that is looked at instead.
 */
#ifndef COLLECTOR_DIAGNOSE_LATE_H
#define COLLECTOR_DIAGNOSE_LATE_H

#include "collector/diagnose/finding.h"

/* The scene, in which late checks that users feel count as failing, when
 * nothing else does.  In the arena; points into scene. */
const struct scene *late_mark(struct arena *arena, const struct scene *scene);

/* Is it what the verdict is about? */
bool late_is_break(const struct chain *chain);

/* Does anything tell why: a change, a slow path, resources that run short?
 * That others pass does not. */
bool late_is_explained(const struct findings *findings);

#endif
