/*
 * inbox.h - takes batches and marks in, and answers when they are safe.
 *
 * All batches that wait when a transaction begins go into it (group commit),
 * which is written beside the loop; each is acknowledged after the commit, and
 * then judged, in the same order, while the next is being written.  What that
 * finds goes into the next transaction, and is told after it.  Who may not speak for an agent is
 * refused, a batch that is stored already is acknowledged again, a stream
 * that two agents use is aborted.  The queue is bounded, and so is what
 * one agent may make the collector remember; when the queue is full, or
 * when the store cannot take anything, callers are told UNAVAILABLE and keep
 * their batches.
 */
#ifndef COLLECTOR_INBOX_H
#define COLLECTOR_INBOX_H

#include <uv.h>

#include "collector/pipeline/pipeline.h"
#include "collector/waiting.h"
#include "proto/base/clock.h"
#include "proto/rpc.h"

#define INBOX_QUEUE_MAX       1024
#define INBOX_QUEUE_MAX_BYTES (64 * 1024 * 1024)
#define INBOX_AT_ONCE         256 /* batches of one transaction */
#define INBOX_RETRY_MS        1000
#define INBOX_BROKEN_MS       1000 /* between tries when the store fails */

struct inbox;

struct inbox_setup {
	uv_loop_t *loop;
	const struct clock *clock;
	struct pipeline *pipeline;             /* borrowed */
	const struct collector_config *config; /* borrowed */
	struct rpc_server *server;             /* borrowed */
	/* Does somebody watch?  NULL: always. */
	bool (*is_watched)(void *arg);
	/* Events of what is durable. */
	void (*on_events)(void *arg, const struct event *events, size_t n);
	/* After inbox_want(): calls inbox_keep() with what is to be written
	 * with the next transaction, and is told what became of it.  NULL:
	 * nobody has anything. */
	void (*gather)(void *arg, struct inbox *inbox);
	void (*written)(void *arg, bool is_stored);
	/* Something to tell people, one line; the same again and again when it
	 * goes on. */
	void (*on_news)(void *arg, bool is_bad, const char *text);
	void *arg;
};

/* Only ever grow. */
struct inbox_counts {
	uint64_t stored, repeated, marks, conflicts, denied, malformed, busy,
	    transactions, failures;
};

struct inbox *inbox_new(const struct inbox_setup *setup);

/* Takes in what did not come by a call, under the same limits; pushed is
 * called once, from the loop, when it is safe or will not be.  push is
 * borrowed for the call.  ERR_DENIED, ERR_BUSY, ERR_LIMIT, ERR_INVALID: it
 * is not taken in. */
int inbox_push(struct inbox *inbox, const struct push *push, pushed_fn *pushed,
    void *arg, struct err *err);

/* The one before is of no use to it any more. */
void
inbox_set_config(struct inbox *inbox, const struct collector_config *config);

/* Calls fn, now or later from the loop, when all that was acknowledged before
 * is judged, and what that found is stored.  It does not wait when much is
 * still to be judged, nor for a store that fails. */
void inbox_settle(struct inbox *inbox, void (*fn)(void *arg), void *arg);

/* There is something to write: a transaction is begun soon. */
void inbox_want(struct inbox *inbox);

/* Within gather: a piece of state, copied; n 0 deletes it. */
void
inbox_keep(struct inbox *inbox, const char *key, const void *bytes, size_t n);

/* Runs what no batch brings about: silence, retention, checkpoints. */
void inbox_tick(struct inbox *inbox);

/* Both clocks. */
struct moment inbox_now(const struct inbox *inbox);

const struct inbox_counts *inbox_counts(const struct inbox *inbox);

/* Batches that wait for their transaction. */
uint32_t inbox_waiting(const struct inbox *inbox);

/* Batches that were acknowledged and wait to be judged. */
uint32_t inbox_unjudged(const struct inbox *inbox);

/* Did the store take nothing at the last try? */
bool inbox_is_broken(const struct inbox *inbox);

/* Commits and judges what waits and writes a checkpoint; from now on callers
 * are told UNAVAILABLE. */
void inbox_stop(struct inbox *inbox);

/* When the server is closed.  closed is called from the loop. */
void inbox_close(struct inbox *inbox, void (*closed)(void *arg), void *arg);

#endif
