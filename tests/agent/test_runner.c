#include "tests/support/table.h"

#include <string.h>
#include <unistd.h>

#include "agent/probe.h"

/* A kind of the test's own does as a script says, a letter for each step:
 * n goes on, r waits for something that is ready, h for something that never
 * is; f, w and u end critical, with a warning and unknown.  Attempts are
 * parted by a slash; the last one is repeated. */
static struct {
	const char *script;
	int attempts, cleanups, running, most_running;
	int silent[2]; /* a pipe into which nobody writes */
	bool reference;
	bool claims; /* a run says itself what is declared of it */
} play;

struct state {
	const char *at;
	bool has_waited;
	int silent[2]; /* the loop watches a descriptor for one run only */
};

static enum turn
end(struct probe *p, char letter)
{
	probe_hide(p, "hunter2");
	probe_text(p, "note", "it was hunter2 again");
	if (letter == 'w')
		return probe_warn(p, REASON_SHAPE, "warned of hunter2");
	if (letter == 'u')
		return probe_unknown(p, REASON_SKIPPED, "unknown\nto us");
	return probe_fail(p, REASON_REFUSED, "refused hunter2");
}

static void
begin(struct state *s)
{
	const char *slash;

	s->at = play.script;
	for (int i = 0; i < play.attempts; i++) {
		slash = strchr(s->at, '/');
		if (slash == NULL)
			break;
		s->at = slash + 1;
	}
	play.attempts++;
	if (++play.running > play.most_running)
		play.most_running = play.running;
	for (int i = 0; i < 2; i++)
		assert_true((s->silent[i] = dup(play.silent[i])) >= 0);
}

static enum turn
step(struct probe *p, void *state)
{
	struct state *s = state;
	char letter;

	if (s->at == NULL)
		begin(s);
	if (play.claims) {
		probe_text(p, "replica", "another");
		probe_number(p, "through", 3);
	}
	letter = *s->at;
	if (letter == 'h')
		return probe_await(p, s->silent[0], UV_READABLE);
	if (letter == 'r' && !s->has_waited) {
		s->has_waited = true;
		return probe_await(p, s->silent[1], UV_WRITABLE);
	}
	s->has_waited = false;
	s->at++;
	return letter == 'n' || letter == 'r' ? TURN_NEXT : end(p, letter);
}

static void
cleanup(void *state)
{
	struct state *s = state;

	play.cleanups++;
	if (s->at == NULL)
		return;
	play.running--;
	close(s->silent[0]);
	close(s->silent[1]);
}

static bool
has_reference(const struct probe_config *config)
{
	(void)config;
	return play.reference;
}

static const struct probe_step steps[] = {
	{ "first", step },
	{ "second", step },
	{ NULL, NULL },
};

static const struct probe_kind kind = {
	.name = "play",
	.state_size = sizeof(struct state),
	.steps = steps,
	.cleanup = cleanup,
	.has_reference = has_reference,
};

static char played_name[] = "p", played_service[] = "s";
static struct probe_config played = {
	.name = played_name,
	.service = played_service,
	.timeout_ms = 60000,
	.interval_ms = 100000,
	.kind = &kind,
};

struct seen {
	uv_loop_t loop;
	struct runner *runner;
	int n_done, n_closed;
	int close_after; /* results; then the runner is closed */
	struct result result;
	char reason[REASON_TEXT_BYTES], message[128], note[64];
	char probes[128];   /* names, each with a space before */
	char declared[128]; /* attributes but for the note, in their order */
};

/* " replica=b through=?", of the last result; ? is a number. */
static void
see_declared(struct seen *seen, const struct result *result)
{
	size_t n = 0;

	seen->declared[0] = '\0';
	for (size_t i = 0; i < result->n_attributes; i++) {
		const struct attribute *at = &result->attributes[i];

		if (strcmp(at->name, "note") == 0)
			continue;
		n += (size_t)snprintf(seen->declared + n,
		    sizeof(seen->declared) - n, " %s=%s", at->name,
		    at->text != NULL ? at->text : "?");
	}
}

static void
on_closed(void *arg)
{
	struct seen *seen = arg;

	seen->n_closed++;
}

