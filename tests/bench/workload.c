#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <sqlite3.h>

#include "proto/base/clock.h"
#include "proto/base/random.h"
#include "proto/publish.h"
#include "tests/bench/workload.h"

/* The duration of a result: lognormal around 3 ms, from its place alone. */
int64_t
workload_duration_us(uint64_t agent, uint64_t sequence, int i)
{
	struct random_seeded seeded;
	double u, v;

	random_seeded_init(
	    &seeded, agent * 1000003 + sequence * 101 + (uint64_t)i);
	u = ((double)random_below(&seeded.random, 1000000) + 1) / 1000001;
	v = (double)random_below(&seeded.random, 1000000) / 1000000;
	return (int64_t)(3000 *
	    exp(0.25 * sqrt(-2 * log(u)) * cos(6.283185307 * v)));
}

int64_t
workload_at_ms(uint64_t sequence, int i)
{
	int64_t round =
	    (int64_t)(sequence - 1) * (BATCH_RESULTS / SERIES) + i / SERIES;

	return FIRST_MS + round * INTERVAL_MS + i % SERIES * 37;
}

unsigned char *
workload_content(size_t *out_n, uint64_t agent, uint64_t sequence)
{
	struct batch *batch = batch_new();
	unsigned char *content = NULL;
	char probe[32];

	for (int i = 0; i < BATCH_RESULTS; i++) {
		struct series series = {
			.service = "backend",
			.probe = probe,
			.kind = "tcp",
			.reference_of = "",
			.vantage = VANTAGE_IN_SERVICE,
			.interval_ms = INTERVAL_MS,
			.phases = { "resolve", "connect" },
			.n_phases = 2,
		};
		struct result result = {
			.at_ms = workload_at_ms(sequence, i),
			.duration_us = workload_duration_us(agent, sequence, i),
			.limit_ms = 5000,
			.attempts = 1,
			.n_phases = 2,
			.message = "",
		};

		snprintf(probe, sizeof(probe), "probe-%02d", i % SERIES);
		result.phase_us[1] = result.duration_us;
		batch_add_result(batch, &series, &result);
	}
	batch_encode(&content, out_n, batch);
	batch_free(batch);
	return content;
}

unsigned char *
workload_line(size_t *out_n, int64_t from, int64_t to)
{
	static const struct series series = {
		.service = "backend",
		.probe = "db",
		.kind = "tcp",
		.reference_of = "",
		.vantage = VANTAGE_IN_SERVICE,
		.interval_ms = INTERVAL_MS,
		.phases = { "resolve", "connect" },
		.n_phases = 2,
	};
	struct batch *batch = batch_new();
	unsigned char *content = NULL;

	for (int64_t i = from; i < to; i++) {
		struct result result = {
			.at_ms = FIRST_MS + i * INTERVAL_MS,
			.duration_us = workload_duration_us(0, (uint64_t)i, 0),
			.limit_ms = 5000,
			.attempts = 1,
			.n_phases = 2,
			.message = "",
		};

		result.phase_us[1] = result.duration_us;
		batch_add_result(batch, &series, &result);
	}
	batch_encode(&content, out_n, batch);
	batch_free(batch);
	return content;
}

static void
sql(sqlite3 *db, const char *text)
{
	if (sqlite3_exec(db, text, NULL, NULL, NULL) == SQLITE_OK)
		return;
	fprintf(stderr, "bench: %s: %s\n", text, sqlite3_errmsg(db));
	exit(1);
}

double
workload_rows(const char *path, const char *create, uint64_t batches)
{
	sqlite3_stmt *insert = NULL;
	sqlite3 *db = NULL;
	int64_t start;

	remove(path);
	if (sqlite3_open(path, &db) != SQLITE_OK)
		exit(1);
	sql(db, "pragma journal_mode=wal; pragma synchronous=full");
	sql(db, create);
	sqlite3_prepare_v2(
	    db, "insert into result values (?,?,?,?,?,?)", -1, &insert, NULL);
	start = clock_mono_ns(clock_system());
	for (uint64_t sequence = 1; sequence <= batches; sequence++) {
		sql(db, "begin immediate");
		for (int row = 0; row < AGENTS * BATCH_RESULTS; row++) {
			int agent = row / BATCH_RESULTS,
			    i = row % BATCH_RESULTS;

			sqlite3_bind_int(
			    insert, 1, agent * SERIES + i % SERIES);
			sqlite3_bind_int64(
			    insert, 2, workload_at_ms(sequence, i));
			sqlite3_bind_int64(insert, 3,
			    workload_duration_us((uint64_t)agent, sequence, i));
			sqlite3_bind_int(insert, 4, 0);
			sqlite3_bind_int64(insert, 5, (int64_t)sequence);
			sqlite3_bind_int(insert, 6, 5000);
			if (sqlite3_step(insert) != SQLITE_DONE)
				exit(1);
			sqlite3_reset(insert);
		}
		sql(db, "commit");
	}
	start = clock_mono_ns(clock_system()) - start;
	sqlite3_finalize(insert);
	sqlite3_close(db);
	return (double)start / 1e9;
}
