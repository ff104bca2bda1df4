#include "tests/storage/place.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/text.h"

/* One suite over all engines: each row is run on a new store of each. */
struct story {
	const char *name;
	void (*tell)(struct place *place);
};

static int
count_batch(void *arg, const struct store_batch *batch, struct err *err)
{
	(void)batch;
	(void)err;
	++*(unsigned *)arg;
	return 0;
}

static unsigned
count_batches(struct store *store, uint64_t after)
{
	struct err err = { 0 };
	unsigned n = 0;

	if (store_scan_batches(store, after, count_batch, &n, &err) < 0)
		fail_msg("%s", err.text);
	return n;
}

static void
new_is_empty(struct place *place)
{
	struct store_size size = place_measure(place->store);

	assert_int_equal(count_batches(place->store, 0), 0);
	assert_int_equal(size.batches, 0);
	assert_int_equal(size.last_id, 0);
}

static int
is_as_put(void *arg, const struct store_batch *got, struct err *err)
{
	const struct store_batch *put = arg;

	(void)err;
	assert_int_equal(got->id, put->id);
	assert_string_equal(got->environment, put->environment);
	assert_string_equal(got->agent, put->agent);
	assert_int_equal(got->stream, put->stream);
	assert_int_equal(got->sequence, put->sequence);
	assert_int_equal(got->received_ms, put->received_ms);
	assert_int_equal(got->clock_offset_ms, put->clock_offset_ms);
	assert_int_equal(got->from_ms, put->from_ms);
	assert_int_equal(got->to_ms, put->to_ms);
	assert_int_equal(got->n_results, put->n_results);
	assert_int_equal(got->crc32c, put->crc32c);
	assert_int_equal(got->n_content, put->n_content);
	assert_memory_equal(got->content, put->content, put->n_content);
	return 0;
}

static void
comes_back_whole(struct place *place)
{
	struct point point = { "backend", "db", 1767607200123, 420,
		OUTCOME_CRITICAL };
	/* Streams are random 64-bit numbers: the sign bit too. */
	struct store_batch batch = encode_points(
	    "staging", "stg-1", 0xfedcba9876543210u, 7, &point, 1);
	struct err err = { 0 };

	batch.clock_offset_ms = -1500;
	place_begin(place);
	assert_int_equal(place_put(place, &batch, &batch.id), STORE_NEW);
	place_commit(place);
	place_reopen(place);
	assert_int_equal(
	    store_scan_batches(place->store, 0, is_as_put, &batch, &err), 0);
	assert_int_equal(count_batches(place->store, 0), 1);
	free((void *)(uintptr_t)batch.content);
}

/* An empty message has no bytes, and protobuf gives no address for it. */
static void
heartbeat_comes_back(struct place *place)
{
	struct store_batch batch = { .environment = "staging",
		.agent = "stg-1",
		.stream = 5,
		.sequence = 1,
		.received_ms = 1767607200123,
		.from_ms = 1767607200120,
		.to_ms = 1767607200120 };
	struct err err = { 0 };

	place_begin(place);
	assert_int_equal(place_put(place, &batch, &batch.id), STORE_NEW);
	place_commit(place);
	batch.content = (const unsigned char *)"";
	assert_int_equal(
	    store_scan_batches(place->store, 0, is_as_put, &batch, &err), 0);
	assert_int_equal(count_batches(place->store, 0), 1);
}

static void
repeat_is_dropped(struct place *place)
{
	assert_int_equal(place_put_one(place, 5, 1, 1000), STORE_NEW);
	assert_int_equal(place_put_one(place, 5, 1, 1000), STORE_REPEAT);
	place_reopen(place);
	assert_int_equal(place_put_one(place, 5, 1, 1000), STORE_REPEAT);
	assert_int_equal(count_batches(place->store, 0), 1);
}

static void
repeat_within_a_transaction(struct place *place)
{
	struct point point = { "backend", "db", 1000, 1, OUTCOME_OK };
	struct store_batch batch =
	    encode_points("staging", "stg-1", 5, 1, &point, 1);
	uint64_t id;

	place_begin(place);
	assert_int_equal(place_put(place, &batch, &id), STORE_NEW);
	assert_int_equal(place_put(place, &batch, &id), STORE_REPEAT);
	place_commit(place);
	assert_int_equal(count_batches(place->store, 0), 1);
	free((void *)(uintptr_t)batch.content);
}

