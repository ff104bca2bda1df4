/*
 * schedule.h - when each probe runs: start to start, without drift.
 *
 * Due times are phase + k * interval on the monotonic clock; the phase of a
 * probe is spread over its interval by a hash of its name, so that a restart
 * keeps it and probes of one interval do not march in step.  A run that is
 * still under way when the next is due makes that one be skipped, and counted.
 * One timer for all probes; what a run is, the caller knows.
 */
#ifndef AGENT_SCHEDULE_H
#define AGENT_SCHEDULE_H

#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "agent/config.h"
#include "proto/base/clock.h"

struct schedule;

/* Starts a run of probe; schedule_ended() follows when it has ended, not from
 * inside. */
typedef void schedule_run_fn(void *arg, struct probe_config *probe);

/* The clock is borrowed.  Nothing is due before schedule_set(). */
struct schedule *schedule_new(uv_loop_t *loop, const struct clock *clock,
    schedule_run_fn *run, void *arg);

/* From now on these probes, borrowed until the next call, and no others.
 * One whose name, interval and configuration are as before keeps its due time
 * and whether it is under way.  All others run once within first_run_ms, or
 * their interval if that is less, so that people need not wait, and then at
 * their due times. */
void schedule_set(struct schedule *schedule, struct probe_config *probes,
    size_t n_probes, uint32_t first_run_ms);

/* The run of the probe of this name has ended.  Unknown names are allowed:
 * those of probes that are no longer there. */
void schedule_ended(struct schedule *schedule, const char *name);

/* Starts what is due.  The timer does so; who moves a clock of their own
 * does it by hand. */
void schedule_run_due(struct schedule *schedule);

/* When the next run is due, by the monotonic clock; INT64_MAX for never. */
int64_t schedule_next_ms(const struct schedule *schedule);

/* Runs that did not take place when they were due: the one before was still
 * under way, or the machine stood still. */
uint64_t schedule_skipped(const struct schedule *schedule);

/* Starts nothing more.  closed is called from the loop. */
void
schedule_close(struct schedule *schedule, void (*closed)(void *arg), void *arg);

#endif
