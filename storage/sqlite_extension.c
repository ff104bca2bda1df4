/*
 * What the sqlite3 shell loads: .load .../vedette
 *
 * The lens, compiled to call SQLite through the table that its host hands
 * over, so that it works in whatever program that is.
 */
#include "storage/sqlite_lens.h"

SQLITE_EXTENSION_INIT1

/* SQLite derives the name from that of the file, vedette.so. */
int sqlite3_vedette_init(
    sqlite3 *db, char **out_error, const sqlite3_api_routines *api);

__attribute__((visibility("default"))) int
sqlite3_vedette_init(
    sqlite3 *db, char **out_error, const sqlite3_api_routines *api)
{
	(void)out_error;
	SQLITE_EXTENSION_INIT2(api)
	return lens_register(db);
}
