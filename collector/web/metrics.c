#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/web/class_json.h"
#include "collector/web/export.h"
#include "collector/web/parts.h"
#include "proto/base/mem.h"
#include "proto/base/text.h"

#define OPEN_TYPE "application/openmetrics-text; version=1.0.0; charset=utf-8"
#define TEXT_TYPE "text/plain; version=0.0.4; charset=utf-8"
#define JUDGE_MS  15000 /* verdicts are at most so old */

/* --- labels -------------------------------------------------------------- */

#define SERIES_LABELS 6

static size_t
series_labels(struct sink_label labels[SERIES_LABELS], const struct series *of)
{
	labels[0] = (struct sink_label){ "environment", of->environment };
	labels[1] = (struct sink_label){ "service", of->service };
	labels[2] = (struct sink_label){ "agent", of->agent };
	labels[3] = (struct sink_label){ "probe", of->probe };
	labels[4] = (struct sink_label){ "kind", of->kind };
	labels[5] = (struct sink_label){ "vantage", vantage_name(of->vantage) };
	return SERIES_LABELS;
}

/* A sample of a series, with one label more if its name is not NULL. */
static void
add_series(struct sink *out, const struct series *series, const char *name,
    const char *more, double value)
{
	struct sink_label labels[SERIES_LABELS + 1];
	size_t n = series_labels(labels, series);

	if (name != NULL)
		labels[n++] = (struct sink_label){ name, more };
	sink_sample(out, labels, n, value);
}

/* A sample of an environment, a thing in it, and one label more. */
static void
add_place(struct sink *out, const char *environment, const char *name,
    const char *thing, const char *other, const char *more, double value)
{
	const struct sink_label labels[] = { { "environment", environment },
		{ name, thing }, { other, more } };

	sink_sample(out, labels, other != NULL ? 3 : 2, value);
}

/* --- what the probes found ---------------------------------------------- */

static void
add_success(struct sink *out, const struct status_answer *answer)
{
	sink_family(out, "probe_success", false,
	    "Was the newest result of this probe ok or a warning?");
	for (size_t i = 0; i < answer->n_series; i++) {
		const struct series_row *row = &answer->series[i];

		add_series(out, &row->series, NULL, NULL,
		    row->last.outcome == OUTCOME_OK ||
			row->last.outcome == OUTCOME_WARNING);
	}
}

static void
add_durations(struct sink *out, const struct status_answer *answer)
{
	sink_family(out, "probe_duration_seconds", false,
	    "How long the newest run took: all of it without phase, and each "
	    "phase.");
	for (size_t i = 0; i < answer->n_series; i++) {
		const struct series_row *row = &answer->series[i];
		const struct series *series = &row->series;

		add_series(out, series, NULL, NULL,
		    (double)row->last.duration_us / 1e6);
		for (size_t k = 0;
		     k < row->last.n_phases && k < series->n_phases; k++)
			add_series(out, series, "phase", series->phases[k],
			    (double)row->last.phase_us[k] / 1e6);
	}
}

/* Known of probes that saw a certificate. */
static void
add_expiries(struct sink *out, const struct status_answer *answer)
{
	int64_t at_ms;

	sink_family(out, "probe_ssl_earliest_cert_expiry", false,
	    "When the certificate that was presented expires.");
	for (size_t i = 0; i < answer->n_series; i++) {
		const struct series_row *row = &answer->series[i];

		for (size_t k = 0; k < row->last.n_attributes; k++) {
			const struct attribute *is = &row->last.attributes[k];

			if (strcmp(is->name, "not_after") != 0 ||
			    is->text == NULL ||
			    text_time_parse(&at_ms, is->text, NULL) < 0)
				continue;
			add_series(out, &row->series, NULL, NULL,
			    (double)(at_ms / 1000));
		}
	}
}

static void
add_ages(struct sink *out, const struct status_answer *answer)
{
	sink_family(out, "vedette_probe_timestamp_seconds", false,
	    "When the newest result began.");
	for (size_t i = 0; i < answer->n_series; i++)
		add_series(out, &answer->series[i].series, NULL, NULL,
		    (double)answer->series[i].last.at_ms / 1e3);
}

static void
add_states(struct sink *out, const struct status_answer *answer)
{
	sink_family(out, "vedette_service_state", false,
	    "How a service stands: exactly one of the states is 1.");
	for (size_t i = 0; i < answer->n_cells; i++)
		for (int state = STATE_OK; state <= STATE_BLIND; state++) {
			const struct cell_row *cell = &answer->cells[i];

			add_place(out, cell->environment, "service",
			    cell->service, "state",
			    state_name((enum state)state),
			    cell->state == (enum state)state);
		}
}

