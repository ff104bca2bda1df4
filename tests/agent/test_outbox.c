#include "tests/support/disk.h"
#include "tests/support/folder.h"
#include "tests/support/table.h"

#include <string.h>

#include "agent/outbox.h"
#include "proto/base/mem.h"
#include "proto/publish.h"

#define DISK_BYTES   (8 * 1024 * 1024)
#define DEADLINE_MS  30000
#define HEARTBEAT_MS 3600000

/* An outbox over a real spool, and what people would hear of it. */
struct post {
	struct folder folder;
	uv_loop_t loop;
	uv_timer_t deadline;
	struct spool *spool;
	struct outbox *outbox;
	unsigned pushes, bad_news, good_news;
	bool is_late;
};

static void
on_pushed(void *arg)
{
	struct post *post = arg;

	post->pushes++;
	uv_stop(&post->loop);
}

static void
on_news(void *arg, int is_bad, const char *text)
{
	struct post *post = arg;

	assert_non_null(strstr(text, "spool"));
	*(is_bad ? &post->bad_news : &post->good_news) += 1;
}

static void
on_late(uv_timer_t *timer)
{
	struct post *post = timer->data;

	post->is_late = true;
	uv_stop(&post->loop);
}

static void
post_open(struct post *post, uint32_t heartbeat_ms, int64_t max_bytes)
{
	char path[FOLDER_PATH_BYTES], *salvaged;
	struct spool_setup spool = { .clock = clock_system(),
		.random = random_system(),
		.max_bytes = max_bytes,
		.max_age_ms = 3600000 };
	struct outbox_setup setup = { .clock = clock_system(),
		.heartbeat_ms = heartbeat_ms,
		.on_pushed = on_pushed,
		.on_news = on_news,
		.arg = post };
	struct err err = { 0 };

	memset(post, 0, sizeof(*post));
	folder_open(&post->folder);
	disk_open(post->folder.path, DISK_BYTES);
	assert_int_equal(uv_loop_init(&post->loop), 0);
	uv_timer_init(&post->loop, &post->deadline);
	post->deadline.data = post;
	uv_timer_start(&post->deadline, on_late, DEADLINE_MS, 0);
	spool.path = folder_path(path, &post->folder, "spool.db");
	if (spool_open(&post->spool, &salvaged, &spool, &err) < 0)
		fail_msg("%s", err.text);
	setup.loop = &post->loop;
	setup.spool = post->spool;
	post->outbox = outbox_new(&setup);
}

static void
on_closed(void *arg)
{
	uv_timer_t *deadline = arg;

	uv_close((uv_handle_t *)deadline, NULL);
}

static void
post_close(struct post *post)
{
	outbox_close(post->outbox, on_closed, &post->deadline);
	/* A push from outside the loop may have stopped it already. */
	while (uv_run(&post->loop, UV_RUN_DEFAULT) != 0)
		;
	assert_int_equal(uv_loop_close(&post->loop), 0);
	spool_close(post->spool);
	disk_close(post->folder.path);
	folder_close(&post->folder);
}

static void
post_wait(struct post *post, unsigned pushes)
{
	while (post->pushes < pushes && !post->is_late)
		uv_run(&post->loop, UV_RUN_DEFAULT);
	assert_false(post->is_late);
}

/* Adds a run with a long message, and facts named a, b, c ... of this
 * value. */
static void
add(struct post *post, const char *value, size_t n_facts)
{
	static char message[1000];
	char names[64][2];
	struct series series = { .service = "backend",
		.probe = "db",
		.kind = "postgres",
		.reference_of = "",
		.phases = { "connect" },
		.n_phases = 1 };
	struct result result = { .at_ms = clock_wall_ms(clock_system()),
		.attempts = 1,
		.n_phases = 1,
		.message = message };
	struct fact facts[64];

	memset(message, 'm', sizeof(message) - 1);
	for (size_t i = 0; i < n_facts; i++) {
		names[i][0] = (char)('A' + i);
		names[i][1] = '\0';
		facts[i] = (struct fact){ "backend", names[i], value, NULL,
			SOURCE_PROCESS, result.at_ms, 0 };
	}
	outbox_add(post->outbox, &series, &result, facts, n_facts);
}

struct sums {
	size_t batches, results, facts, gaps, empty;
	uint64_t gap_results;
};

/* Takes everything out of the spool and looks at it as a collector would. */
static void
take(struct sums *sums, struct spool *spool)
{
	struct spool_entry entry;
	struct batch *batch;
	struct err err = { 0 };
	int found;

	for (;;) {
		assert_int_equal(spool_peek(spool, &found, &entry, &err), 0);
		if (!found)
			return;
		if (batch_decode(&batch, entry.content, entry.n_content,
			"staging", "stg-1", &err) < 0)
			fail_msg("%s", err.text);
		assert_true(entry.n_content <= BATCH_MAX_BYTES);
		assert_int_equal(entry.n_results, batch->n_results);
		assert_true(entry.from_ms > 0 && entry.to_ms >= entry.from_ms);
		sums->batches++;
		sums->results += batch->n_results;
		sums->facts += batch->n_facts;
		sums->gaps += batch->n_gaps;
		sums->empty += batch_is_empty(batch);
		for (size_t i = 0; i < batch->n_gaps; i++)
			sums->gap_results += batch->gaps[i].n_results;
		batch_free(batch);
		assert_int_equal(spool_pop(spool, entry.sequence, &err), 0);
	}
}

/* --- collecting --------------------------------------------------------------- */

