#include <math.h>
#include <string.h>

#include "proto/places.h"
#include "proto/shape.h"
#include "proto/base/mem.h"

#define REAL_DIGITS 15 /* 3.2 is written 3.2 */

/* --- values ----------------------------------------------------------------- */

/* Text from outside that is not UTF-8 is made printable first. */
json_t *
shape_text(const char *text)
{
	json_t *value;
	char *clean;

	if (text == NULL)
		return json_null();
	if (text_is_utf8(text, strlen(text)))
		return json_string(text);
	clean = mem_strdup(text);
	text_sanitise(clean, strlen(clean));
	value = json_string(clean);
	free(clean);
	return value;
}

/* "" is what the structs have for "unknown". */
json_t *
shape_known(const char *text)
{
	return shape_text(text != NULL && text[0] != '\0' ? text : NULL);
}

json_t *
shape_time(int64_t at_ms)
{
	char time[TEXT_TIME_BYTES];

	text_time(time, at_ms);
	if (at_ms == 0 || strchr(time, 'T') == NULL)
		return json_null();
	return json_string(time);
}

json_t *
shape_interval(int64_t from_ms, int64_t to_ms)
{
	json_t *value;

	if (to_ms == 0)
		return json_null();
	value = json_object();
	json_object_set_new(value, "from", shape_time(from_ms));
	json_object_set_new(value, "to", shape_time(to_ms));
	return value;
}

static json_t *
real_value(double number)
{
	return isfinite(number) ? json_real(number) : json_null();
}

static json_t *
ms_value(int64_t us)
{
	return real_value((double)us / 1000);
}

static void
set(json_t *object, const char *key, json_t *value)
{
	json_object_set_new_nocheck(object, key, value);
}

static void
set_place(json_t *object, const char *environment, const char *service)
{
	set(object, "environment", shape_text(environment));
	set(object, "service", shape_known(service));
}

/* --- rows ------------------------------------------------------------------- */

static json_t *
phases_value(const struct series *series, const struct result *result)
{
	json_t *array = json_array();

	for (size_t i = 0; i < result->n_phases && i < series->n_phases; i++) {
		json_t *phase = json_object();

		set(phase, "name", shape_text(series->phases[i]));
		set(phase, "duration_ms", ms_value(result->phase_us[i]));
		json_array_append_new(array, phase);
	}
	return array;
}

static json_t *
attributes_value(const struct attribute *attributes, size_t n)
{
	json_t *object = json_object();

	for (size_t i = 0; i < n; i++) {
		const struct attribute *attribute = &attributes[i];

		if (!text_is_utf8(attribute->name, strlen(attribute->name)))
			continue; /* not a name that anybody gave */
		set(object, attribute->name,
		    attribute->text != NULL ? shape_text(attribute->text)
					    : real_value(attribute->number));
	}
	return object;
}

static void
set_series(json_t *object, const struct series *series)
{
	set_place(object, series->environment, series->service);
	set(object, "agent", shape_text(series->agent));
	set(object, "vantage", shape_text(vantage_name(series->vantage)));
	set(object, "probe", shape_text(series->probe));
	set(object, "kind", shape_text(series->kind));
	set(object, "reference_of", shape_known(series->reference_of));
	set(object, "interval_ms",
	    series->interval_ms > 0 ? json_integer(series->interval_ms)
				    : json_null());
}

static json_t *
result_value(const struct series *series, const struct result *result)
{
	json_t *object = json_object();
	char reason[REASON_TEXT_BYTES];

	set_series(object, series);
	set(object, "at", shape_time(result->at_ms));
	set(object, "outcome", shape_text(outcome_name(result->outcome)));
	set(object, "duration_ms", ms_value(result->duration_us));
	set(object, "censored", json_boolean(result->censored));
	set(object, "limit_ms",
	    result->limit_ms > 0 ? json_integer(result->limit_ms)
				 : json_null());
	set(object, "attempts", json_integer(result->attempts));
	set(object, "reason",
	    shape_known(result_reason(reason, series, result)));
	set(object, "phases", phases_value(series, result));
	set(object, "message", shape_text(result->message));
	set(object, "attributes",
	    attributes_value(result->attributes, result->n_attributes));
	return object;
}

static json_t *
change_value(const struct change_row *row)
{
	json_t *object = json_object();

	set_place(object, row->environment, row->service);
	set(object, "name", shape_text(row->name));
	set(object, "source", shape_text(source_name(row->source)));
	set(object, "agent", shape_text(row->agent));
	set(object, "old_last_seen", shape_time(row->after_ms));
	set(object, "new_first_seen", shape_time(row->before_ms));
	set(object, "old", shape_text(row->before));
	set(object, "new", shape_text(row->after));
	return object;
}

