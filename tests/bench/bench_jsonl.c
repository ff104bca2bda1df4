/*
 * bench_jsonl FILE LINES - lines of history per second, written and read.
 *
 * Writes FILE: results of 200 probes of 10 agents every 30 s, one in 100
 * failing, each with two phases; then reads it again.  Prints one line of
 * JSON.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/base/clock.h"
#include "proto/base/random.h"
#include "proto/jsonl.h"

#define FIRST_MS    INT64_C(1767607200000)
#define INTERVAL_MS 30000
#define PROBES      200
#define AGENTS      10
#define BLOCK_BYTES 65536

static void
put_line(struct text *text, uint64_t i, const struct random *random)
{
	bool fails = random_below(random, 100) == 0;
	char probe[16], agent[16];
	struct line line = { .type = LINE_RESULT,
		.at_ms = FIRST_MS +
		    (int64_t)(i / PROBES * INTERVAL_MS +
			i % PROBES * (INTERVAL_MS / PROBES)),
		.environment = "staging",
		.agent = agent,
		.series = { .service = "backend",
		    .probe = probe,
		    .kind = "postgres",
		    .reference_of = "",
		    .vantage = VANTAGE_IN_SERVICE,
		    .interval_ms = INTERVAL_MS,
		    .phases = { "resolve", "connect" },
		    .n_phases = 2 },
		.result = { .duration_us = 3000,
		    .limit_ms = 5000,
		    .attempts = 1,
		    .n_phases = 2,
		    .message = fails ? "connection refused" : "" } };

	snprintf(probe, sizeof(probe), "probe-%d", (int)(i % PROBES));
	snprintf(agent, sizeof(agent), "agent-%d", (int)(i % AGENTS));
	line.result.duration_us += (int64_t)random_below(random, 2000);
	line.result.phase_us[0] = 300;
	line.result.phase_us[1] = line.result.duration_us - 305;
	line.result.outcome = fails ? OUTCOME_CRITICAL : OUTCOME_OK;
	line.result.reason = fails ? REASON_REFUSED : REASON_NONE;
	jsonl_write(text, &line);
}

static int64_t
write_all(const char *path, uint64_t lines)
{
	FILE *file = fopen(path, "w");
	int64_t start = clock_mono_ns(clock_system());
	struct random_seeded seeded;
	struct text text = { 0 };

	random_seeded_init(&seeded, 1);
	for (uint64_t i = 0; file != NULL && i < lines; i++) {
		put_line(&text, i, &seeded.random);
		if (text.n < BLOCK_BYTES && i + 1 < lines)
			continue;
		fwrite(text.bytes, 1, text.n, file);
		text.n = 0;
	}
	text_fini(&text);
	if (file == NULL || fclose(file) != 0) {
		perror(path);
		exit(1);
	}
	return clock_mono_ns(clock_system()) - start;
}

static int64_t
read_all(const char *path, uint64_t lines)
{
	int64_t start = clock_mono_ns(clock_system());
	struct jsonl_reader *reader = NULL;
	struct err err = { 0 };
	struct line line;
	uint64_t n = 0;

	if (jsonl_open(&reader, path, &err) == 0)
		while (jsonl_next(reader, &line, &err) > 0)
			n++;
	jsonl_close(reader);
	if (n != lines) {
		fprintf(stderr, "bench_jsonl: %s\n", err.text);
		exit(1);
	}
	return clock_mono_ns(clock_system()) - start;
}

int
main(int argc, char **argv)
{
	uint64_t lines = argc > 2 ? strtoull(argv[2], NULL, 10) : 0;
	int64_t write_ns, read_ns;

	if (lines == 0) {
		fprintf(stderr, "usage: bench_jsonl FILE LINES\n");
		return 2;
	}
	write_ns = write_all(argv[1], lines);
	read_ns = read_all(argv[1], lines);
	printf("{\"lines\": %" PRIu64
	       ", \"write_per_s\": %.0f, \"read_per_s\": %.0f}\n",
	    lines, (double)lines * 1e9 / (double)write_ns,
	    (double)lines * 1e9 / (double)read_ns);
	return 0;
}
