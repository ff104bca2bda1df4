#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <uv.h>

#include "collector/cli/gate_window.h"
#include "collector/cli/members.h"
#include "collector/cli/output.h"
#include "proto/base/clock.h"
#include "proto/base/mem.h"
#include "proto/rpc.h"

#define INSIDE          "inproc://vedette/gate"
#define TICK_MS         1000
#define EVENT_MAX_BYTES (1024 * 1024) /* of memory for a decoded one */

struct window {
	struct ask *ask;
	struct query_client *client;
	struct query_document request;
	ask_show_fn *show;
	ask_exit_fn *exit_of;
	uv_timer_t over, tick;
	struct edge_client *edge; /* for what happens meanwhile */
	struct rpc_subscriber *subscriber;
	char prefix[80];
	int64_t until_ms;     /* by the collector's clock; 0: not known yet */
	int64_t over_mono_ms; /* the same by ours */
	bool asked,
	    stale; /* an answer is under way; it is of before the news */
	bool is_full;
	bool shown; /* on a terminal */
	int open;   /* of over, tick, edge and subscriber */
};

/* Asks, and what is answered may ask again. */
static void ask_again(struct window *window);

/* --- how far it is ---------------------------------------------------------- */

/* Over and over on a terminal, else once, as a line of a log. */
static void
tell_left(struct window *window)
{
	int64_t left_ms = window->over_mono_ms - clock_mono_ms(clock_system());
	char left[TEXT_SPAN_BYTES], all[TEXT_SPAN_BYTES];

	fprintf(stderr, "%sgate: %s of %s left, nothing worse so far%s",
	    window->shown ? "\r" : "",
	    text_span(left, (left_ms > 0 ? left_ms / 1000 : 0) * 1000000),
	    text_span(all, window->ask->arguments->for_ms * 1000),
	    window->shown ? "\033[K" : "\n");
}

static void
on_tick(uv_timer_t *timer)
{
	tell_left(timer->data);
}

/* --- the end ---------------------------------------------------------------- */

static void
on_part_closed(void *arg)
{
	struct window *window = arg;

	if (--window->open == 0)
		free(window);
}

static void
on_timer_closed(uv_handle_t *handle)
{
	on_part_closed(handle->data);
}

/* Frees itself by and by; the loop of the ask runs until then. */
static void
close_window(struct window *window)
{
	if (window->shown)
		fputs("\r\033[K", stderr);
	uv_close((uv_handle_t *)&window->over, on_timer_closed);
	uv_close((uv_handle_t *)&window->tick, on_timer_closed);
	if (window->subscriber != NULL) {
		window->open++;
		rpc_subscriber_close(
		    window->subscriber, on_part_closed, window);
	}
	if (window->edge != NULL) {
		window->open++;
		edge_client_close(window->edge, on_part_closed, window);
	}
}

/* --- what happens meanwhile ------------------------------------------------- */

static void
on_event(void *arg, const char *topic, const void *payload, size_t n)
{
	struct window *window = arg;
	struct arena *arena = arena_new(EVENT_MAX_BYTES);
	struct event event;
	struct err err;

	(void)topic;
	/* One that cannot be read is seen when the window is over. */
	if (event_decode(&event, arena, payload, n, &err) == 0 &&
	    event.kind == EVENT_REGRESSION && event.regression.cleared_ms == 0)
		ask_again(window);
	arena_free(arena);
}

static void
on_up(void *arg, const char *url)
{
	(void)url;
	/* Something may have been told before we heard of it. */
	ask_again(arg);
}

static void
on_over(uv_timer_t *timer)
{
	struct window *window = timer->data;

	window->is_full = true;
	window->request.to_ms = window->until_ms;
	ask_again(window);
}

/* Without events, what got worse is seen when the window is over. */
static void
hear(struct window *window)
{
	const struct arguments *arguments = window->ask->arguments;
	struct edge_client_setup setup = {
		.loop = ask_loop(window->ask),
		.pattern = EDGE_SUB,
		.inside_address = INSIDE,
		.on_up = on_up,
		.arg = window,
	};
	struct edge_tls tls;
	const char *url;
	struct err err;

	snprintf(window->prefix, sizeof(window->prefix), "%s/",
	    arguments->environment);
	ask_dial(&setup, &tls, &url, arguments);
	if (edge_client_new(&window->edge, &setup, &err) < 0 ||
	    rpc_subscriber_new(&window->subscriber, setup.loop, INSIDE,
		window->prefix, on_event, window, &err) < 0)
		output_complain(err.text, NULL);
}

/* --- answers ---------------------------------------------------------------- */

/* The first answer says from where the time counts.  False if no deploy is
 * known. */
static bool
begin_waiting(struct window *window, const json_t *document)
{
	int64_t since_ms = member_time_ms(document, "since");
	int64_t left_ms;

	if (since_ms == 0)
		return false;
	window->until_ms = since_ms + window->ask->arguments->for_ms;
	left_ms = window->until_ms - member_time_ms(document, "at");
	if (left_ms < 0)
		left_ms = 0;
	window->over_mono_ms = clock_mono_ms(clock_system()) + left_ms;
	uv_timer_start(&window->over, on_over, (uint64_t)left_ms, 0);
	if (left_ms == 0)
		return true;
	hear(window);
	window->shown = isatty(STDERR_FILENO) == 1;
	uv_timer_start(&window->tick, on_tick, 0, window->shown ? TICK_MS : 0);
	return true;
}

/* Is this what the command says in the end? */
static bool
is_last(struct window *window, const json_t *document)
{
	if (window->until_ms == 0 &&
	    (document == NULL || !begin_waiting(window, document)))
		return true;
	if (window->is_full)
		return !window->stale;
	/* Of a window that is over already another answer is to come. */
	return document != NULL &&
	    member_is(document, "verdict", "regressed") &&
	    clock_mono_ms(clock_system()) < window->over_mono_ms;
}

static void
on_answer(void *arg, const struct rpc_status *status, const char *json)
{
	struct window *window = arg;
	json_t *document = json == NULL ? NULL : json_loads(json, 0, NULL);

	window->asked = false;
	if (is_last(window, document)) {
		close_window(window);
		ask_document_answered(
		    window->ask, status, json, window->show, window->exit_of);
	} else if (window->stale) {
		ask_again(window);
	}
	json_decref(document);
}

static void
ask_again(struct window *window)
{
	window->stale = window->asked;
	if (window->asked)
		return;
	window->asked = true;
	rpc_client_set_deadline(
	    ask_rpc(window->ask), (uint32_t)window->ask->arguments->timeout_ms);
	query_document(window->client, &window->request, on_answer, window);
}

void
gate_window(struct ask *ask, struct query_client *client,
    const struct query_document *request, ask_show_fn *show,
    ask_exit_fn *exit_of)
{
	struct window *window = mem_zalloc(sizeof(*window));

	window->ask = ask;
	window->client = client;
	window->request = *request;
	window->show = show;
	window->exit_of = exit_of;
	window->open = 2;
	uv_timer_init(ask_loop(ask), &window->over);
	uv_timer_init(ask_loop(ask), &window->tick);
	window->over.data = window->tick.data = window;
	window->asked = true;
	query_document(client, &window->request, on_answer, window);
}
