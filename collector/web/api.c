#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/web/list_json.h"
#include "collector/web/parts.h"
#include "proto/base/mem.h"
#include "proto/shape.h"

#define JSON_TYPE   "application/json"
#define NAMES_BYTES 200
#define ROWS_MAX    10000 /* of a question */

/* --- asking ------------------------------------------------------------- */

/* Replies with what a question did not come to. */
static bool
is_refused(struct web_ask *ask, const struct rpc_status *status)
{
	if (status->code == RPC_OK)
		return false;
	reply_status(ask->call, status);
	web_ask_free(ask);
	return true;
}

/* --- status ------------------------------------------------------------- */

static void
status_name(char out[NAMES_BYTES], const struct web_request *request)
{
	snprintf(out, NAMES_BYTES, "status %s/%s", request->ask.environment,
	    request->ask.service);
}

static void
on_status(void *arg, const struct rpc_status *status,
    const struct status_answer *answer)
{
	struct web_ask *ask = arg;
	char name[NAMES_BYTES];
	struct text text = { 0 };
	size_t n;

	if (is_refused(ask, status))
		return;
	shape_print(&text, shape_status(answer), true);
	n = text.n;
	status_name(name, &ask->request);
	web_keep(ask->web, ask->call, name,
	    packed_new(JSON_TYPE, text_take(&text), n));
	web_ask_free(ask);
}

void
api_status(struct web *web, struct http_call *call,
    const struct web_request *request, const char *rest)
{
	const struct query_status query = { request->ask.environment,
		request->ask.service };
	char name[NAMES_BYTES];

	(void)rest;
	status_name(name, request);
	if (!web_kept(web, call, name))
		query_status(web->setup.client, &query, on_status,
		    web_ask_new(web, call, request));
}

/* --- lists, page by page ------------------------------------------------ */

/* Rows of one moment may stand on both sides of a page's end: the next page
 * asks up to that moment again, and leaves out as many as were given. */
static uint32_t
wanted(const struct web_request *request)
{
	uint32_t limit = request->ask.limit + request->skip;

	return limit < ROWS_MAX ? limit : ROWS_MAX;
}

/* Of a page that began after skip rows of n, what the next one needs. */
static void
set_next(struct list_page *page, const struct web_request *request,
    const int64_t *at_ms, size_t n)
{
	int64_t last_ms = n > 0 ? at_ms[n - 1] : 0;
	size_t same = 0;

	while (same < n && at_ms[n - 1 - same] == last_ms)
		same++;
	if (page->more && n > request->skip)
		snprintf(page->next, sizeof(page->next), "%lld.%zu",
		    (long long)last_ms + 1, same);
}

static void
reply_list(struct web_ask *ask, json_t *value, struct list_page *page,
    int64_t *at_ms, size_t n)
{
	struct text text = { 0 };
	size_t n_text;

	set_next(page, &ask->request, at_ms, n);
	list_json_add(value, page);
	shape_print(&text, value, true);
	n_text = text.n;
	reply_once(ask->call, JSON_TYPE, text_take(&text), n_text);
	free(at_ms);
	web_ask_free(ask);
}

static size_t
skipped(const struct web_ask *ask, size_t n)
{
	return ask->request.skip < n ? ask->request.skip : n;
}

static void
on_history(void *arg, const struct rpc_status *status,
    const struct history_answer *answer)
{
	struct web_ask *ask = arg;
	struct history_answer shown;
	struct list_page page = { 0 };
	int64_t *at_ms;

	if (is_refused(ask, status))
		return;
	at_ms = mem_calloc(answer->n_rows, sizeof(*at_ms));
	for (size_t i = 0; i < answer->n_rows; i++)
		at_ms[i] = answer->rows[i].result.at_ms;
	shown = *answer;
	shown.rows += skipped(ask, answer->n_rows);
	shown.n_rows -= skipped(ask, answer->n_rows);
	page.more = answer->more;
	reply_list(ask, shape_history(&shown), &page, at_ms, answer->n_rows);
}

static void
on_changes(void *arg, const struct rpc_status *status,
    const struct changes_answer *answer)
{
	struct web_ask *ask = arg;
	struct changes_answer shown;
	struct list_page page = { 0 };
	int64_t *at_ms;

	if (is_refused(ask, status))
		return;
	at_ms = mem_calloc(answer->n_rows, sizeof(*at_ms));
	for (size_t i = 0; i < answer->n_rows; i++)
		at_ms[i] = answer->rows[i].before_ms;
	shown = *answer;
	shown.rows += skipped(ask, answer->n_rows);
	shown.n_rows -= skipped(ask, answer->n_rows);
	page.more = answer->more;
	reply_list(ask, shape_changes(&shown), &page, at_ms, answer->n_rows);
}

