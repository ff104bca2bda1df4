/*
 * case_views.h - how each series stood at a moment, for case.c.
 */
#ifndef COLLECTOR_ASK_CASE_VIEWS_H
#define COLLECTOR_ASK_CASE_VIEWS_H

#include "collector/ask/case_holes.h"
#include "collector/diagnose/scene.h"
#include "proto/base/err.h"
#include "proto/base/mem.h"
#include "storage/store.h"

/* Fills in scene->views from the results up to scene->at_ms, whose times go to
 * holes. */
int case_views(struct scene *scene, struct case_holes *holes,
    struct arena *arena, struct store *store, struct err *err);

#endif
