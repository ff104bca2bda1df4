/*
 * bench_store DIRECTORY [--quick|--growth N] - the store against plain tables,
 * and what its questions cost; or what they cost with N series of 90 days.
 *
 * Durable ingest of 100-result batches, decoding included, against one row a
 * result; opening with a full inbox; sealing; trends over 90 days; the state
 * of 10,000 series at a moment, sealed and with the last ten minutes still in
 * the inbox.  Prints one line of JSON.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "collector/ask/document.h"
#include "proto/base/clock.h"
#include "proto/base/crc32c.h"
#include "proto/base/mem.h"
#include "proto/publish.h"
#include "storage/seals.h"
#include "storage/store.h"
#include "tests/bench/workload.h"

#define DAY_MS          INT64_C(86400000)
#define TREND_DAYS      90
#define TREND_RESULTS   (TREND_DAYS * DAY_MS / INTERVAL_MS)
#define TREND_SERIES    1000
#define MOMENT_SERIES   10000
#define MOMENT_AGENTS   (MOMENT_SERIES / SERIES)
#define MOMENT_BATCHES  48 /* of each: 240 results a series, two hours */
#define MOMENT_UNSEALED 4  /* of them: ten minutes */
#define REPEATS         5

static void
check(int rc, const struct err *err)
{
	if (rc == 0)
		return;
	fprintf(stderr, "bench_store: %s\n", err->text);
	exit(1);
}

static double
seconds_since(int64_t start_ns)
{
	return (double)(clock_mono_ns(clock_system()) - start_ns) / 1e9;
}

static struct store *
open_store(const char *path, enum store_mode mode)
{
	struct store_setup setup = { .uri = path, .mode = mode };
	struct store *store = NULL;
	char *salvaged = NULL;
	struct err err = { 0 };

	check(store_open(&store, &salvaged, &setup, &err), &err);
	return store;
}

static void
begin(struct store *store)
{
	struct err err = { 0 };

	check(store_begin(store, &err), &err);
}

static void
commit(struct store *store)
{
	struct err err = { 0 };

	check(store_commit(store, &err), &err);
}

/* Decodes a batch, as a collector does, and puts it. */
static void
take(struct store *store, uint64_t agent, uint64_t sequence,
    const unsigned char *content, size_t n)
{
	struct batch *batch = NULL;
	struct store_batch row = { .environment = "bench",
		.stream = agent + 1,
		.sequence = sequence,
		.received_ms = FIRST_MS + (int64_t)sequence,
		.content = content,
		.n_content = n };
	struct err err = { 0 };
	enum store_put put;
	char name[32];
	uint64_t id;

	snprintf(name, sizeof(name), "bench-%04u", (unsigned)agent);
	row.agent = name;
	row.crc32c = crc32c(0, content, n);
	check(batch_decode(&batch, content, n, row.environment, name, &err),
	    &err);
	batch_span(&row.from_ms, &row.to_ms, batch);
	row.n_results = (uint32_t)batch->n_results;
	check(store_put_batch(store, &put, &id, &row, &err), &err);
	batch_free(batch);
}

static void
seal(struct store *store, uint64_t upto)
{
	struct store_seal request = { INT64_MAX, upto };
	struct err err = { 0 };
	uint64_t n = 1;

	while (n > 0) {
		begin(store);
		check(store_seal(store, &n, &request, &err), &err);
		commit(store);
	}
}

/* --- ingest ------------------------------------------------------------------- */

static double
ingest(const char *path, uint64_t batches)
{
	struct store *store = open_store(path, STORE_WRITE);
	unsigned char **contents =
	    mem_calloc(batches * AGENTS, sizeof(*contents));
	size_t *sizes = mem_calloc(batches * AGENTS, sizeof(*sizes));
	double seconds;
	int64_t start;

	for (uint64_t i = 0; i < batches * AGENTS; i++)
		contents[i] =
		    workload_content(&sizes[i], i % AGENTS, i / AGENTS + 1);
	start = clock_mono_ns(clock_system());
	for (uint64_t i = 0; i < batches * AGENTS; i++) {
		if (i % AGENTS == 0)
			begin(store);
		take(store, i % AGENTS, i / AGENTS + 1, contents[i], sizes[i]);
		if (i % AGENTS == AGENTS - 1)
			commit(store);
	}
	seconds = seconds_since(start);
	for (uint64_t i = 0; i < batches * AGENTS; i++)
		free(contents[i]);
	free(contents);
	free(sizes);
	store_close(store);
	return seconds;
}

