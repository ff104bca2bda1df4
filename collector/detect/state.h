/*
 * state.h - is this series well, and is it sure?
 *
 * The soft and hard states of Nagios and Icinga 2: a state that differs is
 * soft until it has held for so many consecutive results, then hard.  Only
 * hard states open and close regressions.  A flapping series (Icinga 2's
 * formula: the share of state changes among the last 20 results, newer ones
 * weighing more, from 30 % until below 25 %) does not recover: one regression
 * stays open instead of many that come and go.
 *
 * Arithmetic only: no clock, no allocation, no I/O.  The struct may be copied
 * to snapshot it.  Results that could not tell (LEVEL_UNKNOWN) change nothing.
 */
#ifndef COLLECTOR_DETECT_STATE_H
#define COLLECTOR_DETECT_STATE_H

#include <stdbool.h>
#include <stdint.h>

#define STATE_FLAP_RESULTS 20
#define STATE_FLAP_START   0.30
#define STATE_FLAP_END     0.25

enum level { LEVEL_GOOD, LEVEL_WARNING, LEVEL_CRITICAL, LEVEL_UNKNOWN };

enum turned {
	TURNED_NOT,    /* as before, or not sure yet */
	TURNED_WORSE,  /* the hard level rose */
	TURNED_BETTER, /* the hard level fell, but not to good */
	TURNED_GOOD,   /* the hard level is good again */
};

struct state_rule {
	uint32_t confirm; /* consecutive results that prove a worse level */
	uint32_t clear;   /* ... and a better one; both 1 or more */
};

struct state_watch {
	enum level hard, last; /* last: of the newest that could tell */
	uint32_t good_run;     /* newest consecutive good results */
	uint32_t bad_run;      /* ... that were warning or critical */
	uint32_t mild_run;     /* ... that were good or warning */
	uint32_t critical_run; /* ... that were critical */
	uint32_t n;            /* results that could tell, up to the window */
	uint32_t changes;      /* bit i: the result i ago changed the state */
	bool flapping;
	int64_t good_ms; /* the last good one before this bad run; 0: none */
	int64_t bad_ms;  /* the first one of this bad run */
};

void state_init(struct state_watch *watch);

/* Adds one result and says how the hard level turned. */
enum turned state_add(struct state_watch *watch, const struct state_rule *rule,
    enum level level, int64_t at_ms);

/* Share of state changes among the last 20 results, weighted; 0 to 1. */
double state_flapping(const struct state_watch *watch);

#endif