static void
on_regressions(void *arg, const struct rpc_status *status,
    const struct regressions_answer *answer)
{
	struct web_ask *ask = arg;
	struct regressions_answer shown;
	struct list_page page = { 0 };
	int64_t *at_ms;

	if (is_refused(ask, status))
		return;
	at_ms = mem_calloc(answer->n_rows, sizeof(*at_ms));
	for (size_t i = 0; i < answer->n_rows; i++)
		at_ms[i] = answer->rows[i].onset_to_ms;
	shown = *answer;
	shown.rows += skipped(ask, answer->n_rows);
	shown.n_rows -= skipped(ask, answer->n_rows);
	page.more = answer->more;
	reply_list(
	    ask, shape_regressions(&shown), &page, at_ms, answer->n_rows);
}

void
api_history(struct web *web, struct http_call *call,
    const struct web_request *request, const char *rest)
{
	const struct query_history query = {
		.environment = request->ask.environment,
		.service = request->ask.service,
		.agent = request->ask.agent,
		.probe = request->ask.probe,
		.from_ms = request->ask.from_ms,
		.to_ms = request->ask.to_ms,
		.limit = wanted(request),
	};

	(void)rest;
	query_history(web->setup.client, &query, on_history,
	    web_ask_new(web, call, request));
}

void
api_changes(struct web *web, struct http_call *call,
    const struct web_request *request, const char *rest)
{
	const struct query_changes query = {
		.environment = request->ask.environment,
		.service = request->ask.service,
		.name = request->name,
		.from_ms = request->ask.from_ms,
		.to_ms = request->ask.to_ms,
		.limit = wanted(request),
	};

	(void)rest;
	query_changes(web->setup.client, &query, on_changes,
	    web_ask_new(web, call, request));
}

void
api_regressions(struct web *web, struct http_call *call,
    const struct web_request *request, const char *rest)
{
	const struct query_regressions query = {
		.environment = request->ask.environment,
		.service = request->ask.service,
		.from_ms = request->ask.from_ms,
		.to_ms = request->ask.to_ms,
		.open_only = request->open,
		.limit = wanted(request),
	};

	(void)rest;
	query_regressions(web->setup.client, &query, on_regressions,
	    web_ask_new(web, call, request));
}

/* --- documents ---------------------------------------------------------- */

static void
on_document(void *arg, const struct rpc_status *status, const char *json)
{
	struct web_ask *ask = arg;

	if (is_refused(ask, status))
		return;
	reply_once(ask->call, JSON_TYPE, mem_strdup(json), strlen(json));
	web_ask_free(ask);
}

static void
ask_document(struct web *web, struct http_call *call,
    const struct web_request *request, const char *question,
    const char *environment, const char *other)
{
	struct query_document query = request->ask;

	query.question = question;
	query.environment = environment;
	query.other = other;
	query_document(web->setup.client, &query, on_document,
	    web_ask_new(web, call, request));
}

void
api_diagnose(struct web *web, struct http_call *call,
    const struct web_request *request, const char *rest)
{
	ask_document(web, call, request, "diagnose", rest, "");
}

void
api_incidents(struct web *web, struct http_call *call,
    const struct web_request *request, const char *rest)
{
	(void)rest;
	ask_document(
	    web, call, request, "incidents", request->ask.environment, "");
}

void
api_report(struct web *web, struct http_call *call,
    const struct web_request *request, const char *rest)
{
	ask_document(web, call, request, "report", "", rest);
}

void
api_trend(struct web *web, struct http_call *call,
    const struct web_request *request, const char *rest)
{
	(void)rest;
	ask_document(web, call, request, "trend", request->ask.environment, "");
}

void
api_timeline(struct web *web, struct http_call *call,
    const struct web_request *request, const char *rest)
{
	(void)rest;
	ask_document(
	    web, call, request, "timeline", request->ask.environment, "");
}

void
api_diff(struct web *web, struct http_call *call,
    const struct web_request *request, const char *rest)
{
	const char *slash = strchr(rest, '/');
	char left[NAMES_BYTES];

	if (slash == NULL || (size_t)(slash - rest) >= sizeof(left)) {
		reply_error(call, 404, "write /api/v1/diff/LEFT/RIGHT");
		return;
	}
	memcpy(left, rest, (size_t)(slash - rest));
	left[slash - rest] = '\0';
	ask_document(web, call, request, "diff", left, slash + 1);
}
