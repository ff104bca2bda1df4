/* What the pipeline makes of stories, and that it does not matter how batches
 * are split into transactions, nor where it was restarted. */
#include "tests/collector/batches.h"

/* --- stories ------------------------------------------------------------ */

/* Letters are results of the probe "db", ten seconds apart: good, warning,
 * critical, unknown.  Capitals steer: L what comes is an hour late, N it is
 * of now again, B the agent has more waiting and is a minute behind, R the
 * collector is restarted, W the agent is a workstation, S it is not, A its
 * clock is an hour ahead, Q three minutes pass without a word. */
static const struct story {
	const char *name;
	const char *steps;
	size_t raised, cleared; /* events told */
	size_t stored, open;    /* rows */
} stories[] = {
	{ "good results raise nothing", "gggggg", 0, 0, 0, 0 },
	{ "two critical ones are soft", "gggcc", 0, 0, 0, 0 },
	{ "three are told once", "gggcccccc", 1, 0, 1, 1 },
	{ "two good ones clear, and that is told", "gggcccgg", 1, 1, 1, 0 },
	{ "a second outage is another regression", "cccggcccgg", 2, 2, 2, 0 },
	{ "warning that becomes critical is told again, as the same one",
	    "gwwwccc", 2, 0, 1, 1 },
	{ "unknown results raise nothing", "gguuuuuu", 0, 0, 0, 0 },
	{ "and clear nothing", "gcccuuuu", 1, 0, 1, 1 },
	{ "a workstation raises nothing", "WgggcccccS", 0, 0, 0, 0 },
	{ "nor does it clear what the environment's agent raised", "gcccWggggg",
	    1, 0, 1, 1 },
	{ "late results are stored and not told", "Lgcccc", 0, 0, 1, 1 },
	{ "that they were over is not told either", "Lgccccgg", 0, 0, 1, 0 },
	{ "fresh ones that confirm them raise it", "LgccccNc", 1, 0, 1, 1 },
	{ "a backlog that ends well tells nothing", "BgccccggNgg", 0, 0, 1, 0 },
	{ "late results from before do not touch what is known since",
	    "gggLccccNgg", 0, 0, 0, 0 },
	{ "a clock an hour ahead is late in nothing", "AgggcccggS", 1, 1, 1,
	    0 },
	{ "a restart tells nothing", "gggcccRcccR", 1, 0, 1, 1 },
	{ "a restart in the middle of a run does not break it", "gcRcRc", 1, 0,
	    1, 1 },
	{ "what a restart found open is cleared by results", "gcccRgg", 1, 1, 1,
	    0 },
	{ "silence is told, and ends with a batch", "gQg", 1, 1, 1, 0 },
	{ "a restart is no silence of agents", "gRg", 0, 0, 0, 0 },
	{ "silence goes on over a restart as the same one", "gQRQ", 1, 0, 1,
	    1 },
	{ "a workstation may be silent", "WgQg", 0, 0, 0, 0 },
};

static void
tick(struct bench *bench)
{
	struct err err = { 0 };

	if (!pipeline_is_due(bench->pipeline, bench->now))
		return;
	pipeline_tick(bench->pipeline, bench->now);
	if (pipeline_begin(bench->pipeline, &err) < 0 ||
	    pipeline_commit(bench->pipeline, &err) < 0)
		fail_msg("%s", err.text);
	bench_hear(bench);
}

static void
steer(struct bench *bench, char letter)
{
	switch (letter) {
	case 'L':
		bench->behind_ms = 3600000;
		break;
	case 'B':
		bench->behind_ms = 60000;
		bench->waiting = 3;
		break;
	case 'N':
		bench->behind_ms = 0;
		bench->waiting = 0;
		break;
	case 'R':
		bench_restart(bench);
		break;
	case 'W':
		bench->vantage = VANTAGE_WORKSTATION;
		break;
	case 'S':
		bench->vantage = VANTAGE_IN_SERVICE;
		break;
	case 'A':
		bench->offset_ms = 3600000;
		break;
	case 'Q':
		bench_pass(bench, 180000);
		tick(bench);
		break;
	default:
		bench_pass(bench, INTERVAL_MS);
		bench_result(bench, "db", letter);
	}
}

