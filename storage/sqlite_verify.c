/* Checking everything, and copying it while it is in use. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/base/crc32c.h"
#include "proto/base/mem.h"
#include "proto/base/text.h"
#include "proto/publish.h"
#include "storage/chunk.h"
#include "storage/rollup.h"
#include "storage/runs.h"
#include "storage/sqlite_chunk.h"
#include "storage/sqlite_seal.h"

#define COMPLAINTS_MAX \
	"100" /* about pages; where there are more, more is lost */

#define PROGRESS_STEPS 100000 /* of SQLite's machine */

struct check {
	struct sqlite *s;
	struct store_verified *out;
	store_damage_fn *on_damage;
	void *arg;
	struct chunk_reader *reader;
	int64_t done, of; /* rows of batches, chunks, rollups */
};

static void __attribute__((format(printf, 2, 3)))
tell(struct check *check, const char *format, ...)
{
	char text[512];
	va_list values;

	va_start(values, format);
	vsnprintf(text, sizeof(text), format, values);
	va_end(values);
	check->out->damaged++;
	check->on_damage(check->arg, text);
}

static void
count_rows(struct check *check)
{
	static const char sql[] = "SELECT (SELECT count(*) FROM inbox) +"
				  " (SELECT count(*) FROM chunk) +"
				  " (SELECT count(*) FROM rollup)";
	sqlite3_stmt *statement = NULL;

	if (sqlite3_prepare_v2(check->s->db, sql, -1, &statement, NULL) ==
		SQLITE_OK &&
	    sqlite3_step(statement) == SQLITE_ROW)
		check->of = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
}

static void
advance(struct check *check)
{
	store_progress(&check->s->store, ++check->done, check->of);
}

/* Pages and indexes take their time, of which nobody knows how much. */
static int
on_steps(void *arg)
{
	store_progress(arg, 0, 0);
	return 0;
}

/* Pages and indexes, as SQLite sees them. */
static int
check_pages(struct check *check, struct err *err)
{
	sqlite3_stmt *statement = NULL;
	const char *text;
	int rc;

	rc = sqlite3_prepare_v2(check->s->db,
	    "PRAGMA integrity_check(" COMPLAINTS_MAX ")", -1, &statement, NULL);
	if (rc != SQLITE_OK)
		return sqlite_fail(check->s, err);
	while ((rc = sqlite3_step(statement)) == SQLITE_ROW) {
		text = (const void *)sqlite3_column_text(statement, 0);
		if (text != NULL && strcmp(text, "ok") != 0)
			tell(check, "file: %s", text);
	}
	sqlite3_finalize(statement);
	if (rc != SQLITE_DONE)
		tell(check, "file: %s", sqlite3_errmsg(check->s->db));
	return 0;
}

/* A scan that stops at damage is told of, and does not end the check. */
static void
end_scan(struct check *check, int rc, const char *what)
{
	if (rc < 0)
		tell(check, "%s: the rest cannot be read: %s", what,
		    sqlite3_errmsg(check->s->db));
}

static void
check_batch(struct check *check)
{
	struct batch *batch = NULL;
	struct store_batch row;
	char at[TEXT_TIME_BYTES];

	check->out->batches++;
	advance(check);
	if (batch_read(check->s, &row, SQL_BATCH_AFTER) &&
	    batch_decode(&batch, row.content, row.n_content, row.environment,
		row.agent, NULL) == 0) {
		check->out->results += batch->n_results;
		batch_free(batch);
		return;
	}
	tell(check, "batch %llu of %s/%s, received %s: %u results are lost",
	    (unsigned long long)row.id, row.environment, row.agent,
	    text_time(at, row.received_ms), (unsigned)row.n_results);
}

static void
check_batches(struct check *check)
{
	int rc;

	sqlite_bind(check->s, SQL_BATCH_AFTER, "i", INT64_MIN);
	while ((rc = sqlite_step(check->s, SQL_BATCH_AFTER, NULL)) > 0)
		check_batch(check);
	end_scan(check, rc, "batches");
}

/* Are the runs beside a chunk those of its results? */
static bool
are_its_runs(const struct chunk_view *view, const struct chunk_row *row)
{
	unsigned char coded[RUNS_MAX_BYTES];
	struct runs runs = { 0 };
	size_t n;

	for (size_t i = 0; i < view->n; i++) {
		const struct chunk_state *state = &view->states[view->state[i]];

		runs_add(&runs, view->at_ms[i], state->outcome, state->reason,
		    view->series[state->series].interval_ms);
	}
	n = runs_encode(coded, &runs);
	runs_fini(&runs);
	return n == row->n_runs && (n == 0 || memcmp(coded, row->runs, n) == 0);
}

