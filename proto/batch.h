/*
 * batch.h - the inside of a batch, for batch.c and batch_codec.c alone.
 */
#ifndef PROTO_BATCH_H
#define PROTO_BATCH_H

#include "proto/base/mem.h"
#include "proto/publish.h"

/* What batch_free() gets: the public part, and what it points into. */
struct owned {
	struct batch batch;
	struct arena *arena;
	size_t room_series, room_results, room_facts, room_gaps;
	size_t size_bytes;
};

#endif