static void
test_story(void **state)
{
	const struct story *row = *state;
	struct bench bench;

	bench_open(&bench);
	for (const char *at = row->steps; *at != '\0'; at++)
		steer(&bench, *at);
	assert_int_equal(bench.n_raised, row->raised);
	assert_int_equal(bench.n_cleared, row->cleared);
	assert_int_equal(bench_count(&bench, false), row->stored);
	assert_int_equal(bench_count(&bench, true), row->open);
	bench_close(&bench);
}

/* --- latency and error rate --------------------------------------------- */

/* Each letter is twenty results, ten seconds apart: n takes 12 ms, s four times
 * as long, f a quarter, h a fifth of them fails, d all of them fail; r: runs
 * with reference inputs from here on, D a day passes, L, N, W, S and R as
 * above. */
static const struct course_story {
	const char *name;
	const char *steps;
	size_t raised, cleared;
	size_t latency, error_rate, state; /* rows */
} courses[] = {
	{ "steady results raise nothing", "nnnnnnnnnn", 0, 0, 0, 0, 0 },
	{ "four times as long is told once", "nnnnnnnnnnss", 1, 0, 1, 0, 0 },
	{ "and cleared by results", "nnnnnnnnnnssnn", 1, 1, 1, 0, 0 },
	{ "one failure in five is told, and cleared", "nnnnnnnnnnhhhnnnn", 1, 1,
	    0, 1, 0 },
	{ "an outage is one regression, of the state", "nnnnnnnnnnddnn", 1, 1,
	    0, 0, 1 },
	{ "a restart changes nothing of it", "nnnnnRnnnnnsRsRnRn", 1, 1, 1, 0,
	    0 },
	{ "a workstation is not slow", "WnnnnnnnnnnssddS", 0, 0, 0, 0, 0 },
	{ "nor do runs with reference inputs count", "rnnnnnnnnnnsshh", 0, 0, 0,
	    0, 0 },
	{ "of a backlog it is stored and not told", "Lnnnnnnnnnnss", 0, 0, 1, 0,
	    0 },
	{ "also that it is over", "Lnnnnnnnnnnssnn", 0, 0, 1, 0, 0 },
	{ "fresh results that confirm it raise it", "LnnnnnnnnnnssNs", 1, 0, 1,
	    0, 0 },
	{ "faster is written down and not told", "nnnnnDDDDDDDnnnnnfff", 0, 0,
	    1, 0, 0 },
};

static void
twenty(struct bench *bench, const char *probe, char letter)
{
	for (int i = 0; i < 20; i++) {
		bool failed = letter == 'd' || (letter == 'h' && i % 5 == 3);
		/* Noise that is the same every time. */
		int64_t us = 12000 + (i * 7919 + 13) % 1501;

		bench_pass(
		    bench, letter == 'f' ? 40 * INTERVAL_MS : INTERVAL_MS);
		us = letter == 's' ? 4 * us : letter == 'f' ? us / 4 : us;
		bench_timed(bench, probe, failed ? 'c' : 'g', us);
	}
}

static size_t
count_kind(struct bench *bench, const char *kind)
{
	char *rows = bench_regressions(bench, false);
	size_t n = 0, length = strlen(kind);

	for (const char *at = rows; *at != '\0'; at = strchr(at, '\n') + 1)
		n += strncmp(at, kind, length) == 0 && at[length] == ' ';
	free(rows);
	return n;
}

static void
test_course(void **state)
{
	const struct course_story *row = *state;
	const char *probe = "db";
	struct bench bench;

	bench_open(&bench);
	for (const char *at = row->steps; *at != '\0'; at++) {
		if (*at == 'r')
			probe = "db.reference";
		else if (*at == 'D')
			bench_pass(&bench, 86400000);
		else if (*at >= 'A' && *at <= 'Z')
			steer(&bench, *at);
		else
			twenty(&bench, probe, *at);
	}
	assert_int_equal(bench.n_raised, row->raised);
	assert_int_equal(bench.n_cleared, row->cleared);
	assert_int_equal(count_kind(&bench, "latency"), row->latency);
	assert_int_equal(count_kind(&bench, "error_rate"), row->error_rate);
	assert_int_equal(count_kind(&bench, "state"), row->state);
	bench_close(&bench);
}