static json_t *
regression_value(const void *item)
{
	const struct regression_row *row = item;
	json_t *object = json_object();

	set(object, "id", json_integer((json_int_t)row->id));
	set(object, "kind", shape_text(regression_kind_name(row->kind)));
	set_place(object, row->environment, row->service);
	set(object, "agent", shape_known(row->agent));
	set(object, "subject", shape_text(row->subject));
	set(object, "severity", shape_text(outcome_name(row->severity)));
	set(object, "onset_from", shape_time(row->onset_from_ms));
	set(object, "onset_to", shape_time(row->onset_to_ms));
	set(object, "detected", shape_time(row->detected_ms));
	set(object, "cleared", shape_time(row->cleared_ms));
	set(object, "open", json_boolean(row->cleared_ms == 0));
	set(object, "late", json_boolean(row->late));
	set(object, "old", shape_text(row->before));
	set(object, "new", shape_text(row->after));
	set(object, "message", shape_text(row->message));
	return object;
}

static json_t *
cell_value(const void *item)
{
	const struct cell_row *cell = item;
	json_t *object = json_object();

	set_place(object, cell->environment, cell->service);
	set(object, "state", shape_text(state_name(cell->state)));
	set(object, "since", shape_time(cell->since_ms));
	set(object, "last", shape_time(cell->last_ms));
	set(object, "build", shape_known(cell->build));
	set(object, "why", shape_known(cell->why));
	return object;
}

static json_t *
series_value(const void *item)
{
	const struct series_row *row = item;
	json_t *object = json_object();

	set(object, "state", shape_text(state_name(row->state)));
	set(object, "hard", json_boolean(row->hard));
	set(object, "since", shape_time(row->since_ms));
	set(object, "results", json_integer((json_int_t)row->n_results));
	set(object, "last", result_value(&row->series, &row->last));
	return object;
}

static json_t *
agent_value(const void *item)
{
	const struct agent_row *agent = item;
	json_t *object = json_object();

	set(object, "environment", shape_text(agent->environment));
	set(object, "agent", shape_text(agent->agent));
	set(object, "version", shape_known(agent->version));
	set(object, "vantage", shape_text(vantage_name(agent->vantage)));
	set(object, "counts", json_boolean(vantage_counts(agent->vantage)));
	set(object, "seen", shape_time(agent->seen_ms));
	set(object, "silent", json_boolean(agent->silent));
	set(object, "clock_offset_ms", json_integer(agent->clock_offset_ms));
	set(object, "waiting_batches",
	    json_integer((json_int_t)agent->waiting));
	set(object, "lost_results",
	    json_integer((json_int_t)agent->lost_results));
	set(object, "lost_from", shape_time(agent->lost_from_ms));
	set(object, "lost_to", shape_time(agent->lost_to_ms));
	return object;
}

static json_t *
finding_value(const void *item)
{
	const struct finding_row *finding = item;
	json_t *object = json_object();

	set_place(object, finding->environment, finding->service);
	set(object, "kind", shape_text(finding->kind));
	set(object, "text", shape_text(finding->text));
	return object;
}

/* --- answers ---------------------------------------------------------------- */

typedef json_t *row_fn(const void *row);

/* A status is in the order of places, whatever order it came in.  Frees
 * places. */
static json_t *
in_order(struct places *places, row_fn *make)
{
	json_t *array = json_array();

	places_sort(places);
	for (size_t i = 0; i < places->n; i++)
		json_array_append_new(array, make(places->rows[i].row));
	places_fini(places);
	return array;
}

static json_t *
cells_value(const struct status_answer *answer)
{
	struct places places;

	places_init(&places, answer->n_cells);
	for (size_t i = 0; i < answer->n_cells; i++)
		places_add(&places, answer->cells[i].environment,
		    answer->cells[i].service, &answer->cells[i]);
	return in_order(&places, cell_value);
}

static json_t *
all_series_value(const struct status_answer *answer)
{
	struct places places;

	places_init(&places, answer->n_series);
	for (size_t i = 0; i < answer->n_series; i++)
		places_add(&places, answer->series[i].series.environment,
		    answer->series[i].series.service, &answer->series[i]);
	return in_order(&places, series_value);
}

static json_t *
agents_value(const struct status_answer *answer)
{
	struct places places;

	places_init(&places, answer->n_agents);
	for (size_t i = 0; i < answer->n_agents; i++)
		places_add(&places, answer->agents[i].environment,
		    answer->agents[i].agent, &answer->agents[i]);
	return in_order(&places, agent_value);
}

static json_t *
findings_value(const struct status_answer *answer)
{
	struct places places;

	places_init(&places, answer->n_findings);
	for (size_t i = 0; i < answer->n_findings; i++)
		places_add(&places, answer->findings[i].environment,
		    answer->findings[i].service, &answer->findings[i]);
	return in_order(&places, finding_value);
}

