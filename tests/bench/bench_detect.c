/*
 * bench_detect cost                        time and memory of a detector
 * bench_detect stream SCENARIO PHASE SHIFT COUNT SALT PER_YEAR WITHOUT
 * bench_detect files PER_YEAR WITHOUT      names and paths on standard input
 *
 * Runs the detectors in process, with parts left out (WITHOUT: the sum of
 * CHANNEL_NO_...), over generated streams or CSV files.  Prints
 * series,index,alarm; `cost` prints JSON.  The streams are those of the kit's
 * synthetic benchmark, drawn as its description says.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "collector/cli/csv.h"
#include "collector/cli/moment.h"
#include "collector/detect/detector.h"
#include "collector/detect/rate.h"

#define PI        3.14159265358979323846
#define MINUTE_MS 60000
#define DAY       1440
#define WARM      4320 /* minutes without a change */
#define COSTED    4000000

static const struct scenario {
	const char *name;
	int number;
	double sigma, rho, season, failing;
	bool spikes;
} scenarios[] = {
	{ "L1", 1, .25, 0, 0, 0, false },
	{ "L2", 2, .25, .5, 0, 0, false },
	{ "L3", 3, .25, .5, .3, 0, false },
	{ "L4", 4, .5, .3, .3, 0, true },
	{ "E1", 5, 0, 0, 0, .001, false },
	{ "E2", 6, 0, 0, 0, .01, false },
	{ "E3", 7, 0, 0, 0, .05, false },
};

static double
uniform(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	z ^= z >> 31;
	return ((double)(z >> 11) + 0.5) * 0x1p-53;
}

static double
normal(uint64_t *state)
{
	double a = uniform(state), b = uniform(state);

	return sqrt(-2 * log(a)) * cos(2 * PI * b);
}

struct stream {
	const struct scenario *scenario;
	uint64_t state;
	double phase, z, shift;
	long at, change, n;
};

static void
stream_init(struct stream *stream, const struct scenario *scenario,
    bool changes, double shift, uint64_t series, uint64_t salt)
{
	uint64_t phase = changes ? 2 : 1;
	double part;

	*stream = (struct stream){ .scenario = scenario, .shift = shift };
	stream->state = 1000003 * (1000 * (uint64_t)scenario->number + phase) +
	    series + (salt << 40);
	for (int i = 0; i < 8; i++)
		uniform(&stream->state);
	stream->phase = 2 * PI * uniform(&stream->state);
	part = uniform(&stream->state);
	stream->n = 28 * DAY;
	stream->change = stream->n;
	if (changes) {
		stream->change = WARM + (long)(part * DAY);
		stream->n = stream->change + DAY;
	}
}

static double
stream_next(struct stream *stream)
{
	const struct scenario *of = stream->scenario;
	bool changed = stream->at >= stream->change;
	double g, x;

	if (of->failing > 0) {
		stream->at++;
		return uniform(&stream->state) <
		    (changed ? stream->shift : of->failing);
	}
	g = normal(&stream->state);
	stream->z = stream->at == 0
	    ? g
	    : of->rho * stream->z + sqrt(1 - of->rho * of->rho) * g;
	x = 0.05 *
	    exp(of->sigma * stream->z +
		of->season *
		    sin(2 * PI * (double)stream->at / DAY + stream->phase));
	if (of->spikes && uniform(&stream->state) < 0.01)
		x *= pow(uniform(&stream->state), -1 / 1.5);
	stream->at++;
	return changed ? x * stream->shift : x;
}

static void
run_stream(struct stream *stream, int series, double per_year, uint32_t without)
{
	struct detector detector;
	struct rate rate;
	struct flag flag;
	struct rate_flag rate_flag;

	detector_init(&detector, per_year, without);
	rate_init(&rate, per_year);
	for (long i = 0; i < stream->n; i++) {
		double x = stream_next(stream);
		int64_t at_ms = i * MINUTE_MS;

		if (stream->scenario->failing > 0) {
			if (rate_add(&rate_flag, &rate, at_ms, x > 0))
				printf("%d,%llu,%llu\n", series,
				    (unsigned long long)rate_flag.onset,
				    (unsigned long long)rate_flag.alarm);
		} else if (detector_add(&flag, &detector, at_ms, x)) {
			printf("%d,%llu,%llu\n", series,
			    (unsigned long long)flag.onset,
			    (unsigned long long)flag.alarm);
		}
	}
}

