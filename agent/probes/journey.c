#include <stdlib.h>
#include <string.h>

#include "agent/probes/http_answer.h"
#include "agent/probes/http_client.h"
#include "agent/probes/journey_check.h"
#include "agent/probes/journey_text.h"
#include "agent/probes/kinds.h"
#include "proto/base/map.h"
#include "proto/base/mem.h"
#include "proto/base/secret.h"
#include "proto/base/text.h"

struct journey {
	struct http_client *client;
	struct http_answer *answer;
	struct map *values; /* variables and captures, owned texts */
	uint32_t at;        /* the step that is next, or under way */
	bool is_asking;
	int64_t began_us; /* of the step */
};

/* --- values --------------------------------------------------------------- */

static const char *
value_of(void *arg, const char *name)
{
	const struct journey *journey = arg;

	return map_get(journey->values, name);
}

static char *
fill(struct journey *journey, const char *text)
{
	return text == NULL ? NULL
			    : journey_text_fill(text, false, value_of, journey);
}

static void
wipe(char *text)
{
	if (text == NULL)
		return;
	explicit_bzero(text, strlen(text));
	free(text);
}

/* Takes value: a token, the number of an order.  Whatever it is, it is not
 * ours to tell. */
static void
keep(struct probe *p, struct journey *journey, const char *name, char *value)
{
	probe_hide(p, value);
	wipe(map_put(journey->values, name, value));
}

static enum turn
load_variables(struct probe *p, struct journey *journey)
{
	const struct journey_config *config = probe_config(p)->journey;

	for (uint32_t i = 0; i < config->n_variables; i++) {
		const struct journey_variable_config *at =
		    &config->variables[i];
		struct secret *secret = NULL;
		struct err err;

		if (secret_load(&secret, at->value, &err) < 0)
			return probe_unknown(p, REASON_INTERNAL,
			    "variable %s: %s", at->name, err.text);
		keep(p, journey, at->name, mem_strdup(secret_reveal(secret)));
		secret_free(secret);
	}
	return TURN_NEXT;
}

/* --- a step --------------------------------------------------------------- */

static const struct journey_step_config *
step_of(const struct probe *p, const struct journey *journey)
{
	return &probe_config(p)->journey->steps[journey->at];
}

static void
report_phase(struct probe *p, const struct journey *journey)
{
	probe_phase(p, journey->at, probe_elapsed_us(p) - journey->began_us);
}

static enum turn
add_headers(struct probe *p, struct journey *journey)
{
	const struct journey_step_config *step = step_of(p, journey);

	http_client_forget_headers(journey->client);
	for (uint32_t i = 0; i < step->n_headers; i++) {
		char *value = fill(journey, step->headers[i].value);
		bool is_line = strpbrk(value, "\r\n") == NULL;

		if (is_line)
			http_client_add_header(
			    journey->client, step->headers[i].name, value);
		wipe(value);
		if (!is_line)
			return probe_fail(p, REASON_ANSWER,
			    "header %s: what was captured for it has a line "
			    "end",
			    step->headers[i].name);
	}
	return TURN_NEXT;
}

static enum turn
ask(struct probe *p, struct journey *journey)
{
	const struct journey_step_config *step = step_of(p, journey);
	char *raw = journey_url(probe_config(p)->journey, step);
	char *url = journey_text_fill(raw, true, value_of, journey);
	char *body = fill(journey, step->body);
	struct http_request request = {
		.url = url, .method = step->method, .body = body
	};
	char *label = mem_printf("step %u %s", journey->at + 1, step->name);
	enum turn turn;

	probe_label(p, label);
	probe_number(p, "step", journey->at + 1);
	probe_text(p, "step_name", step->name);
	journey->began_us = probe_elapsed_us(p);
	turn = add_headers(p, journey);
	http_client_trust(journey->client);
	if (turn == TURN_NEXT && http_client_ask(journey->client, &request) < 0)
		turn =
		    probe_unknown(p, REASON_INTERNAL, "the url cannot be used");
	journey->is_asking = true;
	free(label);
	free(raw);
	wipe(url);
	wipe(body);
	return turn;
}

static enum turn
check_content(struct probe *p, struct journey *journey)
{
	const struct journey_step_config *step = step_of(p, journey);
	const char *target = http_client_target(journey->client);
	struct text wrong = { 0 };
	char *contains = fill(journey, step->contains), *equals;
	enum turn turn = TURN_NEXT;

	if (contains != NULL && !http_answer_holds(journey->answer, contains))
		turn = probe_fail(p, REASON_ANSWER,
		    "the body does not hold the expected text, from %s",
		    target);
	for (uint32_t i = 0; i < step->n_expect && turn == TURN_NEXT; i++) {
		equals = fill(journey, step->expect[i].equals);
		text_fini(&wrong);
		if (!http_answer_meets(
			journey->answer, &step->expect[i], equals, &wrong))
			turn = probe_fail(p, REASON_ANSWER, "%s, from %s",
			    wrong.bytes, target);
		wipe(equals);
	}
	text_fini(&wrong);
	wipe(contains);
	return turn;
}