static void
other_content_is_a_conflict(struct place *place)
{
	assert_int_equal(place_put_one(place, 5, 1, 1000), STORE_NEW);
	assert_int_equal(place_put_one(place, 5, 1, 2000), STORE_CONFLICT);
	assert_int_equal(count_batches(place->store, 0), 1);
}

static void
streams_are_apart(struct place *place)
{
	assert_int_equal(place_put_one(place, 5, 1, 1000), STORE_NEW);
	assert_int_equal(place_put_one(place, 6, 1, 2000), STORE_NEW);
	assert_int_equal(count_batches(place->store, 0), 2);
}

static void
rollback_leaves_nothing(struct place *place)
{
	struct point point = { "backend", "db", 1000, 1, OUTCOME_OK };
	struct store_batch batch =
	    encode_points("staging", "stg-1", 5, 1, &point, 1);
	uint64_t id;

	place_begin(place);
	assert_int_equal(place_put(place, &batch, &id), STORE_NEW);
	store_rollback(place->store);
	assert_int_equal(count_batches(place->store, 0), 0);
	place_begin(place);
	assert_int_equal(place_put(place, &batch, &id), STORE_NEW);
	store_close(place->store); /* rolls back as well */
	place->store = place_open_store(place, STORE_WRITE);
	assert_int_equal(count_batches(place->store, 0), 0);
	free((void *)(uintptr_t)batch.content);
}

static void
ids_grow_and_never_return(struct place *place)
{
	struct err err = { 0 };
	uint64_t n, last;

	place_put_one(place, 5, 1, 1000);
	place_put_one(place, 5, 2, 2000);
	last = place_measure(place->store).last_id;
	place_begin(place);
	assert_int_equal(
	    store_expire(place->store, &n, "staging", 9000, 10, &err), 0);
	place_commit(place);
	assert_int_equal(n, 2);
	place_reopen(place);
	assert_int_equal(place_measure(place->store).last_id, last);
	place_put_one(place, 5, 3, 3000);
	assert_true(place_measure(place->store).last_id > last);
	assert_int_equal(count_batches(place->store, last), 1);
}

static void
expired_repeat_is_still_one(struct place *place)
{
	static const uint64_t order[] = { 2, 4, 3, 1, 7 };
	struct err err = { 0 };
	uint64_t n;

	for (size_t i = 0; i < 5; i++) {
		place_put_one(place, 5, order[i], (int64_t)order[i] * 1000);
		place_begin(place);
		assert_int_equal(
		    store_expire(place->store, &n, "", 9000, 10, &err), 0);
		place_commit(place);
		assert_int_equal(n, 1);
	}
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(
		    place_put_one(place, 5, order[i], (int64_t)order[i] * 1000),
		    STORE_REPEAT);
	assert_int_equal(place_put_one(place, 5, 5, 5000), STORE_NEW);
	assert_int_equal(place_put_one(place, 5, 6, 6000), STORE_NEW);
	assert_int_equal(place_put_one(place, 5, 8, 8000), STORE_NEW);
}

static void
expires_in_steps(struct place *place)
{
	struct err err = { 0 };
	uint64_t n;

	for (uint64_t i = 1; i <= 10; i++)
		place_put_one(place, 5, i, (int64_t)i * 1000);
	place_begin(place);
	store_expire(place->store, &n, "production", 99000, 10, &err);
	assert_int_equal(n, 0);
	store_expire(place->store, &n, "staging", 8000, 4, &err);
	assert_int_equal(n, 4);
	store_expire(place->store, &n, "staging", 8000, 4, &err);
	assert_int_equal(n, 3);
	place_commit(place);
	assert_int_equal(count_batches(place->store, 0), 3);
}

