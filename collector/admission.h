/*
 * admission.h - who may send what to the inbox.
 *
 * Each returns 0, or -1 with the reason in words for whoever sent it.
 */
#ifndef COLLECTOR_ADMISSION_H
#define COLLECTOR_ADMISSION_H

#include "collector/config/config.h"
#include "collector/pipeline/fleet.h"
#include "collector/pipeline/guards.h"
#include "proto/mark.h"
#include "proto/peer.h"
#include "proto/publish.h"

#define ADMISSION_THINGS_MAX 20000 /* series and facts of one agent */

/* May this peer speak for that agent, and is its environment one of ours? */
int admission_of_sender(const struct collector_config *config,
    const struct envelope *envelope, const struct peer *peer, struct err *err);

/* An agent that invents names must not fill our memory.  n_new are those of its
 * batch, n_coming those of its batches that are still to be judged, which may
 * be the same: where they make the difference it is ERR_BUSY. */
int
admission_of_things(const struct fleet *fleet, const struct envelope *envelope,
    size_t n_new, size_t n_coming, struct err *err);

/* A clock that is ahead of ours by minutes is one; what lies beyond that has
 * not happened yet; nor is a guard removed that is not in force. */
int admission_of_mark(const struct collector_config *config,
    const struct guards *guards, const struct mark *mark, int64_t now_ms,
    struct err *err);

#endif
