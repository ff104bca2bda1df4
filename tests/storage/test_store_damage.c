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

static void
any_spoiled_page(void **state)
{
	struct random_seeded random;
	struct place place;
	struct stat st;

	(void)state;
	random_seeded_init(&random, 20261124);
	for (off_t page = 0, pages = 1; page < pages; page++) {
		struct store_setup setup = { 0 };
		unsigned n = 0;
		char *salvaged = NULL;
		struct err err = { 0 };

		place_open(&place, "sqlite");
		for (uint64_t i = 1; i <= 30; i++)
			place_put_one(&place, 5, i, (int64_t)i * 1000);
		store_close(place.store);
		assert_int_equal(stat(place.path, &st), 0);
		pages = st.st_size / 4096;
		spoil_page(place.path, page, &random);
		setup.uri = place.uri;
		if (store_open(&place.store, &salvaged, &setup, &err) < 0)
			fail_msg("page %d: %s", (int)page, err.text);
		if (store_scan_batches(place.store, 0, count_whole, &n, &err) <
		    0)
			fail_msg("page %d: %s", (int)page, err.text);
		if (salvaged == NULL &&
		    n + place_measure(place.store).damaged < 30)
			fail_msg("page %d: lost without a word", (int)page);
		assert_int_equal(
		    place_put_one(&place, 5, 100, 1000), STORE_NEW);
		free(salvaged);
		place_close(&place);
	}
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
		cmocka_unit_test(rows_that_were_altered),
		cmocka_unit_test(second_writer),
		cmocka_unit_test(reader_of_nothing),
	};
	int failed = TABLE_RUN(damages, test_damage);

	return failed +
	    cmocka_run_group_tests_name("damage", tests, NULL, NULL);
}
