/*
 * inbox_inside.h - the inside of an inbox, for inbox*.c alone.
 */
#ifndef COLLECTOR_INBOX_INSIDE_H
#define COLLECTOR_INBOX_INSIDE_H

#include "collector/backlog.h"
#include "collector/inbox.h"
#include "collector/scribe.h"
#include "collector/waiting.h"
#include "proto/base/list.h"
#include "proto/report.h"

/* What a transaction is for. */
enum purpose {
	PURPOSE_TAKE,   /* batches and marks, and what was found */
	PURPOSE_SEAL,   /* moves what has waited long enough into chunks */
	PURPOSE_EXPIRE, /* deletes what is past its retention */
};

struct inbox {
	struct inbox_setup setup;
	struct publish_service *service;
	struct report_service *reports;
	struct list queue;
	uint32_t n_waiting; /* in queue and taken */
	size_t n_bytes;
	uint64_t stream, sequence; /* of pushes without a key */
	struct backlog backlog;

	/* Counts of batches and of transactions, and who waits for them. */
	uint64_t n_judged, n_gathered, n_written;
	struct list settling;

	/* The transaction under way; the scribe's until it is done. */
	struct scribe scribe;
	enum purpose purpose;
	struct list taken; /* of the queue */
	struct moment now;
	struct writing writing;
	struct list pieces; /* of what others keep */
	bool has_gathered;
	uint64_t n_done; /* sealed or expired */
	int rc;
	struct err err;

	/* check runs after everything that has arrived was taken in; idle
	 * keeps the loop from sleeping before it. */
	uv_check_t check;
	uv_idle_t idle;
	int open_handles;
	struct inbox_counts counts;
	struct list unstored; /* what is to be said of the time it was broken */
	int64_t broken_ms;    /* wall clock; since when */
	char *broken_why;
	uint64_t n_busy_before;
	bool is_broken;    /* the store took nothing at the last try */
	bool must_abandon; /* ... and the picture is not restored yet */
	bool must_write;   /* though nothing waits */
	bool is_wanted;    /* others have something to keep */
	bool must_tick;    /* something else is expected now */
	int64_t retry_ms;  /* not before, monotonic */
	int64_t expire_ms, seal_ms;
	bool is_sealing; /* there is more to seal */
	bool is_stopping;
	void (*closed)(void *arg);
	void *closed_arg;
};

/* Of pushes with a key: the same in every life of ours. */
#define KEY_STREAM 1

void inbox_tell(const struct inbox *inbox, bool is_bad, const char *text);

/* There is something to do: the loop comes round to it. */
void inbox_go_on(struct inbox *inbox);

/* inbox_settle.c: calls those whose time has come. */
void inbox_settle_some(struct inbox *inbox);

/* inbox_keep.c: on the loop; beside it; on the loop again. */
void inbox_pieces_gather(struct inbox *inbox);
int inbox_pieces_write(struct inbox *inbox, struct err *err);
void inbox_pieces_done(struct inbox *inbox, bool is_stored);

/* inbox_unstored.c: on the loop, before it is known to be broken and when it is
 * not any more; beside it; on the loop, when it is written or at the end. */
void inbox_unstored_begin(struct inbox *inbox, const char *why);
void inbox_unstored_end(struct inbox *inbox);
int inbox_unstored_write(struct inbox *inbox, struct err *err);
void inbox_unstored_drop(struct inbox *inbox);

/* inbox_admit.c: publish_on_send_fn and report_on_mark_fn. */
void inbox_on_send(
    void *arg, const struct envelope *envelope, struct rpc_call *call);
void inbox_on_mark(void *arg, struct mark *mark, struct rpc_call *call);

#endif
