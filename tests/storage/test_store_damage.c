#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sqlite3.h>

#include "tests/storage/place.h"

#include "proto/base/random.h"

#define SPOILED 60 /* batches of a result each */

/* A store that went wrong, and what is said when it is opened. */
static const struct damage {
	const char *name;
	const char *sql;   /* done to the file beforehand, or NULL */
	const char *bytes; /* ... or written over its first page */
	enum err_code code;
	const char *words[2];
} damages[] = {
	{ "a database of a newer version is refused, with both numbers",
	    "PRAGMA user_version = 97", NULL, ERR_UNSUPPORTED,
	    { "newer version (format 97", "run that version" } },
	{ "a database of another program is refused",
	    "PRAGMA application_id = 4711", NULL, ERR_INVALID,
	    { "another program", "name another file" } },
	{ "a file that is no database is set aside", NULL,
	    "this is not the header of a database, not at all.", ERR_NONE,
	    { "not a database", ".damaged-" } },
	{ "a database without its tables is set aside", "DROP TABLE inbox",
	    NULL, ERR_NONE, { "no such table", ".damaged-" } },
};

static void
do_damage(const char *path, const struct damage *damage)
{
	sqlite3 *db = NULL;
	FILE *file;

	if (damage->bytes != NULL) {
		file = fopen(path, "r+");
		assert_non_null(file);
		assert_true(fputs(damage->bytes, file) >= 0);
		assert_int_equal(fclose(file), 0);
		return;
	}
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(
	    sqlite3_exec(db, damage->sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static void
test_damage(void **state)
{
	const struct damage *damage = *state;
	struct store_setup setup = { 0 };
	char *salvaged = NULL;
	struct err err = { 0 };
	struct place place;
	const char *said;
	int rc;

	place_open(&place, "sqlite");
	place_put_one(&place, 5, 1, 1000);
	store_close(place.store);
	do_damage(place.path, damage);
	place.store = NULL;
	setup.uri = place.uri;
	rc = store_open(&place.store, &salvaged, &setup, &err);
	assert_int_equal(rc, damage->code == ERR_NONE ? 0 : -1);
	assert_int_equal(err.code, damage->code);
	said = rc == 0 ? salvaged : err.text;
	assert_non_null(said);
	for (int i = 0; i < 2; i++)
		if (strstr(said, damage->words[i]) == NULL)
			fail_msg(
			    "\"%s\" is missing in: %s", damage->words[i], said);
	assert_non_null(strstr(said, place.path));
	if (rc == 0)
		assert_int_equal(place_put_one(&place, 5, 2, 1000), STORE_NEW);
	free(salvaged);
	place_close(&place);
}

/* Overwrites one page of the file with noise. */
static void
spoil_page(const char *path, off_t page, struct random_seeded *random)
{
	unsigned char noise[4096];
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	for (size_t i = 0; i < sizeof(noise); i++)
		noise[i] = (unsigned char)random_u64(&random->random);
	assert_int_equal(
	    pwrite(fd, noise, sizeof(noise), page * 4096), sizeof(noise));
	close(fd);
}

static int
count_whole(void *arg, const struct store_batch *batch, struct err *err)
{
	(void)err;
	assert_int_equal(
	    batch->crc32c, crc32c(0, batch->content, batch->n_content));
	++*(unsigned *)arg;
	return 0;
}

static int
count_result(void *arg, const struct series *series, const struct result *got,
    struct err *err)
{
	(void)series;
	(void)err;
	assert_int_equal(got->duration_us * 1000, got->at_ms);
	++*(unsigned *)arg;
	return 0;
}

/* How many results can still be read, each of them as it was put. */
static unsigned
count_results(struct store *store)
{
	struct query_history all = { "", "", "", "", 0, 0, 10000 };
	struct err err = { 0 };
	unsigned n = 0;
	bool more;

	if (store_scan_results(store, &more, &all, count_result, &n, &err) < 0)
		fail_msg("%s", err.text);
	return n;
}

static void
ignore_damage(void *arg, const char *what)
{
	(void)what;
	++*(unsigned *)arg;
}

/* Half of the batches sealed, half not. */
static void
fill(struct place *place)
{
	struct store_seal request = { INT64_MAX, SPOILED / 2 };
	struct err err = { 0 };
	uint64_t n;

	for (uint64_t i = 1; i <= SPOILED; i++)
		place_put_one(place, 5, i, (int64_t)i * 1000);
	place_begin(place);
	assert_int_equal(store_seal(place->store, &n, &request, &err), 0);
	place_commit(place);
	assert_int_equal(n, SPOILED / 2);
}

/* Opens what was spoiled; returns how many results are left.  A loss that is
 * not told of fails the test. */
static unsigned
open_spoiled(struct place *place, int page)
{
	struct store_setup setup = { .uri = place->uri };
	struct store_verified found;
	char *salvaged = NULL;
	struct err err = { 0 };
	unsigned n, told = 0;

	if (store_open(&place->store, &salvaged, &setup, &err) < 0)
		fail_msg("page %d: %s", page, err.text);
	n = count_results(place->store);
	assert_int_equal(
	    store_verify(place->store, &found, ignore_damage, &told, &err), 0);
	assert_int_equal(told, found.damaged);
	assert_int_equal(n, found.results);
	if (salvaged == NULL && n < SPOILED && found.damaged == 0)
		fail_msg("page %d: lost without a word", page);
	assert_int_equal(place_put_one(place, 5, 1000, 1000000), STORE_NEW);
	free(salvaged);
	return n;
}

static void
any_spoiled_page(void **state)
{
	unsigned whole = 0, pages = 1;
	struct random_seeded random;
	struct place place;
	struct stat st;

	(void)state;
	random_seeded_init(&random, 20261124);
	for (unsigned page = 0; page < pages; page++) {
		place_open(&place, "sqlite");
		fill(&place);
		store_close(place.store);
		assert_int_equal(stat(place.path, &st), 0);
		pages = (unsigned)(st.st_size / 4096);
		spoil_page(place.path, page, &random);
		whole += open_spoiled(&place, (int)page) >= SPOILED / 2;
		place_close(&place);
	}
	/* Only the few pages of the list of tables cost more than their own. */
	assert_true(pages > 30);
	assert_true(whole >= pages - 6);
}

static void
backup_is_whole(void **state)
{
	char copy[FOLDER_PATH_BYTES];
	struct store *reader, *second;
	struct store_verified found;
	struct place place;
	struct err err = { 0 };
	unsigned told = 0;

	(void)state;
	place_open(&place, "sqlite");
	fill(&place);
	folder_path(copy, &place.folder, "copy.db");
	reader = place_open_store(&place, STORE_READ);
	place_begin(&place); /* the writer goes on meanwhile */
	if (store_backup(reader, copy, &err) < 0)
		fail_msg("%s", err.text);
	store_rollback(place.store);
	assert_int_equal(store_backup(reader, copy, &err), -1);
	assert_int_equal(err.code, ERR_EXISTS);
	store_close(reader);
	snprintf(place.uri, sizeof(place.uri), "sqlite:%s", copy);
	second = place_open_store(&place, STORE_WRITE);
	assert_int_equal(count_results(second), SPOILED);
	assert_int_equal(
	    store_verify(second, &found, ignore_damage, &told, &err), 0);
	assert_int_equal(found.damaged, 0);
	assert_int_equal(found.results, SPOILED);
	assert_int_equal(found.chunks, 1);
	store_close(second);
	place_close(&place);
}

static void
rows_that_were_altered(void **state)
{
	struct place place;
	struct err err = { 0 };
	unsigned n = 0;
	sqlite3 *db = NULL;

	(void)state;
	place_open(&place, "sqlite");
	for (uint64_t i = 1; i <= 3; i++)
		place_put_one(&place, 5, i, (int64_t)i * 1000);
	store_close(place.store);
	assert_int_equal(sqlite3_open(place.path, &db), SQLITE_OK);
	assert_int_equal(
	    sqlite3_exec(db,
		"UPDATE inbox SET received_ms = received_ms + 1 WHERE id = 1;"
		"UPDATE inbox SET content = x'00' WHERE id = 3",
		NULL, NULL, NULL),
	    SQLITE_OK);
	sqlite3_close(db);
	place.store = place_open_store(&place, STORE_WRITE);
	assert_int_equal(
	    store_scan_batches(place.store, 0, count_whole, &n, &err), 0);
	assert_int_equal(n, 1);
	assert_int_equal(place_measure(place.store).damaged, 2);
	place_close(&place);
}

static void
second_writer(void **state)
{
	struct store_setup setup = { 0 };
	struct store *second = NULL;
	char *salvaged = NULL, expected[64];
	struct err err = { 0 };
	struct place place;
	int status;
	pid_t child;

	(void)state;
	place_open(&place, "sqlite");
	setup.uri = place.uri;
	snprintf(
	    expected, sizeof(expected), "held by process %ld", (long)getpid());
	child = fork();
	if (child == 0) {
		int rc = store_open(&second, &salvaged, &setup, &err);

		_exit(rc < 0 && err.code == ERR_BUSY &&
			    strstr(err.text, expected) != NULL
			? 0
			: 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(store_open(&second, &salvaged, &setup, &err), -1);
	assert_int_equal(err.code, ERR_BUSY);
	setup.mode = STORE_READ;
	assert_int_equal(store_open(&second, &salvaged, &setup, &err), 0);
	store_close(second);
	place_close(&place);
}

static void
reader_of_nothing(void **state)
{
	struct store_setup setup = { .uri = "/nonexistent/store.db",
		.mode = STORE_READ };
	struct store *store = NULL;
	char *salvaged = NULL;
	struct err err = { 0 };

	(void)state;
	assert_int_equal(store_open(&store, &salvaged, &setup, &err), -1);
	assert_int_equal(err.code, ERR_NOT_FOUND);
	assert_non_null(strstr(err.text, "/nonexistent/store.db"));
	setup.uri = "mongodb:x";
	assert_int_equal(store_open(&store, &salvaged, &setup, &err), -1);
	assert_int_equal(err.code, ERR_INVALID);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_spoiled_page),
		cmocka_unit_test(backup_is_whole),
		cmocka_unit_test(rows_that_were_altered),
		cmocka_unit_test(second_writer),
		cmocka_unit_test(reader_of_nothing),
	};
	int failed = TABLE_RUN(damages, test_damage);

	return failed +
	    cmocka_run_group_tests_name("damage", tests, NULL, NULL);
}
