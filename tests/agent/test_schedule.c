#include "tests/support/table.h"

#include <string.h>

#include "agent/schedule.h"
#include "proto/base/mem.h"

#define WALL_MS   INT64_C(1767607200000)
#define PROBE_MAX 8

/* --- one probe through time --------------------------------------------------- */

/* What happens to a schedule of one probe, as letters: '.' moves the clock by
 * a tenth of the interval and runs what is due, 'e' ends the run that is under
 * way, '>' lets the machine stand still for three intervals and a half, 's'
 * steps the wall clock by an hour, '=' sets the same list again, '~' sets it
 * with another interval, 'x' with another target, '0' with none. */
static const struct story {
	const char *name;
	uint32_t interval_ms;
	const char *steps;
	unsigned runs, skipped;
} stories[] = {
	{ "the first run comes within the first interval", 1000, "..........",
	    1, 0 },
	{ "runs come once in each interval", 1000,
	    "..........e..........e..........e..........e", 4, 0 },
	{ "a run under way makes the next be skipped", 1000,
	    "..............................e..........", 2, 2 },
	{ "time that stood still is not run after", 1000, "..........e>", 2,
	    3 },
	{ "a step of the wall clock changes nothing", 1000,
	    "..........es..........e..........", 3, 0 },
	{ "the same list again changes nothing", 1000,
	    "..........e=..........e=..........", 3, 0 },
	{ "a run under way still is after the same list", 1000,
	    "..........=..........", 1, 1 },
	{ "another target runs at once", 1000, "..........ex.", 2, 0 },
	{ "another interval runs at once", 1000, "..........e~.", 2, 0 },
	{ "a probe that is gone does not run", 1000,
	    "..........e0....................", 1, 0 },
	{ "the run of a probe that is gone may end", 1000, "..........0e", 1,
	    0 },
	{ "a short interval is kept as well", 100,
	    "..........e..........e..........e", 3, 0 },
};

struct watch {
	struct clock_fake clock;
	struct schedule *schedule;
	uv_loop_t loop;
	unsigned runs;
	int64_t ran_ms[64];
	char names[64][16];
	bool closed;
};

static void
on_run(void *arg, struct probe_config *probe)
{
	struct watch *watch = arg;

	assert_true(watch->runs < 64);
	watch->ran_ms[watch->runs] = clock_mono_ms(&watch->clock.clock);
	snprintf(watch->names[watch->runs++], 16, "%s", probe->name);
}

static void
watch_open(struct watch *watch)
{
	memset(watch, 0, sizeof(*watch));
	clock_fake_init(&watch->clock, WALL_MS);
	clock_fake_advance(&watch->clock, 123456789);
	assert_int_equal(uv_loop_init(&watch->loop), 0);
	watch->schedule =
	    schedule_new(&watch->loop, &watch->clock.clock, on_run, watch);
	assert_int_equal(schedule_next_ms(watch->schedule), INT64_MAX);
}

static void
on_closed(void *arg)
{
	struct watch *watch = arg;

	watch->closed = true;
}

static void
watch_close(struct watch *watch)
{
	schedule_close(watch->schedule, on_closed, watch);
	assert_false(watch->closed); /* never from inside */
	assert_int_equal(uv_run(&watch->loop, UV_RUN_DEFAULT), 0);
	assert_true(watch->closed);
	assert_int_equal(uv_loop_close(&watch->loop), 0);
}

static void
move(struct watch *watch, int64_t ms)
{
	clock_fake_advance(&watch->clock, ms);
	schedule_run_due(watch->schedule);
}

/* Two lists that say the same are two objects, as after a reload. */
struct lists {
	struct tcp_config tcp[2];
	struct probe_config probes[2];
	int at;
};

static struct probe_config *
next_list(struct lists *lists, uint32_t interval_ms, const char *host)
{
	static char name[] = "db", service[] = "backend";
	int at = lists->at = 1 - lists->at;

	lists->tcp[at] = (struct tcp_config){ (char *)(uintptr_t)host, 5432 };
	lists->probes[at] = (struct probe_config){ .name = name,
		.service = service,
		.interval_ms = interval_ms,
		.interval = interval_ms == 500 ? service : name,
		.tcp = &lists->tcp[at] };
	return &lists->probes[at];
}

static void
test_story(void **state)
{
	const struct story *row = *state;
	uint32_t first_ms = row->interval_ms / 2;
	struct lists lists = { .at = 1 };
	struct watch watch;

	watch_open(&watch);
	schedule_set(watch.schedule, next_list(&lists, row->interval_ms, "a"),
	    1, first_ms);
	for (const char *step = row->steps; *step != '\0'; step++) {
		if (*step == '.')
			move(&watch, row->interval_ms / 10);
		else if (*step == 'e')
			schedule_ended(watch.schedule, "db");
		else if (*step == '>')
			move(&watch, row->interval_ms * 7 / 2);
		else if (*step == 's')
			clock_fake_step(&watch.clock, 3600 * 1000);
		else if (*step == '=')
			schedule_set(watch.schedule,
			    next_list(&lists, row->interval_ms, "a"), 1,
			    first_ms);
		else if (*step == '~')
			schedule_set(
			    watch.schedule, next_list(&lists, 500, "a"), 1, 0);
		else if (*step == 'x')
			schedule_set(watch.schedule,
			    next_list(&lists, row->interval_ms, "b"), 1, 0);
		else if (*step == '0')
			schedule_set(watch.schedule, NULL, 0, 0);
	}
	assert_int_equal(watch.runs, row->runs);
	assert_int_equal(schedule_skipped(watch.schedule), row->skipped);
	watch_close(&watch);
}

