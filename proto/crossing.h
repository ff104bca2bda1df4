/*
 * crossing.h - from the threads of a library to the loop.
 *
 * A list that any thread may push to and only the loop takes from; pushing
 * wakes the loop.  Wake-ups coalesce, so whoever is woken takes everything.
 * The nodes belong to the caller, and so does the bound on how many there are.
 */
#ifndef PROTO_CROSSING_H
#define PROTO_CROSSING_H

#include <uv.h>

#include "proto/base/list.h"

struct crossing {
	uv_async_t wake;
	uv_mutex_t mutex;
	struct list arrived;
	void (*on_arrival)(void *arg);
	void (*closed)(void *arg);
	void *arg;
};

/* Calls on_arrival from the loop after pushes. */
int crossing_init(struct crossing *crossing, uv_loop_t *loop,
    void (*on_arrival)(void *arg), void *arg);

/* From any thread. */
void crossing_push(struct crossing *crossing, struct list *node);
void crossing_wake(struct crossing *crossing);

/* The oldest; NULL when there is none. */
struct list *crossing_pop(struct crossing *crossing);

/* No thread may push any more.  closed is called from the loop, with arg. */
void crossing_close(struct crossing *crossing, void (*closed)(void *arg));

#endif
