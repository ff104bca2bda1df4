#include <stddef.h>
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

	if (status->code != RPC_OK) {
		reply_status(ask->call, status);
		web_ask_free(ask);
		return;
	}
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

/* The rows of an answer, whatever they are: an array of structs, each with the
 * time that they are sorted by somewhere in it. */
struct rows {
	const char *key; /* in JSON */
	const void *first;
	size_t n, size, time;
	bool more;
};

static int64_t
row_ms(const struct rows *rows, size_t i)
{
	const char *row = (const char *)rows->first + i * rows->size;
	int64_t at_ms;

	memcpy(&at_ms, row + rows->time, sizeof(at_ms));
	return at_ms;
}

/* What the page after this one needs. */
static void
set_next(struct list_page *page, const struct web_request *request,
    const struct rows *rows)
{
	size_t n = rows->n, same = 0;
	int64_t last_ms = n > 0 ? row_ms(rows, n - 1) : 0;

	while (same < n && row_ms(rows, n - 1 - same) == last_ms)
		same++;
	page->more = rows->more;
	if (rows->more && n > request->skip)
		snprintf(page->next, sizeof(page->next), "%lld.%zu",
		    (long long)last_ms + 1, same);
}

static char *
shape_list(const struct web_request *request, size_t *out_n, json_t *value,
    const struct rows *rows)
{
	struct list_page page = { 0 };
	struct text text = { 0 };

	set_next(&page, request, rows);
	list_json_skip(value, rows->key, request->skip);
	list_json_add(value, &page);
	shape_print(&text, value, true);
	*out_n = text.n;
	return text_take(&text);
}

static char *
history_text(const struct web_request *request, size_t *out_n, const void *made)
{
	const struct history_answer *answer = made;
	const struct rows rows = { "results", answer->rows, answer->n_rows,
		sizeof(*answer->rows),
		offsetof(struct history_row, result.at_ms), answer->more };

	return shape_list(request, out_n, shape_history(answer), &rows);
}

static char *
changes_text(const struct web_request *request, size_t *out_n, const void *made)
{
	const struct changes_answer *answer = made;
	const struct rows rows = { "changes", answer->rows, answer->n_rows,
		sizeof(*answer->rows), offsetof(struct change_row, before_ms),
		answer->more };

	return shape_list(request, out_n, shape_changes(answer), &rows);
}

static char *
regressions_text(
    const struct web_request *request, size_t *out_n, const void *made)
{
	const struct regressions_answer *answer = made;
	const struct rows rows = { "regressions", answer->rows, answer->n_rows,
		sizeof(*answer->rows),
		offsetof(struct regression_row, onset_to_ms), answer->more };

	return shape_list(request, out_n, shape_regressions(answer), &rows);
}

static struct web_ask *
begin(struct web *web, struct http_call *call,
    const struct web_request *request, web_shape_fn *shape)
{
	struct web_ask *ask = web_ask_new(web, call, request);

	ask->shape = shape;
	return ask;
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
	query_history(web->setup.client, &query, NULL,
	    begin(web, call, request, history_text));
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
	query_changes(web->setup.client, &query, NULL,
	    begin(web, call, request, changes_text));
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
	query_regressions(web->setup.client, &query, NULL,
	    begin(web, call, request, regressions_text));
}

/* --- documents ---------------------------------------------------------- */

static char *
document_text(
    const struct web_request *request, size_t *out_n, const void *made)
{
	(void)request;
	*out_n = strlen(made);
	return mem_strdup(made);
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
	query_document(web->setup.client, &query, NULL,
	    begin(web, call, request, document_text));
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
api_alerts(struct web *web, struct http_call *call,
    const struct web_request *request, const char *rest)
{
	(void)rest;
	ask_document(
	    web, call, request, "alerts", request->ask.environment, "");
}

void
api_silences(struct web *web, struct http_call *call,
    const struct web_request *request, const char *rest)
{
	(void)rest;
	ask_document(web, call, request, "silences", "", "");
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