static void
report_ingest(const char *directory, uint64_t batches)
{
	char *ours = mem_printf("%s/inbox.db", directory);
	char *keyed = mem_printf("%s/keyed.db", directory);
	char *append = mem_printf("%s/append.db", directory);
	double n = (double)batches * AGENTS * BATCH_RESULTS;

	printf("\"inbox_per_s\": %.0f, ", n / ingest(ours, batches));
	printf("\"keyed_per_s\": %.0f, ",
	    n / workload_rows(keyed, WORKLOAD_KEYED, batches));
	printf("\"append_per_s\": %.0f, ",
	    n / workload_rows(append, WORKLOAD_APPEND, batches));
	remove(keyed);
	remove(append);
	free(keyed);
	free(append);
	free(ours);
}

/* --- restart and sealing ----------------------------------------------------------- */

/* Fills the inbox to a size, opens, and seals it. */
static void
report_restart(const char *directory, int64_t bytes)
{
	char *path = mem_printf("%s/inbox.db", directory);
	struct store *store = open_store(path, STORE_WRITE);
	struct store_size size = { 0 };
	struct err err = { 0 };
	unsigned char *content;
	double seconds;
	int64_t start;
	size_t n;

	check(store_measure(store, &size, &err), &err);
	for (uint64_t sequence = 10000; size.bytes < bytes; sequence++) {
		begin(store);
		for (uint64_t agent = 0; agent < AGENTS; agent++) {
			content = workload_content(&n, agent, sequence);
			take(store, agent, sequence, content, n);
			free(content);
		}
		commit(store);
		if (sequence % 64 == 0)
			check(store_measure(store, &size, &err), &err);
	}
	store_close(store);
	start = clock_mono_ns(clock_system());
	store = open_store(path, STORE_WRITE);
	seconds = seconds_since(start);
	printf("\"restart_bytes\": %" PRId64 ", \"restart_ms\": %.1f, ",
	    size.bytes, seconds * 1000);
	start = clock_mono_ns(clock_system());
	seal(store, INT64_MAX);
	seconds = seconds_since(start);
	check(store_measure(store, &size, &err), &err);
	printf("\"sealed_results\": %" PRId64 ", \"sealed_per_s\": %.0f, ",
	    size.results, (double)size.results / seconds);
	store_close(store);
	remove(path);
	free(path);
}

/* --- documents ------------------------------------------------------------------ */

/* As a collector makes it, JSON included; the best of several, in
 * milliseconds. */
static double
time_document(struct store *store, const struct query_document *request)
{
	struct collector_config *config = config_empty();
	const struct document_source source = { store, config, request->to_ms };
	double best = 1e9, ms;

	for (int i = 0; i < REPEATS; i++) {
		struct arena *arena = arena_new(0);
		int64_t start = clock_mono_ns(clock_system());
		struct err err = { 0 };
		const char *json;

		check(
		    document_make(&json, arena, &source, request, &err), &err);
		ms = seconds_since(start) * 1000;
		best = ms < best ? ms : best;
		arena_free(arena);
	}
	config_free(config);
	return best;
}

static double
time_trend_document(
    struct store *store, const char *probe, int64_t span_ms, bool together)
{
	const struct query_document request = { .question = "trend",
		.environment = "bench",
		.service = "",
		.agent = "",
		.probe = probe,
		.other = "",
		.from_ms = FIRST_MS,
		.to_ms = FIRST_MS + TREND_DAYS * DAY_MS,
		.limit = TREND_SERIES,
		.span_ms = span_ms,
		.together = together };

	return time_document(store, &request);
}

static double
time_timeline(struct store *store, int64_t at_ms)
{
	const struct query_document request = { .question = "timeline",
		.environment = "bench",
		.service = "",
		.agent = "",
		.probe = "",
		.other = "",
		.to_ms = at_ms };

	return time_document(store, &request);
}

/* --- trends ------------------------------------------------------------------- */

/* The seal of a chunk that becomes another series': see chunk_seal(). */
static void
reseal(sqlite3_context *context, int n, sqlite3_value **values)
{
	int64_t numbers[5];

	(void)n;
	for (int i = 0; i < 5; i++)
		numbers[i] = sqlite3_value_int64(values[i]);
	sqlite3_result_int64(context,
	    seal_of(numbers, 5, sqlite3_value_blob(values[5]),
		(size_t)sqlite3_value_bytes(values[5])));
}

/* Gives the one series there is so many siblings, with the same rollups and,
 * if they are asked for, chunks. */
