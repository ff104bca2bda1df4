/*
 * sql.h - plain SQL over a store file.
 */
#ifndef COLLECTOR_ASK_SQL_H
#define COLLECTOR_ASK_SQL_H

#include "storage/store.h"

/* Opens the store for reading, and hands out titles and rows (store_sql). */
int sql_run(const char *store, const char *sql, store_sql_fn *on_row, void *arg,
    struct err *err);

#endif
