/*
 * peers.h - which values are meant to be equal in all environments, and which
 * in none.
 *
 * By what people confirmed (struct scene_rule), else by the name: settings,
 * flags, limits and pools are the same everywhere; where a database is, and
 * the secrets to get in, are of one environment.  All others are free.  Values
 * that may not be shown are compared where they were made with one key.
 */
#ifndef COLLECTOR_DIAGNOSE_PEERS_H
#define COLLECTOR_DIAGNOSE_PEERS_H

#include "collector/diagnose/scene.h"

enum peer_rule
peers_rule(const struct scene *scene, const struct scene_fact *fact);

/* Did people say anything of it? */
bool peers_is_told(const struct scene *scene, const struct scene_fact *fact);

/* Is an environment compared with the other?  Where none is named, with all
 * but itself. */
bool peers_are_compared(
    const struct scene *scene, const char *environment, const char *other);

/* The same fact of another environment, one that it is compared with, where it
 * is there and absent here, or differs though they must match; NULL. */
const struct scene_fact *
peers_differing(const struct scene *scene, const struct scene_fact *fact);
bool peers_is_absent(const struct scene_fact *fact);

/* Are both there, comparable, and not the same? */
bool peers_values_differ(
    const struct scene_fact *fact, const struct scene_fact *peer);

/* The same fact of another environment that has the same value, though they
 * must differ; NULL. */
const struct scene_fact *
peers_equal(const struct scene *scene, const struct scene_fact *fact);

/* A fact of the environment that took the value of another one: *out_change is
 * how, the newest of these.  NULL when people confirmed that they differ and
 * it was not seen to change.  Equal from the first look on, by a name alone,
 * it may be meant so, and is none.  Returns NULL when there is none. */
const struct scene_fact *peers_crossed(const struct scene_fact **out_peer,
    const struct scene_change **out_change, const struct scene *scene);

#endif
