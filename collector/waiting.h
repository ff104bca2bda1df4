/*
 * waiting.h - what waits for its transaction, and how it is answered.
 *
 * Of the inbox alone.  A batch or a mark came by a call and is answered by
 * it; what was pushed came from inside this process, brings its envelope
 * along, and is told what became of it.
 */
#ifndef COLLECTOR_WAITING_H
#define COLLECTOR_WAITING_H

#include "collector/pipeline/pipeline.h"
#include "proto/base/list.h"
#include "proto/base/mem.h"
#include "proto/mark.h"
#include "proto/publish.h"
#include "storage/store.h"

struct waiting {
	struct list node;
	struct rpc_call *call;           /* NULL: a push */
	const struct envelope *envelope; /* the call's, or our own */
	struct batch *batch;
	size_t n_new; /* things that the picture does not know */
	struct moment came;
	struct stored stored; /* what became of it */
	/* Or what somebody reports, the call's; then there is no batch. */
	struct mark *mark;
	const char *replaced; /* by the mark, the call's; NULL: nothing */
	size_t n_bytes;
	pushed_fn *pushed;   /* of a push */
	void *arg;           /* of pushed */
	struct arena *arena; /* of a push: what its envelope lies in */
};

/* Makes a push what waits: encoded, checked as what comes by a call is.  at
 * says clocks, stream and sequence.  ERR_LIMIT when it is too much. */
int waiting_of_push(struct waiting *out, const struct push *push,
    const struct envelope *at, struct err *err);

/* Frees what it owns and the struct. */
void waiting_free(struct waiting *waiting);

/* It is stored, or was before.  A call is gone afterwards. */
void waiting_ack(const struct waiting *waiting, bool repeated);

/* It is not stored.  A call is gone afterwards. */
void waiting_fail(const struct waiting *waiting, enum rpc_code code,
    uint32_t retry_ms, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