static const struct collected {
	const char *name;
	size_t runs, n_facts;
	bool changes; /* the facts change with each run */
	struct sums expect;
} collecteds[] = {
	{ "one result waits for others and goes as one batch", 1, 0, false,
	    { .batches = 1, .results = 1 } },
	{ "what comes together goes together", 20, 0, false,
	    { .batches = 1, .results = 20 } },
	{ "a fact goes once", 20, 5, false,
	    { .batches = 1, .results = 20, .facts = 5 } },
	{ "a fact goes as often as it changes", 20, 5, true,
	    { .batches = 1, .results = 20, .facts = 100 } },
	{ "much goes in several batches, each within the limit", 400, 60, true,
	    { .batches = 24, .results = 400, .facts = 24000 } },
};

static void
test_collected(void **state)
{
	const struct collected *row = *state;
	struct sums sums = { 0 };
	struct post post;
	char value[16];

	post_open(&post, HEARTBEAT_MS, INT64_C(1) << 30);
	for (size_t i = 0; i < row->runs; i++) {
		snprintf(value, sizeof(value), "%zu", row->changes ? i : 0);
		add(&post, value, row->n_facts);
	}
	post_wait(&post, 1);
	assert_int_equal(outbox_flush(post.outbox, NULL), 0);
	take(&sums, post.spool);
	assert_int_equal(sums.results, row->expect.results);
	assert_int_equal(sums.facts, row->expect.facts);
	assert_int_equal(sums.batches, row->expect.batches);
	assert_int_equal(outbox_counts(post.outbox)->batches, sums.batches);
	assert_int_equal(post.bad_news, 0);
	post_close(&post);
}

/* --- heartbeats --------------------------------------------------------------- */

static const struct silent {
	const char *name;
	unsigned pushes;
} silents[] = {
	{ "who has nothing to say says so in time", 3 },
};

static void
test_silent(void **state)
{
	const struct silent *row = *state;
	struct sums sums = { 0 };
	struct post post;

	post_open(&post, 20, INT64_C(1) << 30);
	for (unsigned i = 1; i <= row->pushes; i++) {
		post_wait(&post, i);
		take(&sums, post.spool);
	}
	assert_int_equal(sums.empty, row->pushes);
	assert_int_equal(outbox_counts(post.outbox)->heartbeats, row->pushes);
	post_close(&post);
}

/* --- a full disk -------------------------------------------------------------- */

/* Results are added while nothing fits on the disk; then there is room. */
static const struct full {
	const char *name;
	size_t batches;
	bool loses;
} fulls[] = {
	{ "what finds no room waits in memory", 3, false },
	{ "what is too much for memory is a gap", 60, true },
};

static void
test_full(void **state)
{
	const struct full *row = *state;
	struct sums sums = { 0 };
	struct post post;
	size_t added = 0;
	struct err err;

	post_open(&post, HEARTBEAT_MS, INT64_C(1) << 30);
	add(&post, "before", 1);
	added++;
	assert_int_equal(outbox_flush(post.outbox, NULL), 0);
	disk_fill(post.folder.path);
	/* What the spool holds in reserve may still take a few. */
	while (outbox_flush(post.outbox, &err) == 0) {
		for (int i = 0; i < 100; i++, added++)
			add(&post, "before", 1);
		assert_true(added < 20000);
	}
	assert_int_equal(err.code, ERR_FULL);
	for (size_t batch = 0; batch < row->batches; batch++) {
		for (int i = 0; i < 100; i++, added++)
			add(&post, "during", 1);
		assert_int_equal(outbox_flush(post.outbox, &err), -1);
		assert_int_equal(err.code, ERR_FULL);
	}
	assert_int_equal(post.bad_news, 1);
	assert_int_equal(post.good_news, 0);
	assert_int_equal(
	    outbox_counts(post.outbox)->dropped_results > 0, row->loses);
	disk_make_room(post.folder.path);
	post_wait(&post, post.pushes + 1); /* by itself */
	assert_int_equal(post.good_news, 1);
	/* The next batch tells of the gap, and of the fact again. */
	take(&sums, post.spool);
	add(&post, "during", 1);
	added++;
	assert_int_equal(outbox_flush(post.outbox, NULL), 0);
	take(&sums, post.spool);
	assert_int_equal(sums.results + sums.gap_results, added);
	assert_int_equal(
	    sums.gap_results, outbox_counts(post.outbox)->dropped_results);
	assert_int_equal(sums.gaps, row->loses);
	assert_in_range(sums.facts, 2, row->loses ? added : 2);
	post_close(&post);
}

/* --- a full spool ------------------------------------------------------------- */

static const struct quota {
	const char *name;
	size_t batches;
} quotas[] = {
	{ "what the spool drops is told once the rest has left", 20 },
};

static void
test_quota(void **state)
{
	const struct quota *row = *state;
	struct sums sums = { 0 };
	struct post post;
	size_t added = 0;

	post_open(&post, HEARTBEAT_MS, 1 << 20);
	for (size_t batch = 0; batch < row->batches; batch++) {
		for (int i = 0; i < 100; i++, added++)
			add(&post, "same", 1);
		assert_int_equal(outbox_flush(post.outbox, NULL), 0);
	}
	take(&sums, post.spool);
	assert_int_equal(sums.gaps, 0); /* it might have been dropped too */
	for (int i = 0; i < 2; i++, added++) {
		add(&post, "same", 1);
		assert_int_equal(outbox_flush(post.outbox, NULL), 0);
	}
	take(&sums, post.spool);
	assert_int_equal(sums.gaps, 1);
	assert_int_equal(sums.results + sums.gap_results, added);
	/* The batch that told it is gone; it is told again. */
	assert_true(sums.facts > 0);
	post_close(&post);
}

int
main(void)
{
	disk_private();
	return TABLE_RUN(collecteds, test_collected) +
	    TABLE_RUN(silents, test_silent) + TABLE_RUN(fulls, test_full) +
	    TABLE_RUN(quotas, test_quota);
}
