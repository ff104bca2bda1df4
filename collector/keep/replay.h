/*
 * replay.h - recorded history, through the whole pipeline.
 *
 * Authorisation aside, lines go the way batches of agents go: judged, stored,
 * sealed into chunks.  Replaying, the data's time is the only clock, so the
 * same lines give the same store.  Importing, they come now, and take part in
 * history without raising anything that is over.
 *
 * A bad line ends it; what came before is kept, and the same lines again are
 * recognised.
 */
#ifndef COLLECTOR_KEEP_REPLAY_H
#define COLLECTOR_KEEP_REPLAY_H

#include "collector/keep/feed.h"

/* How far it has come, now and then; of 0: nobody can know. */
typedef void
replay_progress_fn(void *arg, uint64_t lines, int64_t bytes, int64_t of);

struct replay_setup {
	const char *path;  /* of the lines; "-": standard input */
	const char *store; /* URI */
	const char
	    *config; /* path; NULL: every service is as good as another */
	bool import;
	replay_progress_fn *progress; /* or NULL */
	void *arg;
};

/* *out is filled on failure too, with what was taken in. */
int replay_run(
    struct feed_counts *out, const struct replay_setup *setup, struct err *err);

#endif
