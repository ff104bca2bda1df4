/*
 * subject.h - the one object that is held responsible, as a typed name.
 *
 * "app:backend@v2", "envvar:POSTGRES_HOST", "infra:postgres", "dns:db.test",
 * "net:backend->postgres", "agent:stg-1".
 */
#ifndef COLLECTOR_DIAGNOSE_SUBJECT_H
#define COLLECTOR_DIAGNOSE_SUBJECT_H

#include "collector/diagnose/finding.h"

/* The most specific object of the class that the evidence names; "" when it
 * names none.  In the arena, or borrowed for ever. */
const char *subject_of(enum blame blame, struct arena *arena,
    const struct scene *scene, const struct chain *chain,
    const struct suspects *suspects, const struct findings *findings);

/* What a break, by itself, would be called: for secondary faults. */
const char *subject_of_node(
    struct arena *arena, const struct scene *scene, const struct node *node);

/* The class that a break, by itself, speaks for most. */
enum blame subject_class_of_node(const struct node *node);

/* What a change is a change of: "envvar:POSTGRES_HOST", "app:backend@v2". */
/* "envvar:NAME", "config:NAME": an input by the name of its fact. */
const char *subject_of_fact(struct arena *arena, const struct scene_fact *fact);
const char *
subject_of_guard(struct arena *arena, const struct scene_guard *guard);

const char *
subject_of_change(struct arena *arena, const struct scene_change *change);

#endif
