/*
 * live.h - tells what happens to whoever watches: PUB/SUB, proto/query.h's
 * events.
 */
#ifndef COLLECTOR_LIVE_H
#define COLLECTOR_LIVE_H

#include <stddef.h>

#include "proto/base/err.h"
#include "proto/query.h"

struct live;

/* address: inproc:// that the edge takes the events from. */
int live_new(struct live **out, const char *address, struct err *err);

/* Never blocks; who does not keep up loses events, and
 * sees a hole in their serials. */
void live_tell(struct live *live, const struct event *events, size_t n);

void live_free(struct live *live); /* NULL is allowed */

#endif
