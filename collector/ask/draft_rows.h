/*
 * draft_rows.h - the rows of proto/query.h, and marks, in a document.
 *
 * In the shapes of docs/cli.md.
 */
#ifndef COLLECTOR_ASK_DRAFT_ROWS_H
#define COLLECTOR_ASK_DRAFT_ROWS_H

#include "collector/ask/draft.h"
#include "proto/mark.h"
#include "proto/query.h"

/* Two members of an object that is open. */
void
draft_place(struct draft *draft, const char *environment, const char *service);

void draft_change(struct draft *draft, const struct change_row *row);
void draft_regression(struct draft *draft, const struct regression_row *row);
void draft_mark(struct draft *draft, const struct mark *mark);

#endif
