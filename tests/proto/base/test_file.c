#include "tests/support/table.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/base/file.h"
#include "proto/base/secret.h"

static const struct loading {
	const char *name;
	const char *text;
	enum err_code code;
	const char *secret;
} loadings[] = {
	{ "plain text is the secret itself", "hunter2", ERR_NONE, "hunter2" },
	{ "a variable gives its value", "${TEST_SECRET}", ERR_NONE, "v" },
	{ "an unset variable is named", "${TEST_NONE}", ERR_NOT_FOUND, NULL },
	{ "a file gives its text without the line end", "@secret.txt", ERR_NONE,
	    "from file" },
	{ "a missing file is named", "@nowhere.txt", ERR_NOT_FOUND, NULL },
};

static void
test_loading(void **state)
{
	const struct loading *row = *state;
	struct secret *secret = NULL;
	struct err err = { 0 };

	setenv("TEST_SECRET", "v", 1);
	unsetenv("TEST_NONE");
	assert_int_equal(
	    file_write("secret.txt", "from file\r\n", 11, 0600, &err), 0);
	assert_int_equal(secret_load(&secret, row->text, &err),
	    row->code == ERR_NONE ? 0 : -1);
	assert_int_equal(err.code, row->code);
	if (row->secret != NULL)
		assert_string_equal(secret_reveal(secret), row->secret);
	secret_free(secret);
	unlink("secret.txt");
}

static const struct privacy {
	const char *name;
	int mode;
	int rc;
} privacies[] = {
	{ "a file of mode 600 is private", 0600, 0 },
	{ "a file of mode 640 is not", 0640, -1 },
	{ "a file of mode 644 is not", 0644, -1 },
};

static void
test_privacy(void **state)
{
	const struct privacy *row = *state;
	struct err err = { 0 };
	char *bytes = NULL;
	size_t n;

	assert_int_equal(file_write("key.pem", "k", 1, 0600, &err), 0);
	assert_int_equal(chmod("key.pem", (mode_t)row->mode), 0);
	assert_int_equal(file_is_private("key.pem", &err), row->rc);
	assert_int_equal(file_read(&bytes, &n, "key.pem", 0, &err), -1);
	assert_int_equal(err.code, ERR_LIMIT);
	unlink("key.pem");
}

int
main(void)
{
	return TABLE_RUN(loadings, test_loading) +
	    TABLE_RUN(privacies, test_privacy);
}
