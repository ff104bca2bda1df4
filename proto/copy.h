/*
 * copy.h - series and results that outlive what they were read from.
 */
#ifndef PROTO_COPY_H
#define PROTO_COPY_H

#include "proto/base/mem.h"
#include "proto/result.h"

/* Deep copies into the arena, which must have no cap. */
void series_copy(
    struct series *out, struct arena *arena, const struct series *series);
void result_copy(
    struct result *out, struct arena *arena, const struct result *result);
const struct attribute *attributes_copy(
    struct arena *arena, const struct attribute *attributes, size_t n);

#endif
