#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "collector/ask/incident.h"
#include "collector/ask/incident_json.h"
#include "collector/ask/label.h"
#include "collector/ask/questions.h"
#include "proto/base/text.h"
#include "proto/shape.h"

#define HISTORY_MS   (30 * INT64_C(86400000))
#define VERDICTS_MAX 20 /* of a list: each costs some milliseconds */
#define ROWS_MAX     1000
#define AROUND_MS    INT64_C(3600000) /* changes shown before the onset */

static json_t *
row_value(const struct regression_row *row)
{
	json_t *value = json_object();

	json_object_set_new(value, "id", json_integer((json_int_t)row->id));
	json_object_set_new(
	    value, "kind", json_string(regression_kind_name(row->kind)));
	json_object_set_new(value, "service", shape_text(row->service));
	json_object_set_new(value, "agent", shape_text(row->agent));
	json_object_set_new(value, "subject", shape_text(row->subject));
	json_object_set_new(
	    value, "severity", json_string(outcome_name(row->severity)));
	json_object_set_new(value, "last_good", shape_time(row->onset_from_ms));
	json_object_set_new(value, "onset", shape_time(row->onset_to_ms));
	json_object_set_new(value, "detected", shape_time(row->detected_ms));
	json_object_set_new(value, "cleared", shape_time(row->cleared_ms));
	json_object_set_new(value, "before", shape_text(row->before));
	json_object_set_new(value, "after", shape_text(row->after));
	json_object_set_new(value, "message", shape_text(row->message));
	return value;
}

/* The verdict at a moment, as its own document says it. */
static json_t *
verdict_at(struct arena *arena, const struct document_source *source,
    const char *environment, int64_t at_ms, struct err *err)
{
	struct verdict verdict;
	json_t *value;
	char *text;

	if (question_verdict(&verdict, arena, source, environment, at_ms, err) <
	    0)
		return NULL;
	text = question_verdict_text(source, &verdict);
	value = json_loads(text, 0, NULL);
	free(text);
	return value;
}

/* Class, subject and confidence alone. */
static json_t *
short_verdict(json_t *verdict)
{
	static const char *const keys[] = { "class", "subject", "confidence",
		"word", "severity" };
	json_t *value = json_object();

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		json_object_set(
		    value, keys[i], json_object_get(verdict, keys[i]));
	return value;
}

static json_t *
incident_value(const struct incident *incident)
{
	json_t *value = json_object(), *rows = json_array();

	for (size_t i = 0; i < incident->n_rows; i++)
		json_array_append_new(rows, row_value(incident->rows[i]));
	json_object_set_new(
	    value, "id", json_integer((json_int_t)incident->id));
	json_object_set_new(
	    value, "environment", shape_text(incident->environment));
	json_object_set_new(value, "state",
	    json_string(incident->closed_ms == 0 ? "open" : "closed"));
	json_object_set_new(value, "severity",
	    json_string(incident->is_critical ? "critical" : "warning"));
	json_object_set_new(
	    value, "observers_only", json_boolean(incident->is_silence));
	json_object_set_new(value, "late", json_boolean(incident->is_late));
	json_object_set_new(value, "last_good", shape_time(incident->from_ms));
	json_object_set_new(value, "onset", shape_time(incident->onset_ms));
	json_object_set_new(value, "closed", shape_time(incident->closed_ms));
	json_object_set_new(value, "judged_at", shape_time(incident->seen_ms));
	json_object_set_new(
	    value, "returns", json_integer(incident->n_returns));
	json_object_set_new(value, "regressions", rows);
	return value;
}

/* --- what people said of it ---------------------------------------------------- */

/* null when nobody said anything; verdict: the short one, or NULL. */
static json_t *
label_value(const struct label *label, const json_t *verdict)
{
	const char *subject, *class;
	json_t *value;

	if (label == NULL)
		return json_null();
	class = json_string_value(json_object_get(verdict, "class"));
	subject = json_string_value(json_object_get(verdict, "subject"));
	value = json_object();
	json_object_set_new(
	    value, "class", json_string(blame_name(label->blame)));
	json_object_set_new(value, "subject", shape_text(label->subject));
	json_object_set_new(value, "at", shape_time(label->at_ms));
	json_object_set_new(value, "by", shape_text(label->by));
	json_object_set_new(value, "verdict_right",
	    class == NULL
		? json_null()
		: json_boolean(strcmp(class, blame_name(label->blame)) == 0));
	json_object_set_new(value, "subject_right",
	    class == NULL ? json_null()
			  : json_boolean(label_names(
				label, subject != NULL ? subject : "")));
	return value;
}

/* --- relapses ----------------------------------------------------------------- */

static bool
is_same_fault(const json_t *a, const json_t *b)
{
	const char *x = json_string_value(json_object_get(a, "subject"));
	const char *y = json_string_value(json_object_get(b, "subject"));

	return x != NULL && y != NULL && strcmp(x, y) == 0 &&
	    json_equal(
		json_object_get(a, "class"), json_object_get(b, "class"));
}