static void
on_done(void *arg, const struct series *series, const struct result *result,
    const struct fact *facts, size_t n_facts)
{
	struct seen *seen = arg;

	(void)facts;
	assert_int_equal(n_facts, 0);
	seen->n_done++;
	if (seen->n_done == seen->close_after)
		runner_close(seen->runner, on_closed, seen);
	/* What is borrowed stays for the call, even when all is closed. */
	seen->result = *result;
	result_reason(seen->reason, series, result);
	snprintf(seen->message, sizeof(seen->message), "%s", result->message);
	if (result->n_attributes > 0)
		snprintf(seen->note, sizeof(seen->note), "%s",
		    result->attributes[0].text);
	see_declared(seen, result);
	snprintf(seen->probes + strlen(seen->probes), 32, " %s<%s",
	    series->probe, series->reference_of);
	assert_string_equal(series->service, "s");
	assert_string_equal(series->kind, "play");
	assert_int_equal(series->n_phases, 2);
	assert_string_equal(series->phases[1], "second");
}

static void
open_play(struct seen *seen, const char *script, uint32_t concurrency)
{
	struct err err;

	memset(&play, 0, sizeof(play));
	memset(seen, 0, sizeof(*seen));
	play.script = script;
	assert_int_equal(pipe(play.silent), 0);
	assert_int_equal(uv_loop_init(&seen->loop), 0);
	assert_int_equal(runner_new(&seen->runner,
			     &(struct runner_setup){ .loop = &seen->loop,
				 .clock = clock_system(),
				 .concurrency = concurrency },
			     &err),
	    0);
}

static void
close_play(struct seen *seen)
{
	uv_run(&seen->loop, UV_RUN_DEFAULT);
	assert_int_equal(seen->n_closed, 1);
	assert_int_equal(uv_loop_close(&seen->loop), 0);
	assert_int_equal(play.cleanups, play.attempts);
	close(play.silent[0]);
	close(play.silent[1]);
}

static const struct run {
	const char *name;
	const char *script;
	uint8_t retries;
	uint32_t timeout_ms;
	enum outcome outcome;
	const char *reason, *message;
	uint32_t attempts;
	size_t n_phases;
	bool censored;
} runs[] = {
	{ "a run whose steps all end is ok", "nn", 0, 60000, OUTCOME_OK, "", "",
	    1, 2, false },
	{ "a wait that is over goes on", "rr", 0, 60000, OUTCOME_OK, "", "", 1,
	    2, false },
	{ "a failure ends the run in its phase", "nf", 0, 60000,
	    OUTCOME_CRITICAL, "second.refused", "refused ***", 1, 2, false },
	{ "what is hidden is in no message", "f", 0, 60000, OUTCOME_CRITICAL,
	    "first.refused", "refused ***", 1, 1, false },
	{ "a message is one line", "u", 0, 60000, OUTCOME_UNKNOWN,
	    "first.skipped", "unknown to us", 1, 1, false },
	{ "a failure is tried again as often as is said", "rf", 3, 60000,
	    OUTCOME_CRITICAL, "second.refused", "refused ***", 4, 2, false },
	{ "who cannot tell tries again too", "u", 1, 60000, OUTCOME_UNKNOWN,
	    "first.skipped", "unknown to us", 2, 1, false },
	{ "a retry that succeeds counts alone", "f/nf/nn", 5, 60000, OUTCOME_OK,
	    "", "", 3, 2, false },
	{ "a warning is an answer", "w", 3, 60000, OUTCOME_WARNING,
	    "first.shape", "warned of ***", 1, 1, false },
	{ "a run that never ends is censored at its limit", "nh", 0, 20,
	    OUTCOME_CRITICAL, "second.timeout", "second: not done within 20 ms",
	    1, 2, true },
	{ "a limit is one for each attempt", "h/nh/nn", 2, 20, OUTCOME_OK, "",
	    "", 3, 2, false },
};

static void
test_run(void **state)
{
	const struct run *row = *state;
	struct seen seen;

	open_play(&seen, row->script, 1);
	played.retries = row->retries;
	played.timeout_ms = row->timeout_ms;
	seen.close_after = 1;
	runner_run(seen.runner, &played, on_done, &seen);
	assert_int_equal(seen.n_done, 0); /* never from inside */
	close_play(&seen);
	assert_int_equal(seen.n_done, 1);
	assert_int_equal(seen.result.outcome, row->outcome);
	assert_string_equal(seen.reason, row->reason);
	assert_string_equal(seen.message, row->message);
	assert_int_equal(seen.result.attempts, row->attempts);
	assert_int_equal(seen.result.n_phases, row->n_phases);
	assert_int_equal(seen.result.censored, row->censored);
	assert_int_equal(seen.result.limit_ms, row->timeout_ms);
	if (row->censored)
		assert_true(seen.result.duration_us >= row->timeout_ms * 1000);
	if (row->outcome == OUTCOME_WARNING)
		assert_string_equal(seen.note, "it was *** again");
}

