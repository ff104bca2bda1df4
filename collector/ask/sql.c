#include <stdlib.h>

#include "collector/ask/sql.h"

int
sql_run(const char *store, const char *sql, store_sql_fn *on_row, void *arg,
    struct err *err)
{
	const struct store_setup setup = { .uri = store, .mode = STORE_READ };
	struct store *opened = NULL;
	char *salvaged = NULL;
	int rc;

	if (store_open(&opened, &salvaged, &setup, err) < 0)
		return -1;
	rc = store_sql(opened, sql, on_row, arg, err);
	store_close(opened);
	free(salvaged);
	return rc;
}
