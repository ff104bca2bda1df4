#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "agent/spool_gap.h"
#include "agent/spool_load.h"
#include "proto/base/file.h"
#include "proto/base/mem.h"

#define APPLICATION_ID    0x76645370 /* "vdSp" */
#define RESCUE_MAX_MISSES 64

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

static int
create_tables(struct spool *spool, struct err *err)
{
	char *sql = mem_printf("BEGIN IMMEDIATE;%s"
			       "PRAGMA application_id=%d;"
			       "PRAGMA user_version=%d;"
			       "COMMIT",
	    schema, APPLICATION_ID, SPOOL_VERSION);
	int rc = spool_db_execute(spool, sql, err);

	free(sql);
	return rc;
}

/* Is the version in the header newer than ours, and not just damaged? */
static bool
is_newer(struct spool *spool, int64_t version)
{
	int64_t written = 0;

	if (version <= SPOOL_VERSION)
		return false;
	spool_db_ask(spool, &written, "SELECT version FROM meta", NULL);
	return written != SPOOL_VERSION;
}

/* Is it ours, and sound?  A file with our tables whose header says otherwise
 * is damaged, not foreign. */
static int
check_database(struct spool *spool, struct err *err)
{
	int64_t id, version, ours, tables, sound;

	if (spool_db_ask(spool, &id, "PRAGMA application_id", err) < 0 ||
	    spool_db_ask(spool, &version, "PRAGMA user_version", err) < 0 ||
	    spool_db_ask(
		spool, &tables, "SELECT count(*) FROM sqlite_master", err) < 0)
		return -1;
	if (id == 0 && version == 0 && tables == 0)
		return create_tables(spool, err);
	if (spool_db_ask(spool, &ours,
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
		    spool->path, (long long)version, SPOOL_VERSION);
	if (spool_db_ask(spool, &sound,
		"SELECT quick_check = 'ok' FROM pragma_quick_check(1)",
		err) < 0)
		return -1;
	if (id != APPLICATION_ID || version != SPOOL_VERSION || ours < 3 ||
	    !sound)
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
		return spool_db_fail(spool, err);
	sqlite3_extended_result_codes(spool->db, 1);
	sqlite3_limit(
	    spool->db, SQLITE_LIMIT_LENGTH, 2 * SPOOL_ENTRY_MAX_BYTES);
	if (spool_db_execute(spool, pragmas, err) < 0 ||
	    check_database(spool, err) < 0)
		return -1;
	return spool_db_prepare(spool, err);
}

/* Rows at the end whose numbers are damaged would lead the ids astray. */
static int
trim_end(struct spool *spool, struct err *err)
{
	struct entry_row row;
	int found, rc;

	for (;;) {
		spool_db_bind(spool, SQL_NEWEST, NULL, 0);
		found = spool_db_step(spool, SQL_NEWEST, err);
		if (found <= 0)
			return found;
		spool_db_read_entry(&row, spool->statements[SQL_NEWEST]);
		sqlite3_reset(spool->statements[SQL_NEWEST]);
		if (row.sealed)
			break;
		rc = spool_db_run(spool, SQL_DELETE_FROM, &row.id, 1, err);
		if (rc == 0 && sqlite3_changes(spool->db) == 0)
			rc = spool_db_stuck(spool, err);
		if (rc == 0)
			rc = spool_gap_add(
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

	spool_db_bind(spool, SQL_META_GET, NULL, 0);
	found = spool_db_step(spool, SQL_META_GET, err);
	if (found < 0)
		return -1;
	for (int i = 0; found && i < 5; i++)
		v[i] = sqlite3_column_int64(statement, i);
	sqlite3_reset(statement);
	if (found && v[0] == SPOOL_VERSION && v[4] == spool_db_seal(v, 4)) {
		if ((uint64_t)v[1] != spool->stream)
			spool->counts = (struct spool_counts){ .next = v[3] };
		spool->stream = (uint64_t)v[1];
		spool->base = v[2];
		return 0;
	}
	spool->stream = spool_db_new_stream(spool);
	spool->base = first - 1;
	spool->counts = (struct spool_counts){ .next = first };
	return spool_db_put_meta(spool, spool->stream, spool->base, first, err);
}

/* Makes memory and file agree.  Where both know the stream, memory is right:
 * what is beyond it was reported as not stored, what is before it is the
 * collector's. */
static int
load_rows(struct spool *spool, struct err *err)
{
	struct spool_counts *counts = &spool->counts;
	sqlite3_stmt *statement = spool->statements[SQL_COUNT_ALL];
	uint64_t known = spool->stream;
	int64_t first;

	/* Ids are positive: what is not has a damaged key. */
	first = 0;
	if (spool_db_run(spool, SQL_DELETE_UPTO, &first, 1, err) < 0 ||
	    spool_db_ask(spool, &first, "SELECT ifnull(min(id), 1) FROM entry",
		err) < 0 ||
	    load_meta(spool, first, err) < 0)
		return -1;
	if (spool->stream == known) {
		if (spool_db_run(
			spool, SQL_DELETE_UPTO, &counts->acked, 1, err) < 0 ||
		    spool_db_run(
			spool, SQL_DELETE_FROM, &counts->next, 1, err) < 0)
			return -1;
	}
	if (trim_end(spool, err) < 0)
		return -1;
	spool_db_bind(spool, SQL_COUNT_ALL, NULL, 0);
	if (spool_db_step(spool, SQL_COUNT_ALL, err) < 0)
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
	    spool_db_run(spool, SQL_BEGIN, NULL, 0, err) < 0)
		return -1;
	rc = load_rows(spool, err);
	return spool_db_finish(spool, rc, err);
}

/* Copies what is whole, in order, stepping over what cannot be read. */
static int
copy_entries(
    struct spool *spool, sqlite3_stmt *from, struct spool_counts *counts)
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
		spool_db_read_entry(&row, from);
		if (row.id <= at)
			break; /* the order of keys is damaged */
		at = row.id;
		if (!spool_db_is_whole(&row))
			continue;
		row.id = counts->next;
		if (spool_db_insert_entry(spool, &row, NULL) < 0)
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
	struct spool_counts counts = spool->counts;
	struct entry_row unknown = { 0 };
	sqlite3_stmt *from = NULL;
	int rc;

	/* The damaged file stays as it is, for people to look at. */
	sqlite3_db_config(spool->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	spool_db_execute(spool, attach, NULL);
	sqlite3_prepare_v2(spool->db,
	    "SELECT " SPOOL_ENTRY_COLUMNS " FROM damaged.entry WHERE id > ?1"
	    " ORDER BY id LIMIT 1",
	    -1, &from, NULL);
	rc = spool_db_run(spool, SQL_BEGIN, NULL, 0, err);
	if (rc == 0 && from != NULL)
		rc = copy_entries(spool, from, &counts);
	sqlite3_finalize(from);
	if (rc == 0)
		rc = spool_gap_add(
		    spool, WHY_DAMAGED, &unknown, &spool->counts, err);
	rc = spool_db_finish(spool, rc, err);
	if (rc == 0)
		spool->counts = counts;
	spool_db_execute(spool, "DETACH damaged", NULL);
	sqlite3_db_config(spool->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
	sqlite3_free(attach);
	spool->broken = false; /* those were troubles of the other file */
	return rc;
}

int
spool_load(struct spool *spool, char **out_salvaged, struct err *err)
{
	char *aside = NULL;
	struct err why = { 0 };
	int rc;

	spool->broken = false;
	rc = open_and_load(spool, &why);
	if (rc < 0)
		spool_db_close(spool);
	if (rc == 0 || why.code != ERR_CORRUPT) {
		if (rc < 0)
			err_set(err, why.code, "%s", why.text);
		return rc;
	}
	if (file_set_aside(&aside, spool->path,
		clock_wall_ms(spool->setup.clock), err) < 0)
		return -1;
	spool->broken = false;
	spool->counts = (struct spool_counts){ 0 };
	rc = open_and_load(spool, err);
	if (rc == 0)
		rc = rescue(spool, aside, err);
	if (rc == 0 && out_salvaged != NULL)
		*out_salvaged = mem_printf(
		    "%s; set aside as %s, %llu batches rescued", why.text,
		    aside, (unsigned long long)spool->counts.waiting);
	if (rc < 0)
		spool_db_close(spool);
	free(aside);
	return rc;
}

int
spool_load_again(struct spool *spool, struct err *err)
{
	if (!spool->broken && spool->db != NULL)
		return 0;
	spool_db_close(spool);
	if (spool_load(spool, NULL, err) < 0) {
		spool->broken = true;
		return -1;
	}
	return 0;
}
