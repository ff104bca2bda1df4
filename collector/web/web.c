#include <stdlib.h>
#include <string.h>

#include "collector/web/export.h"
#include "collector/web/identity.h"
#include "collector/web/parts.h"
#include "proto/base/mem.h"

#define KEEP_MS  500 /* an answer that many ask for is at most so old */
#define KEPT_MAX 64
#define BEAT_MS  15000

/* --- kept answers ------------------------------------------------------- */

static void
forget_kept(struct web *web)
{
	MAP_EACH (struct packed, packed, web->kept)
		packed_free(packed);
	map_free(web->kept);
	web->kept = map_new();
}

bool
web_kept(struct web *web, struct http_call *call, const char *name)
{
	struct packed *packed = map_get(web->kept, name);
	int64_t age_ms;

	if (packed == NULL)
		return false;
	age_ms = (int64_t)uv_now(web->setup.loop) - packed->made_ms;
	if (age_ms > KEEP_MS)
		return false;
	reply_packed(call, packed);
	return true;
}

void
web_keep(struct web *web, struct http_call *call, const char *name,
    struct packed *packed)
{
	packed->made_ms = (int64_t)uv_now(web->setup.loop);
	packed->cache = "private, no-cache";
	reply_packed(call, packed);
	if (map_get(web->kept, name) == NULL &&
	    map_count(web->kept) >= KEPT_MAX)
		forget_kept(web);
	packed_free(map_put(web->kept, name, packed));
}

/* --- questions under way ------------------------------------------------ */

struct web_ask *
web_ask_new(
    struct web *web, struct http_call *call, const struct web_request *request)
{
	struct web_ask *ask = mem_zalloc(sizeof(*ask));

	list_push(&web->asks, &ask->node);
	ask->web = web;
	ask->call = call;
	ask->takes_gzip = call != NULL && reply_takes_gzip(call);
	if (request != NULL)
		ask->request = *request;
	return ask;
}

void
web_ask_free(struct web_ask *ask)
{
	list_remove(&ask->node);
	packed_free(ask->packed);
	free(ask->environment);
	free(ask);
}

static void
on_made(void *arg, const void *answer)
{
	struct web_ask *ask = arg;
	size_t n;
	char *text = ask->shape(&ask->request, &n, answer);

	ask->packed = packed_new("application/json", text, n);
	ask->packed->cache = "private, no-cache";
	if (ask->takes_gzip)
		packed_compress(ask->packed);
}

static void
on_done(void *arg, const struct rpc_status *status)
{
	struct web_ask *ask = arg;

	if (ask->call != NULL && status->code == RPC_OK)
		reply_packed(ask->call, ask->packed);
	else if (ask->call != NULL)
		reply_status(ask->call, status);
	web_ask_free(ask);
}

const struct query_ear web_ear = { on_made, on_done };

/* Those with shape are told that they are cancelled, and go by themselves. */
static void
let_go(struct web *web)
{
	LIST_EACH (node, &web->asks) {
		struct web_ask *ask = LIST_ITEM(node, struct web_ask, node);

		if (ask->shape == NULL)
			continue;
		list_remove(node);
		ask->web = NULL;
		ask->call = NULL;
	}
}

/* --- health ------------------------------------------------------------- */

static void
reply_text(struct http_call *call, unsigned status, const char *text)
{
	http_answer(call,
	    &(struct http_answer){ .status = status,
		.type = "text/plain; charset=utf-8",
		.body = text,
		.n = strlen(text) });
}

static void
answer_healthy(struct web *web, struct http_call *call,
    const struct web_request *request, const char *rest)
{
	(void)web;
	(void)request;
	(void)rest;
	reply_text(call, 200, "healthy\n");
}

static void
answer_ready(struct web *web, struct http_call *call,
    const struct web_request *request, const char *rest)
{
	(void)request;
	(void)rest;
	if (web->setup.is_ready(web->setup.arg))
		reply_text(call, 200, "ready\n");
	else
		reply_text(call, 503, "the store takes nothing in\n");
}

static void
answer_reload(struct web *web, struct http_call *call,
    const struct web_request *request, const char *rest)
{
	struct err err;

	(void)request;
	(void)rest;
	if (web->setup.reload(web->setup.arg, &err) < 0)
		reply_error(
		    call, 500, "%s; the old configuration stays", err.text);
	else
		reply_text(call, 200, "reloaded\n");
}

/* --- routes ------------------------------------------------------------- */

