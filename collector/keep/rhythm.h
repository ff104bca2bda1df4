/*
 * rhythm.h - how often a probe runs, as far as the times of its results tell.
 *
 * Recorded history need not say it, and without it nobody knows when a result
 * is stale.  A series is periodic when RHYTHM_GAPS gaps in a row are alike;
 * what is found is kept until another rhythm shows itself, so a pause changes
 * nothing.  Arithmetic only.
 */
#ifndef COLLECTOR_KEEP_RHYTHM_H
#define COLLECTOR_KEEP_RHYTHM_H

#include <stdint.h>

#define RHYTHM_GAPS 3

/* Starts as { 0 }. */
struct rhythm {
	int64_t last_ms;           /* 0: none yet */
	int64_t gaps[RHYTHM_GAPS]; /* the last ones, in turn; 0: none yet */
	uint32_t turn;
	uint32_t interval_ms; /* 0: not periodic, or not known yet */
};

/* Adds a result; one that is not after the last is ignored.  Returns the
 * interval, in whole seconds when it is longer than one. */
uint32_t rhythm_add(struct rhythm *rhythm, int64_t at_ms);

#endif
