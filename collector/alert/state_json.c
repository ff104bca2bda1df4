#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "collector/alert/state_json.h"
#include "proto/base/mem.h"
#include "proto/shape.h"

/* --- writing ---------------------------------------------------------------- */

static void
put_text(json_t *object, const char *key, const char *text)
{
	if (text != NULL)
		json_object_set_new(object, key, shape_text(text));
}

static void
put_number(json_t *object, const char *key, int64_t number)
{
	if (number != 0)
		json_object_set_new(object, key, json_integer(number));
}

static char *
print(json_t *object)
{
	struct text text = { 0 };

	shape_print(&text, object, true);
	return text_take(&text);
}

static json_t *
write_members(const struct alert *alert)
{
	json_t *list = json_array();

	for (size_t i = 0; i < alert->n_members; i++) {
		const struct alert_member *member = &alert->members[i];
		json_t *row = json_object();

		put_number(row, "id", (int64_t)member->id);
		put_number(row, "kind", member->kind);
		put_text(row, "service", member->service);
		put_text(row, "agent", member->agent);
		put_text(row, "subject", member->subject);
		put_text(row, "message", member->message);
		put_number(row, "critical", member->is_critical);
		put_number(row, "open", member->is_open);
		json_array_append_new(list, row);
	}
	return list;
}

static json_t *
write_cause(const struct alert_cause *cause)
{
	json_t *value = json_object(), *advice = json_array();

	put_text(value, "class", cause->class);
	put_text(value, "subject", cause->subject);
	put_text(value, "word", cause->word);
	put_text(value, "owner", cause->owner);
	json_object_set_new(value, "confidence", json_real(cause->confidence));
	for (size_t i = 0; i < cause->n_advice; i++)
		json_array_append_new(advice, shape_text(cause->advice[i]));
	json_object_set_new(value, "advice", advice);
	return value;
}

static json_t *
write_told(const struct alert *alert)
{
	json_t *list = json_array();

	for (size_t i = 0; i < alert->n_told; i++) {
		const struct alert_told *told = &alert->told[i];
		json_t *row = json_object();

		put_text(row, "receiver", told->receiver);
		put_number(row, "firing", told->is_firing);
		put_number(row, "acknowledged", told->is_acked);
		put_number(row, "version", told->version);
		put_number(row, "at_ms", told->at_ms);
		put_number(row, "reminded_ms", told->reminded_ms);
		put_text(row, "service", told->service);
		put_text(row, "class", told->class);
		json_array_append_new(list, row);
	}
	return list;
}

char *
state_write_alert(const struct alert *alert)
{
	json_t *root = json_object();

	put_number(root, "id", (int64_t)alert->id);
	put_text(root, "environment", alert->environment);
	put_number(root, "onset_ms", alert->onset_ms);
	put_number(root, "opened_ms", alert->opened_ms);
	put_number(root, "quiet_ms", alert->quiet_ms);
	put_number(root, "closed_ms", alert->closed_ms);
	put_number(root, "judged_ms", alert->judged_ms);
	put_number(root, "relapses", alert->n_relapses);
	put_number(root, "version", alert->version);
	put_text(root, "acked_by", alert->acked_by);
	put_number(root, "acked_ms", alert->acked_ms);
	put_number(root, "acked_until_ms", alert->acked_until_ms);
	json_object_set_new(root, "members", write_members(alert));
	json_object_set_new(root, "cause", write_cause(&alert->cause));
	json_object_set_new(root, "told", write_told(alert));
	return print(root);
}

char *
state_write_silence(const struct silence *silence)
{
	json_t *root = json_object();

	put_number(root, "id", (int64_t)silence->id);
	put_text(root, "environment", silence->environment);
	put_text(root, "service", silence->service);
	put_number(root, "from_ms", silence->from_ms);
	put_number(root, "until_ms", silence->until_ms);
	put_text(root, "by", silence->by);
	put_text(root, "why", silence->why);
	return print(root);
}

char *
state_write_receiver(const struct receiver_state *receiver)
{
	json_t *root = json_object();

	put_number(root, "failures", receiver->n_failures);
	put_number(root, "failing_ms", receiver->failing_ms);
	put_number(root, "taken_ms", receiver->taken_ms);
	put_text(root, "trouble", receiver->trouble);
	return print(root);
}

/* --- reading ------------------------------------------------------------------ */

static char *
take_text(const json_t *object, const char *key)
{
	return mem_strdup(json_string_value(json_object_get(object, key)));
}

/* For what must be there. */
static char *
take_word(const json_t *object, const char *key)
{
	char *text = take_text(object, key);

	return text != NULL ? text : mem_strdup("");
}

