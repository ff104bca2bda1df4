#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "collector/ask/incident_json.h"
#include "collector/ask/questions.h"
#include "collector/diagnose/severity.h"
#include "proto/base/text.h"
#include "proto/shape.h"

#define HISTORY_MS (30 * INT64_C(86400000))

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

json_t *
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

static json_t *
answer_value(enum blame blame, const char *subject, int permyriad)
{
	json_t *value = json_object();

	json_object_set_new(value, "class", json_string(blame_name(blame)));
	json_object_set_new(value, "subject", shape_known(subject));
	json_object_set_new(
	    value, "confidence", json_real(permyriad / 10000.0));
	return value;
}

/* The answer alone; null when it was not reached. */
static json_t *
short_verdict(const struct verdict *verdict)
{
	json_t *value;

	if (verdict == NULL)
		return json_null();
	value =
	    answer_value(verdict->blame, verdict->subject, verdict->permyriad);
	json_object_set_new(value, "word", shape_text(verdict->word));
	json_object_set_new(
	    value, "severity", json_string(severity_name(verdict->severity)));
	return value;
}

/* The verdict when it was said, where that was kept. */
static json_t *
told_value(const struct label_said *said)
{
	return said == NULL
	    ? json_null()
	    : answer_value(said->blame, said->subject, said->permyriad);
}

/* --- what people said of it ---------------------------------------------------- */

json_t *
incident_label(const struct label *label, const struct verdict *verdict)
{
	json_t *value;

	if (label == NULL)
		return json_null();
	value = json_object();
	json_object_set_new(
	    value, "class", json_string(blame_name(label->blame)));
	json_object_set_new(value, "subject", shape_text(label->subject));
	json_object_set_new(value, "summary", shape_text(label->summary));
	json_object_set_new(value, "at", shape_time(label->at_ms));
	json_object_set_new(value, "by", shape_text(label->by));
	json_object_set_new(value, "told", told_value(label->said));
	json_object_set_new(value, "verdict_right",
	    verdict == NULL ? json_null()
			    : json_boolean(verdict->blame == label->blame));
	json_object_set_new(value, "subject_right",
	    verdict == NULL
		? json_null()
		: json_boolean(label_names(label, verdict->subject)));
	return value;
}

/* --- relapses ------------------------------------------------------------------- */

static json_t *
guards_then(struct arena *arena, const struct document_source *source,
    const char *environment, int64_t at_ms, struct err *err)
{
	const struct query_document request = {
		.question = "guards",
		.environment = environment,
		.service = "",
		.to_ms = at_ms,
	};
	char *text = question_guards(arena, source, &request, err);
	json_t *document = text == NULL ? NULL : json_loads(text, 0, NULL);
	json_t *list = json_incref(json_object_get(document, "guards"));

	json_decref(document);
	free(text);
	return list;
}

/* "pool_size" of setting/pool_size; of config:pool_size and of
 * infra:postgres#pool_size. */
static const char *
base_of(const char *name, const char *cuts)
{
	const char *at = strpbrk(name, cuts);

	while (at != NULL) {
		name = at + 1;
		at = strpbrk(name, cuts);
	}
	return name;
}

/* Of these the one of the object at fault, or null. */
static json_t *
guard_of(const json_t *guards, const char *subject)
{
	json_t *guard;
	size_t i;

	json_array_foreach(guards, i, guard)
	{
		const char *name =
		    json_string_value(json_object_get(guard, "name"));

		if (text_same(base_of(name, "/"), base_of(subject, ":#")))
			return json_incref(guard);
	}
	return json_null();
}

int
incident_relapse(
    json_t **out, struct incident_book *book, size_t at, struct err *err)
{
	const struct incident *incident = &book->incidents.list[at];
	const struct incident *earlier;
	const struct verdict *verdict;
	json_t *guards;
	int64_t place;

	*out = NULL;
	if (incident_book_relapse(&place, book, at, err) < 0 ||
	    incident_book_verdict(&verdict, book, at, err) < 0)
		return -1;
	if (place < 0) {
		*out = json_null();
		return 0;
	}
	earlier = &book->incidents.list[place];
	guards = guards_then(book->arena, book->source, incident->environment,
	    incident->seen_ms, err);
	if (guards == NULL)
		return -1;
	*out = json_object();
	json_object_set_new(
	    *out, "incident", json_integer((json_int_t)earlier->id));
	json_object_set_new(*out, "onset", shape_time(earlier->onset_ms));
	json_object_set_new(*out, "closed", shape_time(earlier->closed_ms));
	json_object_set_new(*out, "label",
	    incident_label(incident_book_label(book, (size_t)place), NULL));
	json_object_set_new(*out, "guard",
	    guard_of(guards, verdict != NULL ? verdict->subject : ""));
	json_decref(guards);
	return 0;
}

/* --- the list ------------------------------------------------------------------- */

static int
add_row(json_t *list, struct incident_book *book, size_t at, struct err *err)
{
	const struct verdict *verdict = NULL;
	json_t *row = incident_value(&book->incidents.list[at]), *relapse;

	json_array_append_new(list, row);
	if (incident_book_verdict(&verdict, book, at, err) < 0 ||
	    incident_relapse(&relapse, book, at, err) < 0)
		return -1;
	json_object_set_new(row, "verdict", short_verdict(verdict));
	json_object_set_new(row, "label",
	    incident_label(incident_book_label(book, at), verdict));
	json_object_set_new(row, "relapse_of",
	    json_is_object(relapse)
		? json_incref(json_object_get(relapse, "incident"))
		: json_null());
	json_object_set_new(row, "relapse_guard",
	    json_is_object(relapse)
		? json_incref(json_object_get(relapse, "guard"))
		: json_null());
	json_decref(relapse);
	return 0;
}

char *
incidents_document(struct arena *arena, const struct document_source *source,
    const struct query_document *request, struct err *err)
{
	int64_t at_ms = question_at_ms(source, request);
	int64_t from_ms = question_from_ms(request, at_ms, HISTORY_MS);
	json_t *root = json_object(), *list = json_array();
	struct incident_book book;
	char *text = NULL;

	json_object_set_new(root, "version", json_integer(1));
	json_object_set_new(root, "at", shape_time(at_ms));
	json_object_set_new(root, "incidents", list);
	if (question_check(source, request->environment, err) < 0 ||
	    incident_book_open(&book, arena, source, request->environment,
		from_ms > 0 ? from_ms : 0, at_ms, err) < 0)
		goto out;
	for (size_t i = 0; i < book.incidents.n && i < request->limit; i++)
		if (add_row(list, &book, i, err) < 0)
			goto out;
	text = json_dumps(root, JSON_COMPACT | JSON_REAL_PRECISION(15));
out:
	json_decref(root);
	return text;
}
