/*
 * replica.h - do two names mean the same thing twice?
 *
 * "ready-a" and "ready-b", "web1" and "web2", "app-a.pid" and "app-b.pid" are
 * the same thing twice: their names differ in one short word, a number or a
 * letter, and in nothing else.
 */
#ifndef COLLECTOR_DIAGNOSE_REPLICA_H
#define COLLECTOR_DIAGNOSE_REPLICA_H

#include <stdbool.h>

/* Do two names mean replicas of one thing?  A name is none of its own. */
bool replica_are_alike(const char *a, const char *b);

#endif
