#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "agent/spool.h"
#include "proto/base/crc32c.h"
#include "proto/base/file.h"
#include "proto/base/mem.h"

/*
 * The rows of table entry have ids that only ever grow; the sequence within
 * the stream is id - base, so that a new stream is one small write.  The row
 * of meta is written only when the greatest id would be forgotten otherwise.
 *
 * SQLite has no checksum of pages outside its log.  Each row therefore
 * carries a seal over its numbers, and the CRC of its content.
 *
 * A write that went wrong leaves the file in doubt: `broken` makes the next
 * call close it, open it again and drop what the caller was told is not there.
 */

#define APPLICATION_ID    0x76645370 /* "vdSp" */
#define VERSION           1
#define ENTRY_MAX_BYTES   (8 * 1024 * 1024)
#define RESERVE_BYTES     (1024 * 1024) /* twice the usual log */
#define RESCUE_MAX_MISSES 64

enum why { WHY_FULL, WHY_AGE, WHY_DAMAGED, WHY_COUNT };

static const char *const whys[WHY_COUNT] = { "spool full", "spool too old",
	"spool damaged" };

static const char schema[] =
    "CREATE TABLE meta(one INTEGER PRIMARY KEY, version INTEGER,"
    " stream INTEGER, base INTEGER, next INTEGER, seal INTEGER);"
    "CREATE TABLE entry(id INTEGER PRIMARY KEY, from_ms INTEGER,"
    " to_ms INTEGER, n_results INTEGER, pushed_ms INTEGER, crc32c INTEGER,"
    " seal INTEGER, content BLOB);"
    "CREATE TABLE gap(id INTEGER PRIMARY KEY, why INTEGER, stream INTEGER,"
    " first INTEGER, last INTEGER, n_results INTEGER, from_ms INTEGER,"
    " to_ms INTEGER, seal INTEGER);";

static const char pragmas[] = "PRAGMA locking_mode=EXCLUSIVE;"
			      "PRAGMA cell_size_check=ON;"
			      "PRAGMA trusted_schema=OFF;"
			      "PRAGMA journal_mode=WAL;"
			      "PRAGMA synchronous=FULL;"
			      "PRAGMA secure_delete=OFF;"
			      "PRAGMA wal_autocheckpoint=100;";

