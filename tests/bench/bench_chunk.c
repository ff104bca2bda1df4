/*
 * bench_chunk DIRECTORY [SERIES [DAYS]] - what a result weighs at rest.
 *
 * Draws the same results for everybody: every 30 s with up to 200 ms of
 * jitter, lognormal durations in microseconds, two phases, one failure in
 * 500.  Packs them into chunks of a day, once without and once with phases;
 * inserts them as rows into SQLite; and writes DIRECTORY/results.jsonl and
 * DIRECTORY/phases.jsonl, which VictoriaMetrics imports.  Prints one line of
 * JSON.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <sqlite3.h>

#include "proto/base/clock.h"
#include "proto/base/mem.h"
#include "proto/base/random.h"
#include "storage/chunk.h"
#include "storage/rollup.h"

#define FIRST_MS     INT64_C(1767607200000)
#define INTERVAL_MS  30000
#define PER_DAY      2880
#define JITTER_MS    200
#define MEDIAN_US    3000.0
#define RESOLVE_US   300.0
#define SIGMA        0.25
#define OVERHEAD_US  10
#define FAILS_ONE_IN 500
#define LIMIT_MS     5000

static double
gauss(const struct random *random)
{
	double u = ((double)random_below(random, 1 << 30) + 1) / (1 << 30);
	double v = (double)random_below(random, 1 << 30) / (1 << 30);

	return sqrt(-2 * log(u)) * cos(6.283185307179586 * v);
}

/* The results of one day of a series; the same for the same place. */
static void
draw(struct result results[PER_DAY], uint64_t series, uint64_t day)
{
	struct random_seeded seeded;
	const struct random *random = &seeded.random;

	random_seeded_init(&seeded, series * 100000 + day);
	for (int i = 0; i < PER_DAY; i++) {
		struct result *result = &results[i];

		*result = (struct result){
			.at_ms = FIRST_MS +
			    ((int64_t)day * PER_DAY + i) * INTERVAL_MS +
			    (int64_t)random_below(random, JITTER_MS),
			.limit_ms = LIMIT_MS,
			.attempts = 1,
			.message = "",
			.n_phases = 2,
		};
		result->phase_us[0] =
		    (int64_t)(RESOLVE_US * exp(SIGMA * gauss(random)));
		result->phase_us[1] =
		    (int64_t)(MEDIAN_US * exp(SIGMA * gauss(random)));
		result->duration_us = result->phase_us[1];
		result->phase_us[1] -= result->phase_us[0] +
		    (int64_t)random_below(random, OVERHEAD_US);
		if (random_below(random, FAILS_ONE_IN) == 0) {
			result->outcome = OUTCOME_CRITICAL;
			result->reason = REASON_REFUSED;
		}
	}
}

/* Bits of a result by the distributions it is drawn from. */
static double
entropy(bool phases)
{
	double fails = 1.0 / FAILS_ONE_IN;
	double noise = log2(SIGMA * sqrt(2 * 3.141592653589793 * exp(1)));
	double bits = log2(JITTER_MS) + log2(MEDIAN_US) + noise -
	    fails * log2(fails) - (1 - fails) * log2(1 - fails);

	if (phases)
		bits += log2(RESOLVE_US) + noise + log2(OVERHEAD_US);
	return bits;
}

struct speed {
	uint64_t bytes, results, rollup_bytes;
	int64_t pack_ns, columns_ns, all_ns;
};

static void
fail(const struct err *err)
{
	fprintf(stderr, "bench_chunk: %s\n", err->text);
	exit(1);
}

static void
read_chunk(struct chunk_reader *reader, const struct series *series,
    const unsigned char *bytes, size_t n, struct speed *speed)
{
	struct err err = { 0 };
	int64_t start = clock_mono_ns(clock_system());
	const struct chunk_view *view = chunk_view(reader);
	struct rollup rollup = { 0 };
	unsigned char *packed;

	if (chunk_open(reader, series, bytes, n, &err) < 0 ||
	    chunk_decode(reader, CHUNK_TIMES | CHUNK_DURATIONS, &err) < 0)
		fail(&err);
	speed->columns_ns += clock_mono_ns(clock_system()) - start;
	if (chunk_decode(reader, CHUNK_ALL, &err) < 0)
		fail(&err);
	speed->all_ns += clock_mono_ns(clock_system()) - start;
	for (size_t i = 0; i < view->n; i++)
		rollup_add(&rollup, view->states[view->state[i]].outcome, false,
		    view->duration_us[i]);
	rollup_encode(&packed, &n, &rollup);
	speed->rollup_bytes += n;
	rollup_fini(&rollup);
	free(packed);
}

