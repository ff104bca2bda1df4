#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/base/file.h"
#include "proto/base/mem.h"
#include "proto/base/text.h"
#include "storage/schema.h"
#include "storage/sqlite.h"

#define APPLICATION_ID  0x76645373         /* "vdSs" */
#define CHECK_MAX_BYTES (64 * 1024 * 1024) /* read whole at each start */
#define CACHE_KIB       "16384"
#define LOG_LIMIT       "16777216" /* bytes the log keeps when reset */

/* One connection writes and checkpoints; nobody else ever does. */
static const char writer_pragmas[] = "PRAGMA cell_size_check=ON;"
				     "PRAGMA trusted_schema=OFF;"
				     "PRAGMA journal_mode=WAL;"
				     "PRAGMA synchronous=FULL;"
				     "PRAGMA secure_delete=OFF;"
				     "PRAGMA wal_autocheckpoint=0;"
				     "PRAGMA journal_size_limit=" LOG_LIMIT ";"
				     "PRAGMA cache_size=-" CACHE_KIB ";"
				     "PRAGMA temp_store=MEMORY;";

/* The file is opened read-only: that says more than query_only would. */
static const char reader_pragmas[] = "PRAGMA cell_size_check=ON;"
				     "PRAGMA trusted_schema=OFF;"
				     "PRAGMA wal_autocheckpoint=0;"
				     "PRAGMA temp_store=MEMORY;";

static int
execute(struct sqlite *s, const char *sql, struct err *err)
{
	if (sqlite3_exec(s->db, sql, NULL, NULL, NULL) != SQLITE_OK)
		return sqlite_fail(s, err);
	return 0;
}

/* Gives the one number that sql answers. */
static int
ask(struct sqlite *s, int64_t *out, const char *sql, struct err *err)
{
	sqlite3_stmt *statement = NULL;
	int rc = 0;

	if (sqlite3_prepare_v2(s->db, sql, -1, &statement, NULL) != SQLITE_OK ||
	    sqlite3_step(statement) != SQLITE_ROW)
		rc = sqlite_fail(s, err);
	else
		*out = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return rc;
}

static int
newest_version(void)
{
	int n = 0;

	while (schema_sqlite[n] != NULL)
		n++;
	return n;
}

static int
migrate_once(struct sqlite *s, int version, struct err *err)
{
	char *sql = mem_printf("BEGIN IMMEDIATE;\n%s\n"
			       "PRAGMA user_version=%d;\n"
			       "COMMIT",
	    schema_sqlite[version], version + 1);
	int rc = execute(s, sql, err);

	free(sql);
	if (rc < 0 && !sqlite3_get_autocommit(s->db))
		execute(s, "ROLLBACK", NULL);
	if (rc < 0)
		err_wrap(err, "migration to format %d", version + 1);
	return rc;
}

/* Whose file is it, and how old?  Brings it up to date when writing. */
static int
check_version(struct sqlite *s, struct err *err)
{
	int64_t id, version, tables;
	int newest = newest_version();

	if (ask(s, &id, "PRAGMA application_id", err) < 0 ||
	    ask(s, &version, "PRAGMA user_version", err) < 0 ||
	    ask(s, &tables, "SELECT count(*) FROM sqlite_master", err) < 0)
		return -1;
	if (id != APPLICATION_ID && (id != 0 || tables != 0))
		return err_set(err, ERR_INVALID,
		    "store %s: a database of another program: name another "
		    "file",
		    s->path);
	if (version > newest)
		return err_set(err, ERR_UNSUPPORTED,
		    "store %s: written by a newer version (format %lld, this "
		    "one knows %d): run that version, or name another file",
		    s->path, (long long)version, newest);
	if (s->mode == STORE_READ && version < newest)
		return err_set(err, ERR_UNSUPPORTED,
		    "store %s: format %lld is older than this version's (%d): "
		    "start the collector on it once",
		    s->path, (long long)version, newest);
	for (int v = (int)version; v < newest; v++)
		if (migrate_once(s, v, err) < 0)
			return -1;
	return 0;
}

/* Reads every page, if the file is small enough or was found damaged. */
static int
check_pages(struct sqlite *s, bool check, struct err *err)
{
	int64_t pages, size, sound;

	if (ask(s, &pages, "PRAGMA page_count", err) < 0 ||
	    ask(s, &size, "PRAGMA page_size", err) < 0)
		return -1;
	if (!check && pages * size > CHECK_MAX_BYTES)
		return 0;
	if (ask(s, &sound,
		"SELECT quick_check = 'ok' FROM pragma_quick_check(1)",
		err) < 0)
		return -1;
	if (!sound)
		return err_set(
		    err, ERR_CORRUPT, "store %s: the file is damaged", s->path);
	return 0;
}

static int
limit_size(struct sqlite *s, struct err *err)
{
	int64_t size, granted;
	char *sql;
	int rc;

	if (s->max_bytes == 0)
		return 0;
	if (ask(s, &size, "PRAGMA page_size", err) < 0)
		return -1;
	sql = mem_printf(
	    "PRAGMA max_page_count=%lld", (long long)(s->max_bytes / size + 1));
	rc = ask(s, &granted, sql, err);
	free(sql);
	return rc;
}

/*
 * After a sync that failed the kernel shows pages that will never be on the
 * disk, to this process and to the next one: a log with a hole, behind which
 * nothing would survive.  So the log is emptied into the file, which rewrites
 * everything, before anything is added to it.  Readers may be in the way.
 */
static int
empty_log(struct sqlite *s, bool must, struct err *err)
{
	int rc = sqlite3_wal_checkpoint_v2(
	    s->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);

	/* A full disk must not keep anybody from deleting. */
	if (rc == SQLITE_OK ||
	    (!must && (rc == SQLITE_BUSY || rc == SQLITE_FULL)))
		return 0;
	return sqlite_fail(s, err);
}

