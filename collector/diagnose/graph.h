/*
 * graph.h - what services use when nobody declared it.
 *
 * What others use is known by a product's name, by the protocol in which it is
 * asked, or because somebody uses it and nobody releases it; an application by
 * what it is given or by what it answers.  Of an application without a
 * declaration all that is used is essential, as every declared dependency is.
 */
#ifndef COLLECTOR_DIAGNOSE_GRAPH_H
#define COLLECTOR_DIAGNOSE_GRAPH_H

#include "collector/diagnose/scene.h"
#include "proto/base/mem.h"

/* The scene, in which dependencies that nobody declared are, or were declared
 * without a kind have one, and applications that nobody declared depend on
 * them.  In the arena; points into scene. */
const struct scene *
graph_complete(struct arena *arena, const struct scene *scene);

#endif