/* A path that ends with '/' takes what follows. */
static const struct route {
	const char *path;
	const char *parameters;
	enum scope scope;
	bool is_post;
	web_answer_fn *answer;
} routes[] = {
	{ "/api/v1/status", "environment service", SCOPE_READ, false,
	    api_status },
	{ "/api/v1/history",
	    "environment service agent probe from to since limit cursor",
	    SCOPE_READ, false, api_history },
	{ "/api/v1/changes",
	    "environment service name from to since limit cursor", SCOPE_READ,
	    false, api_changes },
	{ "/api/v1/regressions",
	    "environment service from to since open limit cursor", SCOPE_READ,
	    false, api_regressions },
	{ "/api/v1/diagnose/", "at", SCOPE_READ, false, api_diagnose },
	{ "/api/v1/incidents", "environment from at limit", SCOPE_READ, false,
	    api_incidents },
	{ "/api/v1/report/", "at", SCOPE_READ, false, api_report },
	{ "/api/v1/trend",
	    "environment service agent probe by together last from to limit",
	    SCOPE_READ, false, api_trend },
	{ "/api/v1/timeline", "environment service at last", SCOPE_READ, false,
	    api_timeline },
	{ "/api/v1/diff/", "service at", SCOPE_READ, false, api_diff },
	{ "/api/v1/alerts", "environment", SCOPE_READ, false, api_alerts },
	{ "/api/v1/silences", "", SCOPE_READ, false, api_silences },
	{ "/api/v1/silences", "environment service for who why", SCOPE_ADMIN,
	    true, order_silence },
	{ "/api/v1/unsilence/", "", SCOPE_ADMIN, true, order_unsilence },
	{ "/api/v1/acknowledge/", "for who", SCOPE_ADMIN, true,
	    order_acknowledge },
	{ "/api/v1/release/", "", SCOPE_ADMIN, true, order_release },
	{ "/api/v1/push", "", SCOPE_PUSH, true, push_results },
	{ "/api/v1/heartbeat/", "", SCOPE_PUSH, true, push_signal },
	{ "/api/v1/events", "environment results", SCOPE_READ, false,
	    events_follow },
	{ "/metrics", "", SCOPE_READ, false, metrics_answer },
	{ "/badge/", "", SCOPE_READ, false, badge_answer },
	{ "/-/healthy", "", SCOPE_NONE, false, answer_healthy },
	{ "/-/ready", "", SCOPE_NONE, false, answer_ready },
	{ "/-/reload", "", SCOPE_ADMIN, true, answer_reload },
};

/* What of path follows the route's own, or NULL when it is another. */
static const char *
rest_of(const struct route *route, const char *path)
{
	size_t n = strlen(route->path);

	if (route->path[n - 1] != '/')
		return strcmp(route->path, path) == 0 ? path + n : NULL;
	return strncmp(route->path, path, n) == 0 && path[n] != '\0' ? path + n
								     : NULL;
}

static void
refuse(
    struct web *web, struct http_call *call, unsigned status, const char *why)
{
	web->n_refused[status == 401 ? 0 : status == 403 ? 1 : 2]++;
	reply_error(call, status, "%s", why);
}

static void
follow_route(struct web *web, struct http_call *call, const struct route *route,
    const char *rest)
{
	enum http_method method = http_method(call);
	struct web_request request;
	const char *why;
	struct err err;
	unsigned status = access_check(&why, web->access, call, route->scope);

	if (status != 0)
		refuse(web, call, status, why);
	else if (route->is_post ? method != HTTP_POST
				: method != HTTP_GET && method != HTTP_HEAD)
		reply_not_allowed(call, route->is_post ? "POST" : "GET, HEAD");
	else if (web_request_read(&request, call, route->parameters,
		     web->setup.now_ms(web->setup.arg), &err) < 0)
		reply_error(call, 400, "%s", err.text);
	else
		route->answer(web, call, &request, rest);
}

/* The page's files hold nothing that anybody may not see. */
static void
answer_page(struct web *web, struct http_call *call)
{
	struct packed *file = assets_find(web->assets, http_path(call));
	enum http_method method = http_method(call);
	const char *why;
	unsigned status = access_check(&why, web->access, call, SCOPE_NONE);

	if (status != 0)
		refuse(web, call, status, why);
	else if (file == NULL)
		reply_error(call, 404,
		    "nothing is here; / is the page, "
		    "/api/v1/openapi.json says what there "
		    "is to ask");
	else if (method != HTTP_GET && method != HTTP_HEAD)
		reply_not_allowed(call, "GET, HEAD");
	else
		reply_packed(call, file);
}

static void
on_call(void *arg, struct http_call *call)
{
	bool is_post = http_method(call) == HTTP_POST;
	const char *path = http_path(call), *rest, *found_rest = NULL;
	const struct route *found = NULL;
	struct web *web = arg;

	/* A path may be there for reading and for writing. */
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		rest = rest_of(&routes[i], path);
		if (rest == NULL ||
		    (found != NULL && routes[i].is_post != is_post))
			continue;
		found = &routes[i];
		found_rest = rest;
	}
	if (found != NULL)
		follow_route(web, call, found, found_rest);
	else
		answer_page(web, call);
}