static void
multiply(const char *path, int n_series, bool with_chunks)
{
	static const char copy[] =
	    "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;"
	    "WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n"
	    " WHERE i < %d) INSERT INTO series SELECT i, environment, agent,"
	    " service, printf('probe-%%04d', i) FROM n, series WHERE %d > 1;"
	    "INSERT INTO rollup SELECT s.id, r.span_ms, r.at_ms, r.seal,"
	    " r.bytes FROM series AS s CROSS JOIN rollup AS r"
	    " WHERE s.id > 1 AND r.series_id = 1;"
	    "INSERT INTO chunk SELECT NULL, s.id, c.day, c.from_ms, c.to_ms,"
	    " c.n_results, reseal(s.id, c.day, c.from_ms, c.to_ms,"
	    " c.n_results, c.runs), c.runs, c.bytes FROM series AS s"
	    " CROSS JOIN chunk AS c WHERE s.id > 1 AND c.series_id = 1 AND %d;"
	    "PRAGMA journal_mode=WAL";
	char *sql = mem_printf(copy, n_series, n_series, with_chunks);
	char *complaint = NULL;
	sqlite3 *db = NULL;

	if (sqlite3_open(path, &db) != SQLITE_OK ||
	    sqlite3_create_function(db, "reseal", 6, SQLITE_UTF8, NULL, reseal,
		NULL, NULL) != SQLITE_OK ||
	    sqlite3_exec(db, sql, NULL, NULL, &complaint) != SQLITE_OK) {
		fprintf(stderr, "bench_store: %s\n", complaint);
		exit(1);
	}
	sqlite3_close(db);
	free(sql);
}

/* So many series of 90 days: one that was sealed, and copies of it. */
static void
fill_trend(const char *path, int n_series, bool with_chunks)
{
	struct store *store = open_store(path, STORE_WRITE);
	unsigned char *content;
	size_t n;

	begin(store);
	for (int64_t i = 0; i < TREND_RESULTS; i += 1000) {
		content = workload_line(&n, i, i + 1000);
		take(store, 0, (uint64_t)(i / 1000 + 1), content, n);
		free(content);
	}
	commit(store);
	seal(store, INT64_MAX);
	store_close(store);
	multiply(path, n_series, with_chunks);
}

static int
add_days(void *arg, const struct series *key, int64_t at_ms,
    const struct rollup *rollup, struct err *err)
{
	(void)key;
	(void)at_ms;
	(void)err;
	*(uint64_t *)arg += rollup_quantile_us(rollup, 9500) > 0;
	return 0;
}

/* The best of several, in milliseconds: the machine is shared. */
static double
time_trend(struct store *store, const char *probe, bool together)
{
	struct store_trend request = { "bench", "", "", probe, FIRST_MS,
		FIRST_MS + TREND_DAYS * DAY_MS, ROLLUP_DAY_MS, together };
	struct err err = { 0 };
	double best = 1e9, ms;
	uint64_t n;
	int64_t start;

	for (int i = 0; i < REPEATS; i++) {
		n = 0;
		start = clock_mono_ns(clock_system());
		check(store_scan_rollups(store, &request, add_days, &n, &err),
		    &err);
		ms = seconds_since(start) * 1000;
		if (n < TREND_DAYS) {
			fprintf(stderr, "bench_store: days are missing\n");
			exit(1);
		}
		best = ms < best ? ms : best;
	}
	return best;
}

static void
report_trends(const char *directory)
{
	char *path = mem_printf("%s/trend.db", directory);
	struct store *store;

	fill_trend(path, TREND_SERIES, false);
	store = open_store(path, STORE_READ);
	printf("\"trend_one_ms\": %.2f, ", time_trend(store, "db", false));
	printf("\"trend_thousand_ms\": %.1f, ", time_trend(store, "", false));
	printf("\"trend_together_ms\": %.1f, ", time_trend(store, "", true));
	printf("\"trend_one_document_ms\": %.2f, ",
	    time_trend_document(store, "db", DAY_MS, false));
	printf("\"trend_thousand_document_ms\": %.1f, ",
	    time_trend_document(store, "", 7 * DAY_MS, false));
	printf("\"trend_together_document_ms\": %.1f, ",
	    time_trend_document(store, "", DAY_MS, true));
	store_close(store);
	remove(path);
	free(path);
}

/* --- a moment ------------------------------------------------------------------- */

static int
count_moment(void *arg, const struct store_moment *moment, struct err *err)
{
	(void)moment;
	(void)err;
	++*(uint64_t *)arg;
	return 0;
}

