#include <errno.h>
#include <string.h>

#include "agent/spool_db.h"
#include "proto/base/crc32c.h"
#include "proto/sqlite_code.h"

#define GAP_COLUMNS "id, why, stream, first, last, n_results, from_ms, to_ms"

static const char *const texts[SQL_N] = {
	[SQL_BEGIN] = "BEGIN IMMEDIATE",
	[SQL_COMMIT] = "COMMIT",
	[SQL_ROLLBACK] = "ROLLBACK",
	[SQL_OLDEST] = "SELECT " SPOOL_ENTRY_COLUMNS " FROM entry"
		       " WHERE id > ?1 ORDER BY id LIMIT 1",
	[SQL_NEWEST] = "SELECT " SPOOL_ENTRY_COLUMNS " FROM entry"
		       " ORDER BY id DESC LIMIT 1",
	[SQL_COUNT_ALL] = "SELECT count(*), total(length(content)), min(id)"
			  " FROM entry",
	[SQL_COUNT_UPTO] = "SELECT count(*), total(length(content)) FROM entry"
			   " WHERE id > ?1 AND id <= ?2",
	[SQL_INSERT] = "INSERT INTO entry VALUES(?1,?2,?3,?4,?5,?6,?7,?8)",
	[SQL_DELETE_UPTO] = "DELETE FROM entry WHERE id <= ?1",
	[SQL_DELETE_FROM] = "DELETE FROM entry WHERE id >= ?1",
	[SQL_META_GET] = "SELECT version, stream, base, next, seal FROM meta",
	[SQL_META_PUT] = "REPLACE INTO meta VALUES(1,?1,?2,?3,?4,?5)",
	[SQL_GAP_FIRST] = "SELECT " GAP_COLUMNS ", seal FROM gap"
			  " ORDER BY id LIMIT 1",
	[SQL_GAP_BEFORE] = "SELECT " GAP_COLUMNS ", seal FROM gap"
			   " WHERE why = ?1 AND stream = ?2 AND last = ?3",
	[SQL_GAP_PUT] = "REPLACE INTO gap VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9)",
	[SQL_GAP_DELETE] = "DELETE FROM gap WHERE id = ?1",
};

int
spool_db_fail(struct spool *spool, struct err *err)
{
	int rc = sqlite3_extended_errcode(spool->db);
	int error = sqlite3_system_errno(spool->db);
	enum err_code code = sqlite_code(rc);

	if (code != ERR_FULL && code != ERR_BUSY && code != ERR_LIMIT)
		spool->broken = true;
	if (code == ERR_IO && (error == ENOSPC || error == EDQUOT))
		code = ERR_FULL;
	if (code == ERR_FULL)
		return err_set(err, code,
		    "spool %s: the disk is full: make room there", spool->path);
	return err_set(err, code, "spool %s: %s%s%s", spool->path,
	    sqlite3_errmsg(spool->db), code == ERR_IO && error != 0 ? ": " : "",
	    code == ERR_IO && error != 0 ? strerror(error) : "");
}

int
spool_db_step(struct spool *spool, enum spool_sql sql, struct err *err)
{
	sqlite3_stmt *statement = spool->statements[sql];
	int rc = sqlite3_step(statement);

	if (rc == SQLITE_ROW)
		return 1;
	if (rc != SQLITE_DONE)
		spool_db_fail(spool, err);
	sqlite3_reset(statement);
	return rc == SQLITE_DONE ? 0 : -1;
}

void
spool_db_bind(
    struct spool *spool, enum spool_sql sql, const int64_t *values, int n)
{
	sqlite3_reset(spool->statements[sql]);
	for (int i = 0; i < n; i++)
		sqlite3_bind_int64(spool->statements[sql], i + 1, values[i]);
}

int
spool_db_run(struct spool *spool, enum spool_sql sql, const int64_t *values,
    int n, struct err *err)
{
	spool_db_bind(spool, sql, values, n);
	return spool_db_step(spool, sql, err);
}

