/*
 * case_holes.h - when nobody's results exist, for case.c.
 *
 * An agent that falls silent is one thing; when the results of everyone (from
 * inside, where somebody is inside), in all environments, are missing for the same span and come again after it, it
 * was the collector that did not keep them.  The collector also marks the
 * spans in which it could not store (MARK_UNSTORED): one in which an
 * environment has results all the same, delivered later, is no hole.
 */
#ifndef COLLECTOR_ASK_CASE_HOLES_H
#define COLLECTOR_ASK_CASE_HOLES_H

#include "collector/diagnose/scene.h"
#include "proto/base/mem.h"
#include "proto/mark.h"

struct case_holes;

/* Freed by case_holes_find(). */
struct case_holes *case_holes_new(int64_t at_ms);

/* A result, in any order. */
void case_holes_add(
    struct case_holes *holes, const struct series *series, int64_t at_ms);

/* What the collector said, in any order. */
void case_holes_mark(struct case_holes *holes, const struct mark *mark);

/* Fills in scene->holes. */
void case_holes_find(
    struct case_holes *holes, struct scene *scene, struct arena *arena);

#endif