/* Packs every day of every series and reads it again. */
static void
as_chunks(struct speed *speed, uint64_t n_series, uint64_t days, bool phases)
{
	struct result *results = mem_calloc(PER_DAY, sizeof(*results));
	struct chunk_writer *writer = chunk_writer_new();
	struct chunk_reader *reader = chunk_reader_new();
	struct series series = { .environment = "bench",
		.agent = "bench-1",
		.service = "backend",
		.probe = "db",
		.kind = "tcp",
		.reference_of = "",
		.vantage = VANTAGE_IN_SERVICE,
		.interval_ms = INTERVAL_MS,
		.phases = { "resolve", "connect" },
		.n_phases = 2 };

	for (uint64_t k = 0; k < n_series * days; k++) {
		unsigned char *bytes;
		size_t n;
		int64_t start;

		draw(results, k / days, k % days);
		start = clock_mono_ns(clock_system());
		for (int i = 0; i < PER_DAY; i++) {
			results[i].n_phases = phases ? 2 : 0;
			chunk_add(writer, &series, &results[i]);
		}
		chunk_finish(writer, &bytes, &n);
		speed->pack_ns += clock_mono_ns(clock_system()) - start;
		speed->bytes += n;
		speed->results += PER_DAY;
		read_chunk(reader, &series, bytes, n, speed);
		free(bytes);
	}
	chunk_writer_free(writer);
	chunk_reader_free(reader);
	free(results);
}

static void
sql(sqlite3 *db, const char *text)
{
	if (sqlite3_exec(db, text, NULL, NULL, NULL) == SQLITE_OK)
		return;
	fprintf(stderr, "bench_chunk: %s: %s\n", text, sqlite3_errmsg(db));
	exit(1);
}

/* Returns the size of the file that holds a row per result, vacuumed. */
static int64_t
as_rows(const char *path, uint64_t n_series, uint64_t days)
{
	struct result *results = mem_calloc(PER_DAY, sizeof(*results));
	sqlite3_stmt *insert = NULL;
	sqlite3 *db = NULL;
	struct stat st;

	remove(path);
	if (sqlite3_open(path, &db) != SQLITE_OK)
		exit(1);
	sql(db,
	    "pragma synchronous=off; create table result (series int, at "
	    "int, duration int, outcome int, reason int, limit_ms int, "
	    "primary key (series, at)) without rowid; begin");
	sqlite3_prepare_v2(
	    db, "insert into result values (?,?,?,?,?,?)", -1, &insert, NULL);
	for (uint64_t k = 0; k < n_series * days; k++) {
		draw(results, k / days, k % days);
		for (int i = 0; i < PER_DAY; i++) {
			sqlite3_bind_int64(insert, 1, (int64_t)(k / days));
			sqlite3_bind_int64(insert, 2, results[i].at_ms);
			sqlite3_bind_int64(insert, 3, results[i].duration_us);
			sqlite3_bind_int(insert, 4, (int)results[i].outcome);
			sqlite3_bind_int(insert, 5, (int)results[i].reason);
			sqlite3_bind_int(insert, 6, LIMIT_MS);
			if (sqlite3_step(insert) != SQLITE_DONE)
				exit(1);
			sqlite3_reset(insert);
		}
	}
	sqlite3_finalize(insert);
	sql(db, "commit; vacuum");
	sqlite3_close(db);
	free(results);
	return stat(path, &st) == 0 ? (int64_t)st.st_size : 0;
}

/* One line of VictoriaMetrics' import: a day of one number of a series.  The
 * outcome is a label, so that each result is one sample: with a series of its
 * own it would cost its times again. */