/* Only what is pushed, by who may, is worth keeping. */
static bool
wants_body(void *arg, const struct http_call *call)
{
	const struct web *web = arg;
	const char *path = http_path(call);

	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++)
		if (routes[i].scope == SCOPE_PUSH &&
		    rest_of(&routes[i], path) != NULL)
			return http_method(call) == HTTP_POST &&
			    access_pusher(web->access, call) != NULL;
	return false;
}

/* --- life --------------------------------------------------------------- */

static void
on_beat(uv_timer_t *timer)
{
	events_beat(timer->data);
}

static int
listen_at(struct web *web, const struct http_config *config, struct err *err)
{
	struct http_setup setup = {
		.loop = web->setup.loop,
		.listen = config->listen,
		.handle = on_call,
		.wants_body = wants_body,
		.arg = web,
	};

	web->has_tls = config->tls != NULL;
	if (config->tls != NULL) {
		setup.certificate_file = config->tls->certificate_file;
		setup.key_file = config->tls->key_file;
	}
	return http_open(&web->http, &setup, err);
}

static void
free_it(struct web *web)
{
	MAP_EACH (struct web_verdict, verdict, web->verdicts) {
		free(verdict->class);
		free(verdict);
	}
	map_free(web->verdicts);
	push_forget_all(web);
	order_forget_all(web);
	LIST_EACH (node, &web->asks)
		web_ask_free(LIST_ITEM(node, struct web_ask, node));
	forget_kept(web);
	map_free(web->kept);
	access_free(web->access);
	assets_free(web->assets);
	free(web);
}

static void
on_nothing_closed(void *arg)
{
	(void)arg; /* nobody waits for it */
}

int
web_open(struct web **out, const struct web_setup *setup, struct err *err)
{
	struct web *web = mem_zalloc(sizeof(*web));

	web->setup = *setup;
	web->setup.config = NULL; /* it may change */
	web->kept = map_new();
	web->verdicts = map_new();
	web->assets = assets_new();
	list_init(&web->followers);
	list_init(&web->asks);
	list_init(&web->pushes);
	list_init(&web->orders);
	if (access_new(&web->access, setup->config, err) < 0 ||
	    export_new(&web->export, web, err) < 0)
		goto out;
	if (export_set_config(web->export, setup->config->otlp, err) < 0 ||
	    listen_at(web, setup->config, err) < 0) {
		export_close(web->export, on_nothing_closed, NULL);
		goto out;
	}
	query_client_set_ear(setup->client, &web_ear);
	uv_timer_init(setup->loop, &web->beat);
	web->beat.data = web;
	uv_timer_start(&web->beat, on_beat, BEAT_MS, BEAT_MS);
	*out = web;
	return 0;
out:
	free_it(web);
	return -1;
}

const char *
web_address(const struct web *web)
{
	return http_address(web->http);
}

/* A new one, or NULL when there is no TLS, or was none at the start. */
static int
read_identity(struct identity **out, const struct web *web,
    const struct http_config *config, struct err *err)
{
	*out = NULL;
	if (config->tls == NULL || !web->has_tls)
		return 0;
	return identity_load(
	    out, config->tls->certificate_file, config->tls->key_file, err);
}

int
web_set_config(
    struct web *web, const struct http_config *config, struct err *err)
{
	struct identity *identity;
	struct access *access;

	if (access_new(&access, config, err) < 0)
		return -1;
	if (read_identity(&identity, web, config, err) < 0 ||
	    export_set_config(web->export, config->otlp, err) < 0) {
		identity_drop(identity);
		access_free(access);
		return -1;
	}
	access_free(web->access);
	web->access = access;
	if (identity != NULL)
		http_set_identity(web->http, identity);
	return 0;
}

static void
on_part_closed(struct web *web)
{
	void (*closed)(void *arg) = web->closed;
	void *arg = web->closed_arg;

	if (--web->n_closing > 0)
		return;
	free_it(web);
	closed(arg);
}

static void
on_child_closed(void *arg)
{
	on_part_closed(arg);
}

static void
on_beat_closed(uv_handle_t *handle)
{
	on_part_closed(handle->data);
}

void
web_close(struct web *web, void (*closed)(void *arg), void *arg)
{
	web->closed = closed;
	web->closed_arg = arg;
	web->n_closing = 3;
	push_forget_all(web);
	order_forget_all(web);
	let_go(web);
	http_close(web->http, on_child_closed, web);
	export_close(web->export, on_child_closed, web);
	uv_close((uv_handle_t *)&web->beat, on_beat_closed);
}
