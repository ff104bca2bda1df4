/*
 * feed.h - brings lines of history to the pipeline, as agents would have.
 *
 * Lines are given in the order of time.  What one agent says within FEED_MS
 * becomes a batch; marks go to the store as they are.  Who is not named is
 * given a name: the agent of a result that names none is called like its
 * vantage, that of a fact like whoever was first heard of that service.
 *
 * An agent is missed when it is silent only if its heartbeats are in the
 * lines: they say how often it would be heard.
 */
#ifndef COLLECTOR_KEEP_FEED_H
#define COLLECTOR_KEEP_FEED_H

#include "collector/pipeline/pipeline.h"
#include "proto/jsonl.h"

#define FEED_MS 50 /* as agent/outbox waits for more */

struct feed;

struct feed_setup {
	struct store *store;       /* borrowed */
	struct pipeline *pipeline; /* borrowed */
	/* Distinguishes this history from others of the same agents: the same
	 * lines fed again are recognised by it. */
	uint64_t seed;
	/* Everything comes now, at this moment of the clocks; NULL: each line
	 * comes at its own time, which is the only clock. */
	const struct moment *now;
};

struct feed_counts {
	uint64_t results, facts, marks, heartbeats, gaps;
	uint64_t batches, repeated; /* repeated: stored already */
};

struct feed *feed_new(const struct feed_setup *setup);

/* Notes who speaks, which helps to name those before it, for every line as
 * soon as it is read; returns how much the clock of its agent is ahead, as
 * far as its heartbeats have told. */
int64_t feed_foresee(struct feed *feed, const struct line *line);

/* Takes one line in, known at this moment. */
int feed_line(struct feed *feed, const struct line *line, int64_t known_ms,
    struct err *err);

/* Everything that was taken in is durable, and in chunks. */
int feed_finish(struct feed *feed, struct err *err);

const struct feed_counts *feed_counts(const struct feed *feed);

void feed_free(struct feed *feed); /* NULL is allowed; rolls nothing back */

#endif
