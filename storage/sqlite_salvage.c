/* Saving what can be read of a damaged file. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/base/clock.h"
#include "proto/base/file.h"
#include "proto/base/mem.h"
#include "storage/sqlite.h"

/*
 * The new file is made beside the old one, and takes its place when it is
 * complete: whenever this is interrupted, the next start does it again.  Where
 * rows have ids, what cannot be read is passed over; other tables are read
 * from both ends, so that what lies between two damaged places is lost.
 * Checksums are not looked at here: they go along.
 */

static const struct table {
	const char *name, *order;
} tables[] = {
	{ "stream", "id" },
	{ "series", "id" },
	{ "inbox", "id" },
	{ "remainder", "id" },
	{ "chunk", "id" },
	{ "rollup", "series_id %1$s, span_ms %1$s, at_ms" },
	{ "seen", "stream_id %1$s, first" },
	{ "digest", "id" },
	{ "change", "id" },
	{ "regression", "id" },
	{ "mark", "id" },
	{ "state", "key" },
};

#define N_TABLES (sizeof(tables) / sizeof(tables[0]))

/* Are both of one version? */
static bool
fits(sqlite3_stmt *from, sqlite3_stmt *to)
{
	return sqlite3_bind_parameter_count(to) == sqlite3_column_count(from);
}

/* Copies the row at hand.  One that is there already, or breaks a rule, is not
 * one of ours; a disk that is full is noticed at the end. */
static uint64_t
copy_row(sqlite3 *db, sqlite3_stmt *from, sqlite3_stmt *to)
{
	sqlite3_reset(to);
	for (int i = 0; i < sqlite3_column_count(from); i++)
		sqlite3_bind_value(to, i + 1, sqlite3_column_value(from, i));
	return sqlite3_step(to) == SQLITE_DONE ? (uint64_t)sqlite3_changes(db)
					       : 0;
}

/* Copies rows until the end or a damaged place; returns how many. */
static uint64_t
copy_rows(sqlite3 *db, sqlite3_stmt *from, sqlite3_stmt *to)
{
	uint64_t copied = 0;

	while (fits(from, to) && sqlite3_step(from) == SQLITE_ROW)
		copied += copy_row(db, from, to);
	return copied;
}

/* INSERT with one parameter for each column that the new table has. */
static char *
insert_into(sqlite3 *db, const char *name)
{
	char *sql = sqlite3_mprintf("SELECT * FROM %s", name), *out;
	sqlite3_stmt *statement = NULL;
	sqlite3_str *text = sqlite3_str_new(db);

	sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
	sqlite3_str_appendf(text, "INSERT OR IGNORE INTO %s VALUES(?", name);
	for (int i = 1; i < sqlite3_column_count(statement); i++)
		sqlite3_str_appendall(text, ",?");
	sqlite3_str_appendall(text, ")");
	out = sqlite3_str_finish(text);
	sqlite3_finalize(statement);
	sqlite3_free(sql);
	return out;
}

/* --- tables that have ids ------------------------------------------------------ */

struct sweep {
	sqlite3 *db;
	sqlite3_stmt *from; /* those from an id on, in their order */
	sqlite3_stmt *to;
	uint64_t copied;
};

/* What the first row from this id on is: SQLITE_ROW, SQLITE_DONE when there is
 * none, or why it cannot be read. */
static int
look_from(const struct sweep *sweep, int64_t id)
{
	sqlite3_reset(sweep->from);
	sqlite3_bind_int64(sweep->from, 1, id);
	return sqlite3_step(sweep->from);
}

/* Copies from an id on until a damaged place, and gives the id of that; false:
 * that was the end. */
static bool
copy_until_damage(struct sweep *sweep, int64_t *id)
{
	int rc;

	for (rc = look_from(sweep, *id); rc == SQLITE_ROW;
	     rc = sqlite3_step(sweep->from)) {
		*id = sqlite3_column_int64(sweep->from, 0) + 1;
		sweep->copied += copy_row(sweep->db, sweep->from, sweep->to);
	}
	return rc != SQLITE_DONE;
}

/* Finds the next id after a damaged place from which on something can be read:
 * further and further away, and then back by halves. */
static bool
leap(const struct sweep *sweep, int64_t *id)
{
	int64_t bad = *id, good, step = 1;
	int rc;

	for (;;) {
		good = bad + step;
		rc = look_from(sweep, good);
		if (rc == SQLITE_ROW)
			break;
		if (rc == SQLITE_DONE || step > INT64_MAX / 4 - bad)
			return false;
		step *= 2;
	}
	bad += step / 2;
	while (good - bad > 1) {
		int64_t middle = bad + (good - bad) / 2;

		if (look_from(sweep, middle) == SQLITE_ROW)
			good = middle;
		else
			bad = middle;
	}
	*id = good;
	return true;
}

static uint64_t
copy_by_id(sqlite3 *db, sqlite3 *old, const char *name, sqlite3_stmt *to)
{
	char *select = mem_printf("SELECT * FROM %s NOT INDEXED WHERE id >= ?1 "
				  "ORDER BY id",
	    name);
	struct sweep sweep = { .db = db, .to = to };
	int64_t id = 0;

	if (sqlite3_prepare_v2(old, select, -1, &sweep.from, NULL) ==
		SQLITE_OK &&
	    fits(sweep.from, to))
		while (copy_until_damage(&sweep, &id) && leap(&sweep, &id))
			continue;
	sqlite3_finalize(sweep.from);
	free(select);
	return sweep.copied;
}

/* --- other tables --------------------------------------------------------------- */

