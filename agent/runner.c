#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/run.h"
#include "agent/tokens.h"
#include "proto/base/text.h"

#define REFERENCE_SUFFIX ".reference"
#define SERIES_BYTES     128

struct runner {
	struct runner_setup setup;
	char *state_directory; /* NULL: keep nothing */
	struct list waiting;   /* runs for which there is no room yet */
	struct list others;    /* runs that are running, or pause */
	uint32_t n_running;
	size_t n_handles; /* timers that are not closed yet */
	uv_timer_t own;   /* never runs: its end is an event of the loop */
	struct resolver *resolver;
	struct transfers *transfers;
	struct tokens *tokens;
	bool is_closing;
	void (*closed)(void *arg);
	void *closed_arg;
};

/* --- for agent/probe.c ---------------------------------------------------- */

uv_loop_t *
runner_loop(struct runner *runner)
{
	return runner->setup.loop;
}

const struct clock *
runner_clock(const struct runner *runner)
{
	return runner->setup.clock;
}

struct resolver *
runner_resolver(struct runner *runner)
{
	if (runner->resolver == NULL)
		runner->resolver = resolver_new(runner->setup.loop);
	return runner->resolver;
}

struct transfers *
runner_transfers(struct runner *runner, struct err *err)
{
	if (runner->transfers == NULL &&
	    transfers_new(&runner->transfers, runner->setup.loop, err) < 0)
		return NULL;
	return runner->transfers;
}

struct tokens *
runner_tokens(struct runner *runner)
{
	if (runner->tokens == NULL)
		runner->tokens = tokens_new(runner->setup.clock);
	return runner->tokens;
}

struct fingerprint *
runner_fingerprint(const struct runner *runner)
{
	return runner->setup.fingerprint;
}

void
runner_set_fingerprint(struct runner *runner, struct fingerprint *fingerprint)
{
	runner->setup.fingerprint = fingerprint;
}

const char *
runner_state_directory(const struct runner *runner)
{
	return runner->state_directory;
}

/* --- the end of a run ----------------------------------------------------- */

static void
on_transfers_closed(void *arg)
{
	struct runner *runner = arg;

	runner->closed(runner->closed_arg);
	tokens_free(runner->tokens);
	free(runner->state_directory);
	free(runner);
}

static void
on_resolver_closed(void *arg)
{
	struct runner *runner = arg;

	transfers_close(runner->transfers, on_transfers_closed, runner);
}

static void
one_handle_less(struct runner *runner)
{
	if (--runner->n_handles == 0)
		resolver_close(runner->resolver, on_resolver_closed, runner);
}

static void
on_run_closed(uv_handle_t *handle)
{
	struct probe *probe = handle->data;
	struct runner *runner = probe->runner;

	free(probe);
	one_handle_less(runner);
}

static void on_begin(uv_timer_t *timer);

/* Starts runs that wait, as many as there is room for; each begins in its own
 * turn of the loop. */
static void
fill(struct runner *runner)
{
	struct probe *probe;
	struct list *node;

	while (!runner->is_closing &&
	    runner->n_running < runner->setup.concurrency) {
		node = list_pop(&runner->waiting);
		if (node == NULL)
			return;
		probe = LIST_ITEM(node, struct probe, node);
		list_push(&runner->others, node);
		probe->is_running = true;
		runner->n_running++;
		uv_timer_start(&probe->timer, on_begin, 0, 0);
	}
}

static void
give_way(struct probe *probe)
{
	if (probe->is_running)
		probe->runner->n_running--;
	probe->is_running = false;
}

static void
release(struct probe *probe)
{
	list_remove(&probe->node);
	give_way(probe);
	attempt_stop(&probe->attempt, probe->kind);
	attempt_fini(&probe->attempt);
	uv_close((uv_handle_t *)&probe->timer, on_run_closed);
}

static const char *
phase_of(const struct probe *probe, size_t i)
{
	const struct probe_kind *kind = probe->kind;

	return kind->phase_of != NULL ? kind->phase_of(probe->config, i)
	    : kind->phases != NULL    ? kind->phases[i]
				      : kind->steps[i].name;
}

static void
tell(struct probe *probe, const struct result *result)
{
	const struct probe_config *config = probe->config;
	const struct attempt *attempt = &probe->attempt;
	char name[SERIES_BYTES];
	struct series series = {
		.environment = "",
		.agent = "",
		.service = config->service,
		.probe = name,
		.kind = probe->kind->name,
		.reference_of = probe->is_reference ? config->name : "",
		.vantage = probe->kind->vantage,
		.interval_ms = config->interval_ms,
	};

	snprintf(name, sizeof(name), "%s%s", config->name,
	    probe->is_reference ? REFERENCE_SUFFIX : "");
	while (series.n_phases < PHASES_MAX) {
		const char *phase = phase_of(probe, series.n_phases);

		if (phase == NULL)
			break;
		series.phases[series.n_phases++] = phase;
	}
	probe->is_telling = true;
	probe->done(
	    probe->arg, &series, result, attempt->facts, attempt->n_facts);
	probe->is_telling = false;
}