static void
put_line(FILE *file, const char *name, uint64_t series, enum outcome outcome,
    const struct result *results, int64_t (*get)(const struct result *result))
{
	const char *comma = "";

	fprintf(file,
	    "{\"metric\":{\"__name__\":\"%s\",\"series\":\"%" PRIu64
	    "\",\"outcome\":\"%s\"},\"values\":[",
	    name, series, outcome_name(outcome));
	for (int i = 0; i < PER_DAY; i++) {
		if (results[i].outcome != outcome)
			continue;
		fprintf(file, "%s%" PRId64, comma, get(&results[i]));
		comma = ",";
	}
	fputs("],\"timestamps\":[", file);
	comma = "";
	for (int i = 0; i < PER_DAY; i++) {
		if (results[i].outcome != outcome)
			continue;
		fprintf(file, "%s%" PRId64, comma, results[i].at_ms);
		comma = ",";
	}
	fputs("]}\n", file);
}

static int64_t
get_duration(const struct result *result)
{
	return result->duration_us;
}

static int64_t
get_resolve(const struct result *result)
{
	return result->phase_us[0];
}

static int64_t
get_connect(const struct result *result)
{
	return result->phase_us[1];
}

static FILE *
create(const char *directory, const char *name)
{
	char *path = mem_printf("%s/%s", directory, name);
	FILE *file = fopen(path, "w");

	if (file == NULL) {
		perror(path);
		exit(1);
	}
	free(path);
	return file;
}

static void
as_lines(const char *directory, uint64_t n_series, uint64_t days)
{
	struct result *results = mem_calloc(PER_DAY, sizeof(*results));
	FILE *plain = create(directory, "results.jsonl");
	FILE *phases = create(directory, "phases.jsonl");

	for (uint64_t k = 0; k < n_series * days; k++) {
		draw(results, k / days, k % days);
		for (enum outcome o = OUTCOME_OK; o <= OUTCOME_CRITICAL;
		     o += OUTCOME_CRITICAL - OUTCOME_OK) {
			put_line(plain, "duration", k / days, o, results,
			    get_duration);
			put_line(phases, "resolve", k / days, o, results,
			    get_resolve);
			put_line(phases, "connect", k / days, o, results,
			    get_connect);
		}
	}
	if (fclose(plain) != 0 || fclose(phases) != 0) {
		perror(directory);
		exit(1);
	}
	free(results);
}

static double
per_second(uint64_t n, int64_t ns)
{
	return (double)n * 1e9 / (double)ns;
}

int
main(int argc, char **argv)
{
	uint64_t n_series = 50, days = 7, days_in_all;
	struct speed plain = { 0 }, phases = { 0 };
	char *path;

	if (argc < 2) {
		fprintf(
		    stderr, "usage: bench_chunk DIRECTORY [SERIES [DAYS]]\n");
		return 2;
	}
	if (argc > 2)
		n_series = strtoull(argv[2], NULL, 10);
	if (argc > 3)
		days = strtoull(argv[3], NULL, 10);
	days_in_all = n_series * days;
	as_lines(argv[1], n_series, days);
	as_chunks(&plain, n_series, days, false);
	as_chunks(&phases, n_series, days, true);
	path = mem_printf("%s/rows.db", argv[1]);
	printf("{\"results\": %" PRIu64 ", \"chunk_bytes\": %" PRIu64
	       ", \"chunk_bytes_with_phases\": %" PRIu64
	       ", \"row_bytes\": %" PRId64 ", \"entropy_bits\": %.3f, "
	       "\"entropy_bits_with_phases\": %.3f, \"pack_per_s\": %.0f, "
	       "\"pack_per_s_with_phases\": %.0f, "
	       "\"columns_per_s\": %.0f, \"all_per_s_with_phases\": %.0f, "
	       "\"rollup_bytes_a_day\": %.1f}\n",
	    plain.results, plain.bytes, phases.bytes,
	    as_rows(path, n_series, days), entropy(false), entropy(true),
	    per_second(plain.results, plain.pack_ns),
	    per_second(phases.results, phases.pack_ns),
	    per_second(plain.results, plain.columns_ns),
	    per_second(phases.results, phases.all_ns),
	    (double)plain.rollup_bytes / (double)days_in_all);
	free(path);
	return 0;
}