static void
reader_sees_whole_transactions(struct place *place)
{
	struct store *reader = place_open_store(place, STORE_READ);
	struct point point = { "backend", "db", 1000, 1, OUTCOME_OK };
	struct store_batch batch =
	    encode_points("staging", "stg-1", 5, 1, &point, 1);
	uint64_t id;

	place_begin(place);
	place_put(place, &batch, &id);
	assert_int_equal(count_batches(reader, 0), 0);
	place_commit(place);
	assert_int_equal(count_batches(reader, 0), 1);
	store_close(reader);
	free((void *)(uintptr_t)batch.content);
}

/* Writes on while a reader stands in the middle of a scan. */
static int
write_meanwhile(void *arg, const struct store_batch *batch, struct err *err)
{
	struct place *place = arg;

	(void)err;
	place_put_one(place, 5, batch->sequence + 100, 5000);
	return 0;
}

static void
reader_does_not_block(struct place *place)
{
	struct store *reader = place_open_store(place, STORE_READ);
	struct err err = { 0 };

	for (uint64_t i = 1; i <= 20; i++)
		place_put_one(place, 5, i, 1000);
	assert_int_equal(
	    store_scan_batches(reader, 0, write_meanwhile, place, &err), 0);
	assert_int_equal(count_batches(place->store, 0), 40);
	store_close(reader);
}

static int
stop_or_fail(void *arg, const struct store_batch *batch, struct err *err)
{
	(void)batch;
	if (*(int *)arg < 0)
		return err_set(err, ERR_DENIED, "no further");
	return *(int *)arg;
}

static void
callbacks_end_a_scan(struct place *place)
{
	struct err err = { 0 };
	int say = 1;

	place_put_one(place, 5, 1, 1000);
	assert_int_equal(
	    store_scan_batches(place->store, 0, stop_or_fail, &say, &err), 0);
	say = -1;
	assert_int_equal(
	    store_scan_batches(place->store, 0, stop_or_fail, &say, &err), -1);
	assert_int_equal(err.code, ERR_DENIED);
	assert_int_equal(place_put_one(place, 5, 2, 1000), STORE_NEW);
}

/* Compares what was listed, and frees it. */
static void
expect_listed(struct text *text, const char *expected)
{
	assert_string_equal(text->bytes != NULL ? text->bytes : "", expected);
	text_fini(text);
}

/* Writes "probe@time " for each result. */
static int
list_result(void *arg, const struct series *series, const struct result *result,
    struct err *err)
{
	(void)err;
	text_addf(arg, "%s@%d ", series->probe, (int)result->at_ms);
	return 0;
}

static void
expect_results(struct place *place, const struct query_history *request,
    const char *expected, bool more)
{
	struct text text = { 0 };
	struct err err = { 0 };
	bool got_more;

	if (store_scan_results(
		place->store, &got_more, request, list_result, &text, &err) < 0)
		fail_msg("%s", err.text);
	expect_listed(&text, expected);
	assert_int_equal(got_more, more);
}

static void
results_are_found(struct place *place)
{
	static const struct point points[] = {
		{ "backend", "a", 1000, 1, OUTCOME_OK },
		{ "backend", "b", 3000, 1, OUTCOME_OK },
		{ "web", "c", 2000, 1, OUTCOME_OK },
		{ "web", "c", 4000, 1, OUTCOME_CRITICAL },
	};
	struct query_history request = { "", "", "", "", 0, 0, 0 };
	struct store_batch batch;
	uint64_t id;

	place_begin(place);
	for (uint64_t i = 0; i < 2; i++) {
		batch = encode_points(
		    "staging", "stg-1", 5, i + 1, points + 2 * i, 2);
		place_put(place, &batch, &id);
		free((void *)(uintptr_t)batch.content);
	}
	place_commit(place);
	expect_results(place, &request, "c@4000 b@3000 c@2000 a@1000 ", false);
	request.limit = 2;
	expect_results(place, &request, "c@4000 b@3000 ", true);
	request.service = "backend";
	expect_results(place, &request, "b@3000 a@1000 ", false);
	request.probe = "a";
	expect_results(place, &request, "a@1000 ", false);
	request.environment = "production";
	expect_results(place, &request, "", false);
	request =
	    (struct query_history){ "staging", "", "stg-1", "", 2000, 4000, 0 };
	expect_results(place, &request, "b@3000 c@2000 ", false);
}

