#include <errno.h>
#include <jansson.h>
#include <stdlib.h>

#include "collector/ask/incident_json.h"
#include "collector/ask/questions.h"
#include "collector/ask/report_json.h"
#include "collector/diagnose/node.h"
#include "proto/base/text.h"
#include "proto/shape.h"

#define ROWS_MAX  1000
#define AROUND_MS INT64_C(3600000) /* changes shown before the onset */

/* A report that is being written. */
struct writing {
	struct arena *arena;
	const struct document_source *source;
	struct incident_book book;
	size_t at; /* its place in the book */
	const struct incident *incident;
	int64_t at_ms;
	struct scene *scene; /* of the moment it is judged by */
	struct verdict *verdict;
};

/* --- what changed ------------------------------------------------------------------ */

static int
on_change(void *arg, const struct change_row *row, struct err *err)
{
	json_t *value;

	(void)err;
	if (row->after_ms == 0)
		return 0; /* first seen: nothing is known to have changed */
	value = json_object();
	json_object_set_new(
	    value, "at", shape_interval(row->after_ms, row->before_ms));
	json_object_set_new(value, "what", json_string("change"));
	json_object_set_new(value, "service", shape_text(row->service));
	json_object_set_new(value, "name", shape_text(row->name));
	json_object_set_new(value, "before", shape_text(row->before));
	json_object_set_new(value, "after", shape_text(row->after));
	json_array_append_new(arg, value);
	return 0;
}

static int
on_mark(void *arg, const struct mark *mark, struct err *err)
{
	json_t *value = json_object();

	(void)err;
	json_object_set_new(
	    value, "at", shape_interval(mark->at_ms, mark->at_ms));
	json_object_set_new(
	    value, "what", json_string(mark_kind_name(mark->kind)));
	json_object_set_new(value, "service", shape_text(mark->service));
	json_object_set_new(value, "name", shape_text(mark->subject));
	json_object_set_new(value, "before", json_string(""));
	json_object_set_new(value, "after", shape_text(mark->summary));
	json_array_append_new(arg, value);
	return 0;
}

/* What changed in the hour before the onset and until it was over. */
static json_t *
timeline(const struct document_source *source, const struct incident *incident,
    int64_t at_ms, struct err *err)
{
	int64_t from_ms = incident->onset_ms - AROUND_MS;
	int64_t to_ms =
	    (incident->closed_ms != 0 ? incident->closed_ms : at_ms) + 1;
	const struct query_changes changes = {
		.environment = incident->environment,
		.service = "",
		.name = "",
		.from_ms = from_ms,
		.to_ms = to_ms,
		.limit = ROWS_MAX,
	};
	const struct store_marks marks = {
		.environment = incident->environment,
		.service = "",
		.from_ms = from_ms,
		.to_ms = to_ms,
	};
	json_t *list = json_array();
	bool more;

	if (store_scan_changes(
		source->store, &more, &changes, on_change, list, err) == 0 &&
	    store_scan_marks(source->store, &marks, on_mark, list, err) == 0)
		return list;
	json_decref(list);
	return NULL;
}

/* --- what was measured ---------------------------------------------------------------- */

/* What a check says of the environment: what is old, or cannot be said from
 * there, is neither good nor bad. */
static const char *
state_of(const struct scene *scene, const struct scene_view *view)
{
	if (!node_is_fresh(scene, view) || !node_counts(view) ||
	    view->last->outcome == OUTCOME_UNKNOWN)
		return "UNKNOWN";
	return node_is_failing(view) ? "FAILED" : "PASSED";
}

/* Step 2 of 5: where a journey ended. */
static void
add_step(json_t *row, const struct scene_view *view)
{
	const struct result *told = view->told;

	if (!text_same(view->series->kind, "journey") || told->n_phases == 0)
		return;
	json_object_set_new(
	    row, "step", json_integer((json_int_t)told->n_phases));
	json_object_set_new(
	    row, "steps", json_integer((json_int_t)view->series->n_phases));
}

static json_t *
check_value(const struct scene *scene, const struct scene_view *view)
{
	const struct series *series = view->series;
	char reason[REASON_TEXT_BYTES];
	struct node node;
	json_t *row = json_object();

	node_place(&node, scene, view);
	json_object_set_new(row, "layer", json_string(layer_name(node.layer)));
	json_object_set_new(row, "service", shape_text(series->service));
	json_object_set_new(row, "probe", shape_text(series->probe));
	json_object_set_new(row, "agent", shape_text(series->agent));
	json_object_set_new(
	    row, "vantage", json_string(vantage_name(series->vantage)));
	json_object_set_new(row, "state", json_string(state_of(scene, view)));
	json_object_set_new(row, "at", shape_time(view->told->at_ms));
	json_object_set_new(row, "reason",
	    shape_known(result_reason(reason, series, view->told)));
	json_object_set_new(row, "duration_ms",
	    json_real((double)view->told->duration_us / 1000));
	json_object_set_new(row, "usual_ms",
	    view->usual_us == 0 ? json_null()
				: json_real((double)view->usual_us / 1000));
	json_object_set_new(row, "message", shape_known(view->told->message));
	json_object_set_new(
	    row, "failing_since", shape_time(view->bad_from_ms));
	json_object_set_new(row, "runs", json_integer(view->n_episode));
	json_object_set_new(row, "failed", json_integer(view->n_episode_bad));
	json_object_set_new(
	    row, "journey", json_boolean(node_is_user_facing(scene, view)));
	add_step(row, view);
	return row;
}

