/*
 * graph.h - what services use when nobody declared it.
 *
 * A store (database, cache) is known by what is asked of it, an application by
 * what it is given or by what it answers.  Of an application without a
 * declaration every store is essential, as every declared dependency is.
 */
#ifndef COLLECTOR_DIAGNOSE_GRAPH_H
#define COLLECTOR_DIAGNOSE_GRAPH_H

#include "collector/diagnose/scene.h"
#include "proto/base/mem.h"

/* The scene, in which stores that nobody declared are, and applications that
 * nobody declared depend on the stores.  In the arena; points into scene. */
const struct scene *
graph_complete(struct arena *arena, const struct scene *scene);

#endif
