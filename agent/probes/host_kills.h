/*
 * host_kills.h - which processes were killed for want of memory, as the host
 * probe has to tell: those since its last run, for a while.
 *
 * The kernel counts them, from the start of the host and of a control group
 * on.  What is kept from run to run makes differences of these counts, so that
 * a restart of the agent neither repeats nor loses one.  No clock, no loop.
 */
#ifndef AGENT_PROBES_HOST_KILLS_H
#define AGENT_PROBES_HOST_KILLS_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/base/err.h"

#define HOST_BOOT_BYTES 40

/* What the kernel says; -1: it does not. */
struct host_kill_counts {
	char boot[HOST_BOOT_BYTES]; /* which start of the host; "": unknown */
	uint64_t group;             /* which control group; 0: none */
	int64_t n_host, n_group;    /* killed since the start of each */
};

/* Starts as { 0 }. */
struct host_kills {
	bool is_known; /* there was an earlier run */
	struct host_kill_counts seen;
	/* What is told, until it is too long ago; host includes group. */
	int64_t n_host, n_group;
	int64_t found_ms; /* by the wall clock, the last of them */
};

/* Compares with what was seen last, and forgets what was found told_ms ago or
 * earlier.  The first run has nothing to compare with and tells nothing.
 * Returns whether there is something to be kept anew. */
bool host_kills_take(struct host_kills *kills,
    const struct host_kill_counts *now, int64_t now_ms, int64_t told_ms);

/* From a file, which may be absent; what makes no sense is forgotten. */
void host_kills_read(struct host_kills *out, const char *path);
int host_kills_write(
    const struct host_kills *kills, const char *path, struct err *err);

#endif
