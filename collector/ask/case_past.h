/*
 * case_past.h - how it was when what fails began to, if that is so long ago
 * that newest results do not tell.
 */
#ifndef COLLECTOR_ASK_CASE_PAST_H
#define COLLECTOR_ASK_CASE_PAST_H

#include "collector/ask/case_holders.h"
#include "collector/ask/case_said.h"
#include "proto/base/err.h"
#include "storage/store.h"

/* Where it goes, of one series. */
struct case_past {
	struct case_said *said; /* NULL: it says nothing */
	struct case_holders **holders;
	struct arena *arena;
};

/* When what fails in the environment began to; 0: nothing does. */
int64_t case_past_since(const struct scene *scene);

/* Reads the results of a series for some time before and after onset_ms, as
 * far as until_ms. */
int case_past_read(const struct case_past *past, struct store *store,
    const struct series *series, int64_t onset_ms, int64_t until_ms,
    struct err *err);

#endif