/* From both ends. */
static uint64_t
copy_by_key(
    sqlite3 *db, sqlite3 *old, const struct table *table, sqlite3_stmt *to)
{
	static const char *const ways[] = { "ASC", "DESC" };
	sqlite3_stmt *from = NULL;
	uint64_t copied = 0;

	for (int i = 0; i < 2; i++) {
		char *order = mem_printf(table->order, ways[i]);
		char *select =
		    mem_printf("SELECT * FROM %s NOT INDEXED ORDER BY %s %s",
			table->name, order, ways[i]);

		if (sqlite3_prepare_v2(old, select, -1, &from, NULL) ==
		    SQLITE_OK)
			copied += copy_rows(db, from, to);
		sqlite3_finalize(from);
		from = NULL;
		free(select);
		free(order);
	}
	return copied;
}

static uint64_t
copy_table(sqlite3 *db, sqlite3 *old, const struct table *table)
{
	char *insert = insert_into(db, table->name);
	sqlite3_stmt *to = NULL;
	uint64_t copied;

	sqlite3_prepare_v2(db, insert, -1, &to, NULL);
	copied = strcmp(table->order, "id") == 0
	    ? copy_by_id(db, old, table->name, to)
	    : copy_by_key(db, old, table, to);
	sqlite3_finalize(to);
	sqlite3_free(insert);
	return copied;
}

/* Ids are never given twice, even if rows of the newest are lost. */
static void
copy_greatest_ids(sqlite3 *db, sqlite3 *old)
{
	sqlite3_stmt *from = NULL, *to = NULL;

	if (sqlite3_prepare_v2(old, "SELECT name, seq FROM sqlite_sequence", -1,
		&from, NULL) == SQLITE_OK)
		sqlite3_prepare_v2(db,
		    "INSERT INTO sqlite_sequence VALUES(?1, ?2)", -1, &to,
		    NULL);
	/* The greatest of several rows of a name is found by SQLite itself. */
	if (to != NULL)
		copy_rows(db, from, to);
	sqlite3_finalize(from);
	sqlite3_finalize(to);
}

/* Copies every table; false when the new file could not be written. */
static bool
copy_all(sqlite3 *db, sqlite3 *old, uint64_t copied[N_TABLES])
{
	bool done;

	if (sqlite3_exec(db, "BEGIN", NULL, NULL, NULL) != SQLITE_OK)
		return false;
	copy_greatest_ids(db, old);
	for (size_t i = 0; i < N_TABLES; i++)
		copied[i] = copy_table(db, old, &tables[i]);
	done = sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK;
	return done && sqlite3_get_autocommit(db) != 0;
}

static void
remove_database(const char *path)
{
	static const char *const tails[] = { "", "-wal", "-shm" };

	for (size_t i = 0; i < sizeof(tails) / sizeof(tails[0]); i++) {
		char *name = mem_printf("%s%s", path, tails[i]);

		unlink(name);
		free(name);
	}
}

static void
on_loss(void *arg, const char *what)
{
	(void)arg;
	(void)what; /* they went with the pages */
}

/* Those whose pages are lost, or whose bytes are, while their results are
 * there: no answer would miss them otherwise, it would only be wrong. */
static int
mend_rollups(struct sqlite *fresh, struct err *err)
{
	struct store_repaired repaired;
	int rc = sqlite_run(fresh, SQL_BEGIN, err);

	if (rc == 0)
		rc =
		    sqlite_repair(&fresh->store, &repaired, on_loss, NULL, err);
	if (rc == 0)
		rc = sqlite_run(fresh, SQL_COMMIT, err);
	chunk_reader_free(fresh->unpacker);
	return rc;
}

/* Makes a sound database at path of what s->path still holds.  Where not even
 * the list of tables can be read, that is an empty one. */
static int
rebuild(struct sqlite *s, const char *path, uint64_t copied[N_TABLES],
    struct err *err)
{
	struct sqlite fresh = { .path = (char *)(uintptr_t)path,
		.suspect_path = s->suspect_path,
		.mode = STORE_WRITE,
		.lock = -1 };
	sqlite3 *old = NULL;
	int rc;

	remove_database(path);
	rc = sqlite_connect(&fresh, false, err);
	if (rc == 0 &&
	    sqlite3_open_v2(s->path, &old, SQLITE_OPEN_READWRITE, NULL) ==
		SQLITE_OK) {
		/* It stays as it is, for people to look at. */
		sqlite3_db_config(
		    old, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
		if (!copy_all(fresh.db, old, copied))
			rc = sqlite_fail(&fresh, err);
		else
			rc = mend_rollups(&fresh, err);
	}
	sqlite3_close(old);
	sqlite_disconnect(&fresh);
	if (rc < 0)
		remove_database(path);
	return rc;
}

int
sqlite_salvage(
    struct sqlite *s, char **out_told, const char *why, struct err *err)
{
	char *path = mem_printf("%s.salvage", s->path), *aside = NULL;
	uint64_t copied[N_TABLES] = { 0 };
	int rc;

	rc = rebuild(s, path, copied, err);
	if (rc == 0)
		rc = file_set_aside(
		    &aside, s->path, clock_wall_ms(clock_system()), err);
	if (rc == 0 && rename(path, s->path) < 0)
		rc = err_set(
		    err, ERR_IO, "store %s: %s", s->path, strerror(errno));
	if (rc == 0)
		*out_told = mem_printf("%s: set aside as %s; rescued %llu "
				       "batches and %llu chunks",
		    why, aside, (unsigned long long)(copied[2] + copied[3]),
		    (unsigned long long)copied[4]);
	free(aside);
	free(path);
	return rc;
}

void
sqlite_salvage_resume(struct sqlite *s)
{
	char *path = mem_printf("%s.salvage", s->path);

	/* Without the old file the new one was complete. */
	if (access(s->path, F_OK) < 0 && errno == ENOENT)
		rename(path, s->path);
	remove_database(path);
	free(path);
}
