/* Who is told of what, and what keeps whom from being told: from what the
 * collector keeps of it in the store. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "collector/alert/decide.h"
#include "collector/alert/mute.h"
#include "collector/alert/notice_json.h"
#include "collector/alert/state_json.h"
#include "collector/alert/target.h"
#include "collector/ask/questions.h"
#include "proto/base/map.h"
#include "proto/base/mem.h"
#include "proto/shape.h"

/* What is kept. */
struct kept {
	struct alert_book book;
	struct silences silences;
	struct map *receivers; /* struct receiver_state by name */
	const struct alerts_config *config;
	int64_t *windows;
	int64_t now_ms;
};

/* --- reading ---------------------------------------------------------------- */

static int
keep_receiver(struct kept *kept, const char *name, const void *bytes, size_t n)
{
	struct receiver_state *state = mem_zalloc(sizeof(*state));

	if (state_read_receiver(state, bytes, n, NULL) < 0)
		free(state);
	else
		map_put(kept->receivers, name, state);
	return 0;
}

/* What is damaged is left out; vedette-collector verify says so. */
static int
on_state(
    void *arg, const char *key, const void *bytes, size_t n, struct err *err)
{
	struct kept *kept = arg;
	struct silence silence;
	struct alert *alert;

	(void)err;
	if (strncmp(key, STATE_RECEIVER, strlen(STATE_RECEIVER)) == 0)
		return keep_receiver(
		    kept, key + strlen(STATE_RECEIVER), bytes, n);
	if (strncmp(key, STATE_SILENCE, strlen(STATE_SILENCE)) == 0) {
		if (state_read_silence(&silence, bytes, n, NULL) == 0)
			silences_add(&kept->silences, &silence);
		return 0;
	}
	if (state_read_alert(&alert, bytes, n, NULL) == 0)
		alert_book_add(&kept->book, alert);
	return 0;
}

static int
read_kept(struct kept *out, const struct document_source *source,
    const struct query_document *request, struct err *err)
{
	memset(out, 0, sizeof(*out));
	out->receivers = map_new();
	out->config = source->config->alerts;
	out->now_ms = question_at_ms(source, request);
	out->windows = mute_windows(out->config, out->now_ms);
	return store_scan_states(source->store, "alert", on_state, out, err);
}

static void
kept_fini(struct kept *kept)
{
	MAP_EACH (struct receiver_state, state, kept->receivers) {
		free(state->trouble);
		free(state);
	}
	map_free(kept->receivers);
	alert_book_fini(&kept->book);
	silences_fini(&kept->silences);
	free(kept->windows);
}

/* --- alerts ----------------------------------------------------------------- */

static json_t *
muted(const struct kept *kept, const struct alert *alert)
{
	const struct mutes mutes = { &kept->silences, kept->config,
		kept->windows };
	char why[MUTE_WHY_BYTES];
	int64_t until_ms = mute_until(why, alert, &mutes, kept->now_ms);
	json_t *value;

	if (until_ms == 0)
		return json_null();
	value = json_object();
	json_object_set_new(value, "by", shape_text(why));
	json_object_set_new(value, "until", shape_time(until_ms));
	return value;
}

static json_t *
told(const struct alert *alert)
{
	json_t *list = json_array();

	for (size_t i = 0; i < alert->n_told; i++) {
		const struct alert_told *of = &alert->told[i];
		json_t *row = json_object();

		json_object_set_new(row, "receiver", shape_text(of->receiver));
		json_object_set_new(row, "last",
		    json_string(!of->is_firing ? "resolved"
			    : of->is_acked     ? "acknowledged"
					       : "firing"));
		json_object_set_new(row, "at", shape_time(of->at_ms));
		json_array_append_new(list, row);
	}
	return list;
}

/* Is a word due to it that it has not taken?  One target of a receiver. */
static bool
is_due(const struct kept *kept, const struct alert *alert,
    const struct receiver_config *config, const char *name)
{
	const struct mutes mutes = { &kept->silences, kept->config,
		kept->windows };
	char why[MUTE_WHY_BYTES];
	const struct listener listener = {
		.receiver = name,
		.is_wanted =
		    decide_is_wanted(kept->config, alert, config->name),
		.muted_until_ms = mute_until(why, alert, &mutes, kept->now_ms),
		.wait_ms = kept->config->wait_ms,
		.remind_ms = kept->config->remind_ms,
	};

	return decide(alert, &listener, kept->now_ms) != WORD_NONE;
}

/* What is said of one target of a receiver; NULL: nothing.  alert is NULL
 * where the receivers themselves are told of. */
typedef json_t *target_fn(const struct kept *kept, const struct alert *alert,
    const struct receiver_config *config, const char *name);

static json_t *
each_target(
    const struct kept *kept, const struct alert *alert, target_fn *shape)
{
	uint32_t n = kept->config != NULL ? kept->config->n_receivers : 0;
	json_t *list = json_array();

	for (uint32_t i = 0; i < n; i++) {
		const struct receiver_config *config =
		    &kept->config->receivers[i];

		for (size_t k = 0; k < target_count(config); k++) {
			char *name = target_name(config, k);
			json_t *row = shape(kept, alert, config, name);

			if (row != NULL)
				json_array_append_new(list, row);
			free(name);
		}
	}
	return list;
}

static json_t *
shape_due(const struct kept *kept, const struct alert *alert,
    const struct receiver_config *config, const char *name)
{
	return is_due(kept, alert, config, name) ? shape_text(name) : NULL;
}

