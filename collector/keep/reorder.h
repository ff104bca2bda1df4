/*
 * reorder.h - lines of history, put in the order of their times.
 *
 * Holds back what may still be overtaken: a line leaves when one was taken in
 * that began REORDER_MS later.  Lines of one moment leave in the order in
 * which they came; one that comes too late leaves at once.
 */
#ifndef COLLECTOR_KEEP_REORDER_H
#define COLLECTOR_KEEP_REORDER_H

#include "proto/jsonl.h"

#define REORDER_MS    INT64_C(300000) /* docs/formats.md, section 1 */
#define REORDER_LINES 1000000 /* the oldest leave before there are more */

struct reorder;

struct reorder *reorder_new(void);

/* Copies the line.  The clock it was written by is ahead of ours by this. */
void reorder_put(
    struct reorder *reorder, const struct line *line, int64_t offset_ms);

/* Returns the next line that may leave (at the end: any), owned by the
 * caller, and the moment at which it is known: results when they ended,
 * everything else at its time.  NULL when there is none. */
struct line *
reorder_take(struct reorder *reorder, int64_t *out_known_ms, bool at_end);

void reorder_free(struct reorder *reorder); /* NULL is allowed */

#endif
