/* A webhook, and a command: our own JSON (docs/alerts.md), with a text that
 * chats which follow Slack's incoming webhooks show. */
#include <stdlib.h>

#include "collector/alert/notice_json.h"
#include "collector/alert/target.h"
#include "proto/shape.h"

static void
webhook_write(
    struct text *out, const struct target *target, const struct notice *notice)
{
	char *text = notice_text(notice), *link = notice_link(notice);
	json_t *root = json_object();

	json_object_set_new(root, "text", shape_text(text));
	if (!target->text_only) {
		json_object_set_new(root, "version", json_integer(1));
		json_object_set_new(
		    root, "event", json_string(word_name(notice->word)));
		json_object_set_new(root, "at", shape_time(notice->at_ms));
		json_object_set_new(
		    root, "receiver", shape_text(notice->receiver));
		json_object_set_new(root, "link", shape_text(link));
		json_object_set_new(
		    root, "alert", notice_alert(notice->alert, notice->at_ms));
	}
	shape_print(out, root, true);
	free(link);
	free(text);
}

const struct way way_webhook = {
	.name = "webhook",
	.road = ROAD_HTTP,
	.path = "",
	.write = webhook_write,
};

const struct way way_command = {
	.name = "command",
	.road = ROAD_COMMAND,
	.path = "",
	.write = webhook_write,
};
