/*
 * draft.h - a JSON document, written as it is made.
 *
 * For answers that are long: nothing stands between the values and the bytes.
 * What is unknown is null, never left out; times are RFC 3339 in UTC,
 * durations milliseconds.  A key of NULL is for members of a list.
 */
#ifndef COLLECTOR_ASK_DRAFT_H
#define COLLECTOR_ASK_DRAFT_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/base/text.h"

/* Starts as { 0 }. */
struct draft {
	struct text text;
	bool is_inside; /* something stands before the next value */
};

/* bracket: '{' or '['; whoever opens one closes it. */
void draft_open(struct draft *draft, const char *key, char bracket);
void draft_close(struct draft *draft, char bracket);

/* NULL and "" are null; what is not UTF-8 is made printable first. */
void draft_text(struct draft *draft, const char *key, const char *value);
void draft_time(struct draft *draft, const char *key, int64_t at_ms); /* 0 */
void draft_count(struct draft *draft, const char *key, uint64_t count);
void draft_flag(struct draft *draft, const char *key, bool is_set);
void draft_null(struct draft *draft, const char *key);
void draft_ms(struct draft *draft, const char *key, uint64_t us);

/* part / whole with four decimals; null when the whole is 0. */
void draft_share(
    struct draft *draft, const char *key, uint64_t part, uint64_t whole);

/* The same, also below 0. */
void
draft_gain(struct draft *draft, const char *key, int64_t part, uint64_t whole);

/* The document, owned by the caller. */
char *draft_take(struct draft *draft);
void draft_fini(struct draft *draft);

#endif
