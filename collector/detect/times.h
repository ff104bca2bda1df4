/*
 * times.h - when the values of a series came, by their numbers.
 *
 * Keeps the last sixteen times, and of older ones every fourth, sixteenth and
 * so on, in constant memory: what is recent is known exactly, what is old
 * within an interval.
 *
 * Arithmetic only, no pointers; may be copied to snapshot it.
 */
#ifndef COLLECTOR_DETECT_TIMES_H
#define COLLECTOR_DETECT_TIMES_H

#include <stdint.h>

enum { TIMES_LEVELS = 6, TIMES_EACH = 16 };

/* Starts as { 0 }. */
struct times {
	uint64_t n; /* values so far */
	int64_t at_ms[TIMES_LEVELS][TIMES_EACH];
};

void times_add(struct times *times, int64_t at_ms);

/* Between which times value number, counted from 0, began what it began: the
 * last one known to be before it, 0 when none is, and the first one known not
 * to be.  There must be a value of this number. */
void times_span(int64_t *out_from_ms, int64_t *out_to_ms,
    const struct times *times, uint64_t number);

#endif
