/*
 * uplink.h - brings the spool to a collector, one batch in flight at a time.
 *
 * Connects through proto/edge with back-off, sends the oldest entry by
 * Publish.Send, forgets it when it is acknowledged, and goes on.  UNAVAILABLE
 * waits as told; ABORTED renews the stream; a batch that no collector will
 * ever take (INVALID_ARGUMENT, RESOURCE_EXHAUSTED) is set aside, counted and
 * reported as a gap; PERMISSION_DENIED and UNAUTHENTICATED back off loudly.
 */
#ifndef AGENT_UPLINK_H
#define AGENT_UPLINK_H

#include <stdint.h>
#include <uv.h>

#include "agent/config.h"
#include "agent/spool.h"

struct uplink;

struct uplink_setup {
	uv_loop_t *loop;
	const struct clock *clock;
	const struct random *random;
	const struct agent_config *config; /* borrowed */
	struct spool *spool;               /* borrowed */
	/* Something to tell people: connected, refused, ... one line. */
	void (*on_news)(void *arg, int is_bad, const char *text);
	void *arg;
};

struct uplink_counts {
	uint64_t acknowledged, repeated, postponed, refused;
	uint64_t sending; /* the sequence sent last */
};

/* On failure, what was begun is closed by the loop. */
int uplink_new(
    struct uplink **out, const struct uplink_setup *setup, struct err *err);

/* Something was pushed. */
void uplink_wake(struct uplink *uplink);

/* What to say of ourselves from now on. */
void uplink_set_vantage(struct uplink *uplink, enum vantage vantage);

const struct uplink_counts *uplink_counts(const struct uplink *uplink);

/* Ends the call under way: its batch stays in the spool.  closed is called
 * from the loop. */
void uplink_close(struct uplink *uplink, void (*closed)(void *arg), void *arg);

#endif