/* Of two with one fault in one environment, the later is a relapse. */
static void
mark_relapses(json_t *list)
{
	json_t *row, *older;
	size_t i, k;

	json_array_foreach(list, i, row)
	{
		json_object_set_new(row, "relapse_of", json_null());
		for (k = i + 1; k < json_array_size(list); k++) {
			older = json_array_get(list, k);
			if (!json_equal(json_object_get(row, "environment"),
				json_object_get(older, "environment")) ||
			    !is_same_fault(json_object_get(row, "verdict"),
				json_object_get(older, "verdict")))
				continue;
			json_object_set(
			    row, "relapse_of", json_object_get(older, "id"));
			break;
		}
	}
}

/* --- the list ------------------------------------------------------------------- */

static int64_t
now_of(
    const struct document_source *source, const struct query_document *request)
{
	return request->to_ms != 0 ? request->to_ms : source->now_ms;
}

static int
find(struct incidents *out, struct arena *arena,
    const struct document_source *source, const struct query_document *request,
    struct err *err)
{
	int64_t at_ms = now_of(source, request);
	int64_t from_ms =
	    request->from_ms != 0 ? request->from_ms : at_ms - HISTORY_MS;

	return incidents_find(out, arena, source->store, request->environment,
	    from_ms > 0 ? from_ms : 0, at_ms, err);
}

static char *
print(json_t *root)
{
	char *text = json_dumps(root, JSON_COMPACT | JSON_REAL_PRECISION(15));

	json_decref(root);
	return text;
}

char *
incidents_document(struct arena *arena, const struct document_source *source,
    const struct query_document *request, struct err *err)
{
	json_t *root = json_object(), *list = json_array();
	struct incidents incidents;
	struct labels labels;

	json_object_set_new(root, "version", json_integer(1));
	json_object_set_new(root, "at", shape_time(now_of(source, request)));
	json_object_set_new(root, "incidents", list);
	if (find(&incidents, arena, source, request, err) < 0 ||
	    labels_find(&labels, arena, source->store, request->environment,
		LABELS_ALL, err) < 0)
		goto fail;
	for (size_t i = 0; i < incidents.n && i < request->limit; i++) {
		const struct incident *incident = &incidents.list[i];
		json_t *row = incident_value(incident), *verdict = NULL;

		json_array_append_new(list, row);
		if (i < VERDICTS_MAX) {
			verdict = verdict_at(arena, source,
			    incident->environment, incident->seen_ms, err);
			if (verdict == NULL)
				goto fail;
		}
		json_object_set_new(row, "verdict",
		    verdict == NULL ? json_null() : short_verdict(verdict));
		json_object_set_new(row, "label",
		    label_value(labels_of(&labels, incident), verdict));
		json_decref(verdict);
	}
	mark_relapses(list);
	return print(root);
fail:
	json_decref(root);
	return NULL;
}

/* --- the report ------------------------------------------------------------------- */

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

static const struct incident *
incident_of(const struct incidents *incidents, const char *id)
{
	char *end;
	unsigned long long number;

	errno = 0;
	number = strtoull(id, &end, 10);
	if (id[0] < '0' || id[0] > '9' || *end != '\0' || errno != 0)
		return NULL;
	for (size_t i = 0; i < incidents->n; i++)
		for (size_t k = 0; k < incidents->list[i].n_rows; k++)
			if (incidents->list[i].rows[k]->id == number)
				return &incidents->list[i];
	return NULL;
}

char *
report_document(struct arena *arena, const struct document_source *source,
    const struct query_document *request, struct err *err)
{
	int64_t at_ms = now_of(source, request);
	struct incidents incidents;
	struct labels labels;
	const struct incident *incident;
	json_t *root = NULL, *verdict, *changes;

	/* However long ago: it has a number. */
	if (incidents_find(&incidents, arena, source->store,
		request->environment, 0, at_ms, err) < 0 ||
	    labels_find(&labels, arena, source->store, request->environment,
		LABELS_ALL, err) < 0)
		return NULL;
	incident = incident_of(&incidents, request->other);
	if (incident == NULL) {
		err_set(err, ERR_NOT_FOUND,
		    "incident %.20s: there is none of this number; vedette "
		    "incidents lists them",
		    request->other);
		return NULL;
	}
	verdict = verdict_at(
	    arena, source, incident->environment, incident->seen_ms, err);
	changes =
	    verdict == NULL ? NULL : timeline(source, incident, at_ms, err);
	if (changes != NULL) {
		root = json_object();
		json_object_set_new(root, "version", json_integer(1));
		json_object_set_new(root, "at", shape_time(at_ms));
		json_object_set_new(root, "incident", incident_value(incident));
		json_object_set(root, "verdict", verdict);
		json_object_set_new(root, "label",
		    label_value(labels_of(&labels, incident), verdict));
		json_object_set_new(root, "changes", changes);
	}
	json_decref(verdict);
	return root == NULL ? NULL : print(root);
}
