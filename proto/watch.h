/*
 * watch.h - waits on the loop until a descriptor is readable or writable.
 *
 * The descriptor belongs to somebody else, who must be able to close it, and
 * the kernel to reuse its number, at once: after watch_close() the loop does
 * not know it any more, although the object itself is freed a moment later.
 */
#ifndef PROTO_WATCH_H
#define PROTO_WATCH_H

#include <uv.h>

#include "proto/base/err.h"

struct watch;

/* The descriptor is ready for events, of UV_READABLE and UV_WRITABLE; both
 * when it has an error, which the next operation on it tells.  Called again
 * and again until the watch is closed, which may be done from here. */
typedef void watch_fn(void *arg, int fd, int events);

int watch_open(struct watch **out, uv_loop_t *loop, int fd, watch_fn *ready,
    void *arg, struct err *err);

/* Sets what to wait for; 0 waits for nothing. */
void watch_set(struct watch *watch, int events);

/* Ends the wait and frees.  NULL is allowed. */
void watch_close(struct watch *watch);

#endif