static int64_t
number(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

static int
parse(json_t **out, const void *bytes, size_t n, struct err *err)
{
	*out = json_loadb(bytes, n, 0, NULL);
	if (json_is_object(*out))
		return 0;
	json_decref(*out);
	return err_set(err, ERR_CORRUPT, "alerts: kept state that is not JSON");
}

static void
read_members(struct alert *alert, const json_t *list)
{
	json_t *row;
	size_t i;

	json_array_foreach(list, i, row)
	{
		struct alert_member member = {
			.id = (uint64_t)number(row, "id"),
			.kind = (int)number(row, "kind"),
			.service = take_word(row, "service"),
			.agent = take_word(row, "agent"),
			.subject = take_word(row, "subject"),
			.message = take_word(row, "message"),
			.is_critical = number(row, "critical") != 0,
			.is_open = number(row, "open") != 0,
		};

		if (i < ALERT_MEMBERS_MAX)
			alert_add(alert, &member);
		free(member.service);
		free(member.agent);
		free(member.subject);
		free(member.message);
	}
}

static void
read_advice(struct alert_cause *out, const json_t *list, const char *key)
{
	json_t *row;
	size_t i;

	json_array_foreach(list, i, row)
	{
		const char *text = json_string_value(
		    key != NULL ? json_object_get(row, key) : row);

		if (text != NULL && out->n_advice < ALERT_ADVICE_MAX)
			out->advice[out->n_advice++] = mem_strdup(text);
	}
}

static void
read_cause(struct alert_cause *out, const json_t *value)
{
	*out = (struct alert_cause){
		.class = take_text(value, "class"),
		.subject = take_text(value, "subject"),
		.word = take_text(value, "word"),
		.owner = take_text(value, "owner"),
		.confidence =
		    json_number_value(json_object_get(value, "confidence")),
	};
}

static void
read_told(struct alert *alert, const json_t *list)
{
	json_t *row;
	size_t i;

	json_array_foreach(list, i, row)
	{
		char *receiver = take_word(row, "receiver");
		struct alert_told *told = alert_told_of(alert, receiver);

		free(receiver);
		told->is_firing = number(row, "firing") != 0;
		told->is_acked = number(row, "acknowledged") != 0;
		told->version = (uint32_t)number(row, "version");
		told->at_ms = number(row, "at_ms");
		told->reminded_ms = number(row, "reminded_ms");
		free(told->service);
		free(told->class);
		told->service = take_text(row, "service");
		told->class = take_text(row, "class");
	}
}

int
state_read_alert(
    struct alert **out, const void *bytes, size_t n, struct err *err)
{
	const char *environment;
	struct alert *alert;
	json_t *root;

	if (parse(&root, bytes, n, err) < 0)
		return -1;
	environment = json_string_value(json_object_get(root, "environment"));
	alert = alert_new((uint64_t)number(root, "id"),
	    environment != NULL ? environment : "");
	alert->onset_ms = number(root, "onset_ms");
	alert->opened_ms = number(root, "opened_ms");
	alert->quiet_ms = number(root, "quiet_ms");
	alert->closed_ms = number(root, "closed_ms");
	alert->judged_ms = number(root, "judged_ms");
	alert->n_relapses = (uint32_t)number(root, "relapses");
	alert->version = (uint32_t)number(root, "version");
	alert->acked_by = take_text(root, "acked_by");
	alert->acked_ms = number(root, "acked_ms");
	alert->acked_until_ms = number(root, "acked_until_ms");
	read_members(alert, json_object_get(root, "members"));
	read_cause(&alert->cause, json_object_get(root, "cause"));
	read_advice(&alert->cause,
	    json_object_get(json_object_get(root, "cause"), "advice"), NULL);
	read_told(alert, json_object_get(root, "told"));
	alert->is_dirty = false;
	json_decref(root);
	*out = alert;
	return 0;
}

int
state_read_silence(
    struct silence *out, const void *bytes, size_t n, struct err *err)
{
	json_t *root;

	if (parse(&root, bytes, n, err) < 0)
		return -1;
	*out = (struct silence){
		.id = (uint64_t)number(root, "id"),
		.environment = take_word(root, "environment"),
		.service = take_word(root, "service"),
		.from_ms = number(root, "from_ms"),
		.until_ms = number(root, "until_ms"),
		.by = take_word(root, "by"),
		.why = take_word(root, "why"),
	};
	json_decref(root);
	return 0;
}

int
state_read_receiver(
    struct receiver_state *out, const void *bytes, size_t n, struct err *err)
{
	json_t *root;

	if (parse(&root, bytes, n, err) < 0)
		return -1;
	*out = (struct receiver_state){
		.n_failures = (uint32_t)number(root, "failures"),
		.failing_ms = number(root, "failing_ms"),
		.taken_ms = number(root, "taken_ms"),
		.trouble = take_text(root, "trouble"),
	};
	json_decref(root);
	return 0;
}

int
state_read_verdict(struct alert_cause *out, const char *json, struct err *err)
{
	json_t *root;

	if (parse(&root, json, strlen(json), err) < 0)
		return -1;
	read_cause(out, root);
	read_advice(out, json_object_get(root, "next_actions"), "command");
	json_decref(root);
	return 0;
}
