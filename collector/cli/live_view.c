#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/cli/ask.h"
#include "collector/cli/live_view.h"
#include "collector/cli/screen.h"
#include "collector/cli/show.h"
#include "proto/base/mem.h"
#include "proto/rpc.h"

#define INSIDE     "inproc://vedette/live_view"
#define REFRESH_MS 2000 /* ages grow; what nobody tells of becomes stale */
#define SOON_MS    200  /* events come in groups: one question for all */
#define EVENTS_MAX 8    /* lines, while the screen has three times as many */

struct live_view {
	struct live_view_setup setup;
	struct screen *screen;
	struct edge_client *edge;
	struct rpc_client *rpc;
	struct query_client *client;
	uv_timer_t refresh;
	bool asked;               /* an answer is under way */
	struct page body;         /* the newest answer */
	char *events[EVENTS_MAX]; /* pages of a line or more, newest last */
	char told[200];
	size_t top;
	int open; /* of edge, rpc and refresh */
};

/* --- drawing --------------------------------------------------------------- */

static struct page
page_of(const struct live_view *view)
{
	struct page page = { .look = *view->setup.look };
	size_t rows;

	screen_size(view->screen, &page.look.width, &rows);
	if (page.look.width < LOOK_WIDTH_MIN)
		page.look.width = LOOK_WIDTH_MIN;
	if (page.look.width > LOOK_WIDTH_MAX)
		page.look.width = LOOK_WIDTH_MAX;
	return page;
}

/* Adds the first lines of what happened, the newest last. */
static void
add_events(struct page *page, const struct live_view *view, size_t rows)
{
	size_t shown = rows / 3 < EVENTS_MAX ? rows / 3 : EVENTS_MAX;

	page_put(page, INK_TITLE, "WHAT HAPPENS");
	page_newline(page);
	for (size_t i = EVENTS_MAX - shown; i < EVENTS_MAX; i++) {
		const char *line =
		    view->events[i] != NULL ? view->events[i] : "\n";

		text_add_bytes(&page->text, line, strcspn(line, "\n") + 1);
	}
}

static struct page
foot_of(const struct live_view *view)
{
	struct page page = page_of(view);
	size_t columns, rows;

	screen_size(view->screen, &columns, &rows);
	add_events(&page, view, rows);
	page_put(
	    &page, INK_DIM, "q ends, arrows and pages move   %s", view->told);
	page_newline(&page);
	return page;
}

static void
draw(struct live_view *view)
{
	struct page foot = foot_of(view);
	const char *body = view->body.text.n > 0 ? view->body.text.bytes : "";
	size_t columns, rows, max;
	struct err err;

	screen_size(view->screen, &columns, &rows);
	max = screen_top_max(body, foot.text.bytes, rows);
	if (view->top > max)
		view->top = max;
	if (screen_draw(view->screen, body, view->top, foot.text.bytes, &err) <
	    0)
		view->setup.on_quit(view->setup.arg);
	page_fini(&foot);
}

/* --- questions ------------------------------------------------------------- */

static void
on_answer(void *arg, const struct rpc_status *status,
    const struct status_answer *answer)
{
	struct live_view *view = arg;

	view->asked = false;
	if (answer != NULL) {
		page_fini(&view->body);
		view->body = page_of(view);
		show_status(&view->body, answer);
	} else {
		snprintf(view->told, sizeof(view->told), "no answer: %.160s",
		    status->message);
	}
	draw(view);
}

static void
ask(struct live_view *view)
{
	struct query_status request = {
		.environment = view->setup.arguments->environment,
		.service = view->setup.arguments->service,
	};

	if (view->asked)
		return;
	view->asked = true;
	query_status(view->client, &request, on_answer, view);
}

static void
on_refresh(uv_timer_t *timer)
{
	struct live_view *view = timer->data;

	uv_timer_start(&view->refresh, on_refresh, REFRESH_MS, 0);
	ask(view);
}

static void
on_up(void *arg, const char *url)
{
	(void)url;
	ask(arg);
}

static void
on_down(void *arg, const char *url, const struct err *why, uint32_t retry_ms)
{
	struct live_view *view = arg;

	(void)url;
	(void)retry_ms;
	rpc_client_fail_all(view->rpc, why->text);
}

