#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "collector/cli/ask.h"
#include "collector/cli/cmd.h"
#include "collector/cli/live_view.h"
#include "collector/cli/output.h"
#include "collector/cli/serials.h"
#include "proto/shape.h"
#include "collector/cli/show.h"
#include "proto/rpc.h"

#define INSIDE          "inproc://vedette/watch"
#define RETRY_MIN_MS    250
#define RETRY_MAX_MS    10000
#define EVENT_MAX_BYTES (1024 * 1024) /* of memory for a decoded one */

struct watch {
	const struct arguments *arguments;
	struct page page;       /* the line under way */
	struct live_view *view; /* the whole terminal, or NULL: lines */
	uv_loop_t loop;
	uv_timer_t connect_limit, for_limit;
	uv_signal_t interrupt, terminate;
	struct edge_client *edge;
	struct rpc_subscriber *subscriber;
	struct serials *serials;
	char prefix[80];
	bool up, was_up, over;
	int64_t down_ms; /* monotonic; when the connection was lost */
	int64_t seen;    /* events shown */
	int exit_code;
};

static void
end(struct watch *watch, int exit_code)
{
	if (watch->over)
		return;
	watch->over = true;
	watch->exit_code = exit_code;
	uv_stop(&watch->loop);
}

/* Prints the line under way; ends when nobody reads on. */
static void
print(struct watch *watch)
{
	struct err err;

	if (output_write(&watch->page.text, &err) == 0)
		return;
	if (err.code == ERR_CLOSED) {
		end(watch, OUTPUT_DONE);
		return;
	}
	output_complain(err.text, NULL);
	end(watch, OUTPUT_NO_ANSWER);
}

/* To whoever looks on. */
static void
complain(struct watch *watch, const char *text)
{
	if (watch->view != NULL)
		live_view_tell(watch->view, text);
	else
		output_complain(text, NULL);
}

/* --- events ----------------------------------------------------------------- */

static const char *
service_of(const struct event *event)
{
	switch (event->kind) {
	case EVENT_RESULT:
		return event->result.series.service;
	case EVENT_CHANGE:
		return event->change.service;
	case EVENT_MARK:
		return event->mark.service;
	default:
		return event->regression.service;
	}
}

static bool
is_wanted(const struct watch *watch, const struct event *event)
{
	const struct arguments *arguments = watch->arguments;

	if (arguments->service[0] != '\0' &&
	    strcmp(arguments->service, service_of(event)) != 0)
		return false;
	return event->kind != EVENT_RESULT || event->transition ||
	    arguments->results;
}

/* Says so when events before this one did not arrive. */
static void
look_for_hole(struct watch *watch, const struct event *event)
{
	const char *environment = event_environment(event);
	uint64_t n = serials_note(watch->serials, environment, event->serial);
	char text[200];

	if (n == 0)
		return;
	snprintf(text, sizeof(text),
	    "%llu events of %.64s were dropped on their way: they come faster "
	    "than they are read here",
	    (unsigned long long)n, environment);
	complain(watch, text);
	if (!watch->arguments->json)
		return;
	shape_print(&watch->page.text,
	    shape_dropped(clock_wall_ms(clock_system()), environment, n), true);
	print(watch);
}

static void
on_event(void *arg, const char *topic, const void *payload, size_t n)
{
	struct watch *watch = arg;
	struct arena *arena = arena_new(EVENT_MAX_BYTES);
	struct event event;
	struct err err;

	if (watch->over)
		goto out;
	if (event_decode(&event, arena, payload, n, &err) < 0) {
		err_wrap(&err, "event %.200s not shown", topic);
		complain(watch, err.text);
		goto out;
	}
	look_for_hole(watch, &event);
	if (watch->over || !is_wanted(watch, &event))
		goto out;
	if (watch->view != NULL)
		live_view_event(watch->view, &event);
	else if (watch->arguments->json)
		shape_print(&watch->page.text, shape_event(&event), true);
	else
		show_event(&watch->page, &event);
	watch->seen++;
	print(watch);
	if (watch->seen == watch->arguments->count)
		end(watch, OUTPUT_DONE);
out:
	arena_free(arena);
}