static int
list_change(void *arg, const struct change_row *row, struct err *err)
{
	(void)err;
	text_addf(arg, "%s:%s>%s ", row->name, row->before, row->after);
	return 0;
}

static void
expect_changes(struct place *place, const struct query_changes *request,
    const char *expected, bool more)
{
	struct text text = { 0 };
	struct err err = { 0 };
	bool got_more;

	if (store_scan_changes(
		place->store, &got_more, request, list_change, &text, &err) < 0)
		fail_msg("%s", err.text);
	expect_listed(&text, expected);
	assert_int_equal(got_more, more);
}

static void
changes_are_found(struct place *place)
{
	struct change_row rows[] = {
		{ "staging", "web", "build", SOURCE_SERVICE, "1", "2", 500,
		    1000, "stg-1" },
		{ "staging", "web", "env/HOST", SOURCE_PROCESS, "a", "absent",
		    0, 2000, "stg-1" },
		{ "staging", "web", "env/PORT", SOURCE_PROCESS, "5", "6", 0,
		    3000, "stg-1" },
	};
	struct query_changes request = { "staging", "", "", 0, 0, 0 };
	struct err err = { 0 };

	place_begin(place);
	for (int repeat = 0; repeat < 2; repeat++)
		for (size_t i = 0; i < 3; i++)
			assert_int_equal(
			    store_put_change(place->store, &rows[i], &err), 0);
	place_commit(place);
	expect_changes(place, &request,
	    "env/PORT:5>6 env/HOST:a>absent build:1>2 ", false);
	request.name = "env/*";
	request.limit = 1;
	expect_changes(place, &request, "env/PORT:5>6 ", true);
	request.limit = 2;
	expect_changes(
	    place, &request, "env/PORT:5>6 env/HOST:a>absent ", false);
	request = (struct query_changes){ "", "web", "", 1000, 2000, 0 };
	expect_changes(place, &request, "build:1>2 ", false);
}

static int
list_regression(void *arg, const struct regression_row *row, struct err *err)
{
	(void)err;
	text_addf(arg, "%s#%d/%s ", row->subject, (int)row->id,
	    row->cleared_ms == 0 ? "open" : row->after);
	return 0;
}

static void
expect_regressions(struct place *place, const struct query_regressions *request,
    const char *expected, bool more)
{
	struct text text = { 0 };
	struct err err = { 0 };
	bool got_more;

	if (store_scan_regressions(place->store, &got_more, request,
		list_regression, &text, &err) < 0)
		fail_msg("%s", err.text);
	expect_listed(&text, expected);
	assert_int_equal(got_more, more);
}

static void
regressions_are_replaced(struct place *place)
{
	struct regression_row row = { .kind = REGRESSION_STATE,
		.environment = "staging",
		.service = "web",
		.agent = "stg-1",
		.subject = "db",
		.severity = OUTCOME_CRITICAL,
		.onset_from_ms = 900,
		.onset_to_ms = 1000,
		.detected_ms = 1500,
		.before = "ok",
		.after = "down",
		.message = "db went down" };
	struct query_regressions request = { "", "", 0, 0, false, 0 };
	struct err err = { 0 };
	uint64_t id;

	place_begin(place);
	assert_int_equal(
	    store_put_regression(place->store, &row.id, &row, &err), 0);
	id = row.id;
	row.cleared_ms = 5000;
	assert_int_equal(
	    store_put_regression(place->store, &id, &row, &err), 0);
	assert_int_equal(id, row.id);
	row = (struct regression_row){ .environment = "staging",
		.service = "web",
		.agent = "stg-1",
		.subject = "http",
		.onset_to_ms = 4000,
		.before = "",
		.after = "",
		.message = "" };
	assert_int_equal(
	    store_put_regression(place->store, &id, &row, &err), 0);
	place_commit(place);
	place_reopen(place);
	expect_regressions(place, &request, "http#2/open db#1/down ", false);
	request.limit = 1;
	expect_regressions(place, &request, "http#2/open ", true);
	request =
	    (struct query_regressions){ "staging", "", 5001, 0, false, 0 };
	expect_regressions(place, &request, "http#2/open ", false);
	request = (struct query_regressions){ "", "web", 0, 4000, false, 0 };
	expect_regressions(place, &request, "db#1/down ", false);
	request = (struct query_regressions){ "", "", 0, 0, true, 0 };
	expect_regressions(place, &request, "http#2/open ", false);
}

