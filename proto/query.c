/* The words of query.h. */
#include <stdio.h>
#include <stdlib.h>

#include "proto/query_codec.h"
#include "proto/words.h"

static const char *const states[] = { "ok", "warning", "critical", "unknown",
	"stale", "blind" };
static const char *const regression_kinds[] = { "state", "latency",
	"error_rate", "drift", "guard", "silence" };
static const char *const event_kinds[] = { "result", "change", "regression",
	"cleared", "mark" };

const char *
state_name(enum state state)
{
	return words_name(states, WORDS_COUNT(states), state);
}

int
state_parse(enum state *out, const char *name)
{
	int i = words_find(states, WORDS_COUNT(states), name);

	if (i < 0)
		return -1;
	*out = (enum state)i;
	return 0;
}

const char *
regression_kind_name(enum regression_kind kind)
{
	return words_name(
	    regression_kinds, WORDS_COUNT(regression_kinds), kind);
}

int
regression_kind_parse(enum regression_kind *out, const char *name)
{
	int i =
	    words_find(regression_kinds, WORDS_COUNT(regression_kinds), name);

	if (i < 0)
		return -1;
	*out = (enum regression_kind)i;
	return 0;
}

/* --- live events ------------------------------------------------------------ */

const char *
event_environment(const struct event *event)
{
	switch (event->kind) {
	case EVENT_RESULT:
		return event->result.series.environment;
	case EVENT_CHANGE:
		return event->change.environment;
	case EVENT_MARK:
		return event->mark.environment;
	default:
		return event->regression.environment;
	}
}

char *
event_topic(char out[EVENT_TOPIC_BYTES], const struct event *event)
{
	const char *service = event->regression.service;
	const char *subject = event->regression.subject;

	if (event->kind == EVENT_RESULT) {
		service = event->result.series.service;
		subject = event->result.series.probe;
	} else if (event->kind == EVENT_CHANGE) {
		service = event->change.service;
		subject = event->change.name;
	} else if (event->kind == EVENT_MARK) {
		service = event->mark.service;
		subject = mark_kind_name(event->mark.kind);
	}
	snprintf(out, EVENT_TOPIC_BYTES, "%s/%s/%s/%s",
	    event_environment(event),
	    words_name(event_kinds, WORDS_COUNT(event_kinds), event->kind),
	    service, subject);
	return out;
}

void
event_encode(
    unsigned char **out_bytes, size_t *out_n, const struct event *event)
{
	struct arena *arena = arena_new(0);
	Vedette__Event *message = event_pack(arena, event);

	*out_n = vedette__event__get_packed_size(message);
	*out_bytes = mem_zalloc(*out_n);
	vedette__event__pack(message, *out_bytes);
	arena_free(arena);
}

int
event_decode(struct event *out, struct arena *arena, const void *bytes,
    size_t n, struct err *err)
{
	Vedette__Event *message;

	message =
	    message_unpack(&vedette__event__descriptor, arena, bytes, n, err);
	if (message == NULL)
		return -1;
	return event_unpack(out, arena, message, err);
}
