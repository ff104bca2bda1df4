/*
 * spool_db.h - the database of the spool: its statements and its rows.
 *
 * For the files of the spool alone.  Nothing here decides what is kept or
 * dropped; each function does one thing to the database and says what SQLite
 * said.
 */
#ifndef AGENT_SPOOL_DB_H
#define AGENT_SPOOL_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sqlite3.h>

#include "agent/spool.h"

#define SPOOL_VERSION         1
#define SPOOL_ENTRY_MAX_BYTES (8 * 1024 * 1024)

#define SPOOL_ENTRY_COLUMNS                                            \
	"id, from_ms, to_ms, n_results, pushed_ms, crc32c, seal, CAST" \
	"(content AS BLOB)"

enum spool_sql {
	SQL_BEGIN,
	SQL_COMMIT,
	SQL_ROLLBACK,
	SQL_OLDEST,
	SQL_NEWEST,
	SQL_COUNT_ALL,
	SQL_COUNT_UPTO,
	SQL_INSERT,
	SQL_DELETE_UPTO,
	SQL_DELETE_FROM,
	SQL_META_GET,
	SQL_META_PUT,
	SQL_GAP_FIRST,
	SQL_GAP_BEFORE,
	SQL_GAP_PUT,
	SQL_GAP_DELETE,
	SQL_N
};

/* What memory knows of the rows; copied before a transaction and put in
 * place once it is durable. */
struct spool_counts {
	int64_t acked; /* ids up to this are the collector's */
	int64_t next;  /* id of the next entry */
	uint64_t waiting;
	int64_t bytes;
};

struct spool {
	sqlite3 *db;
	sqlite3_stmt *statements[SQL_N];
	struct spool_setup setup;
	char *path, *vfs, *reserve_path;
	int lock;
	bool broken, reserved;
	uint64_t stream;
	int64_t base;
	struct spool_counts counts;
	unsigned char *buffer; /* content of the entry last peeked at */
	size_t room;
};

/* Numbers of one row, in the order of its columns. */
struct entry_row {
	int64_t id, from_ms, to_ms, n_results, pushed_ms, crc32c, seal;
	const void *content; /* borrowed from the statement */
	size_t n_content;
	bool sealed; /* the numbers are those that were written */
};

/* Prepares the statements of a database that was opened. */
int spool_db_prepare(struct spool *spool, struct err *err);
void spool_db_close(struct spool *spool);

/* Describes what SQLite said last; returns -1.  What leaves the file in doubt
 * sets broken. */
int spool_db_fail(struct spool *spool, struct err *err);

/* Returns 1 for a row, 0 at the end, -1 on failure. */
int spool_db_step(struct spool *spool, enum spool_sql sql, struct err *err);
void spool_db_bind(
    struct spool *spool, enum spool_sql sql, const int64_t *values, int n);

/* Runs a statement that gives no rows. */
int spool_db_run(struct spool *spool, enum spool_sql sql, const int64_t *values,
    int n, struct err *err);

/* Ends a transaction: makes it durable if rc is 0, and undoes it if not. */
int spool_db_finish(struct spool *spool, int rc, struct err *err);

/* Runs any SQL without an answer, and with one number as its answer. */
int spool_db_execute(struct spool *spool, const char *sql, struct err *err);
int spool_db_ask(
    struct spool *spool, int64_t *out, const char *sql, struct err *err);

/* A row was read, but is not where its key says; returns -1. */
int spool_db_stuck(struct spool *spool, struct err *err);

/* The checksum over the numbers of a row. */
int64_t spool_db_seal(const int64_t *values, size_t n);

/* content is borrowed from the statement. */
void spool_db_read_entry(struct entry_row *row, sqlite3_stmt *statement);
bool spool_db_is_whole(const struct entry_row *row);
int spool_db_insert_entry(
    struct spool *spool, const struct entry_row *row, struct err *err);

int spool_db_put_meta(struct spool *spool, uint64_t stream, int64_t base,
    int64_t next, struct err *err);

/* Neither 0 nor that of now. */
uint64_t spool_db_new_stream(const struct spool *spool);

#endif
