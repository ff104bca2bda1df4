/* PagerDuty, events API v2: trigger, acknowledge, resolve, under one dedup
 * key per alert, so that nothing told twice is two incidents. */
#include <stdlib.h>

#include "collector/alert/notice_json.h"
#include "collector/alert/target.h"
#include "proto/shape.h"

#define SUMMARY_MAX_BYTES 1024 /* of the API */

static const char *
action_of(enum word word)
{
	return word == WORD_RESOLVED    ? "resolve"
	    : word == WORD_ACKNOWLEDGED ? "acknowledge"
					: "trigger";
}

static json_t *
payload_of(const struct notice *notice)
{
	const struct alert *alert = notice->alert;
	char *title = notice_title(notice);
	json_t *payload = json_object();

	json_object_set_new(
	    payload, "summary", json_sprintf("%.*s", SUMMARY_MAX_BYTES, title));
	json_object_set_new(payload, "source", shape_text(alert->environment));
	json_object_set_new(payload, "severity",
	    json_string(alert_is_critical(alert) ? "critical" : "warning"));
	json_object_set_new(payload, "timestamp", shape_time(alert->onset_ms));
	json_object_set_new(
	    payload, "component", shape_known(alert_service(alert)));
	json_object_set_new(payload, "class", shape_text(alert_class(alert)));
	json_object_set_new(
	    payload, "custom_details", notice_alert(alert, notice->at_ms));
	free(title);
	return payload;
}

static void
pagerduty_write(
    struct text *out, const struct target *target, const struct notice *notice)
{
	const char *action = action_of(notice->word);
	char *link = notice_link(notice);
	json_t *root = json_object();

	json_object_set_new(
	    root, "routing_key", json_string(secret_reveal(target->key)));
	json_object_set_new(root, "event_action", json_string(action));
	json_object_set_new(root, "dedup_key",
	    json_sprintf("vedette/%s/%llu", notice->alert->environment,
		(unsigned long long)notice->alert->id));
	if (action[0] == 't') {
		json_object_set_new(root, "payload", payload_of(notice));
		json_object_set_new(root, "client", json_string("vedette"));
		if (link != NULL)
			json_object_set_new(
			    root, "client_url", shape_text(link));
	}
	shape_print(out, root, true);
	free(link);
}

const struct way way_pagerduty = {
	.name = "pagerduty",
	.road = ROAD_HTTP,
	.path = "",
	.write = pagerduty_write,
};