/* --- many probes -------------------------------------------------------------- */

static const struct fleet {
	const char *name;
	size_t n;
	uint32_t interval_ms;
	int64_t step_ms; /* how coarsely time passes */
} fleets[] = {
	{ "due times do not drift", 1, 1000, 7 },
	{ "due times do not drift when time is coarse", 1, 1000, 130 },
	{ "eight probes each keep their own time", PROBE_MAX, 700, 3 },
};

/* Between two runs of a probe, start to start, is one interval, give or take
 * the step; over all of them, nothing adds up. */
static void
test_fleet(void **state)
{
	const struct fleet *row = *state;
	struct probe_config probes[PROBE_MAX] = { 0 };
	struct tcp_config tcp = { .port = 1 };
	int64_t first_ms[PROBE_MAX] = { 0 }, offset_ms;
	unsigned k[PROBE_MAX] = { 0 };
	struct watch watch;
	size_t i;

	watch_open(&watch);
	for (i = 0; i < row->n; i++)
		probes[i] =
		    (struct probe_config){ .name = mem_printf("p%zu", i),
			    .interval_ms = row->interval_ms,
			    .tcp = &tcp };
	schedule_set(watch.schedule, probes, row->n, 0);
	move(&watch, 0);
	assert_int_equal(watch.runs, row->n); /* all of them, at once */
	for (i = 0; i < row->n; i++)
		schedule_ended(watch.schedule, probes[i].name);
	for (watch.runs = 0; k[0] < 1000;) {
		move(&watch, row->step_ms);
		while (watch.runs > 0) {
			i = (size_t)atoi(watch.names[--watch.runs] + 1);
			if (k[i] == 0)
				first_ms[i] = watch.ran_ms[watch.runs];
			offset_ms = watch.ran_ms[watch.runs] - first_ms[i] -
			    (int64_t)k[i]++ * row->interval_ms;
			assert_in_range(
			    offset_ms + row->step_ms, 0, 2 * row->step_ms);
			schedule_ended(watch.schedule, probes[i].name);
		}
	}
	for (i = 0; i < row->n; i++)
		assert_in_range(k[i], 999, 1001);
	assert_int_equal(schedule_skipped(watch.schedule), 0);
	watch_close(&watch);
	for (i = 0; i < row->n; i++)
		free(probes[i].name);
}

/* --- phases ------------------------------------------------------------------- */

static const struct spread {
	const char *name;
	uint32_t first_run_ms, interval_ms;
} spreads[] = {
	{ "first runs are spread over the time allowed", 1000, 30000 },
	{ "and over no more than an interval", 30000, 1000 },
};

static void
test_spread(void **state)
{
	enum { N = 200, BINS = 5 };
	const struct spread *row = *state;
	uint32_t span_ms = row->first_run_ms < row->interval_ms
	    ? row->first_run_ms
	    : row->interval_ms;
	struct probe_config probes[N] = { 0 };
	struct tcp_config tcp = { .port = 1 };
	unsigned total = 0;
	struct watch watch;

	watch_open(&watch);
	for (size_t i = 0; i < N; i++)
		probes[i] =
		    (struct probe_config){ .name = mem_printf("p%zu", i),
			    .interval_ms = row->interval_ms,
			    .tcp = &tcp };
	schedule_set(watch.schedule, probes, N, row->first_run_ms);
	for (unsigned bin = 0; bin < BINS; bin++) {
		unsigned runs = 0;

		for (unsigned i = 0; i < 20; i++) {
			move(&watch, span_ms / BINS / 20);
			runs += watch.runs;
			watch.runs = 0;
		}
		assert_in_range(runs, N / BINS / 2, N / BINS * 2);
		total += runs;
	}
	assert_int_equal(total, N);
	watch_close(&watch);
	for (size_t i = 0; i < N; i++)
		free(probes[i].name);
}

/* --- the timer ---------------------------------------------------------------- */

static const struct real {
	const char *name;
	size_t n;
} reals[] = {
	{ "the timer of the loop starts what is due", 3 },
};

static void
on_real_run(void *arg, struct probe_config *probe)
{
	struct watch *watch = arg;

	schedule_ended(watch->schedule, probe->name);
	if (++watch->runs == 6)
		schedule_close(watch->schedule, on_closed, watch);
}

static void
test_real(void **state)
{
	const struct real *row = *state;
	struct probe_config probes[PROBE_MAX] = { 0 };
	struct tcp_config tcp = { .port = 1 };
	struct watch watch = { 0 };

	assert_int_equal(uv_loop_init(&watch.loop), 0);
	for (size_t i = 0; i < row->n; i++)
		probes[i] =
		    (struct probe_config){ .name = mem_printf("p%zu", i),
			    .interval_ms = 100,
			    .tcp = &tcp };
	watch.schedule =
	    schedule_new(&watch.loop, clock_system(), on_real_run, &watch);
	schedule_set(watch.schedule, probes, row->n, 10);
	assert_int_equal(uv_run(&watch.loop, UV_RUN_DEFAULT), 0);
	assert_true(watch.closed);
	assert_int_equal(watch.runs, 6);
	assert_int_equal(uv_loop_close(&watch.loop), 0);
	for (size_t i = 0; i < row->n; i++)
		free(probes[i].name);
}

int
main(void)
{
	return TABLE_RUN(stories, test_story) + TABLE_RUN(fleets, test_fleet) +
	    TABLE_RUN(spreads, test_spread) + TABLE_RUN(reals, test_real);
}
