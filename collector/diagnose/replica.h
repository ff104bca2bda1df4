/*
 * replica.h - which of several alike a name means.
 *
 * "ready-a" and "ready-b", "web1" and "web2", "app-a.pid" and "app-b.pid" are
 * the same thing twice: their names differ in one short word, a number or a
 * letter, and in nothing else.
 */
#ifndef COLLECTOR_DIAGNOSE_REPLICA_H
#define COLLECTOR_DIAGNOSE_REPLICA_H

#include <stdbool.h>

#include "proto/base/mem.h"

/* Do two names mean replicas of one thing?  A name is none of its own. */
bool replica_are_alike(const char *a, const char *b);

/* What tells name from its sibling: "b" of "app-b.pid" beside "app-a.pid".  ""
 * when they are no replicas.  In the arena. */
const char *
replica_label(struct arena *arena, const char *name, const char *sibling);

#endif
