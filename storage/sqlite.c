#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "proto/base/file.h"
#include "proto/base/mem.h"
#include "proto/sqlite_code.h"
#include "storage/sqlite.h"

/*
 * Trouble is of two kinds.  A full disk voids the transaction and nothing
 * else.  Anything else leaves the connection in doubt (after a failed fsync
 * nobody knows what the kernel still holds): `broken` makes the next
 * transaction open the file anew, which recovers from the log.
 *
 * Opening a large store does not read all of it.  Whoever stumbles over a
 * damaged page leaves a note, PATH.suspect; the next writer to open the file
 * then reads every page, and sets it aside if it is damaged indeed.
 */

#define CHECKPOINT_PAGES 1000
#define PROGRESS_STEPS   100000 /* of SQLite's machine */
#define DISK_ROOM_BYTES  (1024 * 1024)
#define RESERVE_BYTES    (32 * 1024 * 1024) /* twice what the log may keep */

/* SQLite says the same of a full disk and of its own limit. */
static bool
has_disk_room(const struct sqlite *s)
{
	struct statvfs disk;

	return s->vfs == NULL && statvfs(s->path, &disk) == 0 &&
	    disk.f_bavail * disk.f_frsize > DISK_ROOM_BYTES;
}

static int
fail_full(struct sqlite *s, struct err *err)
{
	s->full = true;
	if (s->max_bytes > 0 && has_disk_room(s))
		return err_set(err, ERR_FULL,
		    "store %s: has grown to its limit of %lld bytes: raise it "
		    "or keep less",
		    s->path, (long long)s->max_bytes);
	return err_set(err, ERR_FULL,
	    "store %s: the disk is full: make room there", s->path);
}

static void
note_suspect(struct sqlite *s)
{
	int fd;

	if (s->vfs != NULL)
		return; /* a simulated file has no neighbours */
	fd = open(s->suspect_path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd >= 0)
		close(fd);
}

int
sqlite_fail(struct sqlite *s, struct err *err)
{
	int rc = sqlite3_extended_errcode(s->db);
	int error = sqlite3_system_errno(s->db);
	enum err_code code = sqlite_code(rc);
	bool io = code == ERR_IO && error != 0;
	const char *text = sqlite3_errmsg(s->db);

	if (io && (error == ENOSPC || error == EDQUOT))
		code = ERR_FULL;
	if (code == ERR_FULL)
		return fail_full(s, err);
	if (code != ERR_BUSY && code != ERR_LIMIT)
		s->broken = true;
	if (code == ERR_CORRUPT)
		note_suspect(s);
	if (rc == SQLITE_CANTOPEN && s->mode == STORE_READ && error == ENOENT)
		return err_set(err, ERR_NOT_FOUND,
		    "store %s: there is no such file", s->path);
	if (io)
		return err_set(err, code, "store %s: %s: %s", s->path, text,
		    strerror(error));
	return err_set(err, code, "store %s: %s", s->path, text);
}

/* --- statements -------------------------------------------------------------- */

void
sqlite_bind(struct sqlite *s, enum sql sql, const char *types, ...)
{
	sqlite3_stmt *statement = s->statements[sql];
	const void *bytes;
	va_list values;

	sqlite3_reset(statement);
	va_start(values, types);
	for (int i = 1; *types != '\0'; types++, i++) {
		switch (*types) {
		case 'i':
			sqlite3_bind_int64(
			    statement, i, va_arg(values, int64_t));
			break;
		case 't':
			sqlite3_bind_text(statement, i,
			    va_arg(values, const char *), -1, SQLITE_STATIC);
			break;
		case 'b':
			bytes = va_arg(values, const void *);
			/* No bytes are an empty blob, and not NULL. */
			sqlite3_bind_blob64(statement, i,
			    bytes != NULL ? bytes : "", va_arg(values, size_t),
			    SQLITE_STATIC);
			break;
		default:
			assert(!"known type");
		}
	}
	va_end(values);
}

int
sqlite_step(struct sqlite *s, enum sql sql, struct err *err)
{
	int rc = sqlite3_step(s->statements[sql]);

	if (rc == SQLITE_ROW)
		return 1;
	if (rc != SQLITE_DONE)
		sqlite_fail(s, err);
	sqlite3_reset(s->statements[sql]);
	return rc == SQLITE_DONE ? 0 : -1;
}

void
sqlite_end(struct sqlite *s, enum sql sql)
{
	sqlite3_reset(s->statements[sql]);
}

int
sqlite_run(struct sqlite *s, enum sql sql, struct err *err)
{
	int rc = sqlite_step(s, sql, err);

	assert(rc <= 0);
	return rc;
}