/* --- what is written of one --------------------------------------------- */

static const struct written {
	const char *name;
	const char *probe;
	const char *steps;
	const char *expect;
} writtens[] = {
	{ "the onset lies between the last good and the first bad result", "db",
	    "gggccc",
	    "state staging/stg-1/backend db critical onset 29990..39990 "
	    "detected 60000 cleared 0 late 0: ok, 3.20 ms -> critical, "
	    "connect.refused, 3.20 ms\n" },
	{ "what was never good has no last good result", "db", "ccc",
	    "state staging/stg-1/backend db critical onset "
	    "-1767607200000..9990 detected 30000 cleared 0 late 0: never "
	    "seen ok -> critical, connect.refused, 3.20 ms\n" },
	{ "a run with reference inputs is evidence only", "db.reference",
	    "gggccccc", "" },
};

static void
test_written(void **state)
{
	const struct written *row = *state;
	struct bench bench;
	char *rows;

	bench_open(&bench);
	for (const char *at = row->steps; *at != '\0'; at++) {
		bench_pass(&bench, INTERVAL_MS);
		bench_result(&bench, row->probe, *at);
	}
	rows = bench_regressions(&bench, false);
	assert_string_equal(rows, row->expect);
	free(rows);
	bench_close(&bench);
}

/* --- facts -------------------------------------------------------------- */

/* Small letters set the fact to that value, digits to a fingerprint of key
 * k1, capital letters to one of key k2 (so 1 and A may be the same value),
 * '(' to those of 1 and A, ')' to those of 2 and B, as while a key is being
 * replaced; '+' is ten good results, '!' a critical one, '^' a restart. */
static const struct drift_story {
	const char *name;
	const char *fact, *steps;
	size_t raised, cleared;
} drifts[] = {
	{ "a value that is not proven may change", "setting/x", "ab", 0, 0 },
	{ "one that is may not", "setting/x", "a+b", 1, 0 },
	{ "its return clears", "setting/x", "a+ba", 1, 1 },
	{ "a new value that works is not flagged for long", "setting/x", "a+b+",
	    1, 1 },
	{ "and is known good from then on", "setting/x", "a+b+a", 2, 1 },
	{ "a failing probe proves nothing", "setting/x", "a+b!", 1, 0 },
	{ "a fingerprint may drift as well", "env/X", "1+2", 1, 0 },
	{ "another key is no other value", "env/X", "1+A", 0, 0 },
	{ "after it a change is one", "env/X", "1+AB", 1, 0 },
	{ "both keys at once are no other value", "env/X", "1+(A", 0, 0 },
	{ "a change is seen while both are sent", "env/X", "1+)", 1, 0 },
	{ "the old key tells that it is undone", "env/X", "1+)1", 1, 1 },
	{ "so does the new one", "env/X", "1+(BA", 1, 1 },
	{ "a restart knows both keys", "env/X", "1+(^BA", 1, 1 },
	{ "a build is meant to change", "build", "a+b", 0, 0 },
	{ "a server may be started again", "postgres/db/server_started", "a+b",
	    0, 0 },
	{ "so may a process", "process/started", "a+b", 0, 0 },
	{ "whatever others call that", "start_time", "a+b", 0, 0 },
	{ "a restart knows what was good", "setting/x", "a+^b", 1, 0 },
	{ "and what was flagged", "setting/x", "a+b^a", 1, 1 },
};

static void
do_fact(struct bench *bench, const char *name, char step)
{
	char value[16];

	bench_pass(bench, INTERVAL_MS);
	switch (step) {
	case '(':
		bench_fact(bench, name, "k2:A k1:1");
		return;
	case ')':
		bench_fact(bench, name, "k2:B k1:2");
		return;
	case '+':
		for (int i = 0; i < 10; i++) {
			bench_pass(bench, INTERVAL_MS);
			bench_result(bench, "db", 'g');
		}
		return;
	case '!':
		bench_result(bench, "db", 'c');
		return;
	case '^':
		bench_restart(bench);
		return;
	}
	if (step >= 'a')
		snprintf(value, sizeof(value), "%c", step);
	else
		snprintf(value, sizeof(value), "%s:%c",
		    step >= 'A' ? "k2" : "k1", step);
	bench_fact(bench, name, value);
}