/* Every check of the environment, from the configuration up to the users. */
static json_t *
checks(const struct scene *scene)
{
	json_t *list = json_array();

	for (int layer = 0; layer < LAYER_COUNT; layer++)
		for (size_t i = 0; i < scene->n_views; i++) {
			const struct scene_view *view = &scene->views[i];
			struct node node;

			node_place(&node, scene, view);
			if (node.layer == (enum layer)layer &&
			    text_same(
				view->series->environment, scene->environment))
				json_array_append_new(
				    list, check_value(scene, view));
		}
	return list;
}

/* --- how far to trust it ------------------------------------------------------------------ */

/* How right the verdicts were that people judged by then, as they were told;
 * this one too. */
static json_t *
record(const struct writing *writing)
{
	const struct incidents *incidents = &writing->book.incidents;
	json_int_t n = 0, right = 0;
	json_t *value = json_object();

	for (size_t i = 0; i < incidents->n; i++) {
		const struct label *label =
		    incident_book_label(&writing->book, i);

		if (label == NULL || label->said == NULL ||
		    label->at_ms > writing->at_ms)
			continue;
		n++;
		right += label->said->blame == label->blame;
	}
	json_object_set_new(value, "verdicts", json_integer(n));
	json_object_set_new(value, "right", json_integer(right));
	return value;
}

/* Whom a class belongs to. */
static json_t *
owners(const struct collector_config *config)
{
	const char *const names[] = { config->owners.app, config->owners.env,
		config->owners.infra, config->owners.net,
		config->owners.blind };
	json_t *value = json_object();

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		json_object_set_new(
		    value, blame_name((enum blame)i), shape_known(names[i]));
	return value;
}

/* --- the whole ------------------------------------------------------------------------------ */

/* Its place, or -1. */
static int64_t
find_incident(const struct incidents *incidents, const char *id)
{
	char *end;
	unsigned long long number;

	errno = 0;
	number = strtoull(id, &end, 10);
	if (id[0] < '0' || id[0] > '9' || *end != '\0' || errno != 0)
		return -1;
	for (size_t i = 0; i < incidents->n; i++)
		for (size_t k = 0; k < incidents->list[i].n_rows; k++)
			if (incidents->list[i].rows[k]->id == number)
				return (int64_t)i;
	return -1;
}

static json_t *
verdict_value(const struct writing *writing, struct err *err)
{
	char *text = question_verdict_text(
	    writing->arena, writing->source, writing->verdict, err);
	json_t *value = text == NULL ? NULL : json_loads(text, 0, NULL);

	free(text);
	return value;
}

/* What has to be asked for; -1 when the store does not answer. */
static int
add_answers(json_t *root, struct writing *writing, struct err *err)
{
	json_t *relapse, *verdict, *changes;

	if (incident_relapse(&relapse, &writing->book, writing->at, err) < 0)
		return -1;
	json_object_set_new(root, "relapse", relapse);
	verdict = verdict_value(writing, err);
	if (verdict == NULL)
		return -1;
	json_object_set_new(root, "verdict", verdict);
	changes =
	    timeline(writing->source, writing->incident, writing->at_ms, err);
	if (changes == NULL)
		return -1;
	json_object_set_new(root, "changes", changes);
	return 0;
}

static char *
write_report(struct writing *writing, struct err *err)
{
	bool is_gone = writing->verdict->n_views == 0;
	json_t *root = json_object();
	char *text = NULL;

	json_object_set_new(root, "version", json_integer(1));
	json_object_set_new(root, "engine", json_string(VEDETTE_VERSION));
	json_object_set_new(root, "at", shape_time(writing->at_ms));
	json_object_set_new(
	    root, "incident", incident_value(writing->incident));
	json_object_set_new(root, "evidence_gone", json_boolean(is_gone));
	json_object_set_new(root, "label",
	    incident_label(incident_book_label(&writing->book, writing->at),
		is_gone ? NULL : writing->verdict));
	json_object_set_new(root, "checks", checks(writing->scene));
	json_object_set_new(root, "owners", owners(writing->source->config));
	json_object_set_new(root, "record", record(writing));
	if (add_answers(root, writing, err) == 0)
		text = json_dumps(root, JSON_COMPACT | JSON_REAL_PRECISION(15));
	json_decref(root);
	return text;
}

char *
report_document(struct arena *arena, const struct document_source *source,
    const struct query_document *request, struct err *err)
{
	struct writing writing = { .arena = arena,
		.source = source,
		.at_ms = question_at_ms(source, request) };
	int64_t at;

	/* However long ago: it has a number. */
	if (incident_book_open(&writing.book, arena, source,
		request->environment, 0, writing.at_ms, err) < 0)
		return NULL;
	at = find_incident(&writing.book.incidents, request->other);
	if (at < 0) {
		err_set(err, ERR_NOT_FOUND,
		    "incident %.20s: there is none of this number; vedette "
		    "incidents lists them",
		    request->other);
		return NULL;
	}
	writing.at = (size_t)at;
	writing.incident = &writing.book.incidents.list[at];
	writing.verdict = arena_zalloc(arena, sizeof(*writing.verdict));
	if (question_scene(&writing.scene, arena, source,
		writing.incident->environment, writing.incident->seen_ms,
		err) < 0)
		return NULL;
	verdict_reach(writing.verdict, arena, writing.scene);
	return write_report(&writing, err);
}