int
sqlite_hold(struct sqlite *s, bool *out_held, struct err *err)
{
	*out_held = sqlite3_get_autocommit(s->db) != 0;
	if (!*out_held)
		return 0;
	sqlite_bind(s, SQL_HOLD, "");
	return sqlite_run(s, SQL_HOLD, err);
}

void
sqlite_release(struct sqlite *s, bool held)
{
	/* Nothing was written: there is nothing that could go wrong. */
	if (held)
		sqlite_run(s, SQL_ROLLBACK, NULL);
}

int64_t
sqlite_int(const struct sqlite *s, enum sql sql, int column)
{
	return sqlite3_column_int64(s->statements[sql], column);
}

const char *
sqlite_str(const struct sqlite *s, enum sql sql, int column)
{
	const void *text = sqlite3_column_text(s->statements[sql], column);

	return text == NULL ? "" : text;
}

/* --- opening ----------------------------------------------------------------- */

static void
reserve(struct sqlite *s)
{
	if (!s->reserved && s->vfs == NULL)
		s->reserved =
		    file_reserve(s->reserve_path, RESERVE_BYTES, NULL) == 0;
}

/* Opens; of what is damaged a copy is kept, and what can be read goes on. */
static int
open_or_salvage(struct sqlite *s, char **out_salvaged, struct err *err)
{
	bool suspect = s->vfs == NULL && access(s->suspect_path, F_OK) == 0;
	struct err why = { 0 };
	int rc;

	if (s->vfs == NULL)
		sqlite_salvage_resume(s);
	rc = sqlite_connect(s, suspect, &why);
	if (rc < 0) {
		sqlite_disconnect(s);
		if (why.code != ERR_CORRUPT || s->vfs != NULL)
			return err_set(err, why.code, "%s", why.text);
		if (sqlite_salvage(s, out_salvaged, why.text, err) < 0)
			return -1;
		s->broken = false;
		rc = sqlite_connect(s, false, err);
	}
	if (rc == 0 && s->vfs == NULL)
		unlink(s->suspect_path);
	return rc;
}

static void
sqlite_close(struct store *store)
{
	struct sqlite *s = sqlite_of(store);

	sqlite_disconnect(s);
	chunk_reader_free(s->unpacker);
	chunk_writer_free(s->packer);
	if (s->lock >= 0)
		close(s->lock);
	free(s->suspect_path);
	free(s->reserve_path);
	free(s->vfs);
	free(s->path);
	free(s);
}

static int
open_writer(struct sqlite *s, char **out_salvaged, struct err *err)
{
	char *lock = mem_printf("%s.lock", s->path);

	s->lock = file_lock(lock, err);
	free(lock);
	if (s->lock < 0)
		return err_wrap(err, "store %s", s->path);
	if (open_or_salvage(s, out_salvaged, err) < 0)
		return -1;
	reserve(s);
	return 0;
}

static int
sqlite_open(struct store **out, char **out_salvaged, const char *path,
    const struct store_setup *setup, struct err *err)
{
	struct sqlite *s = mem_zalloc(sizeof(*s));
	int rc;

	s->store.engine = &engine_sqlite;
	s->path = mem_strdup(path);
	s->vfs = mem_strdup(setup->vfs);
	s->reserve_path = mem_printf("%s.reserve", path);
	s->suspect_path = mem_printf("%s.suspect", path);
	s->mode = setup->mode;
	s->max_bytes = setup->max_bytes;
	s->lock = -1;
	rc = s->mode == STORE_WRITE ? open_writer(s, out_salvaged, err)
				    : sqlite_connect(s, false, err);
	if (rc < 0)
		sqlite_close(&s->store);
	else
		*out = &s->store;
	return rc;
}

/* --- transactions -------------------------------------------------------------- */

/* Opens again after a write of unknown outcome. */
static int
revive(struct sqlite *s, struct err *err)
{
	bool suspect = s->vfs != NULL || access(s->suspect_path, F_OK) == 0;

	if (!s->broken && s->db != NULL)
		return 0;
	sqlite_disconnect(s);
	s->broken = false;
	s->in_doubt = true;
	if (sqlite_connect(s, suspect, err) == 0) {
		s->in_doubt = false;
		return 0;
	}
	sqlite_disconnect(s);
	s->broken = true;
	return -1;
}

static int
sqlite_begin(struct store *store, struct err *err)
{
	struct sqlite *s = sqlite_of(store);

	if (revive(s, err) < 0)
		return -1;
	return sqlite_run(s, SQL_BEGIN, err);
}

