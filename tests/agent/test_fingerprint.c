#include "tests/support/folder.h"
#include "tests/support/table.h"

#include "agent/fingerprint.h"

#define KEY "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"
#define OTHER \
	"100102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"

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
fingerprint_value(char out[FINGERPRINT_BYTES], const struct value *value)
{
	struct fingerprint *fingerprint = NULL;
	char path[FOLDER_PATH_BYTES];
	struct folder folder;
	struct err err;

	folder_open(&folder);
	folder_write(path, &folder, "key", value->key, strlen(value->key));
	if (fingerprint_open(&fingerprint, path, value->scope, &err) < 0)
		fail_msg("%s", err.text);
	fingerprint_of(
	    out, fingerprint, value->name, value->value, strlen(value->value));
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
	struct err err;

	(void)state;
	folder_open(&folder);
	folder_path(path, &folder, "key");
	assert_int_equal(fingerprint_open(&fingerprint, path, "s", &err), 0);
	fingerprint_of(a, fingerprint, "A", "v", 1);
	fingerprint_close(fingerprint);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(st.st_size, 65);
	assert_int_equal(fingerprint_open(&fingerprint, path, "s", &err), 0);
	fingerprint_of(b, fingerprint, "A", "v", 1);
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
	struct folder folder;
	struct err err;

	folder_open(&folder);
	folder_write(path, &folder, "key", row->key, strlen(row->key));
	chmod(path, row->mode);
	assert_int_equal(fingerprint_open(&fingerprint, path, "s", &err), -1);
	folder_close(&folder);
	assert_null(fingerprint);
	assert_int_equal(err.code, row->code);
	assert_non_null(strstr(err.text, row->text));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_made),
	};

	fingerprint_close(NULL);
	return TABLE_RUN(pairs, test_pair) + TABLE_RUN(bads, test_bad) +
	    cmocka_run_group_tests(tests, NULL, NULL);
}
