/*
 * bar.h - how far a long command is: one line of a terminal, written over.
 *
 * Elsewhere (a log, a pipe) it is not seen.  Goes to standard error.
 */
#ifndef COLLECTOR_KEEP_BAR_H
#define COLLECTOR_KEEP_BAR_H

#include <stdbool.h>
#include <stdint.h>

struct bar {
	const char *command;
	const char *unit; /* of what is counted: "lines"; NULL: the time */
	bool shown;
	int64_t start_ms, told_ms;
};

void bar_init(struct bar *bar, const char *command, const char *unit);

/* n: of the unit.  done and of are of anything; of 0: nobody knows. */
void bar_draw(struct bar *bar, uint64_t n, int64_t done, int64_t of);

/* Wipes it away. */
void bar_end(const struct bar *bar);

#endif