/* --- the whole terminal ------------------------------------------------------ */

static void
on_quit(void *arg)
{
	end(arg, OUTPUT_DONE);
}

static bool
fills_terminal(const struct watch *watch)
{
	const struct arguments *arguments = watch->arguments;
	const char *term = getenv("TERM");

	return !arguments->json && !arguments->lines && arguments->count == 0 &&
	    isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1 &&
	    term != NULL && strcmp(term, "dumb") != 0;
}

/* Lines do as well when it cannot be had. */
static void
open_view(struct watch *watch)
{
	struct live_view_setup setup = {
		.loop = &watch->loop,
		.arguments = watch->arguments,
		.look = &watch->page.look,
		.on_quit = on_quit,
		.arg = watch,
	};
	struct err err;

	if (fills_terminal(watch) &&
	    live_view_new(&watch->view, &setup, &err) < 0)
		output_complain(err.text, NULL);
}

/* --- the connection --------------------------------------------------------- */

/* Tells people on standard error, programs among the events. */
static void
tell(struct watch *watch, const char *url, const char *message)
{
	char text[800];

	snprintf(text, sizeof(text), "%s: %.200s%s%s",
	    watch->up ? "connected" : "connection lost", url,
	    message[0] != '\0' ? ": " : "", message);
	complain(watch, text);
	if (!watch->arguments->json)
		return;
	shape_print(&watch->page.text,
	    shape_connection(
		clock_wall_ms(clock_system()), watch->up, url, message),
	    true);
	print(watch);
}

static void
on_up(void *arg, const char *url)
{
	struct watch *watch = arg;
	char message[160] = "", span[TEXT_SPAN_BYTES];

	if (watch->over)
		return;
	uv_timer_stop(&watch->connect_limit);
	serials_forget(watch->serials);
	if (!watch->was_up)
		open_view(watch);
	else
		snprintf(message, sizeof(message),
		    "events of the last %s may have been missed: see "
		    "vedette changes and vedette regressions",
		    text_span(span,
			(clock_mono_ms(clock_system()) - watch->down_ms) *
			    1000));
	watch->up = watch->was_up = true;
	tell(watch, url, message);
}

static void
on_down(void *arg, const char *url, const struct err *why, uint32_t retry_ms)
{
	struct watch *watch = arg;

	(void)retry_ms;
	if (watch->over)
		return;
	if (!watch->was_up) {
		ask_complain(watch->arguments, why->text);
		end(watch, OUTPUT_NO_ANSWER);
		return;
	}
	if (!watch->up)
		return; /* one more try in vain; it was told already */
	watch->up = false;
	watch->down_ms = clock_mono_ms(clock_system());
	tell(watch, url, why->text);
}

static void
on_connect_limit(uv_timer_t *timer)
{
	struct watch *watch = timer->data;

	ask_complain(watch->arguments, "not connected in time");
	end(watch, OUTPUT_NO_ANSWER);
}

static void
on_for_limit(uv_timer_t *timer)
{
	struct watch *watch = timer->data;

	if (!watch->was_up)
		ask_complain(watch->arguments, "not connected in time");
	end(watch, watch->was_up ? OUTPUT_DONE : OUTPUT_NO_ANSWER);
}

static void
on_signal(uv_signal_t *handle, int number)
{
	(void)number;
	end(handle->data, OUTPUT_DONE);
}

/* --- from beginning to end -------------------------------------------------- */

