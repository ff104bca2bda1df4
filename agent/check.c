#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "agent/check.h"
#include "agent/fingerprint.h"
#include "agent/identity.h"
#include "agent/probe.h"
#include "agent/report.h"
#include "proto/base/file.h"
#include "proto/base/mem.h"
#include "proto/publish.h"

#define QUICK_LIMIT_MS 2000
#define WHY_BYTES      512

/* A check under way. */
struct check {
	uv_loop_t loop;
	struct agent_config *config;
	const struct arguments *arguments;
	struct fingerprint *fingerprint;
	struct runner *runner;
	struct batch *batch; /* keeps the results */
	size_t awaited, total;
	bool has_progress;
	struct finding *findings; /* the probes of the batch's results */
	size_t n;
};

static void
on_closed(void *arg)
{
	(void)arg;
}

static bool
has_reference(const struct probe_config *probe)
{
	return probe->kind->has_reference != NULL &&
	    probe->kind->has_reference(probe);
}

/* --- choosing -------------------------------------------------------------------- */

static bool
is_chosen(enum arguments_scope scope, const struct probe_config *probe)
{
	switch (scope) {
	case SCOPE_ENV_ONLY:
		return probe->env != NULL;
	case SCOPE_QUICK:
		return probe->env != NULL || probe->dns != NULL ||
		    probe->tcp != NULL;
	default:
		return true;
	}
}

static void
shorten(struct probe_config *probe)
{
	if (probe->timeout_ms > QUICK_LIMIT_MS)
		probe->timeout_ms = QUICK_LIMIT_MS;
	probe->retries = 0;
}

/* --- running --------------------------------------------------------------------- */

static void
show_progress(const struct check *check, const char *name)
{
	if (!check->has_progress)
		return;
	if (check->awaited > 0)
		fprintf(stderr, "\r\033[K[%zu/%zu] %s",
		    check->total - check->awaited, check->total, name);
	else
		fprintf(stderr, "\r\033[K");
	fflush(stderr);
}

static void
on_result(void *arg, const struct series *series, const struct result *result,
    const struct fact *facts, size_t n_facts)
{
	struct check *check = arg;
	const char *name = series->reference_of[0] != '\0'
	    ? series->reference_of
	    : series->probe;

	(void)facts; /* they are for a history, which a check has not */
	(void)n_facts;
	for (uint32_t i = 0; i < check->config->n_probes; i++)
		if (strcmp(check->config->probes[i].name, name) == 0)
			check->findings[check->n++].probe =
			    &check->config->probes[i];
	batch_add_result(check->batch, series, result);
	check->awaited--;
	show_progress(check, series->probe);
	if (check->awaited == 0)
		uv_stop(&check->loop);
}

static void
run_probes(struct check *check)
{
	enum arguments_scope scope = check->arguments->scope;

	for (uint32_t i = 0; i < check->config->n_probes; i++) {
		struct probe_config *probe = &check->config->probes[i];

		if (!is_chosen(scope, probe))
			continue;
		if (scope == SCOPE_QUICK)
			shorten(probe);
		check->awaited +=
		    1 + (scope == SCOPE_FULL && has_reference(probe));
		runner_run(check->runner, probe, on_result, check);
	}
	check->total = check->awaited;
	show_progress(check, "");
	if (check->awaited > 0)
		uv_run(&check->loop, UV_RUN_DEFAULT);
}

/* A key of this check's own, forgotten afterwards: a check leaves nothing
 * behind, and may be run by those who may not read the agent's. */
static int
open_key(struct check *check, struct err *err)
{
	struct fingerprint_setup setup = {
		.environment = check->config->environment,
		.clock = clock_system(),
	};
	char folder[] = "/tmp/vedette-check-XXXXXX";
	char *path;
	int rc;

	if (mkdtemp(folder) == NULL)
		return err_set(err, ERR_IO, "%s: %s", folder, strerror(errno));
	path = mem_printf("%s/key", folder);
	setup.key_file = path;
	rc = fingerprint_open(&check->fingerprint, &setup, err);
	unlink(path);
	rmdir(folder);
	free(path);
	return rc;
}

