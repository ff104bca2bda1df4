/*
 * schedule.h - when each probe runs: start to start, without drift.
 *
 * Due times are first + k * interval on the monotonic clock; the phase of a
 * probe is spread over its interval by a hash of its name, so that a restart
 * keeps it and a fleet does not march in step.  A run that is still under way
 * when the next is due makes that one be skipped, and counted.  One timer for
 * all probes.
 */
#ifndef AGENT_SCHEDULE_H
#define AGENT_SCHEDULE_H

#include <uv.h>

#include "agent/probe.h"

struct schedule;

/* first_run_ms: at the start, all probes run once, spread over this time (at
 * most their interval) so that people need not wait.  runner, probes and the
 * clock are borrowed.  done as for runner_run(). */
struct schedule *schedule_new(uv_loop_t *loop, const struct clock *clock,
    struct runner *runner, struct probe_config *probes, size_t n_probes,
    uint32_t first_run_ms, runner_done_fn *done, void *arg);

/* Runs that were due while the one before was still under way. */
uint64_t schedule_skipped(const struct schedule *schedule);

/* Stops; the runner must be closed first.  closed is called from the loop. */
void
schedule_close(struct schedule *schedule, void (*closed)(void *arg), void *arg);

#endif
