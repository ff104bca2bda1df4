/*
 * probe_once CONFIG - runs every probe of a configuration once and prints each
 * result as a line of JSON, in the order in which they end.
 */
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

#include "agent/config.h"
#include "agent/fingerprint.h"
#include "agent/probe.h"

struct once {
	uv_loop_t loop;
	struct runner *runner;
	size_t n_left;
};

static void
set_text(json_t *object, const char *key, const char *text)
{
	json_t *value = text == NULL ? json_null() : json_string(text);

	if (value == NULL)
		abort(); /* what a probe says must be UTF-8 */
	json_object_set_new(object, key, value);
}

static json_t *
attributes_json(const struct result *result)
{
	json_t *out = json_object();

	for (size_t i = 0; i < result->n_attributes; i++) {
		const struct attribute *at = &result->attributes[i];

		if (at->text != NULL)
			set_text(out, at->name, at->text);
		else
			json_object_set_new(
			    out, at->name, json_real(at->number));
	}
	return out;
}

static json_t *
phases_json(const struct series *series, const struct result *result)
{
	json_t *out = json_object();

	for (size_t i = 0; i < result->n_phases; i++)
		json_object_set_new(out, series->phases[i],
		    json_real((double)result->phase_us[i] / 1000));
	return out;
}

static json_t *
facts_json(const struct fact *facts, size_t n)
{
	json_t *out = json_object(), *fact;

	for (size_t i = 0; i < n; i++) {
		fact = json_object();
		set_text(fact, "value", facts[i].value);
		set_text(fact, "fingerprint", facts[i].fingerprint);
		set_text(fact, "source", source_name(facts[i].source));
		json_object_set_new(out, facts[i].name, fact);
	}
	return out;
}

static void
on_closed(void *arg)
{
	(void)arg;
}

static void
on_done(void *arg, const struct series *series, const struct result *result,
    const struct fact *facts, size_t n_facts)
{
	char reason[REASON_TEXT_BYTES];
	struct once *once = arg;
	json_t *line = json_object();

	set_text(line, "probe", series->probe);
	set_text(line, "reference_of", series->reference_of);
	set_text(line, "outcome", outcome_name(result->outcome));
	set_text(line, "reason", result_reason(reason, series, result));
	set_text(line, "message", result->message);
	json_object_set_new(line, "censored", json_boolean(result->censored));
	json_object_set_new(line, "attempts", json_integer(result->attempts));
	json_object_set_new(
	    line, "duration_ms", json_real((double)result->duration_us / 1000));
	json_object_set_new(line, "phases", phases_json(series, result));
	json_object_set_new(line, "attributes", attributes_json(result));
	json_object_set_new(line, "facts", facts_json(facts, n_facts));
	json_dumpf(line, stdout, JSON_COMPACT);
	putchar('\n');
	fflush(stdout);
	json_decref(line);
	if (--once->n_left == 0)
		runner_close(once->runner, on_closed, NULL);
}

int
main(int argc, char **argv)
{
	struct agent_config *config = NULL;
	struct fingerprint *fingerprint = NULL;
	struct once once = { 0 };
	struct err err;

	if (argc != 2) {
		fprintf(stderr, "usage: probe_once CONFIG\n");
		return 2;
	}
	if (config_load(&config, argv[1], &err) < 0 ||
	    fingerprint_open_configured(
		&fingerprint, config, clock_system(), &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		return 2;
	}
	signal(SIGPIPE, SIG_IGN); /* as the agent does */
	uv_loop_init(&once.loop);
	runner_new(&once.runner,
	    &(struct runner_setup){ .loop = &once.loop,
		.clock = clock_system(),
		.fingerprint = fingerprint,
		.concurrency = config->concurrency,
		.state_directory = config->state_directory },
	    &err);
	for (uint32_t i = 0; i < config->n_probes; i++) {
		const struct probe_config *probe = &config->probes[i];

		once.n_left += 1 +
		    (probe->kind->has_reference != NULL &&
			probe->kind->has_reference(probe));
		runner_run(once.runner, probe, on_done, &once);
	}
	uv_run(&once.loop, UV_RUN_DEFAULT);
	fingerprint_close(fingerprint);
	config_free(config);
	return uv_loop_close(&once.loop) == 0 ? 0 : 3;
}