/* Counted by what is bounded: places and kinds. */
static void
add_regressions(struct sink *out, const struct status_answer *answer)
{
	sink_family(out, "vedette_open_regression", false,
	    "Regressions that are open, by where they are and of which kind.");
	for (size_t i = 0; i < answer->n_open; i++) {
		const struct regression_row *row = &answer->open[i];
		size_t n = 0, before = 0;

		for (size_t j = 0; j < answer->n_open; j++) {
			const struct regression_row *other = &answer->open[j];
			bool is_same = other->kind == row->kind &&
			    strcmp(other->environment, row->environment) == 0 &&
			    strcmp(other->service, row->service) == 0;

			n += is_same;
			before += is_same && j < i;
		}
		if (before > 0)
			continue; /* told with the first of them */
		add_place(out, row->environment, "service", row->service,
		    "kind", regression_kind_name(row->kind), (double)n);
	}
}

static void
add_agents(struct sink *out, const struct status_answer *answer)
{
	sink_family(out, "vedette_agent_up", false,
	    "Is the agent heard when it is due?");
	for (size_t i = 0; i < answer->n_agents; i++)
		add_place(out, answer->agents[i].environment, "agent",
		    answer->agents[i].agent, NULL, NULL,
		    !answer->agents[i].silent);
	sink_family(out, "vedette_agent_waiting_batches", false,
	    "Batches in the spool of the agent.");
	for (size_t i = 0; i < answer->n_agents; i++)
		add_place(out, answer->agents[i].environment, "agent",
		    answer->agents[i].agent, NULL, NULL,
		    (double)answer->agents[i].waiting);
}

/* --- ourselves ---------------------------------------------------------- */

/* Those of one name, that stand together, are one family. */
static void
add_number(struct sink *out, const struct web_number *number,
    const struct web_number *before)
{
	const struct sink_label label = { "receiver", number->receiver };
	char name[96];

	snprintf(name, sizeof(name), "vedette_%s", number->name);
	if (before == NULL || strcmp(before->name, number->name) != 0)
		sink_family(out, name, number->is_count, number->help);
	sink_sample(
	    out, &label, number->receiver != NULL, (double)number->value);
}

static void
add_own(struct sink *out, const struct web *web)
{
	const struct http_counts *counts = http_counts(web->http);
	const struct export_counts *exports = export_counts(web->export);
	const struct web_number own[] = {
		{ "http_requests", "Requests that could be read.",
		    counts->requests, true, NULL },
		{ "http_connections", "Connections that are open.",
		    counts->open, false, NULL },
		{ "http_evicted", "Idle connections that made room.",
		    counts->evicted, true, NULL },
		{ "http_late", "Requests that were not whole in time.",
		    counts->late, true, NULL },
		{ "http_oversize", "Bodies beyond the limit.", counts->oversize,
		    true, NULL },
		{ "http_unasked", "Connections without a readable request.",
		    counts->unasked, true, NULL },
		{ "http_wrong", "Requests that made no sense: 4xx.",
		    counts->wrong, true, NULL },
		{ "http_failed",
		    "Requests that were right and are not "
		    "served: 5xx.",
		    counts->failed, true, NULL },
		{ "http_unauthenticated", "Requests without a right token.",
		    web->n_refused[0], true, NULL },
		{ "http_denied", "Requests whose token lacks the scope.",
		    web->n_refused[1], true, NULL },
		{ "http_misdirected", "Requests for a name that is not ours.",
		    web->n_refused[2], true, NULL },
		{ "http_pushes_refused", "Pushes that made no sense.",
		    web->n_push_refused, true, NULL },
		{ "otlp_sent", "Exports of metrics that were taken.",
		    exports->sent, true, NULL },
		{ "otlp_failed", "Exports of metrics that were not.",
		    exports->failed, true, NULL },
		{ "http_streams", "Clients that follow the events.",
		    counts->streams, false, NULL },
		{ "http_events", "Events that were told.", web->n_told, true,
		    NULL },
		{ "http_events_dropped",
		    "Events that clients were too slow "
		    "for.",
		    web->n_dropped, true, NULL },
	};
	struct web_number numbers[WEB_NUMBERS_MAX];
	size_t n = web->setup.numbers(web->setup.arg, numbers, WEB_NUMBERS_MAX);

	for (size_t i = 0; i < n; i++)
		add_number(out, &numbers[i], i > 0 ? &numbers[i - 1] : NULL);
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		add_number(out, &own[i], NULL);
	sink_family(out, "vedette_build_info", false, "Which version this is.");
	sink_sample(out,
	    &(const struct sink_label){ "version", VEDETTE_VERSION }, 1, 1);
}

