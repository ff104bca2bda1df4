/*
 * outbox.h - from single results to batches in the spool.
 *
 * Collects results and changed facts for at most 50 ms, encodes them once and
 * pushes the bytes.  A fact is sent when it differs from what was observed
 * before, and once after the start; one that a lost batch may have held is
 * sent again.  When nothing was pushed for a heartbeat, and nothing waits in
 * the spool that could speak in its place, an empty batch says we are alive.
 *
 * When the disk is full, batches wait in memory, up to OUTBOX_KEPT_BYTES; past
 * it the oldest go, and what was in them is reported as a gap.
 */
#ifndef AGENT_OUTBOX_H
#define AGENT_OUTBOX_H

#include <uv.h>

#include "agent/spool.h"
#include "proto/base/clock.h"
#include "proto/result.h"

#define OUTBOX_WINDOW_MS  50
#define OUTBOX_RETRY_MS   1000
#define OUTBOX_KEPT_BYTES (4 * 1024 * 1024)

struct outbox;

struct outbox_setup {
	uv_loop_t *loop;
	const struct clock *clock;
	struct spool *spool; /* borrowed */
	uint32_t heartbeat_ms;
	void (*on_pushed)(void *arg);
	/* Something to tell people: nothing can be stored, it can again. */
	void (*on_news)(void *arg, int is_bad, const char *text);
	void *arg;
};

struct outbox_counts {
	uint64_t batches, heartbeats; /* pushed; heartbeats are batches too */
	uint64_t kept;                /* batches in memory now */
	uint64_t dropped_results;     /* for want of room on disk and here */
};

struct outbox *outbox_new(const struct outbox_setup *setup);

/* Takes nothing; copies.  environment and agent of series are ignored. */
void outbox_add(struct outbox *outbox, const struct series *series,
    const struct result *result, const struct fact *facts, size_t n_facts);

void outbox_set_heartbeat(struct outbox *outbox, uint32_t heartbeat_ms);

/* Pushes what was collected without waiting any longer; at the end it makes
 * sure that nothing is lost.  The timer does so, and sends the heartbeats. */
int outbox_flush(struct outbox *outbox, struct err *err);

const struct outbox_counts *outbox_counts(const struct outbox *outbox);

/* Collected and not pushed is gone: flush first.  closed is called from the
 * loop. */
void outbox_close(struct outbox *outbox, void (*closed)(void *arg), void *arg);

#endif
