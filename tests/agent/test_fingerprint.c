#include "tests/support/folder.h"
#include "tests/support/table.h"

#include "agent/fingerprint.h"
#include "agent/fingerprint_key.h"
#include "proto/base/file.h"

#define KEY "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"
#define OTHER \
	"100102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"

#define THIRD \
	"200102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"

/* Two values, each with its key, scope and name. */
struct value {
	const char *key, *scope, *name, *value;
};

static const struct pair {
	const char *name;
	struct value a, b;
	bool same_value, same_key;
} pairs[] = {
	{ "equal values are equal", { KEY, "s", "A", "v" },
	    { KEY, "s", "A", "v" }, true, true },
	{ "other values are not", { KEY, "s", "A", "v" },
	    { KEY, "s", "A", "w" }, false, true },
	{ "the name counts", { KEY, "s", "A", "v" }, { KEY, "s", "B", "v" },
	    false, true },
	{ "the scope counts", { KEY, "s", "A", "v" }, { KEY, "t", "A", "v" },
	    false, true },
	{ "parts do not run into each other", { KEY, "s", "AB", "v" },
	    { KEY, "s", "A", "Bv" }, false, true },
	{ "another key has another name", { KEY, "s", "A", "v" },
	    { OTHER, "s", "A", "v" }, false, false },
};

static void
open_keys(struct fingerprint **out, const char *path, const char *fleet,
    const char *environment)
{
	struct fingerprint_setup setup = {
		.key_file = path,
		.fleet_file = fleet,
		.environment = environment,
		.overlap_ms = 60000,
		.clock = clock_system(),
	};
	struct err err;

	if (fingerprint_open(out, &setup, &err) < 0)
		fail_msg("%s", err.text);
}

static void
fingerprint_value(char out[FINGERPRINT_BYTES], const struct value *value)
{
	struct fingerprint *fingerprint = NULL;
	char path[FOLDER_PATH_BYTES];
	struct folder folder;

	folder_open(&folder);
	folder_write(path, &folder, "key", value->key, strlen(value->key));
	open_keys(&fingerprint, path, NULL, value->scope);
	fingerprint_of(out, fingerprint, false, value->name, value->value,
	    strlen(value->value));
	fingerprint_close(fingerprint);
	folder_close(&folder);
}

static void
test_pair(void **state)
{
	const struct pair *row = *state;
	char a[FINGERPRINT_BYTES], b[FINGERPRINT_BYTES];

	fingerprint_value(a, &row->a);
	fingerprint_value(b, &row->b);
	assert_int_equal(strlen(a), 1 + 8 + 1 + 24);
	assert_int_equal(strcmp(a, b) == 0, row->same_value);
	assert_int_equal(strncmp(a, b, 10) == 0, row->same_key);
}

/* Computed by openssl dgst -sha256 -mac hmac of "fp1\0staging\0A\0secret". */
static void
test_known(void **state)
{
	char out[FINGERPRINT_BYTES];

	(void)state;
	fingerprint_value(
	    out, &(struct value){ KEY, "staging", "A", "secret" });
	assert_string_equal(out + 10, "9a073d28534fd1eda3a77f38");
}

static void
test_made(void **state)
{
	char a[FINGERPRINT_BYTES], b[FINGERPRINT_BYTES];
	struct fingerprint *fingerprint = NULL;
	char path[FOLDER_PATH_BYTES];
	struct folder folder;
	struct stat st;

	(void)state;
	folder_open(&folder);
	folder_path(path, &folder, "key");
	open_keys(&fingerprint, path, NULL, "s");
	fingerprint_of(a, fingerprint, false, "A", "v", 1);
	fingerprint_close(fingerprint);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(st.st_size, 65);
	open_keys(&fingerprint, path, NULL, "s");
	fingerprint_of(b, fingerprint, false, "A", "v", 1);
	fingerprint_close(fingerprint);
	folder_close(&folder);
	assert_string_equal(a, b);
}

static const struct bad {
	const char *name;
	const char *key;
	mode_t mode;
	enum err_code code;
	const char *text;
} bads[] = {
	{ "a key that others may read is refused", KEY, 0644, ERR_DENIED,
	    "chmod 600" },
	{ "a short key is refused", "0001\n", 0600, ERR_INVALID, "not a key" },
	{ "a key has only hex digits",
	    "x00102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
	    0600, ERR_INVALID, "not a key" },
};