/* --- what happens ---------------------------------------------------------- */

/* Draws at once, and asks how things stand now. */
static void
add_line(struct live_view *view, char *line)
{
	free(view->events[0]);
	memmove(view->events, view->events + 1,
	    sizeof(view->events) - sizeof(view->events[0]));
	view->events[EVENTS_MAX - 1] = line;
	draw(view);
	uv_timer_start(&view->refresh, on_refresh, SOON_MS, 0);
}

void
live_view_event(struct live_view *view, const struct event *event)
{
	struct page page = page_of(view);

	show_event(&page, event);
	add_line(view, text_take(&page.text));
}

void
live_view_tell(struct live_view *view, const char *text)
{
	snprintf(view->told, sizeof(view->told), "%s", text);
	draw(view);
}

static void
on_key(void *arg, enum key key)
{
	struct live_view *view = arg;
	size_t columns, rows, page;

	screen_size(view->screen, &columns, &rows);
	page = rows / 2 + 1;
	switch (key) {
	case KEY_QUIT:
		view->setup.on_quit(view->setup.arg);
		return;
	case KEY_UP:
		view->top -= view->top > 0;
		break;
	case KEY_DOWN:
		view->top++;
		break;
	case KEY_PAGE_UP:
		view->top -= view->top < page ? view->top : page;
		break;
	case KEY_PAGE_DOWN:
		view->top += page;
		break;
	case KEY_HOME:
		view->top = 0;
		break;
	case KEY_END:
		view->top = SIZE_MAX;
		break;
	case KEY_NONE:
		return;
	}
	draw(view);
}

static void
on_resize(void *arg)
{
	draw(arg); /* the page is cut as wide with the next answer */
	ask(arg);
}

/* --- from beginning to end ------------------------------------------------- */

static int
connect_edge(struct live_view *view, struct err *err)
{
	struct edge_client_setup edge = {
		.loop = view->setup.loop,
		.pattern = EDGE_REQ,
		.inside_address = INSIDE,
		.on_up = on_up,
		.on_down = on_down,
		.arg = view,
	};
	struct rpc_client_setup rpc = {
		.loop = view->setup.loop,
		.clock = clock_system(),
		.address = INSIDE,
	};
	struct edge_tls tls;
	const char *url;

	ask_dial(&edge, &tls, &url, view->setup.arguments);
	if (edge_client_new(&view->edge, &edge, err) < 0 ||
	    rpc_client_new(&view->rpc, &rpc, err) < 0)
		return -1;
	rpc_client_set_deadline(
	    view->rpc, (uint32_t)view->setup.arguments->timeout_ms);
	view->client = query_client_new(view->rpc);
	return 0;
}

int
live_view_new(struct live_view **out, const struct live_view_setup *setup,
    struct err *err)
{
	struct live_view *view = mem_zalloc(sizeof(*view));
	struct screen_setup screen = {
		.loop = setup->loop,
		.on_key = on_key,
		.on_resize = on_resize,
		.arg = view,
	};

	*out = view;
	view->setup = *setup;
	uv_timer_init(setup->loop, &view->refresh);
	view->refresh.data = view;
	if (connect_edge(view, err) < 0 ||
	    screen_open(&view->screen, &screen, err) < 0) {
		live_view_close(view);
		*out = NULL;
		return -1;
	}
	uv_timer_start(&view->refresh, on_refresh, REFRESH_MS, 0);
	return 0;
}

static void
on_part_closed(void *arg)
{
	struct live_view *view = arg;

	if (--view->open == 0)
		free(view);
}

static void
on_timer_closed(uv_handle_t *handle)
{
	on_part_closed(handle->data);
}

void
live_view_close(struct live_view *view)
{
	if (view == NULL)
		return;
	screen_close(view->screen);
	page_fini(&view->body);
	for (size_t i = 0; i < EVENTS_MAX; i++)
		free(view->events[i]);
	if (view->client != NULL)
		query_client_free(view->client);
	view->open = 1 + (view->rpc != NULL) + (view->edge != NULL);
	uv_close((uv_handle_t *)&view->refresh, on_timer_closed);
	if (view->rpc != NULL)
		rpc_client_close(view->rpc, on_part_closed, view);
	if (view->edge != NULL)
		edge_client_close(view->edge, on_part_closed, view);
}
