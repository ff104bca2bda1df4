/* Prometheus Alertmanager, API v2: POST /api/v2/alerts.  Its labels name an
 * alert; when they change the old one is ended beside the new one.  What is
 * not said again ends by itself, at endsAt. */
#include <stdlib.h>
#include <string.h>

#include "collector/alert/notice.h"
#include "collector/alert/target.h"
#include "proto/base/mem.h"
#include "proto/shape.h"

static json_t *
labels_of(const struct notice *notice, const char *service, const char *class)
{
	const struct alert *alert = notice->alert;
	json_t *labels = json_object();

	json_object_set_new(
	    labels, "alertname", json_string("VedetteIncident"));
	json_object_set_new(
	    labels, "environment", shape_text(alert->environment));
	/* An empty label is none. */
	if (service[0] != '\0')
		json_object_set_new(labels, "service", shape_text(service));
	json_object_set_new(labels, "class", shape_text(class));
	json_object_set_new(labels, "incident",
	    json_sprintf("%llu", (unsigned long long)alert->id));
	return labels;
}

static json_t *
annotations_of(const struct notice *notice)
{
	const struct alert *alert = notice->alert;
	char *title = notice_title(notice), *text = notice_text(notice);
	json_t *annotations = json_object();

	json_object_set_new(annotations, "summary", shape_text(title));
	json_object_set_new(annotations, "description", shape_text(text));
	json_object_set_new(annotations, "severity",
	    json_string(alert_is_critical(alert) ? "critical" : "warning"));
	if (alert->cause.subject != NULL)
		json_object_set_new(
		    annotations, "cause", shape_text(alert->cause.subject));
	if (alert->cause.owner != NULL)
		json_object_set_new(
		    annotations, "owner", shape_text(alert->cause.owner));
	free(text);
	free(title);
	return annotations;
}

static json_t *
entry(const struct notice *notice, const char *service, const char *class,
    int64_t ends_ms)
{
	char *link = notice_link(notice);
	json_t *value = json_object();

	json_object_set_new(value, "labels", labels_of(notice, service, class));
	json_object_set_new(value, "annotations", annotations_of(notice));
	json_object_set_new(
	    value, "startsAt", shape_time(notice->alert->opened_ms));
	json_object_set_new(value, "endsAt", shape_time(ends_ms));
	if (link != NULL)
		json_object_set_new(value, "generatorURL", shape_text(link));
	free(link);
	return value;
}

static void
alertmanager_write(
    struct text *out, const struct target *target, const struct notice *notice)
{
	const struct alert *alert = notice->alert;
	const char *service = alert_service(alert), *class = alert_class(alert);
	bool is_over = notice->word == WORD_RESOLVED;
	json_t *list = json_array();

	(void)target;
	/* The end of what it does not know would begin and end an alert. */
	if (is_over && notice->old_class != NULL) {
		service = notice->old_service;
		class = notice->old_class;
	} else if (notice->old_class != NULL) {
		json_array_append_new(list,
		    entry(notice, notice->old_service, notice->old_class,
			notice->at_ms));
	}
	json_array_append_new(list,
	    entry(notice, service, class,
		is_over ? notice->at_ms : notice->at_ms + notice->lasts_ms));
	shape_print(out, list, true);
}

const struct way way_alertmanager = {
	.name = "alertmanager",
	.road = ROAD_HTTP,
	.path = "/api/v2/alerts",
	.write = alertmanager_write,
};
