/*
 * sibling.h - what one of several replicas of a service has, and the others
 * have not.
 *
 * A check says which replica it looks at by its attribute of that name, or
 * checks of one kind do by names that differ in a label only (replica.h).
 * Facts of one replica are called NAME@REPLICA.  What all of them are given is
 * meant to be the same.
 */
#ifndef COLLECTOR_DIAGNOSE_SIBLING_H
#define COLLECTOR_DIAGNOSE_SIBLING_H

#include "collector/diagnose/suspects.h"

/* The same check of another replica, which passes; NULL. */
const struct scene_view *
sibling_well(const struct chain *chain, const struct scene_view *view);

/* How long the name of a fact is without its replica. */
size_t sibling_name_bytes(const char *name);

/* An input of one replica that changed before the onset, and now differs from
 * that of another: *out is the other's.  NULL when there is none. */
const struct scene_fact *sibling_odd(const struct scene_fact **out,
    const struct scene *scene, const struct suspects *suspects);

#endif