/* --- verdicts ----------------------------------------------------------- */

/* docs/formats.md: what a verdict may say. */
static const char *const classes[] = { "app", "env", "infra", "net", "blind",
	"none", "undetermined" };

static void
add_verdicts(
    struct sink *out, const struct web *web, const struct status_answer *answer)
{
	const char *last = "";

	sink_family(out, "vedette_verdict", false,
	    "Whose fault it is: exactly one of the classes is 1.");
	for (size_t i = 0; i < answer->n_cells; i++) {
		const char *environment = answer->cells[i].environment;
		const struct web_verdict *verdict =
		    map_get(web->verdicts, environment);

		if (verdict == NULL || strcmp(environment, last) == 0)
			continue;
		last = environment;
		for (size_t k = 0; k < sizeof(classes) / sizeof(classes[0]);
		     k++)
			add_place(out, environment, "class", classes[k], NULL,
			    NULL, strcmp(classes[k], verdict->class) == 0);
	}
}

static void
on_verdict(void *arg, const struct rpc_status *status, const char *json)
{
	struct web_ask *judging = arg;
	char *class = status->code == RPC_OK ? class_json(json) : NULL;
	struct web_verdict *verdict =
	    map_get(judging->web->verdicts, judging->environment);

	if (class != NULL && verdict == NULL) {
		verdict = mem_zalloc(sizeof(*verdict));
		map_put(judging->web->verdicts, judging->environment, verdict);
	}
	if (class != NULL) {
		free(verdict->class);
		verdict->class = class;
	}
	web_ask_free(judging);
}

/* Cells come environment by environment. */
static void
judge(struct web *web, const struct status_answer *answer)
{
	int64_t now_ms = (int64_t)uv_now(web->setup.loop);
	const char *last = "";
	size_t n = 0;

	if (web->judged_ms != 0 && now_ms - web->judged_ms < JUDGE_MS)
		return;
	web->judged_ms = now_ms;
	for (size_t i = 0; i < answer->n_cells && n < WEB_VERDICTS_MAX; i++) {
		const char *environment = answer->cells[i].environment;
		struct query_document query = { "diagnose", environment, "", "",
			"", "", 0, 0, 0, 0, false, 0 };
		struct web_ask *judging;

		if (strcmp(environment, last) == 0)
			continue;
		last = environment;
		n++;
		judging = web_ask_new(web, NULL, NULL);
		judging->environment = mem_strdup(environment);
		query_document(web->setup.client, &query, on_verdict, judging);
	}
}

/* --- answering ---------------------------------------------------------- */

static bool
takes_open(const struct http_call *call)
{
	const char *accepts = http_header(call, "Accept");

	return accepts != NULL &&
	    strstr(accepts, "application/openmetrics-text") != NULL;
}

static const char *
kept_name(bool is_open)
{
	return is_open ? "metrics, open" : "metrics";
}

void
metrics_write(
    struct sink *out, struct web *web, const struct status_answer *answer)
{
	judge(web, answer);
	add_success(out, answer);
	add_durations(out, answer);
	add_expiries(out, answer);
	add_ages(out, answer);
	add_states(out, answer);
	add_verdicts(out, web, answer);
	add_regressions(out, answer);
	add_agents(out, answer);
	add_own(out, web);
}

static void
on_status(void *arg, const struct rpc_status *status,
    const struct status_answer *answer)
{
	struct web_ask *ask = arg;
	struct web *web = ask->web;
	bool is_open = takes_open(ask->call);
	struct sink out;
	char *bytes;
	size_t n;

	if (status->code != RPC_OK) {
		reply_status(ask->call, status);
		web_ask_free(ask);
		return;
	}
	sink_begin(&out, is_open ? &sink_openmetrics : &sink_prometheus,
	    answer->at_ms, 0);
	metrics_write(&out, web, answer);
	bytes = sink_take(&out, &n);
	web_keep(web, ask->call, kept_name(is_open),
	    packed_new(is_open ? OPEN_TYPE : TEXT_TYPE, bytes, n));
	web_ask_free(ask);
}

void
metrics_answer(struct web *web, struct http_call *call,
    const struct web_request *request, const char *rest)
{
	static const struct query_status all = { "", "" };

	(void)rest;
	if (web_kept(web, call, kept_name(takes_open(call))))
		return;
	query_status(web->setup.client, &all, on_status,
	    web_ask_new(web, call, request));
}