static void
test_bad(void **state)
{
	const struct bad *row = *state;
	struct fingerprint *fingerprint = NULL;
	char path[FOLDER_PATH_BYTES];
	struct fingerprint_setup setup = {
		.key_file = path, .environment = "s", .clock = clock_system()
	};
	struct folder folder;
	struct err err;

	folder_open(&folder);
	folder_write(path, &folder, "key", row->key, strlen(row->key));
	chmod(path, row->mode);
	assert_int_equal(fingerprint_open(&fingerprint, &setup, &err), -1);
	folder_close(&folder);
	assert_null(fingerprint);
	assert_int_equal(err.code, row->code);
	assert_non_null(strstr(err.text, row->text));
}

/* --- two keys ----------------------------------------------------------- */

struct keys {
	struct folder folder;
	char own[FOLDER_PATH_BYTES], fleet[FOLDER_PATH_BYTES];
	char next[FOLDER_PATH_BYTES];
	struct clock_fake clock;
};

static void
keys_open(struct keys *keys)
{
	folder_open(&keys->folder);
	folder_write(keys->own, &keys->folder, "own", KEY, strlen(KEY));
	folder_write(keys->fleet, &keys->folder, "fleet", OTHER, strlen(OTHER));
	folder_write(keys->next, &keys->folder, "next", THIRD, strlen(THIRD));
	chmod(keys->own, 0600);
	chmod(keys->fleet, 0600);
	chmod(keys->next, 0600);
	clock_fake_init(&keys->clock, clock_wall_ms(clock_system()));
}

/* Reads the keys anew, as an agent in this environment. */
static void
keys_print(char out[FINGERPRINT_BYTES], const struct keys *keys,
    const char *environment, bool is_fleet)
{
	struct fingerprint_setup setup = {
		.key_file = keys->own,
		.fleet_file = keys->fleet,
		.environment = environment,
		.overlap_ms = 60000,
		.clock = &keys->clock.clock,
	};
	struct fingerprint *fingerprint = NULL;
	struct err err;

	if (fingerprint_open(&fingerprint, &setup, &err) < 0)
		fail_msg("%s", err.text);
	fingerprint_of(out, fingerprint, is_fleet, "A", "v", 1);
	fingerprint_close(fingerprint);
}

static void
test_fleet(void **state)
{
	char a[FINGERPRINT_BYTES], b[FINGERPRINT_BYTES];
	struct keys keys;

	(void)state;
	keys_open(&keys);
	keys_print(a, &keys, "staging", true);
	keys_print(b, &keys, "production", true);
	assert_string_equal(a, b);
	keys_print(a, &keys, "staging", false);
	keys_print(b, &keys, "production", false);
	assert_string_not_equal(a, b);
	folder_close(&keys.folder);
}

/* Before, during and after the period with both keys. */
static void
test_rotation(void **state)
{
	char before[FINGERPRINT_BYTES], during[FINGERPRINT_BYTES];
	char after[FINGERPRINT_BYTES], own[FINGERPRINT_BYTES];
	struct keys keys;
	struct err err;

	(void)state;
	keys_open(&keys);
	keys_print(own, &keys, "s", false);
	keys_print(before, &keys, "s", true);
	if (fingerprint_key_rotate(keys.fleet, keys.next, &err) < 0)
		fail_msg("%s", err.text);
	keys_print(during, &keys, "s", true);
	clock_fake_advance(&keys.clock, 61000);
	keys_print(after, &keys, "s", true);
	assert_int_equal(strlen(during), strlen(before) + 1 + strlen(after));
	assert_memory_equal(during, after, strlen(after));
	assert_string_equal(during + strlen(after) + 1, before);
	assert_string_not_equal(before, after);
	keys_print(before, &keys, "s", false);
	assert_string_equal(before, own); /* the other key stays */
	assert_int_equal(file_is_private(keys.fleet, &err), 0);
	folder_close(&keys.folder);
}

static void
test_same_key_twice(void **state)
{
	struct keys keys;
	struct err err;

	(void)state;
	keys_open(&keys);
	assert_int_equal(
	    fingerprint_key_rotate(keys.fleet, keys.next, &err), 0);
	assert_int_equal(
	    fingerprint_key_rotate(keys.fleet, keys.next, &err), -1);
	assert_int_equal(err.code, ERR_EXISTS);
	folder_close(&keys.folder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fleet),
		cmocka_unit_test(test_rotation),
		cmocka_unit_test(test_same_key_twice),
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_made),
	};

	fingerprint_close(NULL);
	return TABLE_RUN(pairs, test_pair) + TABLE_RUN(bads, test_bad) +
	    cmocka_run_group_tests(tests, NULL, NULL);
}