/* Seen after a second attempt, with reference inputs. */
static const struct declaration {
	const char *name;
	const char *replica, *through;
	bool claims;
	const char *expect;
} declarations[] = {
	{ "what is declared is told once", "b", "nginx", false,
	    " replica=b through=nginx" },
	{ "what is declared counts, whatever a run says", "b", "nginx", true,
	    " replica=b through=nginx" },
	{ "one of them is declared", NULL, "nginx", false, " through=nginx" },
	{ "what is not declared a run may say", NULL, NULL, true,
	    " replica=another through=?" },
	{ "nothing is told of what is not declared", NULL, NULL, false, "" },
};

static void
test_declared(void **state)
{
	const struct declaration *row = *state;
	struct probe_config declared = played;
	struct seen seen;

	open_play(&seen, "nf/nf/nf/nn", 1);
	declared.replica = (char *)(uintptr_t)row->replica;
	declared.through = (char *)(uintptr_t)row->through;
	declared.retries = 1;
	declared.timeout_ms = 60000;
	play.reference = true;
	play.claims = row->claims;
	seen.close_after = 2;
	runner_run(seen.runner, &declared, on_done, &seen);
	close_play(&seen);
	assert_int_equal(play.attempts, 4);
	assert_string_equal(seen.declared, row->expect);
}

static void
test_reference(void **state)
{
	struct seen seen;

	(void)state;
	open_play(&seen, "f/nn", 1);
	played.retries = 0;
	played.timeout_ms = 60000;
	play.reference = true;
	seen.close_after = 2;
	runner_run(seen.runner, &played, on_done, &seen);
	close_play(&seen);
	assert_string_equal(seen.probes, " p< p.reference<p");
	assert_int_equal(seen.result.outcome, OUTCOME_OK);
	assert_int_equal(seen.result.attempts, 1);
}

static void
test_concurrency(void **state)
{
	struct seen seen;

	(void)state;
	open_play(&seen, "rh", 3);
	played.retries = 0;
	played.timeout_ms = 20;
	seen.close_after = 10;
	for (int i = 0; i < 10; i++)
		runner_run(seen.runner, &played, on_done, &seen);
	close_play(&seen);
	assert_int_equal(seen.n_done, 10);
	assert_int_equal(play.most_running, 3);
}

static void
test_close(void **state)
{
	struct seen seen;

	(void)state;
	open_play(&seen, "nn/h", 3);
	played.retries = 1;
	played.timeout_ms = 60000;
	seen.close_after = 1; /* from inside done, with others under way */
	for (int i = 0; i < 5; i++)
		runner_run(seen.runner, &played, on_done, &seen);
	close_play(&seen);
	assert_int_equal(seen.n_done, 1);
	assert_int_equal(play.running, 0);
}

static void
test_close_at_once(void **state)
{
	struct seen seen;

	(void)state;
	open_play(&seen, "nn", 1);
	runner_run(seen.runner, &played, on_done, &seen);
	runner_close(seen.runner, on_closed, &seen);
	assert_int_equal(seen.n_closed, 0); /* never from inside */
	close_play(&seen);
	assert_int_equal(seen.n_done, 0);
}

static void
test_no_room(void **state)
{
	struct runner *runner = NULL;
	struct err err;

	(void)state;
	assert_int_equal(
	    runner_new(&runner, &(struct runner_setup){ 0 }, &err), -1);
	assert_null(runner);
	assert_int_equal(err.code, ERR_INVALID);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reference),
		cmocka_unit_test(test_concurrency),
		cmocka_unit_test(test_close),
		cmocka_unit_test(test_close_at_once),
		cmocka_unit_test(test_no_room),
	};

	return TABLE_RUN(runs, test_run) +
	    TABLE_RUN(declarations, test_declared) +
	    cmocka_run_group_tests(tests, NULL, NULL);
}
