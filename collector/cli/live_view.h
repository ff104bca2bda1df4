/*
 * live_view.h - how everything stands, kept fresh, and what happens below it:
 * the full-terminal form of vedette watch.
 */
#ifndef COLLECTOR_CLI_LIVE_VIEW_H
#define COLLECTOR_CLI_LIVE_VIEW_H

#include <uv.h>

#include "collector/cli/arguments.h"
#include "collector/cli/look.h"
#include "proto/query.h"

struct live_view;

struct live_view_setup {
	uv_loop_t *loop;
	const struct arguments *arguments; /* borrowed */
	const struct look *look;
	void (*on_quit)(void *arg);
	void *arg;
};

int live_view_new(struct live_view **out, const struct live_view_setup *setup,
    struct err *err);
void live_view_event(struct live_view *view, const struct event *event);
/* One line for people: connected, lost, dropped events. */
void live_view_tell(struct live_view *view, const char *text);
/* The terminal is as it was at once; handles go when the loop runs on.  NULL
 * is allowed. */
void live_view_close(struct live_view *view);

#endif