static json_t *
alerts(const struct kept *kept, const char *environment)
{
	json_t *list = json_array();

	for (size_t i = kept->book.n; i > 0; i--) {
		const struct alert *alert = kept->book.list[i - 1];
		json_t *row;

		/* Without configuration nobody looks after them. */
		if (kept->config == NULL ||
		    (environment[0] != '\0' &&
			strcmp(environment, alert->environment) != 0))
			continue;
		row = notice_alert(alert, kept->now_ms);
		json_object_set_new(row, "silenced", muted(kept, alert));
		json_object_set_new(row, "told", told(alert));
		json_object_set_new(
		    row, "waiting", each_target(kept, alert, shape_due));
		json_array_append_new(list, row);
	}
	return list;
}

/* --- receivers -------------------------------------------------------------- */

static json_t *
shape_receiver(const struct kept *kept, const struct alert *alert,
    const struct receiver_config *config, const char *name)
{
	static const struct receiver_state nothing = { 0 };
	const struct receiver_state *state = map_get(kept->receivers, name);
	json_t *row = json_object();
	json_int_t n_due = 0;

	(void)alert;
	if (state == NULL)
		state = &nothing;
	for (size_t i = 0; i < kept->book.n; i++)
		n_due += is_due(kept, kept->book.list[i], config, name);
	json_object_set_new(row, "name", shape_text(name));
	json_object_set_new(row, "way", json_string(target_way(config)));
	json_object_set_new(row, "state",
	    json_string(state->n_failures > 0 ? "failing"
		    : state->taken_ms != 0    ? "ok"
					      : "unused"));
	json_object_set_new(row, "waiting", json_integer(n_due));
	json_object_set_new(row, "failures", json_integer(state->n_failures));
	json_object_set_new(
	    row, "failing_since", shape_time(state->failing_ms));
	json_object_set_new(row, "taken", shape_time(state->taken_ms));
	json_object_set_new(row, "trouble", shape_text(state->trouble));
	return row;
}

/* --- silences --------------------------------------------------------------- */

static json_t *
silences(const struct kept *kept)
{
	json_t *list = json_array();

	for (size_t i = 0; i < kept->silences.n; i++) {
		const struct silence *of = &kept->silences.list[i];
		json_t *row = json_object();

		json_object_set_new(
		    row, "id", json_integer((json_int_t)of->id));
		json_object_set_new(
		    row, "environment", shape_known(of->environment));
		json_object_set_new(row, "service", shape_known(of->service));
		json_object_set_new(row, "from", shape_time(of->from_ms));
		json_object_set_new(row, "until", shape_time(of->until_ms));
		json_object_set_new(row, "active",
		    json_boolean(kept->now_ms >= of->from_ms &&
			kept->now_ms < of->until_ms));
		json_object_set_new(row, "by", shape_text(of->by));
		json_object_set_new(row, "why", shape_known(of->why));
		json_array_append_new(list, row);
	}
	return list;
}

static json_t *
names(const struct names *of)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < of->n; i++)
		json_array_append_new(list, shape_text(of->names[i]));
	return list;
}

static json_t *
maintenance(const struct kept *kept)
{
	json_t *list = json_array();

	for (uint32_t i = 0;
	     kept->config != NULL && i < kept->config->n_maintenance; i++) {
		const struct maintenance_config *of =
		    &kept->config->maintenance[i];
		json_t *row = json_object();

		json_object_set_new(row, "name", shape_text(of->name));
		json_object_set_new(
		    row, "environments", names(&of->environments));
		json_object_set_new(row, "services", names(&of->services));
		json_object_set_new(row, "cron", shape_text(of->cron));
		json_object_set_new(row, "from", shape_time(of->from_ms));
		json_object_set_new(row, "to", shape_time(of->to_ms));
		json_object_set_new(
		    row, "active_until", shape_time(kept->windows[i]));
		json_array_append_new(list, row);
	}
	return list;
}

/* --- the documents ---------------------------------------------------------- */

static void
add_alerts(json_t *root, const struct kept *kept, const char *environment)
{
	json_object_set_new(root, "configured",
	    json_boolean(
		kept->config != NULL && kept->config->n_receivers > 0));
	json_object_set_new(root, "alerts", alerts(kept, environment));
	json_object_set_new(
	    root, "receivers", each_target(kept, NULL, shape_receiver));
}

static void
add_silences(json_t *root, const struct kept *kept, const char *environment)
{
	(void)environment;
	json_object_set_new(root, "silences", silences(kept));
	json_object_set_new(root, "maintenance", maintenance(kept));
}

static char *
make(const struct document_source *source, const struct query_document *request,
    void (*add)(json_t *root, const struct kept *kept, const char *environment),
    struct err *err)
{
	json_t *root = json_object();
	struct kept kept;
	char *text = NULL;

	if (read_kept(&kept, source, request, err) == 0 &&
	    question_check(source, request->environment, err) == 0) {
		json_object_set_new(root, "version", json_integer(1));
		json_object_set_new(root, "at", shape_time(kept.now_ms));
		add(root, &kept, request->environment);
		text = json_dumps(root, JSON_COMPACT | JSON_REAL_PRECISION(15));
	}
	json_decref(root);
	kept_fini(&kept);
	return text;
}

char *
question_alerts(struct arena *arena, const struct document_source *source,
    const struct query_document *request, struct err *err)
{
	(void)arena;
	return make(source, request, add_alerts, err);
}

char *
question_silences(struct arena *arena, const struct document_source *source,
    const struct query_document *request, struct err *err)
{
	(void)arena;
	return make(source, request, add_silences, err);
}
