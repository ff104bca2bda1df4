/*
 * batches.h - a pipeline of a test's own, and batches made from letters.
 */
#ifndef TESTS_COLLECTOR_BATCHES_H
#define TESTS_COLLECTOR_BATCHES_H

#include <inttypes.h>

#include "tests/support/folder.h"
#include "tests/support/table.h"

#include "collector/pipeline/pipeline.h"
#include "proto/base/crc32c.h"
#include "proto/base/mem.h"
#include "proto/base/random.h"
#include "proto/base/text.h"

#define START_MS    INT64_C(1767607200000) /* 2026-01-05T10:00:00Z */
#define INTERVAL_MS 10000

/* A store, a pipeline on it, and the time, which moves when told to. */
struct bench {
	struct folder folder;
	char path[FOLDER_PATH_BYTES];
	struct collector_config *config;
	struct store *store;
	struct pipeline *pipeline;
	struct moment now;
	uint64_t sequence;
	uint64_t waiting;  /* what envelopes say of the agent's spool */
	int64_t behind_ms; /* what came is this much older than now */
	int64_t offset_ms; /* the agent's clock is ahead by this */
	enum vantage vantage;
	const char *environment;
	size_t n_raised, n_cleared; /* events so far */
};

static inline void
bench_open_store(struct bench *bench)
{
	struct store_setup setup = { .uri = bench->path, .mode = STORE_WRITE };
	struct err err = { 0 };
	char *salvaged = NULL;

	if (store_open(&bench->store, &salvaged, &setup, &err) < 0 ||
	    pipeline_open(&bench->pipeline, bench->store, bench->config,
		bench->now, &err) < 0)
		fail_msg("%s", err.text);
	assert_null(salvaged);
}

static inline void
bench_close_store(struct bench *bench)
{
	pipeline_close(bench->pipeline);
	store_close(bench->store);
}

static inline void
bench_open(struct bench *bench)
{
	memset(bench, 0, sizeof(*bench));
	folder_open(&bench->folder);
	folder_path(bench->path, &bench->folder, "store.db");
	bench->config = config_empty();
	bench->now = (struct moment){ START_MS, 1000000 };
	bench->vantage = VANTAGE_IN_SERVICE;
	bench->environment = "staging";
	bench_open_store(bench);
}

static inline void
bench_close(struct bench *bench)
{
	bench_close_store(bench);
	config_free(bench->config);
	folder_close(&bench->folder);
}

/* As after a kill: nothing is written any more. */
static inline void
bench_restart(struct bench *bench)
{
	bench_close_store(bench);
	bench_open_store(bench);
}

static inline void
bench_pass(struct bench *bench, int64_t ms)
{
	bench->now.wall_ms += ms;
	bench->now.mono_ms += ms;
}

static inline enum outcome
outcome_of(char letter)
{
	return letter == 'g' ? OUTCOME_OK
	    : letter == 'w'  ? OUTCOME_WARNING
	    : letter == 'c'  ? OUTCOME_CRITICAL
			     : OUTCOME_UNKNOWN;
}

static inline struct series
series_named(const char *probe, enum vantage vantage)
{
	return (struct series){
		.service = "backend",
		.probe = probe,
		.kind = strcmp(probe, "env") == 0 ? "env"
		    : strcmp(probe, "web") == 0   ? "http"
						  : "tcp",
		.reference_of = strcmp(probe, "db.reference") == 0 ? "db" : "",
		.vantage = vantage,
		.interval_ms = INTERVAL_MS,
		.phases = { "connect" },
		.n_phases = 1,
	};
}

static inline struct result
result_of(char letter, int64_t at_ms)
{
	bool ok = letter == 'g';

	return (struct result){
		.at_ms = at_ms,
		.duration_us = 3200,
		.limit_ms = 5000,
		.outcome = outcome_of(letter),
		.attempts = 1,
		.reason = ok ? REASON_NONE : REASON_REFUSED,
		.phase_us = { 3200 },
		.n_phases = 1,
		.message = ok ? "" : "connection refused",
	};
}

/* Encodes and decodes, as on the way from an agent. */
static inline struct batch *
as_received(unsigned char **out_bytes, size_t *out_n, struct batch *made,
    const char *environment, const char *agent)
{
	struct batch *batch = NULL;
	struct err err = { 0 };

	batch_encode(out_bytes, out_n, made);
	if (batch_decode(&batch, *out_bytes, *out_n, environment, agent, &err) <
	    0)
		fail_msg("%s", err.text);
	batch_free(made);
	return batch;
}

static inline struct envelope
envelope_of(const struct bench *bench, const unsigned char *bytes, size_t n)
{
	return (struct envelope){
		.environment = bench->environment,
		.agent = "stg-1",
		.stream = 7,
		.sequence = bench->sequence,
		.wall_ms = bench->now.wall_ms + bench->offset_ms,
		.heartbeat_ms = 10000,
		.waiting = bench->waiting,
		.vantage = bench->vantage,
		.version = "test",
		.content = bytes,
		.n_content = n,
		.crc32c = crc32c(0, bytes, n),
	};
}