static int
list_state(
    void *arg, const char *key, const void *bytes, size_t n, struct err *err)
{
	(void)err;
	text_addf(arg, "%s=%.*s ", key, (int)n, (const char *)bytes);
	return 0;
}

static void
states_are_kept(struct place *place)
{
	struct text text = { 0 };
	struct err err = { 0 };

	place_begin(place);
	store_put_state(place->store, "fact/b", "1", 1, &err);
	store_put_state(place->store, "fact/a", "2", 1, &err);
	store_put_state(place->store, "series/x", "3", 1, &err);
	store_put_state(place->store, "fact/b", "44", 2, &err);
	store_put_state(place->store, "fact/c", "5", 1, &err);
	store_put_state(place->store, "fact/c", NULL, 0, &err);
	place_commit(place);
	place_reopen(place);
	assert_int_equal(
	    store_scan_states(place->store, "fact/", list_state, &text, &err),
	    0);
	assert_string_equal(text.bytes, "fact/a=2 fact/b=44 ");
	text_fini(&text);
}

static void
bad_names_are_refused(struct place *place)
{
	struct store_batch batch = { .environment = "stag/ing",
		.agent = "a",
		.stream = 1,
		.sequence = 1,
		.content = "" };
	struct err err = { 0 };
	enum store_put put;
	uint64_t id;

	place_begin(place);
	assert_int_equal(
	    store_put_batch(place->store, &put, &id, &batch, &err), -1);
	assert_int_equal(err.code, ERR_INVALID);
	store_rollback(place->store);
}

static int
count_rollup(void *arg, const struct series *key, int64_t at_ms,
    const struct rollup *rollup, struct err *err)
{
	(void)key;
	(void)at_ms;
	(void)rollup;
	(void)err;
	++*(unsigned *)arg;
	return 0;
}

static unsigned
count_rollups(struct place *place, int64_t span_ms)
{
	struct store_trend request = { "", "", "", "", 0, 10 * ROLLUP_DAY_MS,
		span_ms, false };
	struct err err = { 0 };
	unsigned n = 0;

	if (store_scan_rollups(place->store, &request, count_rollup, &n, &err) <
	    0)
		fail_msg("%s", err.text);
	return n;
}

static uint64_t
expire_derived(struct place *place, enum store_derived what,
    const char *environment, int64_t before_ms)
{
	struct err err = { 0 };
	uint64_t n;

	place_begin(place);
	if (store_expire_derived(
		place->store, &n, what, environment, before_ms, 2, &err) < 0)
		fail_msg("%s", err.text);
	place_commit(place);
	return n;
}

static void
seal_all(struct place *place)
{
	struct store_seal all = { INT64_MAX, INT64_MAX };
	struct err err = { 0 };
	uint64_t n = 1;

	while (n > 0) {
		place_begin(place);
		assert_int_equal(store_seal(place->store, &n, &all, &err), 0);
		place_commit(place);
	}
}

static void
rollups_outlive_results(struct place *place)
{
	struct err err = { 0 };
	uint64_t n;

	for (uint64_t day = 0; day < 4; day++)
		place_put_one(place, 5, day + 1, (int64_t)day * ROLLUP_DAY_MS);
	seal_all(place);
	place_begin(place);
	assert_int_equal(
	    store_expire(place->store, &n, "", INT64_MAX, 10, &err), 0);
	place_commit(place);
	assert_int_equal(n, 4);
	assert_int_equal(place_measure(place->store).results, 0);
	assert_int_equal(count_rollups(place, ROLLUP_HOUR_MS), 4);
	assert_int_equal(
	    expire_derived(place, STORE_HOURS, "production", INT64_MAX), 0);
	assert_int_equal(
	    expire_derived(place, STORE_HOURS, "", 3 * ROLLUP_DAY_MS), 2);
	assert_int_equal(
	    expire_derived(place, STORE_HOURS, "", 3 * ROLLUP_DAY_MS), 1);
	assert_int_equal(count_rollups(place, ROLLUP_HOUR_MS), 1);
	assert_int_equal(count_rollups(place, ROLLUP_DAY_MS), 4);
	assert_int_equal(
	    expire_derived(place, STORE_DAYS, "staging", ROLLUP_DAY_MS), 1);
	assert_int_equal(count_rollups(place, ROLLUP_DAY_MS), 3);
}

