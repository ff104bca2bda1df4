#include "tests/support/folder.h"
#include "tests/support/table.h"

#include <stdio.h>
#include <string.h>

#include "agent/probes/host_kills.h"

#define START_MS INT64_C(1767607200000)
#define TOLD_MS  600000
#define RUNS_MAX 4

/* A run: what the kernel says, and what there is to be told. */
struct run {
	int64_t after_s; /* of the start */
	const char *boot;
	uint64_t group;
	int64_t n_host, n_group;
	int64_t told_host, told_group;
};

static const struct history {
	const char *name;
	size_t n;
	struct run runs[RUNS_MAX];
} histories[] = {
	{ "the first run has nothing to compare with", 1,
	    { { 0, "b", 7, 5, 2, 0, 0 } } },
	{ "a kill is found by the next run", 2,
	    { { 0, "b", 7, 5, 2, 0, 0 }, { 30, "b", 7, 6, 3, 1, 1 } } },
	{ "it is told for a while, then no more", 4,
	    { { 0, "b", 7, 5, 2, 0, 0 }, { 30, "b", 7, 6, 3, 1, 1 },
		{ 629, "b", 7, 6, 3, 1, 1 }, { 630, "b", 7, 6, 3, 0, 0 } } },
	{ "another one on the way is added, and told as long", 4,
	    { { 0, "b", 7, 5, 2, 0, 0 }, { 30, "b", 7, 6, 3, 1, 1 },
		{ 330, "b", 7, 8, 3, 3, 1 }, { 900, "b", 7, 8, 3, 3, 1 } } },
	{ "one after that is told alone", 3,
	    { { 0, "b", 7, 5, 2, 0, 0 }, { 30, "b", 7, 9, 3, 4, 1 },
		{ 631, "b", 7, 10, 3, 1, 0 } } },
	{ "one of somebody else is the host's", 2,
	    { { 0, "b", 7, 5, 2, 0, 0 }, { 30, "b", 7, 6, 2, 1, 0 } } },
	{ "a host that was started anew counts from nothing", 2,
	    { { 0, "b", 7, 5, 2, 0, 0 }, { 30, "c", 7, 2, 1, 2, 1 } } },
	{ "a control group that was made anew does as well", 2,
	    { { 0, "b", 7, 5, 2, 0, 0 }, { 30, "b", 8, 7, 1, 2, 1 } } },
	{ "kills of another group that are older are not new", 2,
	    { { 0, "b", 7, 5, 2, 0, 0 }, { 30, "b", 8, 5, 3, 0, 0 } } },
	{ "without a count of the host that of the group is all", 2,
	    { { 0, "b", 7, -1, 2, 0, 0 }, { 30, "b", 7, -1, 3, 1, 1 } } },
	{ "without a group there is the host's", 2,
	    { { 0, "b", 0, 5, -1, 0, 0 }, { 30, "b", 0, 6, -1, 1, 0 } } },
	{ "a count that comes to be known tells nothing", 2,
	    { { 0, "b", 7, -1, -1, 0, 0 }, { 30, "b", 7, 6, 3, 0, 0 } } },
	{ "where nothing says which start it is, counts are one", 2,
	    { { 0, "", 7, 5, 2, 0, 0 }, { 30, "", 7, 6, 3, 1, 1 } } },
	{ "a clock that was set back tells it no longer", 4,
	    { { 0, "b", 7, 5, 2, 0, 0 }, { 30, "b", 7, 6, 3, 1, 1 },
		{ -99999, "b", 7, 6, 3, 1, 1 },
		{ -99399, "b", 7, 6, 3, 0, 0 } } },
};

/* Keeps what is to be kept and reads it again before each run, as agents do
 * that are started anew. */
static void
test_history(void **state)
{
	const struct history *row = *state;
	struct host_kill_counts counts;
	struct host_kills kills;
	struct folder folder;
	struct err err = { 0 };
	char path[2 * FOLDER_PATH_BYTES];

	folder_open(&folder);
	snprintf(path, sizeof(path), "%s/state", folder.path);
	for (size_t i = 0; i < row->n; i++) {
		const struct run *run = &row->runs[i];

		counts = (struct host_kill_counts){ "", run->group, run->n_host,
			run->n_group };
		snprintf(counts.boot, sizeof(counts.boot), "%s", run->boot);
		host_kills_read(&kills, path);
		assert_int_equal(kills.is_known, i > 0);
		if (host_kills_take(&kills, &counts,
			START_MS + run->after_s * 1000, TOLD_MS))
			assert_int_equal(
			    host_kills_write(&kills, path, &err), 0);
		assert_int_equal(kills.n_host, run->told_host);
		assert_int_equal(kills.n_group, run->told_group);
	}
	folder_close(&folder);
}

static void
test_what_stays_is_not_written_again(void **state)
{
	const struct host_kill_counts counts = { "b", 7, 5, 2 };
	struct host_kills kills = { 0 };

	(void)state;
	assert_true(host_kills_take(&kills, &counts, START_MS, TOLD_MS));
	assert_false(host_kills_take(&kills, &counts, START_MS + 1, TOLD_MS));
}

static const struct text {
	const char *name;
	const char *text;
	bool is_known;
} texts[] = {
	{ "what was kept",
	    "vedette-host 1\nboot b group 7\nseen 5 2\ntold 1 1 99\n", true },
	{ "of another version",
	    "vedette-host 2\nboot b group 7\nseen 5 2\ntold 1 1 99\n", false },
	{ "cut off", "vedette-host 1\nboot b group 7\nseen 5", false },
	{ "with a count below nothing",
	    "vedette-host 1\nboot b group 7\nseen -2 2\ntold 1 1 99\n", false },
	{ "nothing", "", false },
};

static void
test_text(void **state)
{
	const struct text *row = *state;
	struct host_kills kills;
	struct folder folder;
	char path[2 * FOLDER_PATH_BYTES];
	FILE *file;

	folder_open(&folder);
	snprintf(path, sizeof(path), "%s/state", folder.path);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(row->text, file);
	fclose(file);
	host_kills_read(&kills, path);
	folder_close(&folder);
	assert_int_equal(kills.is_known, row->is_known);
	assert_int_equal(kills.n_host, row->is_known ? 1 : 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_stays_is_not_written_again),
	};

	return TABLE_RUN(histories, test_history) +
	    TABLE_RUN(texts, test_text) +
	    cmocka_run_group_tests(tests, NULL, NULL);
}
