/*
 * desk.h - where questions are answered: beside the loop, on the work pool.
 *
 * A question may read years of history; the loop goes on meanwhile.  Each has
 * a reading handle of the store to itself.  A few are answered at once, some
 * wait, and more are told UNAVAILABLE; whoever stopped waiting is passed over.
 */
#ifndef COLLECTOR_DESK_H
#define COLLECTOR_DESK_H

#include <uv.h>

#include "collector/config/config.h"
#include "collector/inbox.h"
#include "proto/query.h"

#define DESK_AT_ONCE  2
#define DESK_WAITING  64
#define DESK_RETRY_MS 1000

struct desk;

/* store: URI; config is borrowed. */
struct desk *desk_new(
    uv_loop_t *loop, const char *store, const struct collector_config *config);

/* Takes the job.  It is of now, and answered when what the inbox acknowledged
 * before is settled. */
void desk_ask(struct desk *desk, struct inbox *inbox, struct query_job *job);

/* Another configuration for what comes.  Takes the one before and frees it
 * when nothing is answered with it any more. */
void desk_set_config(struct desk *desk, const struct collector_config *config,
    struct collector_config *before);

/* What waits is refused, and all that comes. */
void desk_stop(struct desk *desk);

/* When the loop has run out: nothing is being made any more.  NULL is
 * allowed. */
void desk_free(struct desk *desk);

#endif
