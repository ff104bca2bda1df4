/*
 * beat.h - does a job that should call call?
 *
 * A job calls when it has ended, once every so often, and may call when it
 * begins.  It is missed when it did not call within its interval and some
 * grace.  Before its first call nobody knows whether it ever will; and a call
 * that was due while nobody listened may have been lost: both are said to be
 * unknown, the second until another interval has passed.
 *
 * Arithmetic only; times are milliseconds of one clock that never goes back.
 */
#ifndef COLLECTOR_DETECT_BEAT_H
#define COLLECTOR_DETECT_BEAT_H

#include <stdbool.h>
#include <stdint.h>

struct beat_rule {
	int64_t every_ms, grace_ms;
	int64_t limit_ms; /* how long a run may take; 0: nobody says */
};

/* What there is to say without a call. */
enum beat_says {
	BEAT_NOTHING,
	BEAT_NEVER,    /* it has not called yet */
	BEAT_UNHEARD,  /* its call may have been lost */
	BEAT_TOO_LONG, /* it runs longer than it may */
	BEAT_MISSED,
};

struct beat {
	bool is_known;      /* it has called before */
	int64_t called_ms;  /* its last call at an end */
	bool is_running;    /* it called at a beginning since */
	int64_t started_ms; /* then */
	/* Nobody listened meanwhile; both 0: that never was. */
	int64_t deaf_from_ms, deaf_to_ms;
	enum beat_says said; /* by beat_look(), since it called */
	int64_t said_ms;     /* then */
};

/* The last moment at which a call is in time. */
int64_t beat_due_ms(const struct beat *beat, const struct beat_rule *rule);

/* Says what is to be said now; the same again only after an interval and its
 * grace, so that what goes on stays fresh. */
enum beat_says
beat_look(struct beat *beat, const struct beat_rule *rule, int64_t now_ms);

void beat_start(struct beat *beat, int64_t now_ms);

/* It ended; returns how long it ran, or -1 when it said no beginning. */
int64_t beat_end(struct beat *beat, int64_t now_ms);

#endif
