#include <stdlib.h>
#include <string.h>

#include "collector/web/parts.h"
#include "proto/base/mem.h"
#include "proto/shape.h"

#define FOLLOWERS_MAX 256

/* Somebody who follows the events. */
struct follower {
	struct list node;
	struct web *web;
	struct http_stream *stream;
	char *environment; /* "": of all */
	bool wants_results;
	uint64_t n_missed; /* since the last one that got through */
};

static void
on_gone(void *arg)
{
	struct follower *follower = arg;

	list_remove(&follower->node);
	free(follower->environment);
	free(follower);
}

void
events_follow(struct web *web, struct http_call *call,
    const struct web_request *request, const char *rest)
{
	static const char hello[] = "retry: 3000\n: vedette\n\n";
	struct follower *follower;

	(void)rest;
	if (http_counts(web->http)->streams >= FOLLOWERS_MAX) {
		reply_error(
		    call, 503, "%d follow the events already", FOLLOWERS_MAX);
		return;
	}
	follower = mem_zalloc(sizeof(*follower));
	follower->web = web;
	follower->environment = mem_strdup(request->ask.environment);
	follower->wants_results = request->results;
	list_push(&web->followers, &follower->node);
	follower->stream =
	    http_stream(call, "text/event-stream", on_gone, follower);
	http_stream_send(follower->stream, hello, sizeof(hello) - 1);
}

/* --- telling ------------------------------------------------------------ */

/* One event of the stream; shape_print() ends with a line end. */
static void
add_data(struct text *text, json_t *value)
{
	text_add(text, "data: ");
	shape_print(text, value, true);
	text_add(text, "\n");
}

static bool
wants(const struct follower *follower, const struct event *event)
{
	const char *environment = event_environment(event);

	if (event->kind == EVENT_RESULT && !follower->wants_results)
		return false;
	return follower->environment[0] == '\0' ||
	    strcmp(follower->environment, environment) == 0;
}

/* What was missed is said before the next one. */
static void
tell_missed(struct follower *follower, int64_t at_ms)
{
	struct text text = { 0 };

	if (follower->n_missed == 0)
		return;
	add_data(&text,
	    shape_dropped(at_ms, follower->environment, follower->n_missed));
	if (http_stream_send(follower->stream, text.bytes, text.n))
		follower->n_missed = 0;
	text_fini(&text);
}

static void
tell(struct follower *follower, const struct event *event,
    const struct text *text)
{
	tell_missed(follower, event->at_ms);
	if (http_stream_send(follower->stream, text->bytes, text->n)) {
		follower->web->n_told++;
		return;
	}
	follower->n_missed++;
	follower->web->n_dropped++;
}

static void
tell_all(struct web *web, const struct event *event)
{
	struct text text = { 0 };

	LIST_EACH (node, &web->followers) {
		struct follower *follower =
		    LIST_ITEM(node, struct follower, node);

		if (!wants(follower, event))
			continue;
		if (text.n == 0)
			add_data(&text, shape_event(event));
		tell(follower, event, &text);
	}
	text_fini(&text);
}

void
web_tell(struct web *web, const struct event *events, size_t n)
{
	if (list_is_empty(&web->followers))
		return;
	for (size_t i = 0; i < n; i++)
		tell_all(web, &events[i]);
}

/* Also how a client that went away is noticed. */
void
events_beat(struct web *web)
{
	static const char beat[] = ": still here\n\n";

	LIST_EACH (node, &web->followers)
		http_stream_send(LIST_ITEM(node, struct follower, node)->stream,
		    beat, sizeof(beat) - 1);
}

bool
web_is_watched(const struct web *web)
{
	LIST_EACH (node, &web->followers)
		if (LIST_ITEM(node, struct follower, node)->wants_results)
			return true;
	return false;
}
