/*
 * spool_gap.h - puts on record what the spool had to drop.
 *
 * For the files of the spool alone; spool.h says how a gap is reported.
 */
#ifndef AGENT_SPOOL_GAP_H
#define AGENT_SPOOL_GAP_H

#include "agent/spool_db.h"

enum why { WHY_FULL, WHY_AGE, WHY_DAMAGED, WHY_REFUSED, WHY_COUNT };

/* The loss of an entry, joined to that of the one before.  Within a
 * transaction; counts are those of now. */
int
spool_gap_add(struct spool *spool, enum why why, const struct entry_row *row,
    const struct spool_counts *counts, struct err *err);

#endif
