/*
 * heartbeats.h - jobs that call: what their calls, and their silence, say.
 *
 * Each heartbeat of the configuration is a series of the agent "heartbeats".
 * A call at an end is a result; so is a call that does not come, and, before
 * the first one, that nobody knows.  They go through the inbox like any other.
 * When a job called last is read from the picture, so a restart forgets
 * nothing but the beginnings of runs.
 */
#ifndef COLLECTOR_HEARTBEATS_H
#define COLLECTOR_HEARTBEATS_H

#include "collector/inbox.h"
#include "collector/web/web.h"

struct heartbeats;

/* All are borrowed. */
struct heartbeats *heartbeats_new(struct inbox *inbox,
    const struct pipeline *pipeline, const struct collector_config *config);

/* From now on; borrowed. */
void heartbeats_set_config(
    struct heartbeats *heartbeats, const struct collector_config *config);

/* Says what no call says. */
void heartbeats_tick(struct heartbeats *heartbeats);

/* A job calls: web's signal(), of which arg is the struct heartbeats. */
int heartbeats_signal(void *arg, const struct web_signal *signal,
    pushed_fn *pushed, void *pushed_arg, struct err *err);

/* After the inbox is closed.  NULL is allowed. */
void heartbeats_free(struct heartbeats *heartbeats);

#endif
