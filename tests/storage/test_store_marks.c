#include "tests/support/table.h"

#include <stdlib.h>
#include <string.h>

#include "storage/store.h"
#include "tests/support/folder.h"

static struct store *
open_store(struct folder *folder)
{
	char path[FOLDER_PATH_BYTES], *salvaged = NULL;
	struct store_setup setup = { .mode = STORE_WRITE };
	struct store *store = NULL;
	struct err err = { 0 };

	setup.uri = folder_path(path, folder, "store.db");
	if (store_open(&store, &salvaged, &setup, &err) < 0)
		fail_msg("%s", err.text);
	assert_null(salvaged);
	return store;
}

static void
put(struct store *store, const struct mark *mark)
{
	struct err err = { 0 };

	if (store_begin(store, &err) < 0 ||
	    store_put_mark(store, mark, &err) < 0 ||
	    store_commit(store, &err) < 0)
		fail_msg("%s", err.text);
}

static const struct attribute attributes[] = {
	{ "revision", "backend-00690", 0 },
	{ "share", NULL, 0.25 },
};

static const struct mark marks[] = {
	{ 3000, "staging", "backend", MARK_DEPLOY, "build/v2", "released v2",
	    attributes, 2 },
	{ 1000, "staging", "", MARK_CLAIM, "", "it is the database", NULL, 0 },
	{ 2000, "production", "backend", MARK_RESTART, "", "", attributes, 1 },
	{ 3000, "staging", "backend", MARK_DEPLOY, "build/v2", "released v2",
	    attributes, 1 },
};

/* What a scan gave: the places in marks. */
struct seen {
	size_t places[16];
	size_t n;
};

static bool
is_same(const struct mark *a, const struct mark *b)
{
	if (a->at_ms != b->at_ms || a->kind != b->kind ||
	    a->n_attributes != b->n_attributes ||
	    strcmp(a->environment, b->environment) != 0 ||
	    strcmp(a->service, b->service) != 0 ||
	    strcmp(a->subject, b->subject) != 0 ||
	    strcmp(a->summary, b->summary) != 0)
		return false;
	for (size_t i = 0; i < a->n_attributes; i++) {
		const struct attribute *x = &a->attributes[i];
		const struct attribute *y = &b->attributes[i];

		if (strcmp(x->name, y->name) != 0 ||
		    (x->text == NULL) != (y->text == NULL) ||
		    (x->text != NULL && strcmp(x->text, y->text) != 0) ||
		    memcmp(&x->number, &y->number, sizeof(x->number)) != 0)
			return false;
	}
	return true;
}

static int
on_mark(void *arg, const struct mark *mark, struct err *err)
{
	struct seen *seen = arg;

	(void)err;
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (is_same(mark, &marks[i]))
			seen->places[seen->n++] = i;
	return 0;
}

static const struct question {
	const char *name;
	struct store_marks request;
	const char *places; /* digits, in order */
} questions[] = {
	{ "without restrictions all come, the oldest first", { "", "", 0, 0 },
	    "1203" },
	{ "an environment has its own", { "production", "", 0, 0 }, "2" },
	{ "a service has its own", { "staging", "backend", 0, 0 }, "03" },
	{ "a span begins with its first moment", { "", "", 2000, 0 }, "203" },
	{ "a span ends before its last moment", { "", "", 0, 3000 }, "12" },
};

static void
test_question(void **state)
{
	const struct question *row = *state;
	struct folder folder;
	struct store *store;
	struct seen seen = { 0 };
	struct err err = { 0 };
	unsigned expected = 0, found = 0;

	folder_open(&folder);
	store = open_store(&folder);
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		put(store, &marks[i]);
		put(store, &marks[i]); /* told twice */
	}
	if (store_scan_marks(store, &row->request, on_mark, &seen, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(seen.n, strlen(row->places));
	/* Two of one moment come in any order. */
	for (size_t i = 0; i < seen.n; i++) {
		expected |= 1U << (row->places[i] - '0');
		found |= 1U << seen.places[i];
		if (i > 0)
			assert_true(marks[seen.places[i - 1]].at_ms <=
			    marks[seen.places[i]].at_ms);
	}
	assert_int_equal(found, expected);
	store_close(store);
	folder_close(&folder);
}

static void
test_refused(void **state)
{
	struct mark mark = marks[0];
	struct folder folder;
	struct store *store;
	struct err err = { 0 };

	(void)state;
	folder_open(&folder);
	store = open_store(&folder);
	mark.environment = "";
	assert_int_equal(store_begin(store, &err), 0);
	assert_int_equal(store_put_mark(store, &mark, &err), -1);
	assert_int_equal(err.code, ERR_INVALID);
	store_rollback(store);
	store_close(store);
	folder_close(&folder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_refused) };

	return TABLE_RUN(questions, test_question) +
	    cmocka_run_group_tests_name("marks", tests, NULL, NULL);
}