static void
test_drift(void **state)
{
	const struct drift_story *row = *state;
	struct bench bench;

	bench_open(&bench);
	for (const char *at = row->steps; *at != '\0'; at++)
		do_fact(&bench, row->fact, *at);
	assert_int_equal(bench.n_raised, row->raised);
	assert_int_equal(bench.n_cleared, row->cleared);
	bench_close(&bench);
}

/* --- expectations ------------------------------------------------------- */

static const struct expected {
	const char *name;
	const char *yaml; /* under expectations */
	const char *fact, *values;
	size_t raised, cleared;
} expecteds[] = {
	{ "a number at least as large holds", "{setting: t, at_least: 5}",
	    "setting/t", "6", 0, 0 },
	{ "a smaller one is told at once", "{setting: t, at_least: 5}",
	    "setting/t", "4", 1, 0 },
	{ "and cleared when it holds again", "{setting: t, at_least: 5}",
	    "setting/t", "45", 1, 1 },
	{ "what is no number does not hold", "{setting: t, at_most: 5}",
	    "setting/t", "a", 1, 0 },
	{ "another value than expected is told", "{fact: x, equals: a}", "x",
	    "ab", 1, 0 },
	{ "one with an issue is a guard", "{setting: t, at_least: 5, issue: x}",
	    "setting/t", "45", 1, 1 },
	{ "another service's expectation is not this one's",
	    "{fact: x, equals: a, services: [web]}", "x", "ab", 0, 0 },
	{ "a fingerprint cannot be compared with a value",
	    "{fact: x, equals: a}", "x", "#", 0, 0 },
};

/* Between environments: words as bench_play() takes them. */
static const struct measured {
	const char *name;
	const char *yaml; /* under expectations */
	const char *words;
	size_t raised, cleared;
} measureds[] = {
	{ "staging may be as strict as production",
	    "{setting: t, at_most_as_in: production}",
	    "@production setting/t=30 @staging setting/t=30", 0, 0 },
	{ "and stricter", "{setting: t, at_most_as_in: production}",
	    "@production setting/t=30 @staging setting/t=8", 0, 0 },
	{ "looser is told", "{setting: t, at_most_as_in: production}",
	    "@production setting/t=30 @staging setting/t=75", 1, 0 },
	{ "whoever of the two has changed",
	    "{setting: t, at_most_as_in: production}",
	    "@staging setting/t=75 @production setting/t=90 +1 setting/t=30 "
	    "+1 setting/t=75",
	    1, 1 },
	{ "nothing is told of what is not seen",
	    "{setting: t, at_most_as_in: production}", "@staging setting/t=75",
	    0, 0 },
	{ "nor of what is absent there",
	    "{setting: u, at_most_as_in: production}",
	    "@production setting/t=30 @staging setting/u=75", 0, 0 },
	{ "the other way round it is a least",
	    "{setting: t, at_least_as_in: production}",
	    "@production setting/t=30 @staging setting/t=8", 1, 0 },
	{ "durations are compared as such",
	    "{setting: t, at_most_as_in: production}",
	    "@production setting/t=1min @staging setting/t=60s", 0, 0 },
	{ "whatever their units", "{setting: t, at_most_as_in: production}",
	    "@production setting/t=500ms @staging setting/t=1", 1, 0 },
	{ "a word is not measured", "{setting: t, at_most_as_in: production}",
	    "@production setting/t=30 @staging setting/t=many", 0, 0 },
};