/* After each commit: how long the log is. */
static int
on_log(void *arg, sqlite3 *db, const char *name, int pages)
{
	struct sqlite *s = arg;

	(void)db;
	(void)name;
	s->log_pages = pages;
	return SQLITE_OK;
}

void
sqlite_disconnect(struct sqlite *s)
{
	for (int i = 0; i < SQL_N; i++) {
		sqlite3_finalize(s->statements[i]);
		s->statements[i] = NULL;
	}
	sqlite3_close(s->db);
	s->db = NULL;
	s->log_pages = 0;
}

/* --- opening ------------------------------------------------------------------ */

/*
 * SQLite keeps an index of its log beside it, PATH-shm, and makes one when
 * there is none: which it cannot on a read-only disk, or in the folder of
 * somebody else.  As long as there is none nobody writes, and nothing has to
 * be shared: the index is made in our own memory, without locks; without a log
 * the file is read as it lies.
 */
enum way { AS_USUAL, LYING_WITH_LOG, LYING };

static bool
is_there(const char *path, const char *suffix)
{
	char *beside = mem_printf("%s%s", path, suffix);
	bool is = access(beside, F_OK) == 0;

	free(beside);
	return is;
}

static int
check_readable(const struct sqlite *s, const char *suffix, struct err *err)
{
	char *beside = mem_printf("%s%s", s->path, suffix);
	int rc = 0;

	if (access(beside, R_OK) < 0 && errno != ENOENT)
		rc = err_set(err, ERR_DENIED,
		    "store %s: what was written last is in %s, which cannot be "
		    "read: %s",
		    s->path, beside, strerror(errno));
	free(beside);
	return rc;
}

/* Another way for a reader whom SQLite could not open the file for; err has
 * the reason, and keeps it when there is none. */
static int
find_way(enum way *out, const struct sqlite *s, struct err *err)
{
	if (check_readable(s, "-wal", err) < 0 ||
	    check_readable(s, "-shm", err) < 0)
		return -1;
	if (!is_there(s->path, "-wal"))
		*out = LYING;
	else if (!is_there(s->path, "-shm"))
		*out = LYING_WITH_LOG;
	else
		return -1;
	return 0;
}

/* "file:///a%20path?immutable=1" */
static char *
uri_of(const char *path)
{
	struct text uri = { 0 };

	text_add(&uri, path[0] == '/' ? "file://" : "file:");
	for (; *path != '\0'; path++) {
		char escaped[8];

		snprintf(escaped, sizeof(escaped),
		    strchr("?#%", *path) != NULL ? "%%%02x" : "%c",
		    (unsigned char)*path);
		text_add(&uri, escaped);
	}
	text_add(&uri, "?immutable=1");
	return text_take(&uri);
}

static int
open_file(struct sqlite *s, enum way way)
{
	int flags = SQLITE_OPEN_NOMUTEX |
	    (s->mode == STORE_WRITE ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
				    : SQLITE_OPEN_READONLY);
	char *uri;
	int rc;

	if (way != LYING)
		return sqlite3_open_v2(s->path, &s->db, flags,
		    way == LYING_WITH_LOG ? "unix-none" : s->vfs);
	uri = uri_of(s->path);
	rc = sqlite3_open_v2(uri, &s->db, flags | SQLITE_OPEN_URI, s->vfs);
	free(uri);
	return rc;
}

/* Up to the point where the file is known to be ours. */
static int
open_by(struct sqlite *s, enum way way, struct err *err)
{
	bool writes = s->mode == STORE_WRITE;

	if (open_file(s, way) != SQLITE_OK)
		return sqlite_fail(s, err);
	sqlite3_extended_result_codes(s->db, 1);
	sqlite3_limit(s->db, SQLITE_LIMIT_LENGTH, 2 * CONTENT_MAX_BYTES);
	if (!writes) /* its log is the writer's business */
		sqlite3_db_config(
		    s->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	if (way == LYING_WITH_LOG &&
	    execute(s, "PRAGMA locking_mode=EXCLUSIVE", err) < 0)
		return -1;
	if (execute(s, writes ? writer_pragmas : reader_pragmas, err) < 0)
		return -1;
	return check_version(s, err);
}

static bool
is_shut(const struct sqlite *s)
{
	return s->mode == STORE_READ && s->vfs == NULL &&
	    (sqlite3_errcode(s->db) & 0xff) == SQLITE_CANTOPEN &&
	    is_there(s->path, "");
}

static int
open_somehow(struct sqlite *s, struct err *err)
{
	enum way way;

	if (open_by(s, AS_USUAL, err) == 0)
		return 0;
	if (!is_shut(s) || find_way(&way, s, err) < 0)
		return -1;
	sqlite_disconnect(s);
	s->broken = false;
	return open_by(s, way, err);
}

int
sqlite_connect(struct sqlite *s, bool check, struct err *err)
{
	bool writes = s->mode == STORE_WRITE;

	if (open_somehow(s, err) < 0)
		return -1;
	if (writes &&
	    (empty_log(s, s->in_doubt, err) < 0 ||
		check_pages(s, check, err) < 0 || limit_size(s, err) < 0))
		return -1;
	for (int i = 0; i < SQL_N; i++)
		if (sqlite3_prepare_v3(s->db, sqlite_text(i), -1,
			SQLITE_PREPARE_PERSISTENT, &s->statements[i],
			NULL) != SQLITE_OK)
			return sqlite_fail(s, err);
	if (writes)
		sqlite3_wal_hook(s->db, on_log, s);
	return 0;
}