static void
open_regressions_stay(struct place *place)
{
	struct change_row change = { "staging", "web", "build", SOURCE_SERVICE,
		"1", "2", 500, 1000, "stg-1" };
	struct regression_row row = { .environment = "staging",
		.service = "",
		.agent = "",
		.subject = "db",
		.onset_to_ms = 100,
		.before = "",
		.after = "",
		.message = "" };
	struct query_regressions request = { "", "", 0, 0, false, 0 };
	const struct mark mark = { 700, "staging", "", MARK_DEPLOY, "", "",
		NULL, 0 };
	const struct mark guard = { 600, "staging", "", MARK_GUARD,
		"config:a >= 1", "", NULL, 0 };
	struct err err = { 0 };
	uint64_t id;

	place_begin(place);
	store_put_mark(place->store, &mark, &err);
	store_put_mark(place->store, &guard, &err);
	store_put_change(place->store, &change, &err);
	store_put_regression(place->store, &id, &row, &err);
	row.cleared_ms = 200;
	store_put_regression(place->store, &id, &row, &err);
	place_commit(place);
	assert_int_equal(expire_derived(place, STORE_REGRESSIONS, "", 200), 0);
	assert_int_equal(
	    expire_derived(place, STORE_REGRESSIONS, "", INT64_MAX), 1);
	expect_regressions(place, &request, "db#1/open ", false);
	assert_int_equal(expire_derived(place, STORE_CHANGES, "", 1000), 0);
	assert_int_equal(expire_derived(place, STORE_CHANGES, "", 1001), 1);
	assert_int_equal(expire_derived(place, STORE_MARKS, "", 700), 0);
	assert_int_equal(expire_derived(place, STORE_MARKS, "other", 701), 0);
	assert_int_equal(expire_derived(place, STORE_MARKS, "staging", 701), 1);
	/* A guard is in force however long ago it was told. */
	assert_int_equal(expire_derived(place, STORE_MARKS, "", INT64_MAX), 0);
}

static const struct story stories[] = {
	{ "a new store is empty", new_is_empty },
	{ "a batch comes back as it was received", comes_back_whole },
	{ "a batch that holds nothing comes back as well",
	    heartbeat_comes_back },
	{ "a repeat is dropped, also after a restart", repeat_is_dropped },
	{ "a repeat within one transaction is dropped",
	    repeat_within_a_transaction },
	{ "one sequence with two contents is a conflict",
	    other_content_is_a_conflict },
	{ "the same sequence of another stream is new", streams_are_apart },
	{ "a rolled back transaction leaves nothing", rollback_leaves_nothing },
	{ "ids grow, even when the newest batch is gone",
	    ids_grow_and_never_return },
	{ "a repeat of an expired batch is still one",
	    expired_repeat_is_still_one },
	{ "batches expire by environment, in bounded steps", expires_in_steps },
	{ "a reader never sees half a transaction",
	    reader_sees_whole_transactions },
	{ "a reader in the middle of a scan does not block the writer",
	    reader_does_not_block },
	{ "a callback stops a scan or fails it", callbacks_end_a_scan },
	{ "results are found by place and time, newest first",
	    results_are_found },
	{ "changes are found by place, pattern and time", changes_are_found },
	{ "regressions are replaced by id and found while open",
	    regressions_are_replaced },
	{ "pieces of state are kept under their keys", states_are_kept },
	{ "rollups outlive the results they were made of",
	    rollups_outlive_results },
	{ "open regressions stay, however old", open_regressions_stay },
	{ "an agent without a valid name is refused", bad_names_are_refused },
};

static void
test_story(void **state)
{
	const struct story *story = *state;

	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		struct place place;

		place_open(&place, schemes[i]);
		story->tell(&place);
		place_close(&place);
	}
}

int
main(void)
{
	return TABLE_RUN(stories, test_story);
}