static bool
is_sound(struct check *check, const struct chunk_row *row)
{
	const struct chunk_view *view = chunk_view(check->reader);

	return row->whole &&
	    chunk_open(check->reader, &row->key, row->bytes, row->n_bytes,
		NULL) == 0 &&
	    chunk_decode(check->reader, CHUNK_ALL, NULL) == 0 &&
	    view->n == (size_t)row->n_results &&
	    view->from_ms == row->from_ms && view->to_ms == row->to_ms &&
	    are_its_runs(view, row);
}

static void
check_chunk(struct check *check, int64_t id)
{
	char from[TEXT_TIME_BYTES], to[TEXT_TIME_BYTES];
	struct chunk_row row;
	int rc = chunk_get(check->s, &row, id, NULL);

	check->out->chunks++;
	advance(check);
	if (rc <= 0) {
		tell(check, "chunk %lld: cannot be read", (long long)id);
		return;
	}
	if (is_sound(check, &row))
		check->out->results += (uint64_t)row.n_results;
	else
		tell(check,
		    "chunk %lld of %s/%s/%s/%s, %s to %s: %lld results are "
		    "lost",
		    (long long)id, row.key.environment, row.key.agent,
		    row.key.service, row.key.probe,
		    text_time(from, row.from_ms), text_time(to, row.to_ms),
		    (long long)row.n_results);
	sqlite_end(check->s, SQL_CHUNK_GET);
}

static void
check_chunks(struct check *check)
{
	int rc;

	sqlite_bind(check->s, SQL_CHUNK_IDS, "");
	while ((rc = sqlite_step(check->s, SQL_CHUNK_IDS, NULL)) > 0)
		check_chunk(check, sqlite_int(check->s, SQL_CHUNK_IDS, 0));
	end_scan(check, rc, "chunks");
}

static void
check_rollups(struct check *check)
{
	sqlite3_stmt *statement = check->s->statements[SQL_ROLLUP_ALL];
	struct sqlite *s = check->s;
	struct rollup rollup = { 0 };
	char at[TEXT_TIME_BYTES];
	const void *bytes;
	size_t n;
	int rc;

	sqlite_bind(s, SQL_ROLLUP_ALL, "");
	while ((rc = sqlite_step(s, SQL_ROLLUP_ALL, NULL)) > 0) {
		check->out->rollups++;
		advance(check);
		bytes = sqlite3_column_blob(statement, 3);
		n = (size_t)sqlite3_column_bytes(statement, 3);
		if (sqlite_int(s, SQL_ROLLUP_ALL, 2) !=
			(int64_t)crc32c(0, bytes, n) ||
		    rollup_merge_bytes(&rollup, bytes, n, NULL) < 0)
			tell(check, "rollup of series %lld at %s",
			    (long long)sqlite_int(s, SQL_ROLLUP_ALL, 0),
			    text_time(at, sqlite_int(s, SQL_ROLLUP_ALL, 1)));
		rollup_fini(&rollup);
	}
	end_scan(check, rc, "rollups");
}

static int
count_state(
    void *arg, const char *key, const void *bytes, size_t n, struct err *err)
{
	struct check *check = arg;

	(void)key;
	(void)bytes;
	(void)n;
	(void)err;
	check->out->states++;
	return 0;
}

static int
count_mark(void *arg, const struct mark *mark, struct err *err)
{
	struct check *check = arg;

	(void)mark;
	(void)err;
	check->out->marks++;
	return 0;
}

static int
count_change(void *arg, const struct change_row *row, struct err *err)
{
	struct check *check = arg;

	(void)row;
	(void)err;
	check->out->changes++;
	return 0;
}

static int
count_regression(void *arg, const struct regression_row *row, struct err *err)
{
	struct check *check = arg;

	(void)row;
	(void)err;
	check->out->regressions++;
	return 0;
}

/* What a scan left out since its handle had left out this many rows. */
static void
end_rows(struct check *check, int rc, const char *what, uint64_t before)
{
	if (check->s->damaged > before)
		tell(check, "%s: %llu are lost", what,
		    (unsigned long long)(check->s->damaged - before));
	end_scan(check, rc, what);
}