static json_t *
open_value(const struct status_answer *answer)
{
	struct places places;

	places_init(&places, answer->n_open);
	for (size_t i = 0; i < answer->n_open; i++)
		places_add(&places, answer->open[i].environment,
		    answer->open[i].service, &answer->open[i]);
	return in_order(&places, regression_value);
}

json_t *
shape_status(const struct status_answer *answer)
{
	json_t *object = json_object();

	set(object, "at", shape_time(answer->at_ms));
	set(object, "cells", cells_value(answer));
	set(object, "findings", findings_value(answer));
	set(object, "regressions", open_value(answer));
	set(object, "agents", agents_value(answer));
	set(object, "series", all_series_value(answer));
	return object;
}

static json_t *
history_value(const struct history_row *row)
{
	return result_value(&row->series, &row->result);
}

json_t *
shape_history(const struct history_answer *answer)
{
	json_t *object = json_object(), *rows = json_array();

	for (size_t i = 0; i < answer->n_rows; i++)
		json_array_append_new(rows, history_value(&answer->rows[i]));
	set(object, "results", rows);
	set(object, "more", json_boolean(answer->more));
	return object;
}

static json_t *
mark_value(const struct mark *mark)
{
	json_t *object = json_object();

	set(object, "at", shape_time(mark->at_ms));
	set_place(object, mark->environment, mark->service);
	set(object, "kind", shape_text(mark_kind_name(mark->kind)));
	set(object, "subject", shape_known(mark->subject));
	set(object, "summary", shape_known(mark->summary));
	set(object, "by", shape_known(mark_by(mark)));
	set(object, "attributes",
	    attributes_value(mark->attributes, mark->n_attributes));
	return object;
}

json_t *
shape_mark(const struct mark *mark)
{
	json_t *object = json_object();

	set(object, "mark", mark_value(mark));
	return object;
}

json_t *
shape_changes(const struct changes_answer *answer)
{
	json_t *object = json_object(), *rows = json_array();
	json_t *marks = json_array();

	for (size_t i = 0; i < answer->n_rows; i++)
		json_array_append_new(rows, change_value(&answer->rows[i]));
	for (size_t i = 0; i < answer->n_marks; i++)
		json_array_append_new(marks, mark_value(&answer->marks[i]));
	set(object, "changes", rows);
	set(object, "marks", marks);
	set(object, "more", json_boolean(answer->more));
	return object;
}

json_t *
shape_regressions(const struct regressions_answer *answer)
{
	json_t *object = json_object(), *rows = json_array();

	for (size_t i = 0; i < answer->n_rows; i++)
		json_array_append_new(rows, regression_value(&answer->rows[i]));
	set(object, "regressions", rows);
	set(object, "more", json_boolean(answer->more));
	return object;
}

json_t *
shape_event(const struct event *event)
{
	static const char *const names[] = { "result", "change", "regression",
		"cleared", "mark" };
	json_t *object = json_object();

	set(object, "event", shape_text(names[event->kind]));
	set(object, "at", shape_time(event->at_ms));
	switch (event->kind) {
	case EVENT_RESULT:
		set(object, "transition", json_boolean(event->transition));
		set(object, "result", history_value(&event->result));
		break;
	case EVENT_CHANGE:
		set(object, "change", change_value(&event->change));
		break;
	case EVENT_REGRESSION:
	case EVENT_CLEARED:
		set(object, "regression", regression_value(&event->regression));
		break;
	case EVENT_MARK:
		set(object, "mark", mark_value(&event->mark));
		break;
	}
	return object;
}

json_t *
shape_connection(int64_t at_ms, bool up, const char *url, const char *message)
{
	json_t *object = json_object();

	set(object, "event", shape_text("connection"));
	set(object, "at", shape_time(at_ms));
	set(object, "up", json_boolean(up));
	set(object, "collector", shape_text(url));
	set(object, "message", shape_known(message));
	return object;
}

json_t *
shape_dropped(int64_t at_ms, const char *environment, uint64_t n_events)
{
	json_t *object = json_object();

	set(object, "event", shape_text("dropped"));
	set(object, "at", shape_time(at_ms));
	set(object, "environment", shape_text(environment));
	set(object, "events", json_integer((json_int_t)n_events));
	return object;
}

void
shape_print(struct text *text, json_t *value, bool one_line)
{
	char *bytes = json_dumps(value,
	    JSON_ENSURE_ASCII | JSON_REAL_PRECISION(REAL_DIGITS) |
		(one_line ? JSON_COMPACT : JSON_INDENT(2)));

	if (bytes != NULL)
		text_add(text, bytes);
	text_add(text, "\n");
	free(bytes);
	json_decref(value);
}
