/*
 * edge_lookup.h - one host name to addresses, without blocking the loop.
 */
#ifndef PROTO_EDGE_LOOKUP_H
#define PROTO_EDGE_LOOKUP_H

#include <uv.h>

#include "proto/base/err.h"
#include "proto/edge_url.h"

#define LOOKUP_ADDRESSES_MAX 8

struct lookup;

/* addresses are borrowed for the call; n 0: err says why. */
typedef void lookup_done_fn(void *arg, const struct edge_address *addresses,
    size_t n, const struct err *err);

/* Starts; done is called once, from the loop, and the lookup is gone. */
int lookup_start(struct lookup **out, uv_loop_t *loop, const char *host,
    uint16_t port, lookup_done_fn *done, void *arg, struct err *err);

/* done is not called.  What the system's resolver still does ends by itself,
 * which keeps the loop alive until then. */
void lookup_cancel(struct lookup *lookup);

#endif
