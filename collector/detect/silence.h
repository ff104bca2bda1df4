/*
 * silence.h - should an agent have been heard by now?
 *
 * An agent promises a batch within its heartbeat; it is silent when nothing
 * came for three of them.  Arithmetic only; times are of one clock that never
 * goes back.
 */
#ifndef COLLECTOR_DETECT_SILENCE_H
#define COLLECTOR_DETECT_SILENCE_H

#include <stdbool.h>
#include <stdint.h>

#define SILENCE_HEARTBEATS 3
#define SILENCE_DEFAULT_MS 10000 /* of agents that promised nothing */

struct silence {
	int64_t heard_ms;
	uint32_t heartbeat_ms;
};

/* The first moment at which it counts as silent. */
int64_t silence_due_ms(const struct silence *silence);

bool silence_is_due(const struct silence *silence, int64_t now_ms);

#endif