static int
run_streams(char **argv)
{
	const struct scenario *scenario = scenarios;
	bool changes = strcmp(argv[1], "delay") == 0;
	struct stream stream;

	while (strcmp(scenario->name, argv[0]) != 0)
		if (++scenario == scenarios + 7)
			return 2;
	for (int k = 0; k < atoi(argv[3]); k++) {
		stream_init(&stream, scenario, changes, atof(argv[2]),
		    (uint64_t)k, strtoull(argv[4], NULL, 10));
		run_stream(&stream, k, atof(argv[5]), (uint32_t)atoi(argv[6]));
	}
	return 0;
}

/* The last column is the value, the one before it the time. */
static int
run_file(const char *name, const char *path, double per_year, uint32_t without)
{
	struct csv *csv = NULL;
	struct detector detector;
	struct flag flag;
	struct err err;
	int rc = csv_open(&csv, path, &err);

	detector_init(&detector, per_year, without);
	if (rc == 0)
		rc = csv_next(csv, &err);
	while (rc > 0 && (rc = csv_next(csv, &err)) > 0) {
		const char *value = csv_field(csv, csv_n(csv) - 1);
		int64_t at_ms = PACE_NO_TIME;

		moment_parse(&at_ms, csv_field(csv, csv_n(csv) - 2));
		if (detector_add(&flag, &detector, at_ms,
			*value == '\0' ? (double)NAN : atof(value)))
			printf("%s,%llu,%llu\n", name,
			    (unsigned long long)flag.onset,
			    (unsigned long long)flag.alarm);
	}
	if (rc < 0)
		fprintf(stderr, "%s\n", err.text);
	csv_close(csv);
	return rc;
}

static int
run_files(char **argv)
{
	char name[512], path[2048];

	while (scanf("%511s %2047s", name, path) == 2)
		if (run_file(
			name, path, atof(argv[0]), (uint32_t)atoi(argv[1])) < 0)
			return 1;
	return 0;
}

static double
now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static void
draw_week(double *out, const struct scenario *scenario)
{
	struct stream stream;

	stream_init(&stream, scenario, false, 1, 1, 1);
	for (int i = 0; i < DAY * 7; i++)
		out[i] = stream_next(&stream);
}

static int
cost(void)
{
	static double values[DAY * 7];
	static struct detector detector;
	struct rate rate;
	struct rate_flag rate_flag;
	struct flag flag;
	long flags = 0;
	double ns, outcome_ns;

	draw_week(values, &scenarios[2]);
	detector_init(&detector, 1, 0);
	ns = now_ns();
	for (int64_t i = 0; i < COSTED; i++)
		flags += detector_add(
		    &flag, &detector, i * MINUTE_MS, values[i % (DAY * 7)]);
	ns = (now_ns() - ns) / COSTED;
	draw_week(values, &scenarios[5]);
	rate_init(&rate, 1);
	outcome_ns = now_ns();
	for (int64_t i = 0; i < COSTED; i++)
		flags += rate_add(&rate_flag, &rate, i * MINUTE_MS,
		    values[i % (DAY * 7)] > 0);
	outcome_ns = (now_ns() - outcome_ns) / COSTED;
	printf("{\"ns\": %.1f, \"outcome_ns\": %.1f, \"bytes\": %zu, "
	       "\"without_profile\": %zu, \"flags\": %ld}\n",
	    ns, outcome_ns, sizeof(struct detector),
	    sizeof(struct detector) - 2 * sizeof(struct profile) -
		sizeof(detector.weeks) + sizeof(detector.segment),
	    flags);
	return 0;
}

int
main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "cost") == 0)
		return cost();
	if (argc == 9 && strcmp(argv[1], "stream") == 0)
		return run_streams(argv + 2);
	if (argc == 4 && strcmp(argv[1], "files") == 0)
		return run_files(argv + 2);
	fprintf(stderr, "usage: see the beginning of bench_detect.c\n");
	return 2;
}
