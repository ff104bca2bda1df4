/*
 * testimony.h - what a log said of a failure that goes on.
 *
 * A log tells each error once and is quiet again, or says the same over and
 * over and is well all the time; what it names is still what keeps its service
 * from working, as long as that fails and says no more than that it does.  So
 * the log fails with it, by what it said since it began and not before.
 *
 * A text can only name.  A probe of our own that goes to what is named, from
 * the same service and as deep, and comes through, says otherwise and is
 * believed.
 */
#ifndef COLLECTOR_DIAGNOSE_TESTIMONY_H
#define COLLECTOR_DIAGNOSE_TESTIMONY_H

#include "collector/diagnose/scene.h"
#include "proto/base/mem.h"

/* The scene, in which every log that testifies fails.  In the arena; points
 * into scene. */
const struct scene *
testimony_mark(struct arena *arena, const struct scene *scene);

#endif