/* Counts what was told. */
static inline void
bench_hear(struct bench *bench)
{
	const struct event *events;
	size_t n;

	events = pipeline_told(bench->pipeline, &n);
	for (size_t i = 0; i < n; i++) {
		bench->n_raised += events[i].kind == EVENT_REGRESSION;
		bench->n_cleared += events[i].kind == EVENT_CLEARED;
	}
	pipeline_forget(bench->pipeline);
}

/* Stores a batch in a transaction of its own.  Takes made. */
static inline void
bench_take(struct bench *bench, struct batch *made)
{
	struct envelope envelope;
	struct arrived arrived;
	unsigned char *bytes;
	enum store_put put = STORE_CONFLICT; /* until it is told */
	struct err err = { 0 };
	size_t n;

	bench->sequence++;
	arrived.batch =
	    as_received(&bytes, &n, made, bench->environment, "stg-1");
	envelope = envelope_of(bench, bytes, n);
	arrived.envelope = &envelope;
	if (pipeline_begin(bench->pipeline, &err) < 0 ||
	    pipeline_take(bench->pipeline, &put, &arrived, bench->now, &err) <
		0)
		fail_msg("%s", err.text);
	pipeline_tick(bench->pipeline, bench->now);
	if (pipeline_commit(bench->pipeline, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(put, STORE_NEW);
	bench_hear(bench);
	batch_free((struct batch *)(uintptr_t)arrived.batch);
	free(bytes);
}

/* One result of a probe, made behind_ms ago by the agent's clock. */
static inline void
bench_timed(
    struct bench *bench, const char *probe, char letter, int64_t duration_us)
{
	struct series series = series_named(probe, bench->vantage);
	struct result result = result_of(letter,
	    bench->now.wall_ms + bench->offset_ms - bench->behind_ms - 10);
	struct batch *made = batch_new();

	result.duration_us = result.phase_us[0] = duration_us;
	batch_add_result(made, &series, &result);
	bench_take(bench, made);
}

static inline void
bench_result(struct bench *bench, const char *probe, char letter)
{
	bench_timed(bench, probe, letter, 3200);
}

static inline void
bench_fact(struct bench *bench, const char *name, const char *value)
{
	struct fact fact = {
		.service = "backend",
		.name = name,
		.value = value[0] == 'k' ? NULL : value,
		.fingerprint = value[0] == 'k' ? value : NULL,
		.at_ms =
		    bench->now.wall_ms + bench->offset_ms - bench->behind_ms,
	};
	struct batch *made = batch_new();

	batch_add_fact(made, &fact);
	bench_take(bench, made);
}

/* Words: "PROBE:LETTER" is a result, "NAME=VALUE" a fact, "@ENVIRONMENT" goes
 * there, "+SECONDS" lets time pass, "laptop" and "server" are where the agent
 * stands from then on. */
static inline void
bench_play(struct bench *bench, const char *words)
{
	char *all = mem_strdup(words), *save = NULL, *mark;

	for (char *word = strtok_r(all, " ", &save); word != NULL;
	     word = strtok_r(NULL, " ", &save)) {
		if (word[0] == '+') {
			bench_pass(bench, 1000 * atoi(word + 1));
		} else if (word[0] == '@') {
			bench->environment = strcmp(word, "@production") == 0
			    ? "production"
			    : "staging";
		} else if (strcmp(word, "laptop") == 0) {
			bench->vantage = VANTAGE_WORKSTATION;
		} else if (strcmp(word, "server") == 0) {
			bench->vantage = VANTAGE_IN_SERVICE;
		} else if ((mark = strchr(word, '=')) != NULL) {
			*mark = '\0';
			bench_fact(bench, word, mark + 1);
		} else {
			mark = strchr(word, ':');
			*mark = '\0';
			bench_result(bench, word, mark[1]);
		}
	}
	free(all);
}

static inline int
bench_add_row(void *arg, const struct regression_row *row, struct err *err)
{
	struct text *text = arg;

	(void)err;
	text_addf(text,
	    "%s %s/%s/%s %s %s onset %" PRId64 "..%" PRId64 " detected %" PRId64
	    " cleared %" PRId64 " late %d: %s -> %s\n",
	    regression_kind_name(row->kind), row->environment, row->agent,
	    row->service, row->subject, outcome_name(row->severity),
	    row->onset_from_ms - START_MS, row->onset_to_ms - START_MS,
	    row->detected_ms - START_MS,
	    row->cleared_ms != 0 ? row->cleared_ms - START_MS : 0, row->late,
	    row->before, row->after);
	return 0;
}

/* All regressions of the store, newest first; owned by the caller. */
static inline char *
bench_regressions(struct bench *bench, bool open_only)
{
	struct query_regressions request = { .environment = "",
		.service = "",
		.open_only = open_only,
		.limit = 10000 };
	struct text text = { 0 };
	struct err err = { 0 };
	bool more;

	if (store_scan_regressions(
		bench->store, &more, &request, bench_add_row, &text, &err) < 0)
		fail_msg("%s", err.text);
	return text_take(&text);
}

static inline size_t
bench_count(struct bench *bench, bool open_only)
{
	char *rows = bench_regressions(bench, open_only);
	size_t n = 0;

	for (const char *at = rows; *at != '\0'; at++)
		n += *at == '\n';
	free(rows);
	return n;
}

#endif
