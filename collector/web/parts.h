/*
 * parts.h - the parts of collector/web, and what they share.  For web.c and
 * the parts only.
 */
#ifndef COLLECTOR_WEB_PARTS_H
#define COLLECTOR_WEB_PARTS_H

#include "collector/web/access.h"
#include "collector/web/assets.h"
#include "collector/web/reply.h"
#include "collector/web/request.h"
#include "collector/web/sink.h"
#include "collector/web/web.h"
#include "proto/base/list.h"
#include "proto/base/map.h"

#define WEB_NUMBERS_MAX  192
#define WEB_VERDICTS_MAX 64 /* environments with a verdict in /metrics */

/* What an environment's verdict was, for /metrics. */
struct web_verdict {
	char *class;
};

struct web {
	struct web_setup setup;
	struct http *http;
	struct export *export;
	bool has_tls;
	struct access *access;
	struct assets *assets;
	struct map *kept;     /* struct packed by path and parameters */
	struct map *verdicts; /* struct web_verdict by environment */
	int64_t judged_ms;
	struct list followers;
	struct list asks;      /* under way */
	struct list pushes;    /* under way */
	struct list orders;    /* under way */
	uv_timer_t beat;       /* shows that streams are alive */
	uint64_t n_refused[3]; /* 401, 403, 421 */
	uint64_t n_told, n_dropped;
	uint64_t n_push_refused; /* what made no sense */
	int n_closing;
	void (*closed)(void *arg);
	void *closed_arg;
};

/* JSON of an answer, owned by the caller. */
typedef char *web_shape_fn(
    const struct web_request *request, size_t *out_n, const void *answer);

/* A question under way: who asked, and what.  With shape, the answer becomes
 * bytes where it is made, maybe on another thread. */
struct web_ask {
	struct list node;  /* of asks */
	char *environment; /* of a verdict for /metrics; else NULL */
	struct web *web;   /* NULL, as call, once that was closed */
	struct http_call *call;
	struct web_request request;
	web_shape_fn *shape;
	bool takes_gzip;
	struct packed *packed; /* or NULL */
};

/* call is NULL when nobody but us asks. */
struct web_ask *web_ask_new(
    struct web *web, struct http_call *call, const struct web_request *request);
void web_ask_free(struct web_ask *ask);

/* Has the answers of asks with shape. */
extern const struct query_ear web_ear;

/* Answers from what was kept, if it is fresh. */
bool web_kept(struct web *web, struct http_call *call, const char *name);
/* Takes packed, keeps it under this name, and answers. */
void web_keep(struct web *web, struct http_call *call, const char *name,
    struct packed *packed);

/* api.c: rest is what follows the route's own path, never NULL. */
typedef void web_answer_fn(struct web *web, struct http_call *call,
    const struct web_request *request, const char *rest);

web_answer_fn api_status, api_history, api_changes, api_regressions;
web_answer_fn api_diagnose, api_incidents, api_report, api_trend, api_timeline,
    api_diff, api_alerts, api_silences;

/* push.c */
web_answer_fn push_results, push_signal;
/* Before the web goes: nobody waits for the answers any more. */
void push_forget_all(struct web *web);

/* order.c */
web_answer_fn order_silence, order_unsilence, order_acknowledge, order_release;
/* As push_forget_all() does. */
void order_forget_all(struct web *web);

/* events.c */
web_answer_fn events_follow;
void events_beat(struct web *web);

/* All metrics there are; asks for verdicts, for the next time. */
void metrics_write(
    struct sink *out, struct web *web, const struct status_answer *answer);

/* metrics.c, badge.c */
web_answer_fn metrics_answer, badge_answer;

#endif