static void
configure(struct bench *bench, const char *expectation)
{
	char path[FOLDER_PATH_BYTES];
	struct collector_config *config;
	struct err err = { 0 };
	char *yaml;

	yaml = mem_printf("store: s\nlisten: [{url: 'ipc:///x'}]\n"
			  "services: [{name: web}]\nexpectations: [%s]\n"
			  "environments: {staging: {}, production: {}}\n",
	    expectation);
	folder_write(path, &bench->folder, "c.yaml", yaml, strlen(yaml));
	free(yaml);
	if (config_load(&config, path, &err) < 0)
		fail_msg("%s", err.text);
	pipeline_set_config(bench->pipeline, config);
	config_free(bench->config);
	bench->config = config;
}

static void
test_expected(void **state)
{
	const struct expected *row = *state;
	struct bench bench;
	char value[8];

	bench_open(&bench);
	configure(&bench, row->yaml);
	for (const char *at = row->values; *at != '\0'; at++) {
		bench_pass(&bench, INTERVAL_MS);
		snprintf(
		    value, sizeof(value), *at == '#' ? "k1:%c" : "%c", *at);
		bench_fact(&bench, row->fact, value);
	}
	assert_int_equal(bench.n_raised, row->raised);
	assert_int_equal(bench.n_cleared, row->cleared);
	bench_close(&bench);
}

static void
test_measured(void **state)
{
	const struct measured *row = *state;
	struct bench bench;

	bench_open(&bench);
	configure(&bench, row->yaml);
	bench_play(&bench, row->words);
	assert_int_equal(bench.n_raised, row->raised);
	assert_int_equal(bench.n_cleared, row->cleared);
	bench_close(&bench);
}

static void
test_guard(void **state)
{
	struct bench bench;

	(void)state;
	bench_open(&bench);
	configure(&bench, "{setting: t, at_least: 5, issue: '1263'}");
	bench_pass(&bench, INTERVAL_MS);
	bench_fact(&bench, "setting/t", "4");
	bench_restart(&bench);
	assert_int_equal(count_kind(&bench, "guard"), 1);
	assert_int_equal(bench_count(&bench, true), 1);
	bench_pass(&bench, INTERVAL_MS);
	bench_fact(&bench, "setting/t", "5");
	assert_int_equal(bench_count(&bench, true), 0);
	assert_int_equal(bench_count(&bench, false), 1);
	bench_close(&bench);
}

/* A configuration that expects something else judges what is known. */
static const struct reload {
	const char *name;
	const char *before, *after; /* "" expects nothing */
	size_t raised, cleared;
} reloads[] = {
	{ "a new expectation that is broken is told", "",
	    "{setting: t, at_least: 5}", 1, 0 },
	{ "one that holds is not", "", "{setting: t, at_least: 3}", 0, 0 },
	{ "the same one is not told again", "{setting: t, at_least: 5}",
	    "{setting: t, at_least: 5}", 1, 0 },
	{ "a milder one clears", "{setting: t, at_least: 5}",
	    "{setting: t, at_least: 3}", 1, 1 },
	{ "so does none", "{setting: t, at_least: 5}", "", 1, 1 },
};

static void
test_reload(void **state)
{
	const struct reload *row = *state;
	struct bench bench;

	bench_open(&bench);
	configure(&bench, row->before);
	bench_fact(&bench, "setting/t", "4");
	bench_pass(&bench, INTERVAL_MS);
	configure(&bench, row->after);
	tick(&bench);
	bench_restart(&bench);
	tick(&bench);
	assert_int_equal(bench.n_raised, row->raised);
	assert_int_equal(bench.n_cleared, row->cleared);
	bench_close(&bench);
}

/* --- retention ---------------------------------------------------------- */

/* Two results with days between them, then days without any. */
static const struct retention {
	const char *name;
	int64_t days_between, days_after;
	uint64_t gone;
} retentions[] = {
	{ "what is younger than its retention stays", 29, 0, 0 },
	{ "what is older goes", 31, 0, 1 },
	{ "a clock that jumps ahead takes nothing along", 29, 4000, 0 },
};

