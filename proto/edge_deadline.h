/*
 * edge_deadline.h - many deadlines of few durations, on one timer.
 *
 * Each kind has one duration, so its deadlines fall due in the order they
 * were started: a list per kind is sorted by itself, and starting, starting
 * again and cancelling cost a few pointers.  The timer is that of the loop,
 * hence monotonic.
 */
#ifndef PROTO_EDGE_DEADLINE_H
#define PROTO_EDGE_DEADLINE_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "proto/base/list.h"

enum deadline_kind {
	DEADLINE_HANDSHAKE,
	DEADLINE_IDLE,
	DEADLINE_READ,  /* progress of what comes */
	DEADLINE_WRITE, /* progress of what goes */
	DEADLINE_KINDS,
};

struct deadline {
	struct list node;
	uint64_t due_ms; /* of the loop's time */
	enum deadline_kind kind;
};

typedef void deadline_due_fn(void *arg, struct deadline *deadline);

struct deadlines {
	uv_timer_t timer;
	struct list queues[DEADLINE_KINDS];
	uint32_t duration_ms[DEADLINE_KINDS];
	deadline_due_fn *on_due; /* the deadline is no longer running */
	void *arg;
};

/* The timer never keeps the loop alive on its own. */
void deadlines_init(struct deadlines *deadlines, uv_loop_t *loop,
    deadline_due_fn *on_due, void *arg);

/* None may be running.  closed is called from the loop. */
void deadlines_close(struct deadlines *deadlines, uv_close_cb closed);

void deadline_init(struct deadline *deadline);

/* Starts, or starts again. */
void deadline_start(struct deadlines *deadlines, struct deadline *deadline,
    enum deadline_kind kind);

void deadline_cancel(struct deadline *deadline); /* allowed when not running */
bool deadline_is_running(const struct deadline *deadline);

#endif
