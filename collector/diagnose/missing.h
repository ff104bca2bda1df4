/*
 * missing.h - which variables are missing, or the file they are in.
 */
#ifndef COLLECTOR_DIAGNOSE_MISSING_H
#define COLLECTOR_DIAGNOSE_MISSING_H

#include "collector/diagnose/node.h"
#include "proto/base/mem.h"

/* "envvar:DATABASE_URL", "envfile:staging.env", as a result or its text names
 * them; in the arena. */
const char *missing_subject(
    struct arena *arena, const struct scene *scene, const struct node *node);

#endif