static void
on_pause_over(uv_timer_t *timer)
{
	struct probe *probe = timer->data;
	struct runner *runner = probe->runner;

	list_remove(&probe->node);
	list_push(&runner->waiting, &probe->node);
	fill(runner);
}

static bool
wants_reference(const struct probe *probe)
{
	return !probe->runner->setup.without_reference &&
	    !probe->is_reference && probe->kind->has_reference != NULL &&
	    probe->kind->has_reference(probe->config);
}

/* What the attempt has found out, borrowed from it. */
static struct result
result_of(const struct probe *probe, int64_t duration_us)
{
	const struct attempt *attempt = &probe->attempt;
	uint32_t limit_ms = probe->config->timeout_ms;
	struct result result = {
		.at_ms = attempt->at_ms,
		.duration_us = duration_us,
		.limit_ms = limit_ms,
		.outcome = attempt->outcome,
		.reason = attempt->reason,
		.censored = duration_us >= (int64_t)limit_ms * 1000,
		.attempts = probe->attempts,
		.n_phases = attempt->n_phases,
		.message = attempt->message != NULL ? attempt->message : "",
		.attributes = attempt->attributes,
		.n_attributes = attempt->n_attributes,
	};

	memcpy(result.phase_us, attempt->phase_us, sizeof(result.phase_us));
	if (result.n_phases == 0) { /* it ended before libcurl began */
		result.phase_us[0] = duration_us;
		result.n_phases = 1;
	}
	return result;
}

static bool
wants_another(const struct probe *probe)
{
	return !probe->kind->is_consuming &&
	    (probe->attempt.outcome == OUTCOME_CRITICAL ||
		probe->attempt.outcome == OUTCOME_UNKNOWN) &&
	    probe->attempts <= probe->config->retries;
}

/* The one place where a run ends, whatever has become of it. */
static void
end(struct probe *probe)
{
	struct attempt *attempt = &probe->attempt;
	struct runner *runner = probe->runner;
	struct result result = result_of(probe, probe_elapsed_us(probe));

	uv_timer_stop(&probe->timer);
	attempt_stop(attempt, probe->kind);
	if (wants_another(probe)) {
		attempt_fini(attempt);
		give_way(probe);
		uv_timer_start(&probe->timer, on_pause_over,
		    probe->config->retry_interval_ms, 0);
		fill(runner);
		return;
	}
	tell(probe, &result);
	attempt_fini(attempt);
	if (!runner->is_closing && wants_reference(probe)) {
		probe->is_reference = true; /* keeps its place */
		probe->attempts = 0;
		uv_timer_start(&probe->timer, on_begin, 0, 0);
		return;
	}
	release(probe);
	fill(runner);
}

/* --- a run ---------------------------------------------------------------- */

static int64_t
left_us(const struct probe *probe)
{
	return (int64_t)probe->config->timeout_ms * 1000 -
	    probe_elapsed_us(probe);
}

/* Where the steps are the phases: this one ends now. */
static void
mark_phase(struct probe *probe)
{
	struct attempt *attempt = &probe->attempt;
	int64_t now_ns = clock_mono_ns(probe->runner->setup.clock);

	if (run_times_itself(probe) ||
	    probe->kind->steps[attempt->step].name == NULL)
		return;
	assert(attempt->step < PHASES_MAX);
	attempt->phase_us[attempt->step] = (now_ns - attempt->step_ns) / 1000;
	attempt->n_phases = attempt->step + 1;
	attempt->step_ns = now_ns;
}

void
probe_phase(struct probe *probe, size_t i, int64_t us)
{
	struct attempt *attempt = &probe->attempt;

	assert(run_times_itself(probe) && i < PHASES_MAX);
	attempt->phase_us[i] = us < 0 ? 0 : us;
	if (attempt->n_phases < i + 1)
		attempt->n_phases = i + 1;
}

static void
expire(struct probe *probe)
{
	const struct probe_kind *kind = probe->kind;
	const char *step = kind->steps[probe->attempt.step].name;
	char span[TEXT_SPAN_BYTES];

	text_span(span, (int64_t)probe->config->timeout_ms * 1000);
	probe_fail(probe, REASON_TIMEOUT, "%s%snot done within %s",
	    step != NULL ? step : "", step != NULL ? ": " : "", span);
	if (kind->expire != NULL)
		kind->expire(probe, probe->attempt.state);
	if (probe->attempt.reason == REASON_TIMEOUT)
		probe->attempt.outcome = kind->is_silence_unknown
		    ? OUTCOME_UNKNOWN
		    : OUTCOME_CRITICAL;
	mark_phase(probe);
	end(probe);
}

static bool
is_waiting(const struct attempt *attempt)
{
	return attempt->watch != NULL || attempt->resolve != NULL ||
	    attempt->transfer != NULL || attempt->child != NULL ||
	    attempt->wake_us != 0;
}

