/*
 * backlog.h - batches that are stored and acknowledged, but not judged yet.
 *
 * Usually there are none for longer than a turn of the loop.  When more comes
 * than can be judged, storing goes first, since agents wait for it; judging
 * follows in the same order.  The first ones are kept as they were decoded,
 * the rest as bytes.  Bounded: when it is full, nothing more is stored.
 */
#ifndef COLLECTOR_BACKLOG_H
#define COLLECTOR_BACKLOG_H

#include <stdbool.h>
#include <stdint.h>

#include "collector/pipeline/pipeline.h"
#include "proto/base/list.h"

#define BACKLOG_MAX_BYTES (64 * 1024 * 1024)
#define BACKLOG_DECODED   256 /* batches; each takes some 50 KiB then */

/* Embedded by its user; read only. */
struct backlog {
	struct pipeline *pipeline; /* borrowed */
	struct list list;
	uint32_t n;
	size_t n_bytes;
};

void backlog_init(struct backlog *backlog, struct pipeline *pipeline);

bool backlog_is_full(const struct backlog *backlog);

/* Takes batch; the envelope is copied.  n_new: series and facts of its agent
 * that the picture does not know. */
void backlog_add(struct backlog *backlog, const struct stored *stored,
    const struct envelope *envelope, struct batch *batch, size_t n_new);

/* Judges the oldest; tell is given the results to be told, if any. */
void backlog_judge(struct backlog *backlog,
    void (*tell)(void *arg, const struct event *events, size_t n), void *arg);

/* When the oldest came; there must be one. */
struct moment backlog_since(const struct backlog *backlog);

/* How many things of this agent the picture will know more. */
size_t backlog_count_new(
    const struct backlog *backlog, const char *environment, const char *agent);

/* Forgets all: the store has them. */
void backlog_drop(struct backlog *backlog);

#endif