static void
test_retention(void **state)
{
	const struct retention *row = *state;
	struct err err = { 0 };
	struct bench bench;
	uint64_t n = 0;

	bench_open(&bench);
	bench_result(&bench, "db", 'g');
	bench_pass(&bench, row->days_between * 86400000);
	bench_result(&bench, "db", 'g');
	bench_pass(&bench, row->days_after * 86400000);
	if (pipeline_begin(bench.pipeline, &err) < 0 ||
	    pipeline_expire(bench.pipeline, &n, bench.now, &err) < 0 ||
	    pipeline_commit(bench.pipeline, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(n, row->gone);
	bench_close(&bench);
}

/* --- the property ------------------------------------------------------- */

#define BATCHES   260
#define CALM_FROM 40 /* from then on nothing fails */
#define SLOW_FROM 190
#define SLOW_TO   240

/* Batch number i of the seed: always the same one. */
static struct batch *
random_batch(struct bench *bench, uint64_t seed, uint64_t i)
{
	static const char *const probes[] = { "db", "env", "db.reference" };
	struct batch *made = batch_new();
	struct random_seeded seeded;
	const struct random *random = &seeded.random;
	uint64_t n;

	random_seeded_init(&seeded, seed * 1000 + i);
	n = 1 + random_below(random, 6);
	/* Outages last a while, so that they are confirmed. */
	for (uint64_t k = 0; k < n; k++) {
		uint64_t bad = i < CALM_FROM
		    ? (seed >> (i / 8) % 48 & 7) + (i / 8) % 3
		    : 0;
		char letter = random_below(random, 8) < bad ? 'c' : 'g';
		struct series series = series_named(
		    probes[random_below(random, 3)], VANTAGE_IN_SERVICE);
		struct result result = result_of(letter,
		    bench->now.wall_ms - 100 + (int64_t)k -
			(random_below(random, 6) == 0 ? 90000 : 0));

		/* Slower for a while, so that the detectors have their say. */
		result.duration_us = 3000 + (int64_t)random_below(random, 600);
		if (i % BATCHES >= SLOW_FROM && i % BATCHES < SLOW_TO)
			result.duration_us *= 10;
		result.phase_us[0] = result.duration_us;
		batch_add_result(made, &series, &result);
	}
	if (random_below(random, 10) == 0) {
		struct fact fact = {
			.service = "backend",
			.name = "setting/x",
			.value = random_below(random, 2) == 0 ? "a" : "b",
			.at_ms = bench->now.wall_ms,
		};

		batch_add_fact(made, &fact);
	}
	return made;
}

/* How the run is disturbed, each out of 8 times. */
struct disturbance {
	const char *name;
	uint64_t more;    /* a transaction takes one more batch */
	uint64_t restart; /* the collector is killed */
	uint64_t fail;    /* a transaction does not come through */
	uint64_t seal;    /* what a checkpoint holds goes into chunks */
	uint64_t late;    /* judged after it was stored, if not killed before */
};

/* As if the batches had waited long enough. */
static uint64_t
seal(struct bench *bench)
{
	struct moment later = bench->now;
	struct err err = { 0 };
	uint64_t n = 0;

	later.wall_ms += 3600000;
	pipeline_checkpoint(bench->pipeline);
	if (pipeline_begin(bench->pipeline, &err) < 0 ||
	    pipeline_commit(bench->pipeline, &err) < 0 ||
	    pipeline_begin(bench->pipeline, &err) < 0 ||
	    pipeline_seal(bench->pipeline, &n, later, &err) < 0 ||
	    pipeline_commit(bench->pipeline, &err) < 0)
		fail_msg("%s", err.text);
	return n;
}

/* A batch of a run, as it came. */
struct coming {
	unsigned char *bytes;
	struct envelope envelope;
	struct arrived arrived;
	struct stored stored;
};

static void
coming_init(struct coming *coming, struct bench *bench, uint64_t seed,
    uint64_t i, struct moment at)
{
	size_t size;

	bench->now = at;
	bench->sequence = i + 1;
	bench->waiting = i % 3;
	coming->arrived.batch = as_received(&coming->bytes, &size,
	    random_batch(bench, seed, i), "staging", "stg-1");
	coming->envelope = envelope_of(bench, coming->bytes, size);
	coming->arrived.envelope = &coming->envelope;
}

static void
coming_fini(struct coming *coming)
{
	batch_free((struct batch *)(uintptr_t)coming->arrived.batch);
	free(coming->bytes);
}

static struct moment
moment_after(struct moment at, uint64_t n)
{
	return (struct moment){ at.wall_ms + (int64_t)n * INTERVAL_MS,
		at.mono_ms + (int64_t)n * INTERVAL_MS };
}

static int
take_some(struct bench *bench, uint64_t seed, uint64_t first, uint64_t n,
    struct moment at, struct err *err)
{
	struct moment before = bench->now;
	int rc = pipeline_begin(bench->pipeline, err);
	struct coming coming;
	enum store_put put;

	for (uint64_t i = first; i < first + n && rc == 0; i++) {
		coming_init(
		    &coming, bench, seed, i, moment_after(at, i - first));
		rc = pipeline_take(
		    bench->pipeline, &put, &coming.arrived, bench->now, err);
		pipeline_forget(bench->pipeline);
		coming_fini(&coming);
	}
	bench->now = before;
	return rc;
}

/* As an inbox does it: stores all, and then judges, unless it is killed after
 * so many.  The next to come writes what that found. */
static int
store_some(struct bench *bench, uint64_t seed, uint64_t first, uint64_t n,
    uint64_t judged, struct err *err)
{
	struct coming *all = mem_calloc(n, sizeof(*all));
	struct moment at = bench->now;
	struct writing writing;
	int rc;

	pipeline_gather(bench->pipeline, &writing);
	rc = pipeline_begin(bench->pipeline, err);
	for (uint64_t i = 0; i < n && rc == 0; i++) {
		coming_init(
		    &all[i], bench, seed, first + i, moment_after(at, i));
		rc = pipeline_store(bench->pipeline, &all[i].stored,
		    &all[i].arrived, bench->now, err);
	}
	if (rc == 0)
		rc = pipeline_write(bench->pipeline, &writing, err);
	if (rc == 0)
		rc = pipeline_end(bench->pipeline, err);
	if (rc == 0)
		pipeline_written(bench->pipeline, &writing);
	for (uint64_t i = 0; i < n; i++) {
		if (i < judged && rc == 0)
			pipeline_judge(
			    bench->pipeline, &all[i].stored, &all[i].arrived);
		pipeline_forget(bench->pipeline);
		coming_fini(&all[i]);
	}
	free(all);
	if (judged < n)
		bench_restart(bench);
	return rc;
}

static const struct fleet_course *
course_of(const struct fleet_series *series)
{
	static const struct fleet_course none;

	return series->course != NULL ? series->course : &none;
}

/* Everything that is known, as text; owned by the caller. */
static char *
picture(struct bench *bench)
{
	const struct fleet *fleet = pipeline_fleet(bench->pipeline);
	struct text text = { 0 };
	char *rows = bench_regressions(bench, false);

	text_add(&text, rows);
	free(rows);
	rows = bench_regressions(bench, true);
	text_addf(&text, "open:\n%s", rows);
	free(rows);
	for (const char *const *key =
		 (const char *const[]){ "db", "db.reference", "env", NULL };
	     *key != NULL; key++) {
		char name[64];
		const struct fleet_series *series;

		snprintf(name, sizeof(name), "staging/stg-1/backend/%s", *key);
		series = map_get(fleet->series, name);
		if (series == NULL)
			continue;
		text_addf(&text, "%s slower %u of %" PRIu64 " failing %u\n",
		    *key, course_of(series)->slower.state,
		    course_of(series)->times.n,
		    course_of(series)->failing.state);
		text_addf(&text,
		    "%s n %" PRIu64 " hard %d runs %u %u since %" PRId64
		    " fresh %" PRId64 " open %d\n",
		    *key, series->n_results, series->watch.hard,
		    series->watch.good_run, series->watch.critical_run,
		    series->since_ms - START_MS, series->fresh_ms - START_MS,
		    series->open != 0);
	}
	MAP_EACH (const struct fleet_fact, fact, fleet->facts)
		text_addf(&text, "%s %s known %s open %d\n", fact->key,
		    fact->shown, fact->known != NULL ? fact->known : "-",
		    fact->open != 0);
	return text_take(&text);
}

static char *
run(uint64_t seed, const struct disturbance *disturbance, uint64_t how)
{
	struct random_seeded seeded;
	struct err err = { 0 };
	struct bench bench;
	uint64_t n_sealed = 0;
	char *seen;

	random_seeded_init(&seeded, how);
	bench_open(&bench);
	for (uint64_t i = 0; i < BATCHES;) {
		struct moment at = { START_MS + (int64_t)i * INTERVAL_MS,
			1000000 + (int64_t)i * INTERVAL_MS };
		uint64_t n = 1;

		while (i + n < BATCHES &&
		    random_below(&seeded.random, 8) < disturbance->more)
			n++;
		bench.now = at;
		if (random_below(&seeded.random, 8) < disturbance->late) {
			if (store_some(&bench, seed, i, n,
				random_below(&seeded.random, n + 1), &err) < 0)
				fail_msg("%s", err.text);
			i += n;
			continue;
		}
		if (take_some(&bench, seed, i, n, at, &err) < 0)
			fail_msg("%s", err.text);
		bench.now = at;
		bench_pass(&bench, (int64_t)(n - 1) * INTERVAL_MS);
		if (random_below(&seeded.random, 8) < disturbance->fail) {
			if (pipeline_abandon(bench.pipeline, bench.now, &err) <
			    0)
				fail_msg("%s", err.text);
			continue; /* the agents send it again */
		}
		if (pipeline_commit(bench.pipeline, &err) < 0)
			fail_msg("%s", err.text);
		if (random_below(&seeded.random, 8) < disturbance->seal)
			n_sealed += seal(&bench);
		if (random_below(&seeded.random, 8) < disturbance->restart)
			bench_restart(&bench);
		i += n;
	}
	assert_true(n_sealed > 0 || disturbance->seal == 0);
	if (pipeline_begin(bench.pipeline, &err) < 0 ||
	    pipeline_commit(bench.pipeline, &err) < 0)
		fail_msg("%s", err.text);
	seen = picture(&bench);
	bench_close(&bench);
	return seen;
}

static const struct disturbance disturbances[] = {
	{ "transactions of many batches find the same", 6, 0, 0, 0, 0 },
	{ "restarts find the same", 0, 2, 0, 0, 0 },
	{ "transactions that fail find the same", 0, 0, 2, 0, 0 },
	{ "sealing finds the same, also after a restart", 0, 2, 0, 2, 0 },
	{ "judging after storing, or after a kill, finds the same", 6, 0, 0, 0,
	    8 },
	{ "all of it together finds the same", 4, 1, 2, 1, 4 },
};

static void
test_property(void **state)
{
	static const struct disturbance none = { "", 0, 0, 0, 0, 0 };
	const struct disturbance *row = *state;
	char *calm = NULL, *disturbed;
	uint64_t seed;

	/* A run without regressions would prove nothing, and now and then
	 * chance makes one. */
	do {
		free(calm);
		seed = random_u64(random_system());
		print_message("seed %" PRIu64 "\n", seed);
		calm = run(seed, &none, 0);
	} while (strstr(calm, "state staging") == NULL ||
	    strstr(calm, "latency staging") == NULL);
	for (uint64_t how = 1; how <= 3; how++) {
		disturbed = run(seed, row, seed + how);
		assert_string_equal(disturbed, calm);
		free(disturbed);
	}
	free(calm);
}

int
main(void)
{
	const struct CMUnitTest whole[] = {
		{ "a broken guard is a guard's regression, also after a "
		  "restart",
		    test_guard, NULL, NULL, NULL },
	};

	return cmocka_run_group_tests(whole, NULL, NULL) +
	    TABLE_RUN(stories, test_story) + TABLE_RUN(courses, test_course) +
	    TABLE_RUN(writtens, test_written) + TABLE_RUN(drifts, test_drift) +
	    TABLE_RUN(expecteds, test_expected) +
	    TABLE_RUN(measureds, test_measured) +
	    TABLE_RUN(reloads, test_reload) +
	    TABLE_RUN(retentions, test_retention) +
	    TABLE_RUN(disturbances, test_property);
}
