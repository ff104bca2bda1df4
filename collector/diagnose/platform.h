/*
 * platform.h - what a cloud's control plane says of its resources.
 */
#ifndef COLLECTOR_DIAGNOSE_PLATFORM_H
#define COLLECTOR_DIAGNOSE_PLATFORM_H

#include "collector/diagnose/scene.h"
#include "proto/base/mem.h"

/* Does a probe of this kind ask a cloud's own interface? */
bool platform_is_kind(const char *kind);

/* Is this the state of a platform's resource, by its kind or by where it was
 * read? */
bool platform_is(const struct series *series);

/* And is the resource a secret? */
bool platform_is_secret(const struct scene_view *view);

/* "gcp:sql/staging-db", "gcp:secret/db-password#access": the resource that a
 * result names; its probe's name where it names none.  NULL: the kind of
 * resource is unknown. */
const char *
platform_subject(struct arena *arena, const struct scene_view *view);

#endif