/* Rows whose scans know which of them are sound. */
static void
check_rows(struct check *check)
{
	const struct store_marks marks = { "", "", 0, INT64_MAX };
	const struct query_changes changes = { .environment = "",
		.service = "",
		.name = "",
		.to_ms = INT64_MAX,
		.limit = UINT32_MAX };
	const struct query_regressions regressions = { .environment = "",
		.service = "",
		.to_ms = INT64_MAX,
		.limit = UINT32_MAX };
	struct store *store = &check->s->store;
	uint64_t before = check->s->damaged;
	bool more;
	int rc;

	rc = sqlite_scan_states(store, "", count_state, check, NULL);
	end_rows(check, rc, "pieces of state", before);
	before = check->s->damaged;
	rc = sqlite_scan_marks(store, &marks, count_mark, check, NULL);
	end_rows(check, rc, "marks", before);
	before = check->s->damaged;
	rc = sqlite_scan_changes(
	    store, &more, &changes, count_change, check, NULL);
	end_rows(check, rc, "changes", before);
	before = check->s->damaged;
	rc = sqlite_scan_regressions(
	    store, &more, &regressions, count_regression, check, NULL);
	end_rows(check, rc, "regressions", before);
}

int
sqlite_verify(struct store *store, struct store_verified *out,
    store_damage_fn *on_damage, void *arg, struct err *err)
{
	struct sqlite *s = sqlite_of(store);
	struct check check = {
		.s = s, .out = out, .on_damage = on_damage, .arg = arg
	};
	bool held;
	int rc;

	*out = (struct store_verified){ 0 };
	if (sqlite_hold(s, &held, err) < 0)
		return -1;
	sqlite3_progress_handler(s->db, PROGRESS_STEPS, on_steps, store);
	rc = check_pages(&check, err);
	sqlite3_progress_handler(s->db, 0, NULL, NULL);
	if (rc == 0) {
		count_rows(&check);
		check.reader = chunk_reader_new();
		check_batches(&check);
		check_chunks(&check);
		check_rollups(&check);
		check_rows(&check);
		chunk_reader_free(check.reader);
	}
	sqlite_release(s, held);
	return rc;
}

/* --- backup -------------------------------------------------------------------- */

static int
describe(struct err *err, const char *path)
{
	int error = errno;

	return err_set(err, error == ENOSPC ? ERR_FULL : ERR_IO,
	    "backup %s: %s", path, strerror(error));
}

static int
sync_file(const char *path, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), rc = 0;

	if (fd < 0)
		return describe(err, path);
	if (fsync(fd) < 0)
		rc = describe(err, path);
	close(fd);
	return rc;
}

/* A copy that is being written. */
struct copy {
	struct store *store;
	const char *path;
	int64_t of_bytes;
};

static int
on_copied(void *arg)
{
	const struct copy *copy = arg;
	struct stat file;

	if (stat(copy->path, &file) == 0)
		store_progress(copy->store, file.st_size, copy->of_bytes);
	return 0;
}

int
sqlite_backup(struct store *store, const char *path, struct err *err)
{
	struct copy copy = { .store = store };
	struct store_size size;
	struct sqlite *s = sqlite_of(store);
	char *part = mem_printf("%s.part", path);
	char *sql = sqlite3_mprintf("VACUUM INTO %Q", part);
	int rc = -1;

	if (access(path, F_OK) == 0) {
		err_set(err, ERR_EXISTS,
		    "backup %s: is there already: name another file", path);
		goto out;
	}
	unlink(part); /* of a backup that was cut short */
	if (store_measure(store, &size, err) < 0)
		goto out;
	copy.path = part;
	copy.of_bytes = size.bytes;
	sqlite3_progress_handler(s->db, PROGRESS_STEPS, on_copied, &copy);
	rc = sqlite3_exec(s->db, sql, NULL, NULL, NULL);
	sqlite3_progress_handler(s->db, 0, NULL, NULL);
	if (rc != SQLITE_OK) {
		rc = -1;
		sqlite_fail(s, err);
		err_wrap(err, "backup to %s", path);
		goto out;
	}
	rc = sync_file(part, err);
	if (rc == 0 && rename(part, path) < 0)
		rc = describe(err, path);
out:
	if (rc < 0)
		unlink(part);
	sqlite3_free(sql);
	free(part);
	return rc;
}
