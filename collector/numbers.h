/*
 * numbers.h - the collector's own health, as numbers with a name.
 */
#ifndef COLLECTOR_NUMBERS_H
#define COLLECTOR_NUMBERS_H

#include "collector/inbox.h"
#include "collector/web/web.h"
#include "proto/edge.h"

/* Writes at most n; returns how many. */
size_t numbers_of(struct web_number *out, size_t n, const struct inbox *inbox,
    const struct rpc_server *rpc, const struct edge_server *edge);

#endif
