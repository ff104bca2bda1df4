#include <stdlib.h>
#include <string.h>

#include "collector/alert/state_json.h"
#include "collector/alert/verdicts.h"
#include "proto/base/mem.h"

#define RETRY_MS    5000 /* a verdict that was refused */
#define REST_SHARE  9    /* for each ms that a verdict took */
#define REST_MAX_MS 30000

struct verdicts_place {
	char *environment;
	bool is_touched;
	bool is_judged;    /* at the last try */
	int64_t judged_ms; /* when that was, monotonic */
};

void
verdicts_init(struct verdicts *verdicts)
{
	verdicts->places = map_new();
}

void
verdicts_touch(struct verdicts *verdicts, const char *environment)
{
	struct verdicts_place *place = map_get(verdicts->places, environment);

	if (place == NULL) {
		place = mem_zalloc(sizeof(*place));
		place->environment = mem_strdup(environment);
		map_put(verdicts->places, environment, place);
	}
	place->is_touched = true;
}

static void
on_verdict(void *arg, const struct rpc_status *status, const char *json)
{
	struct verdicts *verdicts = arg;
	struct verdicts_place *place = verdicts->asking;
	int64_t now_us = clock_mono_ns(verdicts->clock) / 1000;
	int64_t took_us = now_us - verdicts->asked_us;
	int64_t rest_ms = took_us * REST_SHARE / 1000;
	struct alert_cause cause = { 0 };
	bool is_judged = status->code == RPC_OK &&
	    state_read_verdict(&cause, json, NULL) == 0;

	verdicts->asking = NULL;
	verdicts->n_asked++;
	verdicts->took_us += took_us;
	verdicts->rest_ms =
	    now_us / 1000 + (rest_ms < REST_MAX_MS ? rest_ms : REST_MAX_MS);
	place->judged_ms = now_us / 1000;
	place->is_judged = is_judged;
	verdicts->judged(
	    verdicts->arg, place->environment, is_judged ? &cause : NULL);
	alert_cause_fini(&cause);
}

static bool
is_due(const struct verdicts *verdicts, const struct verdicts_place *place,
    int64_t now_ms)
{
	int64_t again_ms;

	if (place->is_touched)
		return true;
	again_ms = verdicts->again_ms(verdicts->arg, place->environment);
	if (again_ms > RETRY_MS && !place->is_judged)
		again_ms = RETRY_MS;
	return again_ms > 0 && now_ms - place->judged_ms >= again_ms;
}

/* The one that has waited longest. */
static struct verdicts_place *
next_place(const struct verdicts *verdicts, int64_t now_ms)
{
	struct verdicts_place *next = NULL;

	MAP_EACH (struct verdicts_place, place, verdicts->places)
		if (is_due(verdicts, place, now_ms) &&
		    (next == NULL || place->judged_ms < next->judged_ms))
			next = place;
	return next;
}

void
verdicts_ask(struct verdicts *verdicts)
{
	int64_t now_ms = clock_mono_ms(verdicts->clock);
	struct verdicts_place *place;

	if (verdicts->asking != NULL || now_ms < verdicts->rest_ms)
		return;
	place = next_place(verdicts, now_ms);
	if (place == NULL)
		return;
	place->is_touched = false;
	verdicts->asking = place;
	verdicts->asked_us = clock_mono_ns(verdicts->clock) / 1000;
	query_document(verdicts->client,
	    &(struct query_document){ .question = "diagnose",
		.environment = place->environment,
		.service = "",
		.agent = "",
		.probe = "",
		.other = "" },
	    on_verdict, verdicts);
}

void
verdicts_fini(struct verdicts *verdicts)
{
	MAP_EACH (struct verdicts_place, place, verdicts->places) {
		free(place->environment);
		free(place);
	}
	map_free(verdicts->places);
}
