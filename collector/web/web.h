/*
 * web.h - what the collector answers over HTTP: the page, the API, metrics.
 *
 * docs/http.md describes it.  It asks through proto/query.h, as any outsider
 * would, hands over what is pushed, and never touches the store.
 */
#ifndef COLLECTOR_WEB_WEB_H
#define COLLECTOR_WEB_WEB_H

#include <uv.h>

#include "collector/config/config.h"
#include "collector/web/http.h"
#include "proto/alerting.h"
#include "proto/publish.h"
#include "proto/query.h"

#define WEB_RECEIVERS_MAX 32

struct web;

/* A number of the collector's own health. */
struct web_number {
	const char *name; /* "batches_stored" */
	const char *help;
	uint64_t value;
	bool is_count; /* only ever grows */
	/* Which receiver of alerts it is of; NULL: none.  Those of one name
	 * stand together. */
	const char *receiver;
};

/* What a job says of itself. */
enum web_signal_kind {
	WEB_SIGNAL_START,
	WEB_SIGNAL_SUCCESS,
	WEB_SIGNAL_FAILURE
};

/* Texts are borrowed for the call. */
struct web_signal {
	const char *environment, *name;
	enum web_signal_kind kind;
	int exit_code;       /* -1: not said */
	const char *message; /* "" when there is none */
	uint64_t key;        /* as of struct push */
};

struct web_setup {
	uv_loop_t *loop;
	const struct http_config *config; /* borrowed for the call */
	struct query_client *client;      /* borrowed; freed before web_close */
	int64_t (*now_ms)(void *arg);
	/* Writes at most n of the collector's own numbers; returns how many. */
	size_t (*numbers)(void *arg, struct web_number *out, size_t n);
	/* Reads the configuration again. */
	int (*reload)(void *arg, struct err *err);
	/* Takes results in, as inbox_push() does. */
	int (*push)(void *arg, const struct push *push, pushed_fn *pushed,
	    void *pushed_arg, struct err *err);
	/* Takes a signal in: as push(), or 1 when there is nothing to wait
	 * for.  ERR_NOT_FOUND: nobody expects it. */
	int (*signal)(void *heartbeats, const struct web_signal *signal,
	    pushed_fn *pushed, void *pushed_arg, struct err *err);
	void *heartbeats;
	/* Something to tell people, one line. */
	void (*news)(void *arg, bool is_bad, const char *text);
	/* What somebody wants of the alerts. */
	void (*order)(void *order_arg, const struct order *order,
	    order_done_fn *done, void *done_arg);
	void *order_arg;
	/* Does the collector take batches in? */
	bool (*is_ready)(void *arg);
	void *arg;
};

int web_open(struct web **out, const struct web_setup *setup, struct err *err);

const char *web_address(const struct web *web);

/* Reads tokens, certificate and key again; the old ones stay when it cannot.
 * Open connections go on as they are. */
int web_set_config(
    struct web *web, const struct http_config *config, struct err *err);

/* Does somebody follow every result? */
bool web_is_watched(const struct web *web);

/* To those who follow the events.  Never blocks; who does not keep up loses
 * some, is told how many, and sees the next ones. */
void web_tell(struct web *web, const struct event *events, size_t n);

/* No event is told any more; closed is called from the loop. */
void web_close(struct web *web, void (*closed)(void *arg), void *arg);

#endif
