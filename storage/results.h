/*
 * results.h - the newest results that match a question.
 *
 * A bounded collection: it keeps the newest `limit` of those it is offered,
 * and the batches they are in.  For engines.
 */
#ifndef STORAGE_RESULTS_H
#define STORAGE_RESULTS_H

#include "proto/publish.h"
#include "storage/chunk.h"
#include "storage/store.h"

struct results;

/* The request is borrowed until the collection is freed. */
struct results *results_new(const struct query_history *request);

/* Takes the batch, and keeps what matches. */
void results_add(struct results *results, struct batch *batch);

/* Copies what matches of a chunk that is open, its results in the order of
 * time. */
int results_add_chunk(
    struct results *results, struct chunk_reader *reader, struct err *err);

/* The collection is full, and nothing at or before this time could enter. */
bool results_is_past(const struct results *results, int64_t at_ms);

/* Newest first; of equal times in the order of the names of their series. */
int results_visit(struct results *results, bool *out_more,
    store_result_fn *on_result, void *arg, struct err *err);

void results_free(struct results *results); /* NULL is allowed */

#endif