static enum turn
capture(struct probe *p, struct journey *journey)
{
	const struct journey_step_config *step = step_of(p, journey);

	for (uint32_t i = 0; i < step->n_capture; i++) {
		const struct journey_capture_config *at = &step->capture[i];
		char *value = at->json != NULL
		    ? http_answer_json(journey->answer, at->json)
		    : at->header != NULL
		    ? http_answer_header(journey->answer, at->header)
		    : http_answer_cookie(journey->answer, at->cookie);

		if (value == NULL || value[0] == '\0') {
			free(value);
			return probe_fail(p, REASON_ANSWER,
			    "the answer holds no %s, from %s", at->name,
			    http_client_target(journey->client));
		}
		keep(p, journey, at->name, value);
	}
	return TURN_NEXT;
}

static enum turn
judge(struct probe *p, struct journey *journey)
{
	const struct journey_step_config *step = step_of(p, journey);
	const char *target = http_client_target(journey->client);
	long status = http_client_status(journey->client);
	enum turn turn;
	size_t n;
	const char *body = http_client_body(journey->client, &n);

	probe_number(p, "status", (double)status);
	http_answer_set_body(journey->answer, body, n);
	if (!http_status_is_wanted(step->status, step->n_status, status))
		return probe_fail(
		    p, REASON_STATUS, "status %ld from %s", status, target);
	if (n == 0 && !http_status_may_be_empty(step->method, status))
		return probe_fail(p, REASON_EMPTY,
		    "status %ld with an empty body from %s", status, target);
	turn = check_content(p, journey);
	return turn == TURN_NEXT ? capture(p, journey) : turn;
}

/* --- the way -------------------------------------------------------------- */

static enum turn
begin_step(struct probe *p, void *state)
{
	const struct journey_config *config = probe_config(p)->journey;
	struct journey *journey = state;
	struct http_setup setup = {
		.ca_file = config->ca_file,
		.certificate_file = config->certificate_file,
		.key_file = config->key_file,
		.max_bytes = config->max_bytes,
		.wants_body = true,
		.keeps_cookies = true,
		.on_line = http_answer_take_line,
	};

	journey->values = map_new();
	setup.arg = journey->answer = http_answer_new();
	journey->client = http_client_new(p, &setup);
	if (journey->client == NULL)
		return probe_unknown(
		    p, REASON_INTERNAL, "libcurl does not start");
	return load_variables(p, journey);
}

static enum turn
walk_step(struct probe *p, void *state)
{
	const struct journey_config *config = probe_config(p)->journey;
	struct journey *journey = state;
	enum turn turn = TURN_NEXT;

	for (; journey->at < config->n_steps; journey->at++) {
		if (!journey->is_asking)
			turn = ask(p, journey);
		if (turn == TURN_NEXT)
			turn = http_client_step(journey->client);
		if (turn == TURN_WAIT)
			return TURN_WAIT;
		if (turn == TURN_NEXT)
			turn = judge(p, journey);
		report_phase(p, journey);
		if (turn == TURN_STOP)
			return TURN_STOP;
		journey->is_asking = false;
	}
	probe_label(p, NULL);
	probe_say(p, "all %u steps", config->n_steps);
	return TURN_NEXT;
}

static void
expire(struct probe *p, void *state)
{
	struct journey *journey = state;

	if (!journey->is_asking)
		return;
	report_phase(p, journey);
	http_client_expire(journey->client);
}

static void
cleanup(void *state)
{
	struct journey *journey = state;

	http_client_free(journey->client);
	http_answer_free(journey->answer);
	if (journey->values != NULL)
		MAP_EACH (char, value, journey->values)
			wipe(value);
	map_free(journey->values);
}

static const char *
phase_of(const struct probe_config *config, size_t i)
{
	return i < config->journey->n_steps ? config->journey->steps[i].name
					    : NULL;
}

static const struct probe_step steps[] = {
	{ "begin", begin_step },
	{ "walk", walk_step },
	{ NULL, NULL },
};

const struct probe_kind journey_kind = {
	.name = "journey",
	.state_size = sizeof(struct journey),
	.steps = steps,
	.phase_of = phase_of,
	.expire = expire,
	.cleanup = cleanup,
	.check = journey_check,
};