static void
rollback(struct spool *spool)
{
	if (!sqlite3_get_autocommit(spool->db))
		spool_db_run(spool, SQL_ROLLBACK, NULL, 0, NULL);
	if (!sqlite3_get_autocommit(spool->db))
		spool->broken = true;
}

int
spool_db_finish(struct spool *spool, int rc, struct err *err)
{
	if (rc == 0)
		rc = spool_db_run(spool, SQL_COMMIT, NULL, 0, err);
	if (rc < 0)
		rollback(spool);
	return rc;
}

int64_t
spool_db_seal(const int64_t *values, size_t n)
{
	return crc32c(0, values, n * sizeof(*values));
}

void
spool_db_read_entry(struct entry_row *row, sqlite3_stmt *statement)
{
	int64_t v[7];

	for (int i = 0; i < 7; i++)
		v[i] = sqlite3_column_int64(statement, i);
	*row = (struct entry_row){ v[0], v[1], v[2], v[3], v[4], v[5], v[6],
		sqlite3_column_blob(statement, 7),
		(size_t)sqlite3_column_bytes(statement, 7),
		v[6] == spool_db_seal(v, 6) };
}

bool
spool_db_is_whole(const struct entry_row *row)
{
	return row->sealed &&
	    crc32c(0, row->content, row->n_content) == row->crc32c;
}

int
spool_db_insert_entry(
    struct spool *spool, const struct entry_row *row, struct err *err)
{
	int64_t v[7] = { row->id, row->from_ms, row->to_ms, row->n_results,
		row->pushed_ms, row->crc32c };

	v[6] = spool_db_seal(v, 6);
	spool_db_bind(spool, SQL_INSERT, v, 7);
	sqlite3_bind_blob64(spool->statements[SQL_INSERT], 8, row->content,
	    row->n_content, SQLITE_STATIC);
	return spool_db_step(spool, SQL_INSERT, err);
}

int
spool_db_put_meta(struct spool *spool, uint64_t stream, int64_t base,
    int64_t next, struct err *err)
{
	int64_t v[5] = { SPOOL_VERSION, (int64_t)stream, base, next };

	v[4] = spool_db_seal(v, 4);
	return spool_db_run(spool, SQL_META_PUT, v, 5, err);
}

uint64_t
spool_db_new_stream(const struct spool *spool)
{
	uint64_t stream;

	do
		stream = random_u64(spool->setup.random);
	while (stream == 0 || stream == spool->stream);
	return stream;
}

int
spool_db_stuck(struct spool *spool, struct err *err)
{
	spool->broken = true;
	return err_set(err, ERR_CORRUPT, "spool %s: the order of rows is lost",
	    spool->path);
}

int
spool_db_prepare(struct spool *spool, struct err *err)
{
	for (int i = 0; i < SQL_N; i++)
		if (sqlite3_prepare_v3(spool->db, texts[i], -1,
			SQLITE_PREPARE_PERSISTENT, &spool->statements[i],
			NULL) != SQLITE_OK)
			return spool_db_fail(spool, err);
	return 0;
}

void
spool_db_close(struct spool *spool)
{
	for (int i = 0; i < SQL_N; i++) {
		sqlite3_finalize(spool->statements[i]);
		spool->statements[i] = NULL;
	}
	sqlite3_close(spool->db);
	spool->db = NULL;
}

int
spool_db_execute(struct spool *spool, const char *sql, struct err *err)
{
	if (sqlite3_exec(spool->db, sql, NULL, NULL, NULL) != SQLITE_OK)
		return spool_db_fail(spool, err);
	return 0;
}

int
spool_db_ask(
    struct spool *spool, int64_t *out, const char *sql, struct err *err)
{
	sqlite3_stmt *statement = NULL;
	int rc = 0;

	if (sqlite3_prepare_v2(spool->db, sql, -1, &statement, NULL) !=
		SQLITE_OK ||
	    sqlite3_step(statement) != SQLITE_ROW)
		rc = spool_db_fail(spool, err);
	else
		*out = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return rc;
}
