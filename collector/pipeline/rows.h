/*
 * rows.h - deep copies of the rows of proto/query.h, in an arena; of series
 * and results see proto/copy.h.
 */
#ifndef COLLECTOR_PIPELINE_ROWS_H
#define COLLECTOR_PIPELINE_ROWS_H

#include "proto/base/mem.h"
#include "proto/query.h"

struct change_row
rows_change(struct arena *arena, const struct change_row *row);
struct mark rows_mark(struct arena *arena, const struct mark *mark);
struct regression_row
rows_regression(struct arena *arena, const struct regression_row *row);

#endif