/* Moves the log into the file.  Readers of old pages may hold some back; what
 * is left comes along the next time. */
static void
checkpoint(struct sqlite *s, int mode)
{
	int rc = sqlite3_wal_checkpoint_v2(s->db, NULL, mode, NULL, NULL);

	if (rc != SQLITE_OK)
		sqlite_fail(s, NULL);
}

static int
sqlite_commit(struct store *store, struct err *err)
{
	struct sqlite *s = sqlite_of(store);

	if (sqlite_run(s, SQL_COMMIT, err) < 0)
		return -1;
	if (s->full) {
		/* It fitted: give back what the log holds, and take the
		 * reserve again. */
		s->full = false;
		checkpoint(s, SQLITE_CHECKPOINT_TRUNCATE);
		reserve(s);
	} else if (s->log_pages >= CHECKPOINT_PAGES) {
		checkpoint(s, SQLITE_CHECKPOINT_PASSIVE);
	}
	return 0;
}

static void
sqlite_rollback(struct store *store)
{
	struct sqlite *s = sqlite_of(store);

	if (s->db == NULL)
		return;
	for (int i = 0; i < SQL_N; i++)
		sqlite_end(s, i);
	if (!sqlite3_get_autocommit(s->db))
		sqlite_run(s, SQL_ROLLBACK, NULL);
	if (!sqlite3_get_autocommit(s->db))
		s->broken = true;
}

/* On a full disk even deleting takes room: the reserve gives it. */
static int
expire(struct store *store, uint64_t *out_n, const char *environment,
    int64_t before_ms, uint32_t limit, struct err *err)
{
	struct sqlite *s = sqlite_of(store);

	if (s->full && s->reserved) {
		unlink(s->reserve_path);
		s->reserved = false;
	}
	return sqlite_expire(store, out_n, environment, before_ms, limit, err);
}

static int
measure(struct store *store, struct store_size *out, struct err *err)
{
	struct sqlite *s = sqlite_of(store);

	sqlite_bind(s, SQL_SIZE, "");
	if (sqlite_step(s, SQL_SIZE, err) < 0)
		return -1;
	*out = (struct store_size){
		.batches = sqlite_int(s, SQL_SIZE, 0),
		.results = sqlite_int(s, SQL_SIZE, 1),
		.last_id = (uint64_t)sqlite_int(s, SQL_SIZE, 2),
		.bytes = sqlite_int(s, SQL_SIZE, 3),
		.damaged = s->damaged,
	};
	sqlite_end(s, SQL_SIZE);
	return 0;
}

static int
on_steps(void *arg)
{
	store_progress(arg, 0, 0);
	return 0;
}

/* The new file is built beside the old one: not in memory, where a large one
 * has no room. */
static int
compact(struct store *store, struct err *err)
{
	struct sqlite *s = sqlite_of(store);
	int rc;

	if (revive(s, err) < 0)
		return -1;
	sqlite3_progress_handler(s->db, PROGRESS_STEPS, on_steps, store);
	rc = sqlite3_exec(
	    s->db, "PRAGMA temp_store=FILE; VACUUM", NULL, NULL, NULL);
	sqlite3_progress_handler(s->db, 0, NULL, NULL);
	if (rc != SQLITE_OK)
		return sqlite_fail(s, err);
	checkpoint(s, SQLITE_CHECKPOINT_TRUNCATE);
	return 0;
}

const struct engine engine_sqlite = {
	.scheme = "sqlite",
	.open = sqlite_open,
	.close = sqlite_close,
	.begin = sqlite_begin,
	.commit = sqlite_commit,
	.rollback = sqlite_rollback,
	.put_batch = sqlite_put_batch,
	.put_change = sqlite_put_change,
	.put_regression = sqlite_put_regression,
	.last_regression = sqlite_last_regression,
	.put_state = sqlite_put_state,
	.seal = sqlite_seal,
	.expire = expire,
	.expire_derived = sqlite_expire_derived,
	.scan_batches = sqlite_scan_batches,
	.scan_span = sqlite_scan_span,
	.scan_results = sqlite_scan_results,
	.scan_rollups = sqlite_scan_rollups,
	.scan_moment = sqlite_scan_moment,
	.scan_changes = sqlite_scan_changes,
	.scan_regressions = sqlite_scan_regressions,
	.put_mark = sqlite_put_mark,
	.scan_marks = sqlite_scan_marks,
	.scan_states = sqlite_scan_states,
	.sql = sqlite_sql,
	.measure = measure,
	.verify = sqlite_verify,
	.repair = sqlite_repair,
	.compact = compact,
	.backup = sqlite_backup,
};