static double
time_moment(struct store *store, int64_t at_ms, uint64_t n_series)
{
	struct err err = { 0 };
	double best = 1e9, ms;
	uint64_t n;
	int64_t start;

	for (int i = 0; i < REPEATS; i++) {
		n = 0;
		start = clock_mono_ns(clock_system());
		check(store_scan_moment(
			  store, "bench", at_ms, count_moment, &n, &err),
		    &err);
		ms = seconds_since(start) * 1000;
		if (n != n_series) {
			fprintf(stderr, "bench_store: series are missing\n");
			exit(1);
		}
		best = ms < best ? ms : best;
	}
	return best;
}

static void
report_moment(const char *directory)
{
	char *path = mem_printf("%s/moment.db", directory);
	struct store *store = open_store(path, STORE_WRITE);
	int64_t last_ms = workload_at_ms(MOMENT_BATCHES, BATCH_RESULTS - 1);
	struct store_size size;
	struct err err = { 0 };
	unsigned char *content;
	size_t n;

	for (uint64_t sequence = 1; sequence <= MOMENT_BATCHES; sequence++) {
		begin(store);
		for (uint64_t agent = 0; agent < MOMENT_AGENTS; agent++) {
			content = workload_content(&n, agent, sequence);
			take(store, agent, sequence, content, n);
			free(content);
		}
		commit(store);
		if (sequence == MOMENT_BATCHES - MOMENT_UNSEALED) {
			check(store_measure(store, &size, &err), &err);
			seal(store, size.last_id);
		}
	}
	printf("\"moment_unsealed_ms\": %.1f, ",
	    time_moment(store, last_ms, MOMENT_SERIES));
	seal(store, INT64_MAX);
	printf("\"moment_sealed_ms\": %.1f, ",
	    time_moment(store, last_ms, MOMENT_SERIES));
	printf("\"timeline_ms\": %.1f", time_timeline(store, last_ms));
	store_close(store);
	remove(path);
	free(path);
}

/* --- growth ---------------------------------------------------------------- */

static int
skip_result(void *arg, const struct series *series, const struct result *result,
    struct err *err)
{
	(void)arg;
	(void)series;
	(void)result;
	(void)err;
	return 0;
}

/* The newest hundred results of one series. */
static double
time_history(struct store *store)
{
	const struct query_history request = { "bench", "", "", "db", 0,
		FIRST_MS + TREND_DAYS * DAY_MS, 100 };
	struct err err = { 0 };
	double best = 1e9, ms;
	int64_t start;
	bool more;

	for (int i = 0; i < REPEATS; i++) {
		start = clock_mono_ns(clock_system());
		check(store_scan_results(
			  store, &more, &request, skip_result, NULL, &err),
		    &err);
		ms = seconds_since(start) * 1000;
		best = ms < best ? ms : best;
	}
	return best;
}

/* What questions cost in a store of so many series of 90 days each. */
static void
report_growth(const char *directory, int n_series)
{
	char *path = mem_printf("%s/growth.db", directory);
	int64_t start, last_ms = FIRST_MS + (TREND_RESULTS - 1) * INTERVAL_MS;
	struct store_size size = { 0 };
	struct err err = { 0 };
	struct store *store;

	fill_trend(path, n_series, true);
	start = clock_mono_ns(clock_system());
	store = open_store(path, STORE_WRITE);
	printf("{\"open_ms\": %.1f, ", seconds_since(start) * 1000);
	check(store_measure(store, &size, &err), &err);
	printf("\"results\": %" PRId64 ", \"bytes\": %" PRId64 ", ",
	    size.results, size.bytes);
	printf("\"history_ms\": %.2f, ", time_history(store));
	printf("\"trend_ms\": %.2f, ", time_trend(store, "db", false));
	printf("\"moment_ms\": %.2f}\n",
	    time_moment(store, last_ms, (uint64_t)n_series));
	store_close(store);
	remove(path);
	free(path);
}

int
main(int argc, char **argv)
{
	bool quick = argc > 2 && strcmp(argv[2], "--quick") == 0;

	if (argc < 2) {
		fprintf(stderr,
		    "usage: bench_store DIRECTORY [--quick|--growth N]\n");
		return 2;
	}
	if (argc > 3 && strcmp(argv[2], "--growth") == 0) {
		report_growth(argv[1], atoi(argv[3]));
		return 0;
	}
	printf("{");
	report_ingest(argv[1], quick ? 20 : 200);
	report_restart(
	    argv[1], quick ? INT64_C(100000000) : INT64_C(1000000000));
	report_trends(argv[1]);
	report_moment(argv[1]);
	printf("}\n");
	return 0;
}
