/*
 * owner.h - whose regression is it: where the id of an open one is kept.
 */
#ifndef COLLECTOR_PIPELINE_OWNER_H
#define COLLECTOR_PIPELINE_OWNER_H

#include "collector/pipeline/fleet.h"

/* The id that what this row is about keeps; NULL when the fleet does not know
 * it. */
uint64_t *
owner_find(const struct fleet *fleet, const struct regression_row *row);

#endif
