/*
 * case_lessons.h - what people had said of earlier incidents, for case.c.
 *
 * Labels of all environments: how an installation breaks is a habit of its
 * people.  Those that were told before the moment, of incidents that were over
 * by then: what is said of an incident must not judge it, and the same moment
 * has the same lessons for ever.
 */
#ifndef COLLECTOR_ASK_CASE_LESSONS_H
#define COLLECTOR_ASK_CASE_LESSONS_H

#include "collector/diagnose/scene.h"
#include "proto/base/err.h"
#include "proto/base/mem.h"
#include "storage/store.h"

/* Sets experience, in the arena; left as it is where nothing was learnt. */
int case_lessons(struct scene *scene, struct arena *arena, struct store *store,
    struct err *err);

#endif
