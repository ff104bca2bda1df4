#include <string.h>

#include "collector/alert/notice_json.h"
#include "proto/query.h"
#include "proto/shape.h"

const char *
notice_state(const struct alert *alert)
{
	return alert->closed_ms != 0 ? "resolved"
	    : alert->quiet_ms != 0   ? "quiet"
				     : "firing";
}

static json_t *
members(const struct alert *alert)
{
	json_t *list = json_array();

	for (size_t i = 0; i < alert->n_members; i++) {
		const struct alert_member *member = &alert->members[i];
		json_t *row = json_object();

		json_object_set_new(
		    row, "id", json_integer((json_int_t)member->id));
		json_object_set_new(row, "kind",
		    json_string(regression_kind_name(
			(enum regression_kind)member->kind)));
		json_object_set_new(
		    row, "service", shape_text(member->service));
		json_object_set_new(row, "agent", shape_text(member->agent));
		json_object_set_new(
		    row, "subject", shape_text(member->subject));
		json_object_set_new(row, "severity",
		    json_string(member->is_critical ? "critical" : "warning"));
		json_object_set_new(row, "open", json_boolean(member->is_open));
		json_object_set_new(
		    row, "message", shape_text(member->message));
		json_array_append_new(list, row);
	}
	return list;
}

static json_t *
services(const struct alert *alert)
{
	json_t *list = json_array();

	for (size_t i = 0; i < alert->n_members; i++) {
		const char *service = alert->members[i].service;
		size_t k = 0;

		while (strcmp(alert->members[k].service, service) != 0)
			k++;
		if (k == i)
			json_array_append_new(list, shape_text(service));
	}
	return list;
}

static json_t *
cause(const struct alert *alert)
{
	const struct alert_cause *of = &alert->cause;
	json_t *value = json_object(), *advice = json_array();

	for (size_t i = 0; i < of->n_advice; i++)
		json_array_append_new(advice, shape_text(of->advice[i]));
	json_object_set_new(value, "class", shape_text(alert_class(alert)));
	json_object_set_new(value, "subject", shape_text(of->subject));
	json_object_set_new(value, "confidence", json_real(of->confidence));
	json_object_set_new(value, "word", shape_text(of->word));
	json_object_set_new(value, "owner", shape_text(of->owner));
	json_object_set_new(value, "next_actions", advice);
	return value;
}

static json_t *
taken(const struct alert *alert, int64_t now_ms)
{
	json_t *value;

	if (!alert_is_acked(alert, now_ms))
		return json_null();
	value = json_object();
	json_object_set_new(value, "by", shape_text(alert->acked_by));
	json_object_set_new(value, "at", shape_time(alert->acked_ms));
	json_object_set_new(value, "until", shape_time(alert->acked_until_ms));
	return value;
}

json_t *
notice_alert(const struct alert *alert, int64_t now_ms)
{
	json_t *value = json_object();

	json_object_set_new(value, "id", json_integer((json_int_t)alert->id));
	json_object_set_new(
	    value, "environment", shape_text(alert->environment));
	json_object_set_new(value, "service", shape_text(alert_service(alert)));
	json_object_set_new(value, "state", json_string(notice_state(alert)));
	json_object_set_new(value, "severity",
	    json_string(alert_is_critical(alert) ? "critical" : "warning"));
	json_object_set_new(value, "cause", cause(alert));
	json_object_set_new(value, "services", services(alert));
	json_object_set_new(value, "onset", shape_time(alert->onset_ms));
	json_object_set_new(value, "opened", shape_time(alert->opened_ms));
	json_object_set_new(value, "quiet_since", shape_time(alert->quiet_ms));
	json_object_set_new(value, "resolved", shape_time(alert->closed_ms));
	json_object_set_new(value, "relapses", json_integer(alert->n_relapses));
	json_object_set_new(value, "acknowledged", taken(alert, now_ms));
	json_object_set_new(value, "regressions", members(alert));
	return value;
}