enum sql {
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

#define ENTRY_COLUMNS                                                  \
	"id, from_ms, to_ms, n_results, pushed_ms, crc32c, seal, CAST" \
	"(content AS BLOB)"
#define GAP_COLUMNS "id, why, stream, first, last, n_results, from_ms, to_ms"

static const char *const texts[SQL_N] = {
	[SQL_BEGIN] = "BEGIN IMMEDIATE",
	[SQL_COMMIT] = "COMMIT",
	[SQL_ROLLBACK] = "ROLLBACK",
	[SQL_OLDEST] = "SELECT " ENTRY_COLUMNS " FROM entry"
		       " WHERE id > ?1 ORDER BY id LIMIT 1",
	[SQL_NEWEST] = "SELECT " ENTRY_COLUMNS " FROM entry"
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

/* What memory knows of the rows; copied before a transaction and put in
 * place once it is durable. */
struct counts {
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
	struct counts counts;
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

struct gap_row {
	int64_t id, why, stream, first, last, n_results, from_ms, to_ms;
	bool sealed;
};

static enum err_code
code_of(int rc)
{
	switch (rc & 0xff) {
	case SQLITE_FULL:
		return ERR_FULL;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_FORMAT:
	case SQLITE_MISMATCH:
	case SQLITE_TOOBIG:
	case SQLITE_ERROR: /* our own statements: the schema is not ours */
	case SQLITE_CONSTRAINT:
		return ERR_CORRUPT;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return ERR_BUSY;
	case SQLITE_READONLY:
	case SQLITE_PERM:
	case SQLITE_AUTH:
		return ERR_DENIED;
	default:
		return ERR_IO;
	}
}

/* Describes what SQLite said last. */
static int
fail(struct spool *spool, struct err *err)
{
	int rc = sqlite3_extended_errcode(spool->db);
	int error = sqlite3_system_errno(spool->db);
	enum err_code code = code_of(rc);

	if (code != ERR_FULL && code != ERR_BUSY)
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

/* Returns 1 for a row, 0 at the end, -1 on failure. */
static int
step(struct spool *spool, enum sql sql, struct err *err)
{
	sqlite3_stmt *statement = spool->statements[sql];
	int rc = sqlite3_step(statement);

	if (rc == SQLITE_ROW)
		return 1;
	if (rc != SQLITE_DONE)
		fail(spool, err);
	sqlite3_reset(statement);
	return rc == SQLITE_DONE ? 0 : -1;
}

static void
bind(struct spool *spool, enum sql sql, const int64_t *values, int n)
{
	sqlite3_reset(spool->statements[sql]);
	for (int i = 0; i < n; i++)
		sqlite3_bind_int64(spool->statements[sql], i + 1, values[i]);
}

/* Runs a statement that gives no rows. */
static int
run(struct spool *spool, enum sql sql, const int64_t *values, int n,
    struct err *err)
{
	bind(spool, sql, values, n);
	return step(spool, sql, err);
}

static void
rollback(struct spool *spool)
{
	if (!sqlite3_get_autocommit(spool->db))
		run(spool, SQL_ROLLBACK, NULL, 0, NULL);
	if (!sqlite3_get_autocommit(spool->db))
		spool->broken = true;
}

/* Ends a transaction: makes it durable if rc is 0, and undoes it if not. */
static int
finish(struct spool *spool, int rc, struct err *err)
{
	if (rc == 0)
		rc = run(spool, SQL_COMMIT, NULL, 0, err);
	if (rc < 0)
		rollback(spool);
	return rc;
}

static int64_t
seal_of(const int64_t *values, size_t n)
{
	return crc32c(0, values, n * sizeof(*values));
}

static void
read_entry(struct entry_row *row, sqlite3_stmt *statement)
{
	int64_t v[7];

	for (int i = 0; i < 7; i++)
		v[i] = sqlite3_column_int64(statement, i);
	*row = (struct entry_row){ v[0], v[1], v[2], v[3], v[4], v[5], v[6],
		sqlite3_column_blob(statement, 7),
		(size_t)sqlite3_column_bytes(statement, 7),
		v[6] == seal_of(v, 6) };
}

static bool
is_whole(const struct entry_row *row)
{
	return row->sealed &&
	    crc32c(0, row->content, row->n_content) == row->crc32c;
}

static int
insert_entry(struct spool *spool, const struct entry_row *row, struct err *err)
{
	int64_t v[7] = { row->id, row->from_ms, row->to_ms, row->n_results,
		row->pushed_ms, row->crc32c };

	v[6] = seal_of(v, 6);
	bind(spool, SQL_INSERT, v, 7);
	sqlite3_bind_blob64(spool->statements[SQL_INSERT], 8, row->content,
	    row->n_content, SQLITE_STATIC);
	return step(spool, SQL_INSERT, err);
}

static int
put_meta(struct spool *spool, uint64_t stream, int64_t base, int64_t next,
    struct err *err)
{
	int64_t v[5] = { VERSION, (int64_t)stream, base, next };

	v[4] = seal_of(v, 4);
	return run(spool, SQL_META_PUT, v, 5, err);
}

static uint64_t
new_stream(const struct spool *spool)
{
	uint64_t stream;

	do
		stream = random_u64(spool->setup.random);
	while (stream == 0 || stream == spool->stream);
	return stream;
}

/* --- gaps ------------------------------------------------------------------ */

static int
put_gap(struct spool *spool, const struct gap_row *row, struct err *err)
{
	int64_t v[9] = { row->id, row->why, row->stream, row->first, row->last,
		row->n_results, row->from_ms, row->to_ms };

	/* Without the id, which SQLite chooses for a new row. */
	v[8] = seal_of(v + 1, 7);
	bind(spool, SQL_GAP_PUT, v, 9);
	if (row->id == 0)
		sqlite3_bind_null(spool->statements[SQL_GAP_PUT], 1);
	return step(spool, SQL_GAP_PUT, err);
}

static void
read_gap(struct gap_row *row, sqlite3_stmt *statement)
{
	int64_t v[9];

	for (int i = 0; i < 9; i++)
		v[i] = sqlite3_column_int64(statement, i);
	*row = (struct gap_row){ v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7],
		v[8] == seal_of(v + 1, 7) };
	sqlite3_reset(statement);
}

/* Puts the loss of an entry on record, joined to that of the one before. */
static int
add_gap(struct spool *spool, enum why why, const struct entry_row *row,
    const struct counts *counts, struct err *err)
{
	int64_t now_ms = clock_wall_ms(spool->setup.clock);
	int64_t sequence = (row->sealed ? row->id : counts->acked + 1);
	int64_t key[3] = { why, (int64_t)spool->stream };
	struct gap_row gap = { .why = why, .stream = key[1] };
	int found;

	sequence -= spool->base;
	if (sequence < 1)
		sequence = 1;
	key[2] = sequence - 1;
	bind(spool, SQL_GAP_BEFORE, key, 3);
	found = step(spool, SQL_GAP_BEFORE, err);
	if (found < 0)
		return -1;
	if (found)
		read_gap(&gap, spool->statements[SQL_GAP_BEFORE]);
	if (!found || !gap.sealed) {
		gap.id = 0;
		gap.first = sequence;
		gap.n_results = 0;
		gap.from_ms = row->sealed ? row->from_ms : now_ms;
		gap.to_ms = row->sealed ? row->to_ms : now_ms;
	}
	gap.last = sequence;
	if (row->sealed) {
		gap.n_results += row->n_results;
		if (row->from_ms < gap.from_ms)
			gap.from_ms = row->from_ms;
		if (row->to_ms > gap.to_ms)
			gap.to_ms = row->to_ms;
	}
	return put_gap(spool, &gap, err);
}

/* A row was read, but is not where its key says. */
static int
stuck(struct spool *spool, struct err *err)
{
	spool->broken = true;
	return err_set(err, ERR_CORRUPT, "spool %s: the order of rows is lost",
	    spool->path);
}

/* Deletes the entry that a statement stands on and puts it on record. */
static int
drop_entry(struct spool *spool, enum why why, const struct entry_row *row,
    struct counts *counts, struct err *err)
{
	int64_t id = row->id, n_bytes = (int64_t)row->n_content;

	if (add_gap(spool, row->sealed ? why : WHY_DAMAGED, row, counts, err) <
	    0)
		return -1;
	if (run(spool, SQL_DELETE_UPTO, &id, 1, err) < 0)
		return -1;
	if (sqlite3_changes(spool->db) == 0)
		return stuck(spool, err);
	counts->acked = id;
	counts->waiting--;
	counts->bytes -= n_bytes;
	return 0;
}

/* Drops from the old end what is over age, or stands in the way of n more
 * bytes.  Within a transaction. */
static int
apply_quota(
    struct spool *spool, struct counts *counts, size_t n, struct err *err)
{
	int64_t now_ms = clock_wall_ms(spool->setup.clock);
	int64_t max_age_ms = spool->setup.max_age_ms;
	struct entry_row row;
	enum why why;
	int found, rc;

	for (;;) {
		bind(spool, SQL_OLDEST, &counts->acked, 1);
		found = step(spool, SQL_OLDEST, err);
		if (found <= 0)
			return found;
		read_entry(&row, spool->statements[SQL_OLDEST]);
		if (counts->bytes + (int64_t)n > spool->setup.max_bytes)
			why = WHY_FULL;
		else if (row.sealed && max_age_ms > 0 &&
		    row.pushed_ms < now_ms - max_age_ms)
			why = WHY_AGE;
		else
			break;
		rc = drop_entry(spool, why, &row, counts, err);
		sqlite3_reset(spool->statements[SQL_OLDEST]);
		if (rc < 0)
			return -1;
	}
	sqlite3_reset(spool->statements[SQL_OLDEST]);
	return 0;
}

/* Drops a damaged entry in a transaction of its own. */
static int
drop_damaged(struct spool *spool, const struct entry_row *row, struct err *err)
{
	struct counts counts = spool->counts;
	int rc;

	if (run(spool, SQL_BEGIN, NULL, 0, err) < 0)
		return -1;
	rc = drop_entry(spool, WHY_DAMAGED, row, &counts, err);
	if (rc == 0)
		rc = put_meta(
		    spool, spool->stream, spool->base, counts.next, err);
	rc = finish(spool, rc, err);
	if (rc == 0)
		spool->counts = counts;
	return rc;
}

/* --- opening ----------------------------------------------------------------- */

static void
close_database(struct spool *spool)
{
	for (int i = 0; i < SQL_N; i++) {
		sqlite3_finalize(spool->statements[i]);
		spool->statements[i] = NULL;
	}
	sqlite3_close(spool->db);
	spool->db = NULL;
}

static int
execute(struct spool *spool, const char *sql, struct err *err)
{
	if (sqlite3_exec(spool->db, sql, NULL, NULL, NULL) != SQLITE_OK)
		return fail(spool, err);
	return 0;
}

/* Gives the one number that sql answers. */
static int
ask(struct spool *spool, int64_t *out, const char *sql, struct err *err)
{
	sqlite3_stmt *statement = NULL;
	int rc = 0;

	if (sqlite3_prepare_v2(spool->db, sql, -1, &statement, NULL) !=
		SQLITE_OK ||
	    sqlite3_step(statement) != SQLITE_ROW)
		rc = fail(spool, err);
	else
		*out = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return rc;
}

static int
create_tables(struct spool *spool, struct err *err)
{
	char *sql = mem_printf("BEGIN IMMEDIATE;%s"
			       "PRAGMA application_id=%d;"
			       "PRAGMA user_version=%d;"
			       "COMMIT",
	    schema, APPLICATION_ID, VERSION);
	int rc = execute(spool, sql, err);

	free(sql);
	return rc;
}

/* Is the version in the header newer than ours, and not just damaged? */
static bool
is_newer(struct spool *spool, int64_t version)
{
	int64_t written = 0;

	if (version <= VERSION)
		return false;
	ask(spool, &written, "SELECT version FROM meta", NULL);
	return written != VERSION;
}

/* Is it ours, and sound?  A file with our tables whose header says otherwise
 * is damaged, not foreign. */
static int
check_database(struct spool *spool, struct err *err)
{
	int64_t id, version, ours, tables, sound;

	if (ask(spool, &id, "PRAGMA application_id", err) < 0 ||
	    ask(spool, &version, "PRAGMA user_version", err) < 0 ||
	    ask(spool, &tables, "SELECT count(*) FROM sqlite_master", err) < 0)
		return -1;
	if (id == 0 && version == 0 && tables == 0)
		return create_tables(spool, err);
	if (ask(spool, &ours,
		"SELECT count(*) FROM sqlite_master WHERE type = 'table'"
		" AND name IN ('meta', 'entry', 'gap')",
		err) < 0)
		return -1;
	if (id != APPLICATION_ID && ours < 3)
		return err_set(err, ERR_INVALID,
		    "spool %s: a database of another program: name another "
		    "file",
		    spool->path);
	if (id == APPLICATION_ID && is_newer(spool, version))
		return err_set(err, ERR_UNSUPPORTED,
		    "spool %s: written by a newer version (format %lld, this "
		    "is %d): run that one, or name another file",
		    spool->path, (long long)version, VERSION);
	if (ask(spool, &sound,
		"SELECT quick_check = 'ok' FROM pragma_quick_check(1)",
		err) < 0)
		return -1;
	if (id != APPLICATION_ID || version != VERSION || ours < 3 || !sound)
		return err_set(err, ERR_CORRUPT,
		    "spool %s: the file is damaged", spool->path);
	return 0;
}

static int
open_database(struct spool *spool, struct err *err)
{
	int rc;

	rc = sqlite3_open_v2(spool->path, &spool->db,
	    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, spool->vfs);
	if (rc != SQLITE_OK)
		return fail(spool, err);
	sqlite3_extended_result_codes(spool->db, 1);
	sqlite3_limit(spool->db, SQLITE_LIMIT_LENGTH, 2 * ENTRY_MAX_BYTES);
	if (execute(spool, pragmas, err) < 0 || check_database(spool, err) < 0)
		return -1;
	for (int i = 0; i < SQL_N; i++)
		if (sqlite3_prepare_v3(spool->db, texts[i], -1,
			SQLITE_PREPARE_PERSISTENT, &spool->statements[i],
			NULL) != SQLITE_OK)
			return fail(spool, err);
	return 0;
}

/* Rows at the end whose numbers are damaged would lead the ids astray. */
static int
trim_end(struct spool *spool, struct err *err)
{
	struct entry_row row;
	int found, rc;

	for (;;) {
		bind(spool, SQL_NEWEST, NULL, 0);
		found = step(spool, SQL_NEWEST, err);
		if (found <= 0)
			return found;
		read_entry(&row, spool->statements[SQL_NEWEST]);
		sqlite3_reset(spool->statements[SQL_NEWEST]);
		if (row.sealed)
			break;
		rc = run(spool, SQL_DELETE_FROM, &row.id, 1, err);
		if (rc == 0 && sqlite3_changes(spool->db) == 0)
			rc = stuck(spool, err);
		if (rc == 0)
			rc = add_gap(
			    spool, WHY_DAMAGED, &row, &spool->counts, err);
		if (rc < 0)
			return -1;
	}
	if (row.id >= spool->counts.next)
		spool->counts.next = row.id + 1;
	return 0;
}

/* Reads the numbers of meta; a damaged row makes a new stream begin. */
static int
load_meta(struct spool *spool, int64_t first, struct err *err)
{
	sqlite3_stmt *statement = spool->statements[SQL_META_GET];
	int64_t v[5] = { 0 };
	int found;

	bind(spool, SQL_META_GET, NULL, 0);
	found = step(spool, SQL_META_GET, err);
	if (found < 0)
		return -1;
	for (int i = 0; found && i < 5; i++)
		v[i] = sqlite3_column_int64(statement, i);
	sqlite3_reset(statement);
	if (found && v[0] == VERSION && v[4] == seal_of(v, 4)) {
		if ((uint64_t)v[1] != spool->stream)
			spool->counts = (struct counts){ .next = v[3] };
		spool->stream = (uint64_t)v[1];
		spool->base = v[2];
		return 0;
	}
	spool->stream = new_stream(spool);
	spool->base = first - 1;
	spool->counts = (struct counts){ .next = first };
	return put_meta(spool, spool->stream, spool->base, first, err);
}

/* Makes memory and file agree.  Where both know the stream, memory is right:
 * what is beyond it was reported as not stored, what is before it is the
 * collector's. */
static int
load_rows(struct spool *spool, struct err *err)
{
	struct counts *counts = &spool->counts;
	sqlite3_stmt *statement = spool->statements[SQL_COUNT_ALL];
	uint64_t known = spool->stream;
	int64_t first;

	/* Ids are positive: what is not has a damaged key. */
	first = 0;
	if (run(spool, SQL_DELETE_UPTO, &first, 1, err) < 0 ||
	    ask(spool, &first, "SELECT ifnull(min(id), 1) FROM entry", err) <
		0 ||
	    load_meta(spool, first, err) < 0)
		return -1;
	if (spool->stream == known) {
		if (run(spool, SQL_DELETE_UPTO, &counts->acked, 1, err) < 0 ||
		    run(spool, SQL_DELETE_FROM, &counts->next, 1, err) < 0)
			return -1;
	}
	if (trim_end(spool, err) < 0)
		return -1;
	bind(spool, SQL_COUNT_ALL, NULL, 0);
	if (step(spool, SQL_COUNT_ALL, err) < 0)
		return -1;
	counts->waiting = (uint64_t)sqlite3_column_int64(statement, 0);
	counts->bytes = sqlite3_column_int64(statement, 1);
	first = sqlite3_column_int64(statement, 2);
	sqlite3_reset(statement);
	counts->acked = counts->waiting > 0 ? first - 1 : counts->next - 1;
	return 0;
}

static int
open_and_load(struct spool *spool, struct err *err)
{
	int rc;

	if (open_database(spool, err) < 0 ||
	    run(spool, SQL_BEGIN, NULL, 0, err) < 0)
		return -1;
	rc = load_rows(spool, err);
	return finish(spool, rc, err);
}

/* Copies what is whole, in order, stepping over what cannot be read. */
static int
copy_entries(struct spool *spool, sqlite3_stmt *from, struct counts *counts)
{
	struct entry_row row;
	int64_t at = 0, skip = 1;
	int rc, misses = 0;

	while (misses < RESCUE_MAX_MISSES && at < INT64_MAX / 2) {
		sqlite3_reset(from);
		sqlite3_bind_int64(from, 1, at);
		rc = sqlite3_step(from);
		if (rc == SQLITE_DONE)
			break;
		if (rc != SQLITE_ROW) {
			misses++;
			at += skip;
			skip *= 2;
			continue;
		}
		read_entry(&row, from);
		if (row.id <= at)
			break; /* the order of keys is damaged */
		at = row.id;
		if (!is_whole(&row))
			continue;
		row.id = counts->next;
		if (insert_entry(spool, &row, NULL) < 0)
			return -1;
		counts->next++;
		counts->waiting++;
		counts->bytes += (int64_t)row.n_content;
	}
	return 0;
}

/* Fills the new spool with what can be read of the damaged file, and puts on
 * record that something may be lost: how much, nobody knows. */
static int
rescue(struct spool *spool, const char *aside, struct err *err)
{
	char *attach = sqlite3_mprintf("ATTACH %Q AS damaged", aside);
	struct counts counts = spool->counts;
	struct entry_row unknown = { 0 };
	sqlite3_stmt *from = NULL;
	int rc;

	/* The damaged file stays as it is, for people to look at. */
	sqlite3_db_config(spool->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	execute(spool, attach, NULL);
	sqlite3_prepare_v2(spool->db,
	    "SELECT " ENTRY_COLUMNS " FROM damaged.entry WHERE id > ?1"
	    " ORDER BY id LIMIT 1",
	    -1, &from, NULL);
	rc = run(spool, SQL_BEGIN, NULL, 0, err);
	if (rc == 0 && from != NULL)
		rc = copy_entries(spool, from, &counts);
	sqlite3_finalize(from);
	if (rc == 0)
		rc = add_gap(spool, WHY_DAMAGED, &unknown, &spool->counts, err);
	rc = finish(spool, rc, err);
	if (rc == 0)
		spool->counts = counts;
	execute(spool, "DETACH damaged", NULL);
	sqlite3_db_config(spool->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
	sqlite3_free(attach);
	spool->broken = false; /* those were troubles of the other file */
	return rc;
}

/* Opens; what is damaged is set aside and begun anew. */
static int
open_or_salvage(struct spool *spool, char **out_salvaged, struct err *err)
{
	char *aside = NULL;
	struct err why = { 0 };
	int rc;

	spool->broken = false;
	rc = open_and_load(spool, &why);
	if (rc < 0)
		close_database(spool);
	if (rc == 0 || why.code != ERR_CORRUPT) {
		if (rc < 0)
			err_set(err, why.code, "%s", why.text);
		return rc;
	}
	if (file_set_aside(&aside, spool->path,
		clock_wall_ms(spool->setup.clock), err) < 0)
		return -1;
	spool->broken = false;
	spool->counts = (struct counts){ 0 };
	rc = open_and_load(spool, err);
	if (rc == 0)
		rc = rescue(spool, aside, err);
	if (rc == 0 && out_salvaged != NULL)
		*out_salvaged = mem_printf(
		    "%s; set aside as %s, %llu batches rescued", why.text,
		    aside, (unsigned long long)spool->counts.waiting);
	if (rc < 0)
		close_database(spool);
	free(aside);
	return rc;
}

/* Opens again after a write of unknown outcome. */
static int
revive(struct spool *spool, struct err *err)
{
	if (!spool->broken && spool->db != NULL)
		return 0;
	close_database(spool);
	if (open_or_salvage(spool, NULL, err) < 0) {
		spool->broken = true;
		return -1;
	}
	return 0;
}

static void
reserve(struct spool *spool)
{
	if (!spool->reserved && spool->vfs == NULL)
		spool->reserved =
		    file_reserve(spool->reserve_path, RESERVE_BYTES, NULL) == 0;
}

int
spool_open(struct spool **out, char **out_salvaged,
    const struct spool_setup *setup, struct err *err)
{
	struct spool *spool = mem_zalloc(sizeof(*spool));
	char *lock = mem_printf("%s.lock", setup->path);
	int rc = -1;

	*out_salvaged = NULL;
	spool->setup = *setup;
	spool->path = mem_strdup(setup->path);
	spool->vfs = mem_strdup(setup->vfs);
	spool->reserve_path = mem_printf("%s.reserve", setup->path);
	spool->lock = file_lock(lock, err);
	if (spool->lock < 0)
		goto out;
	rc = open_or_salvage(spool, out_salvaged, err);
	if (rc < 0)
		goto out;
	reserve(spool);
	*out = spool;
	spool = NULL; /* now the caller's */
out:
	spool_close(spool);
	free(lock);
	return rc;
}

/* --- using ------------------------------------------------------------------- */

static int
delete_acked(struct spool *spool, struct err *err)
{
	return run(spool, SQL_DELETE_UPTO, &spool->counts.acked, 1, err);
}

/* Deletes what was popped in a transaction of its own. */
static int
tidy(struct spool *spool, struct err *err)
{
	int rc;

	if (run(spool, SQL_BEGIN, NULL, 0, err) < 0)
		return -1;
	rc = delete_acked(spool, err);
	if (rc == 0)
		rc = put_meta(
		    spool, spool->stream, spool->base, spool->counts.next, err);
	return finish(spool, rc, err);
}

/* On a full disk even deleting takes room: the reserve gives it. */
static void
make_room(struct spool *spool)
{
	if (spool->reserved)
		unlink(spool->reserve_path);
	spool->reserved = false;
	if (tidy(spool, NULL) == 0)
		execute(spool, "PRAGMA wal_checkpoint(TRUNCATE)", NULL);
	reserve(spool);
}

static int
push_once(struct spool *spool, const struct entry_row *row, struct err *err)
{
	struct counts counts = spool->counts;
	struct entry_row numbered = *row;
	int rc;

	if (run(spool, SQL_BEGIN, NULL, 0, err) < 0)
		return -1;
	rc = delete_acked(spool, err);
	if (rc == 0)
		rc = apply_quota(spool, &counts, row->n_content, err);
	if (rc == 0) {
		numbered.id = counts.next++;
		counts.waiting++;
		counts.bytes += (int64_t)row->n_content;
		rc = insert_entry(spool, &numbered, err);
	}
	rc = finish(spool, rc, err);
	if (rc == 0)
		spool->counts = counts;
	return rc;
}

int
spool_push(
    struct spool *spool, const struct spool_entry *entry, struct err *err)
{
	struct entry_row row = {
		.from_ms = entry->from_ms,
		.to_ms = entry->to_ms,
		.n_results = entry->n_results,
		.pushed_ms = clock_wall_ms(spool->setup.clock),
		.crc32c = crc32c(0, entry->content, entry->n_content),
		.content = entry->content,
		.n_content = entry->n_content,
	};
	struct err why = { 0 };
	int rc;

	if (entry->n_content > ENTRY_MAX_BYTES ||
	    (int64_t)entry->n_content > spool->setup.max_bytes)
		return err_set(err, ERR_LIMIT,
		    "spool %s: a batch of %zu bytes does not fit", spool->path,
		    entry->n_content);
	if (revive(spool, err) < 0)
		return -1;
	rc = push_once(spool, &row, &why);
	if (rc < 0 && why.code == ERR_FULL && !spool->broken) {
		make_room(spool);
		rc = push_once(spool, &row, &why);
	}
	if (rc < 0)
		return err_set(err, why.code, "%s", why.text);
	reserve(spool);
	return 0;
}

int
spool_peek(struct spool *spool, int *out_found, struct spool_entry *out,
    struct err *err)
{
	struct entry_row row;
	bool whole;

	*out_found = 0;
	if (revive(spool, err) < 0)
		return -1;
	for (;;) {
		bind(spool, SQL_OLDEST, &spool->counts.acked, 1);
		*out_found = step(spool, SQL_OLDEST, err);
		if (*out_found <= 0)
			return *out_found;
		read_entry(&row, spool->statements[SQL_OLDEST]);
		whole = is_whole(&row);
		if (whole && row.n_content > spool->room) {
			spool->room = row.n_content;
			spool->buffer =
			    mem_resize(spool->buffer, spool->room, 1);
		}
		if (whole && row.n_content > 0)
			memcpy(spool->buffer, row.content, row.n_content);
		sqlite3_reset(spool->statements[SQL_OLDEST]);
		if (whole)
			break;
		*out_found = 0;
		if (drop_damaged(spool, &row, err) < 0)
			return -1;
	}
	*out = (struct spool_entry){ (uint64_t)(row.id - spool->base),
		row.from_ms, row.to_ms, (uint32_t)row.n_results,
		(uint32_t)row.crc32c, spool->buffer, row.n_content };
	return 0;
}

int
spool_pop(struct spool *spool, uint64_t sequence, struct err *err)
{
	int64_t range[2] = { spool->counts.acked };
	sqlite3_stmt *statement;

	if (revive(spool, err) < 0)
		return -1;
	if (sequence >= (uint64_t)(spool->counts.next - spool->base))
		return err_set(err, ERR_INVALID,
		    "spool %s: batch %llu was never pushed", spool->path,
		    (unsigned long long)sequence);
	range[0] = spool->counts.acked;
	range[1] = spool->base + (int64_t)sequence;
	if (range[1] <= range[0])
		return 0;
	statement = spool->statements[SQL_COUNT_UPTO];
	bind(spool, SQL_COUNT_UPTO, range, 2);
	if (step(spool, SQL_COUNT_UPTO, err) < 0)
		return -1;
	spool->counts.waiting -= (uint64_t)sqlite3_column_int64(statement, 0);
	spool->counts.bytes -= sqlite3_column_int64(statement, 1);
	sqlite3_reset(statement);
	spool->counts.acked = range[1];
	return 0;
}

int
spool_gap(struct spool *spool, int *out_found, struct gap *out, struct err *err)
{
	int64_t now_ms = clock_wall_ms(spool->setup.clock);
	struct gap_row row = { 0 };

	*out_found = 0;
	if (revive(spool, err) < 0)
		return -1;
	bind(spool, SQL_GAP_FIRST, NULL, 0);
	*out_found = step(spool, SQL_GAP_FIRST, err);
	if (*out_found <= 0)
		return *out_found;
	read_gap(&row, spool->statements[SQL_GAP_FIRST]);
	if (!row.sealed || row.why < 0 || row.why >= WHY_COUNT) {
		/* Something was lost, and so is what it was. */
		row = (struct gap_row){ .id = row.id,
			.why = WHY_DAMAGED,
			.from_ms = now_ms,
			.to_ms = now_ms };
		if (put_gap(spool, &row, err) < 0)
			return -1;
	}
	*out = (struct gap){ (uint64_t)row.first, (uint64_t)row.last,
		(uint64_t)row.n_results, row.from_ms, row.to_ms,
		whys[row.why] };
	return 0;
}

int
spool_gap_reported(struct spool *spool, const struct gap *gap, struct err *err)
{
	struct gap_row row;
	int found;

	if (revive(spool, err) < 0)
		return -1;
	bind(spool, SQL_GAP_FIRST, NULL, 0);
	found = step(spool, SQL_GAP_FIRST, err);
	if (found <= 0)
		return found;
	read_gap(&row, spool->statements[SQL_GAP_FIRST]);
	if ((uint64_t)row.first != gap->first_sequence || row.why < 0 ||
	    row.why >= WHY_COUNT || strcmp(whys[row.why], gap->why) != 0)
		return 0;
	if ((uint64_t)row.last == gap->last_sequence)
		return run(spool, SQL_GAP_DELETE, &row.id, 1, err);
	/* It grew since: what is left is another gap. */
	row.first = (int64_t)gap->last_sequence + 1;
	row.n_results -= (int64_t)gap->n_results;
	row.from_ms = gap->to_ms;
	return put_gap(spool, &row, err);
}

int
spool_renew(struct spool *spool, struct err *err)
{
	uint64_t stream;
	int64_t base;
	int rc;

	if (revive(spool, err) < 0)
		return -1;
	stream = new_stream(spool);
	base = spool->counts.acked;
	if (run(spool, SQL_BEGIN, NULL, 0, err) < 0)
		return -1;
	rc = delete_acked(spool, err);
	if (rc == 0)
		rc = put_meta(spool, stream, base, spool->counts.next, err);
	rc = finish(spool, rc, err);
	if (rc == 0) {
		spool->stream = stream;
		spool->base = base;
	}
	return rc;
}

uint64_t
spool_stream(const struct spool *spool)
{
	return spool->stream;
}

uint64_t
spool_waiting(const struct spool *spool)
{
	return spool->counts.waiting;
}

void
spool_close(struct spool *spool)
{
	if (spool == NULL)
		return;
	if (spool->db != NULL && !spool->broken)
		tidy(spool, NULL);
	close_database(spool);
	if (spool->lock >= 0)
		close(spool->lock);
	free(spool->buffer);
	free(spool->reserve_path);
	free(spool->vfs);
	free(spool->path);
	free(spool);
}
