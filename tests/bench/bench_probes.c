/*
 * bench_probes CONFIG SECONDS - runs the probes of a configuration on schedule
 * and prints, as one JSON object, what a run costs and how well the intervals
 * were kept.  Only schedule and runner: nothing is stored or sent.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <uv.h>

#include "agent/config.h"
#include "agent/fingerprint.h"
#include "agent/probe.h"
#include "agent/schedule.h"
#include "proto/base/mem.h"

/* What is known of one probe.  Its first run is out of turn, so that nobody
 * has to wait for it; the intervals count from the second. */
struct line {
	struct bench *bench;
	uint64_t runs;
	int64_t first_ms, last_ms; /* starts of its second and last run */
};

struct bench {
	uv_loop_t loop;
	uv_timer_t end;
	struct agent_config *config;
	struct runner *runner;
	struct schedule *schedule;
	struct line *lines;
	uint64_t runs, ok, censored;
	double before_us;     /* CPU time used when it began */
	double worst_late_ms; /* of a start, against its first */
};

static double
cpu_us(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 +
	    (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

static void
on_done(void *arg, const struct series *series, const struct result *result,
    const struct fact *facts, size_t n_facts)
{
	struct line *line = arg;
	struct bench *bench = line->bench;
	int64_t late_ms;

	(void)facts;
	(void)n_facts;
	bench->runs++;
	bench->ok += result->outcome == OUTCOME_OK;
	bench->censored += result->censored;
	if (++line->runs == 2)
		line->first_ms = result->at_ms;
	line->last_ms = result->at_ms;
	if (line->runs > 2) {
		late_ms =
		    (result->at_ms - line->first_ms) % series->interval_ms;
		if (late_ms > series->interval_ms / 2)
			late_ms = series->interval_ms - late_ms;
		if ((double)late_ms > bench->worst_late_ms)
			bench->worst_late_ms = (double)late_ms;
	}
	schedule_ended(bench->schedule, series->probe);
}

static void
on_run(void *arg, struct probe_config *probe)
{
	struct bench *bench = arg;

	runner_run(bench->runner, probe, on_done,
	    &bench->lines[probe - bench->config->probes]);
}

static void
on_closed(void *arg)
{
	(void)arg;
}

/* How far the mean interval of the worst probe is from what it should be.
 * Runs that were skipped are no drift; they are counted. */
static double
worst_drift(const struct bench *bench)
{
	double worst = 0, passed_ms, interval_ms, n;

	for (uint32_t i = 0; i < bench->config->n_probes; i++) {
		const struct line *line = &bench->lines[i];

		interval_ms = bench->config->probes[i].interval_ms;
		passed_ms = (double)(line->last_ms - line->first_ms);
		n = round(passed_ms / interval_ms);
		if (line->runs > 2 && n >= 1)
			worst = fmax(
			    worst, fabs(passed_ms / (n * interval_ms) - 1));
	}
	return worst;
}

static long
resident_kib(void)
{
	long pages = 0, resident = 0;
	FILE *file = fopen("/proc/self/statm", "r");

	if (file != NULL && fscanf(file, "%ld %ld", &pages, &resident) != 2)
		resident = 0;
	if (file != NULL)
		fclose(file);
	return resident * 4;
}

static void
report(const struct bench *bench, double used_us, long kib)
{
	printf("{\"runs\": %llu, \"ok\": %llu, \"censored\": %llu, "
	       "\"skipped\": %llu, \"cpu_us_per_run\": %.2f, "
	       "\"worst_drift\": %.5f, \"worst_late_ms\": %.0f, "
	       "\"resident_kib\": %ld}\n",
	    (unsigned long long)bench->runs, (unsigned long long)bench->ok,
	    (unsigned long long)bench->censored,
	    (unsigned long long)schedule_skipped(bench->schedule),
	    used_us / (double)bench->runs, worst_drift(bench),
	    bench->worst_late_ms, kib);
}

static void
on_end(uv_timer_t *timer)
{
	struct bench *bench = timer->data;

	report(bench, cpu_us() - bench->before_us, resident_kib());
	uv_close((uv_handle_t *)timer, NULL);
	schedule_close(bench->schedule, on_closed, NULL);
	runner_close(bench->runner, on_closed, NULL);
}

int
main(int argc, char **argv)
{
	struct bench bench = { 0 };
	struct runner_setup setup = { .loop = &bench.loop,
		.clock = clock_system() };
	struct err err;

	if (argc != 3 || config_load(&bench.config, argv[1], &err) < 0) {
		fprintf(stderr, "%s\n",
		    argc != 3 ? "usage: bench_probes CONFIG SECONDS"
			      : err.text);
		return 2;
	}
	uv_loop_init(&bench.loop);
	setup.concurrency = bench.config->concurrency;
	bench.lines =
	    mem_calloc(bench.config->n_probes, sizeof(bench.lines[0]));
	for (uint32_t i = 0; i < bench.config->n_probes; i++)
		bench.lines[i].bench = &bench;
	if (runner_new(&bench.runner, &setup, &err) < 0)
		return 2;
	bench.schedule =
	    schedule_new(&bench.loop, clock_system(), on_run, &bench);
	bench.before_us = cpu_us();
	schedule_set(
	    bench.schedule, bench.config->probes, bench.config->n_probes, 1000);
	uv_timer_init(&bench.loop, &bench.end);
	bench.end.data = &bench;
	uv_timer_start(
	    &bench.end, on_end, (uint64_t)(strtod(argv[2], NULL) * 1000), 0);
	uv_run(&bench.loop, UV_RUN_DEFAULT);
	config_free(bench.config);
	free(bench.lines);
	return uv_loop_close(&bench.loop) == 0 ? 0 : 3;
}
