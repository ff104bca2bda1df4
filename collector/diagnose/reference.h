/*
 * reference.h - which runs are another's with reference inputs.
 *
 * An agent of ours says so.  Of others' results the name does: "db_ref" beside
 * "db", of the same service, from the same place.
 */
#ifndef COLLECTOR_DIAGNOSE_REFERENCE_H
#define COLLECTOR_DIAGNOSE_REFERENCE_H

#include "collector/diagnose/scene.h"
#include "proto/base/mem.h"

/* The scene, in which every such series has a reference_of.  In the arena;
 * points into scene. */
const struct scene *
reference_mark(struct arena *arena, const struct scene *scene);

#endif
