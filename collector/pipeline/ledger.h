/*
 * ledger.h - what was found out: rows for the store, events for who watches.
 *
 * Changes and regressions are collected, with what should be told of them,
 * until somebody writes them.  A regression has its id from the start.
 *
 * While the picture is rebuilt from stored batches the ledger is in recall:
 * what is found is in the store already, so nothing is written or told, and a
 * regression found again takes the id of its row.
 */
#ifndef COLLECTOR_PIPELINE_LEDGER_H
#define COLLECTOR_PIPELINE_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collector/pipeline/entries.h"
#include "collector/pipeline/fleet.h"
#include "proto/base/err.h"
#include "proto/base/mem.h"
#include "storage/store.h"

/* Results told at a time; those that differ from the one before always are. */
#define LEDGER_RESULTS_MAX 4096

struct ledger {
	struct store *store;  /* borrowed */
	struct fleet *fleet;  /* borrowed */
	struct map *recalled; /* rows by identity; NULL when not in recall */
	struct map *rows;     /* the same rows by id */
	struct arena *arena;  /* for them */
	uint64_t last_id;     /* of a regression */
	struct entries *entries;
	struct event *results; /* to be told: plain ones */
	size_t n_results, room;
	size_t n_usual;    /* those that are like the one before */
	uint64_t n_untold; /* results left out, since the start */
	bool is_watched;   /* somebody wants to hear of results */
};

void
ledger_init(struct ledger *ledger, struct store *store, struct fleet *fleet);
void ledger_fini(struct ledger *ledger);

/* Forgets the results. */
void ledger_clear(struct ledger *ledger);

/* What was collected since the last time; owned by the caller. */
struct entries *ledger_take(struct ledger *ledger);

/* Reads the regressions of the store, so that they are recognised, and the id
 * to go on from. */
int ledger_recall(struct ledger *ledger, struct err *err);
void ledger_recall_end(struct ledger *ledger);
bool ledger_is_in_recall(const struct ledger *ledger);

/* Opens the row of this id again, in recall; false when the store does not
 * know it. */
bool ledger_reopen(struct ledger *ledger, uint64_t id);

/* Walks the rows that are open in the store, in recall; *at starts as 0. */
const struct regression_row *
ledger_recalled_open(const struct ledger *ledger, size_t *at);

/* Tells a result when somebody watches; series and result are borrowed until
 * ledger_clear(). */
void ledger_result(struct ledger *ledger, const struct series *series,
    const struct result *result, bool transition);

/* at_ms: when it became known. */
void ledger_change(
    struct ledger *ledger, const struct change_row *row, int64_t at_ms);

/* The value of a fact has another fingerprint now.  It did not change, so
 * nothing is told: what is stored of it gets that fingerprint beside its own,
 * to be compared with what others see.  seen is the look at it. */
void ledger_rekey(struct ledger *ledger, const struct fleet_fact *fact,
    const struct fact *seen);

/* Opens a regression and gives it its id; in recall, *out_id is 0 when the
 * store does not know it, and nothing is opened. */
void ledger_open(
    struct ledger *ledger, uint64_t *out_id, const struct regression_row *row);

/* Writes down what is over as it is found, and tells nobody; nothing in
 * recall. */
void ledger_note(struct ledger *ledger, const struct regression_row *row);

/* Writes an open one again after its numbers were changed; raise tells it as
 * if it were new. */
void ledger_update(struct ledger *ledger, uint64_t id, bool raise);

/* Clears an open one; 0 is none and does nothing. */
void ledger_close(struct ledger *ledger, uint64_t id, int64_t cleared_ms);

/* The same, saying why in its message. */
void ledger_close_as(struct ledger *ledger, uint64_t id, int64_t cleared_ms,
    const char *message);

#endif