void
run_resume(struct probe *probe)
{
	struct attempt *attempt = &probe->attempt;
	const struct probe_step *step;
	enum turn turn;

	for (;;) {
		if (left_us(probe) <= 0) {
			expire(probe);
			return;
		}
		step = &probe->kind->steps[attempt->step];
		if (step->name == NULL)
			break;
		turn = step->step(probe, attempt->state);
		assert((turn == TURN_WAIT) == is_waiting(attempt));
		if (turn == TURN_WAIT)
			return;
		attempt_forget_answer(attempt);
		mark_phase(probe);
		if (turn == TURN_STOP)
			break;
		attempt->step++;
	}
	end(probe);
}

static void on_deadline(uv_timer_t *timer);

/* Sets the timer for what comes first.  The loop's time is that of the last
 * round: it may be early, and is set again then.  Not for at once: libuv would
 * call it in the same round, before anybody else. */
static void
set_timer(struct probe *probe)
{
	int64_t us = left_us(probe), wake_us = probe->attempt.wake_us;

	if (wake_us != 0 && wake_us - probe_elapsed_us(probe) < us)
		us = wake_us - probe_elapsed_us(probe);
	uv_timer_start(&probe->timer, on_deadline,
	    us > 1000 ? (uint64_t)(us + 999) / 1000 : 1, 0);
}

static void
on_deadline(uv_timer_t *timer)
{
	struct probe *probe = timer->data;
	struct attempt *attempt = &probe->attempt;

	if (left_us(probe) <= 0) {
		expire(probe);
	} else if (attempt->wake_us != 0 &&
	    attempt->wake_us <= probe_elapsed_us(probe)) {
		attempt_unwait(attempt);
		set_timer(probe);
		run_resume(probe);
	} else {
		set_timer(probe);
	}
}

void
run_wake_at(struct probe *probe, int64_t wake_us)
{
	probe->attempt.wake_us = wake_us > 0 ? wake_us : 1;
	set_timer(probe);
}

static void
on_begin(uv_timer_t *timer)
{
	struct probe *probe = timer->data;
	struct attempt *attempt = &probe->attempt;
	const struct clock *clock = probe->runner->setup.clock;

	probe->attempts++;
	attempt->state = mem_zalloc(probe->kind->state_size);
	attempt->transfer_code = -1;
	attempt->at_ms = clock_wall_ms(clock);
	attempt->began_ns = attempt->step_ns = clock_mono_ns(clock);
	if (probe->config->replica != NULL)
		probe_text(probe, "replica", probe->config->replica);
	if (probe->config->through != NULL)
		probe_text(probe, "through", probe->config->through);
	attempt->n_declared = attempt->n_attributes;
	uv_timer_start(timer, on_deadline, probe->config->timeout_ms, 0);
	run_resume(probe);
}

/* --- the runner ----------------------------------------------------------- */

int
runner_new(
    struct runner **out, const struct runner_setup *setup, struct err *err)
{
	struct runner *runner;

	if (setup->concurrency == 0)
		return err_set(err, ERR_INVALID,
		    "no probe may run: concurrency must be at least 1");
	runner = mem_zalloc(sizeof(*runner));
	runner->setup = *setup;
	/* It outlives the configuration that it was read from. */
	runner->state_directory = setup->state_directory != NULL
	    ? mem_strdup(setup->state_directory)
	    : NULL;
	list_init(&runner->waiting);
	list_init(&runner->others);
	uv_timer_init(setup->loop, &runner->own);
	runner->own.data = runner;
	runner->n_handles = 1;
	*out = runner;
	return 0;
}

void
runner_run(struct runner *runner, const struct probe_config *config,
    runner_done_fn *done, void *arg)
{
	struct probe *probe;

	assert(!runner->is_closing);
	probe = mem_zalloc(sizeof(*probe));
	probe->runner = runner;
	probe->config = config;
	probe->kind = config->kind;
	probe->done = done;
	probe->arg = arg;
	uv_timer_init(runner->setup.loop, &probe->timer);
	probe->timer.data = probe;
	runner->n_handles++;
	list_push(&runner->waiting, &probe->node);
	fill(runner);
}

static void
on_own_closed(uv_handle_t *handle)
{
	one_handle_less(handle->data);
}

static void
release_all(struct list *runs)
{
	struct probe *probe;

	LIST_EACH (node, runs) {
		probe = LIST_ITEM(node, struct probe, node);
		if (!probe->is_telling) /* end() sees to it */
			release(probe);
	}
}

void
runner_close(struct runner *runner, void (*closed)(void *arg), void *arg)
{
	assert(!runner->is_closing);
	runner->is_closing = true;
	runner->closed = closed;
	runner->closed_arg = arg;
	release_all(&runner->waiting);
	release_all(&runner->others);
	uv_close((uv_handle_t *)&runner->own, on_own_closed);
}
