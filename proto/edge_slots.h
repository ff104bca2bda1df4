/*
 * edge_slots.h - the inner face of a dialling edge: takes requests of REQ
 * sockets, one slot for each that may be under way.
 *
 * Slots are contexts of a REP socket.  A raw one would do with less, but it
 * drops what its peer does not take at once past 64 answers, and an answer
 * must not get lost inside (nng 1.5.2, xrep.c).
 */
#ifndef PROTO_EDGE_SLOTS_H
#define PROTO_EDGE_SLOTS_H

#include <nng/nng.h>
#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "proto/base/err.h"

#define SLOTS_MAX 4096

struct slots;

struct slots_events {
	/* Takes msg, the body of a request, which is now under way.  id has
	 * the highest bit set, as the last word of a header must. */
	void (*on_request)(void *arg, uint32_t id, nng_msg *msg);
	/* Those that waited were all given: time to write. */
	void (*on_burst)(void *arg);
};

/* Listens at address with n slots, at most SLOTS_MAX.  Starts paused: what
 * arrives waits. */
int slots_open(struct slots **out, uv_loop_t *loop, const char *address,
    uint32_t n, const struct slots_events *events, void *arg, struct err *err);

/* From here on requests are given, from the loop. */
void slots_resume(struct slots *slots);

/* Answers a request that is under way; false when id is none.  Takes msg. */
bool slots_answer(struct slots *slots, uint32_t id, nng_msg *msg);

/* Pauses, and gives up all requests that have arrived. */
void slots_forget(struct slots *slots);

/* closed is called from the loop; slots is freed. */
void slots_close(struct slots *slots, void (*closed)(void *arg), void *arg);

#endif