static void
open_handles(struct watch *watch)
{
	const struct arguments *arguments = watch->arguments;

	uv_loop_init(&watch->loop);
	uv_timer_init(&watch->loop, &watch->connect_limit);
	uv_timer_init(&watch->loop, &watch->for_limit);
	uv_signal_init(&watch->loop, &watch->interrupt);
	uv_signal_init(&watch->loop, &watch->terminate);
	watch->connect_limit.data = watch->for_limit.data = watch;
	watch->interrupt.data = watch->terminate.data = watch;
	uv_signal_start(&watch->interrupt, on_signal, SIGINT);
	uv_signal_start(&watch->terminate, on_signal, SIGTERM);
	uv_timer_start(&watch->connect_limit, on_connect_limit,
	    (uint64_t)arguments->timeout_ms, 0);
	if (arguments->for_ms > 0)
		uv_timer_start(&watch->for_limit, on_for_limit,
		    (uint64_t)arguments->for_ms, 0);
}

static int
open_edge(struct watch *watch, struct err *err)
{
	const char *environment = watch->arguments->environment;
	struct edge_client_setup setup = {
		.loop = &watch->loop,
		.pattern = EDGE_SUB,
		.inside_address = INSIDE,
		.retry_min_ms = RETRY_MIN_MS,
		.retry_max_ms = RETRY_MAX_MS,
		.on_up = on_up,
		.on_down = on_down,
		.arg = watch,
	};
	struct edge_tls tls;
	const char *url;

	snprintf(watch->prefix, sizeof(watch->prefix), "%s%s", environment,
	    environment[0] != '\0' ? "/" : "");
	ask_dial(&setup, &tls, &url, watch->arguments);
	if (edge_client_new(&watch->edge, &setup, err) < 0)
		return -1;
	return rpc_subscriber_new(&watch->subscriber, &watch->loop, INSIDE,
	    watch->prefix, on_event, watch, err);
}

static void
on_closed(void *arg)
{
	(void)arg; /* the loop ends by itself, with its last handle */
}

static void
close_all(struct watch *watch)
{
	live_view_close(watch->view);
	uv_close((uv_handle_t *)&watch->connect_limit, NULL);
	uv_close((uv_handle_t *)&watch->for_limit, NULL);
	uv_close((uv_handle_t *)&watch->interrupt, NULL);
	uv_close((uv_handle_t *)&watch->terminate, NULL);
	if (watch->subscriber != NULL)
		rpc_subscriber_close(watch->subscriber, on_closed, NULL);
	if (watch->edge != NULL)
		edge_client_close(watch->edge, on_closed, NULL);
	uv_run(&watch->loop, UV_RUN_DEFAULT);
	uv_loop_close(&watch->loop);
	page_fini(&watch->page);
	serials_free(watch->serials);
}

static int
run(const struct arguments *arguments, const struct look *look)
{
	struct watch watch = { .arguments = arguments,
		.page = { .look = *look },
		.serials = serials_new() };
	struct err err;

	open_handles(&watch);
	if (open_edge(&watch, &err) < 0) {
		ask_complain(arguments, err.text);
		end(&watch, OUTPUT_NO_ANSWER);
	}
	while (!watch.over)
		uv_run(&watch.loop, UV_RUN_DEFAULT);
	close_all(&watch);
	return watch.exit_code;
}

const struct command cmd_watch = {
	.name = "watch",
	.summary = "how everything stands and what happens, live",
	.options = OPTION_SERVICE | OPTION_RESULTS | OPTION_COUNT | OPTION_FOR |
	    OPTION_LINES,
	.description =
	    "How everything stands, kept fresh, and below it what happens: "
	    "results that\n"
	    "differ from the one before, changes, regressions, and their end. "
	    "On a terminal\n"
	    "it fills the screen (q ends it, arrows and pages move); else, and "
	    "with --lines\n"
	    "or --count, it is one line per event. A lost connection is made "
	    "again by\n"
	    "itself, and it is said for how long events may have been missed. "
	    "With --json,\n"
	    "one object per line, the connection's ups and downs among them.\n",
	.examples = "  vedette watch staging\n"
		    "  vedette watch staging/backend --results --for 10m\n"
		    "  vedette watch --json --count 1\n",
	.exits =
	    "  0   ended by Ctrl-C, --count or --for\n"
	    "  2   the command line is not right\n"
	    "  3   the first connection to the collector did not come about\n",
	.run = run,
};
