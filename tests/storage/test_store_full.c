/*
 * Fills a disk to its last byte, for real: a small tmpfs in namespaces of
 * our own, gone with this process.
 */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "tests/storage/place.h"

#define DISK_SIZE      "size=48m" /* room for the reserve and a little more */
#define BATCH_BYTES    (200 * 1024)
#define BATCHES_MAX    2000
#define EXPIRE_AT_ONCE 5

static char mount_point[64];

static void
write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	if (file == NULL || fputs(text, file) < 0 || fclose(file) != 0) {
		perror(path);
		exit(1);
	}
}

static void
enter_namespaces(void)
{
	char users[64], groups[64];

	snprintf(users, sizeof(users), "0 %u 1", (unsigned)getuid());
	snprintf(groups, sizeof(groups), "0 %u 1", (unsigned)getgid());
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0) {
		perror("a user and mount namespace of our own");
		exit(1);
	}
	write_file("/proc/self/setgroups", "deny");
	write_file("/proc/self/uid_map", users);
	write_file("/proc/self/gid_map", groups);
}

static void
mount_disk(void)
{
	snprintf(mount_point, sizeof(mount_point), "/tmp/vedette-disk-XXXXXX");
	if (mkdtemp(mount_point) == NULL ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("tmpfs", mount_point, "tmpfs", 0, DISK_SIZE) < 0) {
		perror(mount_point);
		exit(1);
	}
}

static void
unmount_disk(void)
{
	umount(mount_point);
	rmdir(mount_point);
}

static struct store *
open_store(int64_t max_bytes)
{
	char uri[128];
	struct store_setup setup = { .uri = uri, .max_bytes = max_bytes };
	struct store *store = NULL;
	char *salvaged = NULL;
	struct err err = { 0 };

	snprintf(uri, sizeof(uri), "%s/store.db", mount_point);
	if (store_open(&store, &salvaged, &setup, &err) < 0)
		fail_msg("%s", err.text);
	assert_null(salvaged);
	return store;
}

/* Puts one large batch in a transaction; gives the code of its failure. */
static enum err_code
put(struct store *store, uint64_t sequence, struct err *err)
{
	static const unsigned char content[BATCH_BYTES];
	struct store_batch batch = { .environment = "staging",
		.agent = "stg-1",
		.stream = 1,
		.sequence = sequence,
		.from_ms = (int64_t)sequence,
		.to_ms = (int64_t)sequence,
		.n_results = 1,
		.content = content,
		.n_content = sizeof(content),
		.crc32c = crc32c(0, content, sizeof(content)) };
	enum store_put how;
	uint64_t id;
	int rc;

	*err = (struct err){ 0 };
	rc = store_begin(store, err);
	if (rc == 0)
		rc = store_put_batch(store, &how, &id, &batch, err);
	if (rc == 0)
		rc = store_commit(store, err);
	store_rollback(store);
	return rc == 0 ? ERR_NONE : err->code;
}

/* Returns the sequence that did not fit. */
static uint64_t
fill(struct store *store, uint64_t from, const char *words)
{
	struct err err;
	enum err_code code;

	for (uint64_t i = from; i < from + BATCHES_MAX; i++) {
		code = put(store, i, &err);
		if (code == ERR_NONE)
			continue;
		if (code != ERR_FULL || strstr(err.text, words) == NULL)
			fail_msg("batch %d: %s", (int)i, err.text);
		return i;
	}
	fail_msg("it never became full");
	return 0;
}

static uint64_t
expire(struct store *store)
{
	struct err err = { 0 };
	uint64_t n = 0;

	if (store_begin(store, &err) < 0 ||
	    store_expire(
		store, &n, "staging", INT64_MAX, EXPIRE_AT_ONCE, &err) < 0 ||
	    store_commit(store, &err) < 0)
		fail_msg("%s", err.text);
	return n;
}

static void
full_disk(void **state)
{
	struct store *store;
	struct err err;
	uint64_t first, again;

	(void)state;
	mount_disk();
	store = open_store(0);
	first = fill(store, 1, "the disk is full");
	assert_true(first > 10);
	for (int i = 0; i < 20; i++) /* a refusal changes nothing */
		assert_int_equal(put(store, first, &err), ERR_FULL);
	assert_int_equal(place_measure(store).batches, first - 1);
	store_close(store);
	store = open_store(0);
	assert_int_equal(place_measure(store).batches, first - 1);
	/* Whoever makes room by deleting goes on, and again. */
	for (int i = 0; i < 5; i++) {
		again = fill(store, first, "the disk is full");
		assert_int_equal(expire(store), EXPIRE_AT_ONCE);
		assert_int_equal(put(store, again, &err), ERR_NONE);
		first = again + 1;
	}
	assert_int_equal(
	    place_measure(store).batches, first - 1 - 5 * EXPIRE_AT_ONCE);
	store_close(store);
	unmount_disk();
}

static void
limit_of_size(void **state)
{
	struct store *store;
	struct err err;
	uint64_t first;

	(void)state;
	mount_disk();
	store = open_store(4 * 1024 * 1024);
	first = fill(store, 1, "limit of 4194304 bytes");
	assert_in_range(first, 10, 22);
	assert_int_equal(expire(store) > 0, 1);
	assert_int_equal(put(store, first, &err), ERR_NONE);
	assert_true(place_measure(store).bytes <= 4 * 1024 * 1024 + 4096);
	store_close(store);
	unmount_disk();
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(full_disk),
		cmocka_unit_test(limit_of_size),
	};

	enter_namespaces();
	return cmocka_run_group_tests_name("full", tests, NULL, NULL);
}