/* --- telling --------------------------------------------------------------------- */

static bool
wants_colour(const struct arguments *arguments)
{
	const char *no = getenv("NO_COLOR"), *terminal = getenv("TERM");

	return arguments->output == NULL && isatty(STDOUT_FILENO) &&
	    (no == NULL || no[0] == '\0') &&
	    (terminal == NULL || strcmp(terminal, "dumb") != 0);
}

static int
write_out(const struct text *text, struct err *err)
{
	if (fwrite(text->bytes, 1, text->n, stdout) != text->n ||
	    fflush(stdout) != 0)
		return err_set(
		    err, ERR_IO, "standard output: %s", strerror(errno));
	return 0;
}

static int
tell(const struct report *report, const struct arguments *arguments,
    struct err *err)
{
	struct text text = { 0 };
	int rc;

	if (arguments->json)
		report_json(&text, report);
	else if (arguments->nagios)
		report_nagios(&text, report);
	else
		report_text(&text, report, wants_colour(arguments));
	if (arguments->output == NULL) {
		rc = write_out(&text, err);
		goto out;
	}
	rc = file_write(arguments->output, text.bytes, text.n, 0644, err);
	text_fini(&text);
	if (rc < 0)
		goto out;
	report_summary(&text, report);
	text_addf(&text, "; report in %s\n", arguments->output);
	rc = write_out(&text, err);
out:
	text_fini(&text);
	return rc;
}

static int
finish(
    int *out_code, struct check *check, struct report *report, struct err *err)
{
	for (size_t i = 0; i < check->n; i++) {
		check->findings[i].result = &check->batch->results[i];
		check->findings[i].series =
		    &check->batch->series[check->batch->results[i].series];
	}
	report->findings = check->findings;
	report->n = check->n;
	report_sort(report);
	report_explain(report);
	*out_code = report_exit(report);
	return tell(report, check->arguments, err);
}

/* Runs what was chosen, and closes the runner. */
static void
run_all(struct check *check)
{
	const struct agent_config *config = check->config;

	check->batch = batch_new();
	check->findings =
	    mem_calloc(2 * (size_t)config->n_probes, sizeof(struct finding));
	run_probes(check);
	runner_close(check->runner, on_closed, NULL);
	uv_run(&check->loop, UV_RUN_DEFAULT);
}

int
check_run(int *out_code, struct agent_config *config,
    const struct arguments *arguments, struct err *err)
{
	const struct clock *clock = clock_system();
	int64_t began_ns = clock_mono_ns(clock);
	char why[WHY_BYTES];
	struct check check = {
		.config = config,
		.arguments = arguments,
		.has_progress = isatty(STDERR_FILENO),
	};
	struct report report = {
		.config = config,
		.path = arguments->config,
		.threshold = arguments->threshold,
		.at_ms = clock_wall_ms(clock),
		.why = why,
	};
	struct runner_setup setup = { .loop = &check.loop,
		.clock = clock,
		.concurrency = config->concurrency,
		.without_reference = arguments->scope != SCOPE_FULL };
	int rc;

	uv_loop_init(&check.loop);
	report.vantage = identity_prove(config, why, sizeof(why));
	rc = open_key(&check, err);
	setup.fingerprint = check.fingerprint;
	if (rc == 0)
		rc = runner_new(&check.runner, &setup, err);
	if (rc == 0) {
		run_all(&check);
		report.duration_us = (clock_mono_ns(clock) - began_ns) / 1000;
		rc = finish(out_code, &check, &report, err);
	}
	free(check.findings);
	batch_free(check.batch);
	fingerprint_close(check.fingerprint);
	uv_loop_close(&check.loop);
	return rc;
}
