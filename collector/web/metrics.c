#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/web/class_json.h"
#include "collector/web/parts.h"
#include "proto/base/mem.h"
#include "proto/base/text.h"

#define OPEN_TYPE "application/openmetrics-text; version=1.0.0; charset=utf-8"
#define TEXT_TYPE "text/plain; version=0.0.4; charset=utf-8"
#define JUDGE_MS  15000 /* verdicts are at most so old */

/* --- writing ------------------------------------------------------------ */

static void
family(struct text *out, const char *name, const char *type, const char *help)
{
	text_addf(out, "# TYPE %s %s\n# HELP %s %s\n", name, type, name, help);
}

/* A label's value: backslash, quote and line end are escaped, and what is not
 * UTF-8 is made printable. */
static void
add_value(struct text *out, const char *value)
{
	char *clean = mem_strdup(value);
	size_t n = strlen(clean);

	if (!text_is_utf8(clean, n))
		text_sanitise(clean, n);
	for (const char *at = clean; *at != '\0'; at++)
		if (*at == '\n')
			text_add(out, "\\n");
		else if (*at == '"' || *at == '\\')
			text_addf(out, "\\%c", *at);
		else
			text_add_bytes(out, at, 1);
	free(clean);
}

static void
label(struct text *out, const char *name, const char *value)
{
	text_addf(out, "%s%s=\"",
	    out->n > 0 && out->bytes[out->n - 1] == '{' ? "" : ",", name);
	add_value(out, value);
	text_add(out, "\"");
}

static void
series_labels(struct text *out, const char *name, const struct series *series)
{
	text_addf(out, "%s{", name);
	label(out, "environment", series->environment);
	label(out, "service", series->service);
	label(out, "agent", series->agent);
	label(out, "probe", series->probe);
	label(out, "kind", series->kind);
	label(out, "vantage", vantage_name(series->vantage));
}

/* --- what the probes found ---------------------------------------------- */

static void
add_success(struct text *out, const struct status_answer *answer)
{
	family(out, "probe_success", "gauge",
	    "Was the newest result of this probe ok or a warning?");
	for (size_t i = 0; i < answer->n_series; i++) {
		const struct series_row *row = &answer->series[i];

		series_labels(out, "probe_success", &row->series);
		text_addf(out, "} %d\n",
		    row->last.outcome == OUTCOME_OK ||
			row->last.outcome == OUTCOME_WARNING);
	}
}

static void
add_phases(struct text *out, const struct series_row *row)
{
	const struct series *series = &row->series;

	for (size_t i = 0; i < row->last.n_phases && i < series->n_phases;
	     i++) {
		series_labels(out, "probe_duration_seconds", series);
		label(out, "phase", series->phases[i]);
		text_addf(out, "} %.6f\n", (double)row->last.phase_us[i] / 1e6);
	}
}

static void
add_durations(struct text *out, const struct status_answer *answer)
{
	family(out, "probe_duration_seconds", "gauge",
	    "How long the newest run took: all of it without phase, and each "
	    "phase.");
	for (size_t i = 0; i < answer->n_series; i++) {
		const struct series_row *row = &answer->series[i];

		series_labels(out, "probe_duration_seconds", &row->series);
		text_addf(out, "} %.6f\n", (double)row->last.duration_us / 1e6);
		add_phases(out, row);
	}
}

/* Known of probes that saw a certificate. */
static void
add_expiries(struct text *out, const struct status_answer *answer)
{
	int64_t at_ms;

	family(out, "probe_ssl_earliest_cert_expiry", "gauge",
	    "When the certificate that was presented expires.");
	for (size_t i = 0; i < answer->n_series; i++) {
		const struct series_row *row = &answer->series[i];

		for (size_t k = 0; k < row->last.n_attributes; k++) {
			const struct attribute *is = &row->last.attributes[k];

			if (strcmp(is->name, "not_after") != 0 ||
			    is->text == NULL ||
			    text_time_parse(&at_ms, is->text, NULL) < 0)
				continue;
			series_labels(out, "probe_ssl_earliest_cert_expiry",
			    &row->series);
			text_addf(out, "} %" PRId64 "\n", at_ms / 1000);
		}
	}
}

static void
add_ages(struct text *out, const struct status_answer *answer)
{
	family(out, "vedette_probe_timestamp_seconds", "gauge",
	    "When the newest result began.");
	for (size_t i = 0; i < answer->n_series; i++) {
		const struct series_row *row = &answer->series[i];

		series_labels(
		    out, "vedette_probe_timestamp_seconds", &row->series);
		text_addf(out, "} %.3f\n", (double)row->last.at_ms / 1e3);
	}
}

static void
add_states(struct text *out, const struct status_answer *answer)
{
	family(out, "vedette_service_state", "gauge",
	    "How a service stands: exactly one of the states is 1.");
	for (size_t i = 0; i < answer->n_cells; i++)
		for (int state = STATE_OK; state <= STATE_BLIND; state++) {
			const struct cell_row *cell = &answer->cells[i];

			text_add(out, "vedette_service_state{");
			label(out, "environment", cell->environment);
			label(out, "service", cell->service);
			label(out, "state", state_name((enum state)state));
			text_addf(
			    out, "} %d\n", cell->state == (enum state)state);
		}
}

/* Counted by what is bounded: places and kinds. */
static void
add_regressions(struct text *out, const struct status_answer *answer)
{
	family(out, "vedette_open_regression", "gauge",
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
		text_add(out, "vedette_open_regression{");
		label(out, "environment", row->environment);
		label(out, "service", row->service);
		label(out, "kind", regression_kind_name(row->kind));
		text_addf(out, "} %zu\n", n);
	}
}

static void
add_agents(struct text *out, const struct status_answer *answer)
{
	family(out, "vedette_agent_up", "gauge",
	    "Is the agent heard when it is due?");
	for (size_t i = 0; i < answer->n_agents; i++) {
		text_add(out, "vedette_agent_up{");
		label(out, "environment", answer->agents[i].environment);
		label(out, "agent", answer->agents[i].agent);
		text_addf(out, "} %d\n", !answer->agents[i].silent);
	}
	family(out, "vedette_agent_waiting_batches", "gauge",
	    "Batches in the spool of the agent.");
	for (size_t i = 0; i < answer->n_agents; i++) {
		text_add(out, "vedette_agent_waiting_batches{");
		label(out, "environment", answer->agents[i].environment);
		label(out, "agent", answer->agents[i].agent);
		text_addf(out, "} %" PRIu64 "\n", answer->agents[i].waiting);
	}
}

/* --- ourselves ---------------------------------------------------------- */

/* In OpenMetrics the family of a counter goes without "_total", in the older
 * text format with it. */
static void
add_number(struct text *out, const struct web_number *number, bool is_open)
{
	const char *suffix = number->is_count ? "_total" : "";
	char name[96];

	snprintf(name, sizeof(name), "vedette_%s%s", number->name,
	    is_open ? "" : suffix);
	family(out, name, number->is_count ? "counter" : "gauge", number->help);
	text_addf(out, "vedette_%s%s %" PRIu64 "\n", number->name, suffix,
	    number->value);
}

static void
add_own(struct text *out, const struct web *web, bool is_open)
{
	const struct http_counts *counts = http_counts(web->http);
	const struct web_number own[] = {
		{ "http_requests", "Requests that could be read.",
		    counts->requests, true },
		{ "http_connections", "Connections that are open.",
		    counts->open, false },
		{ "http_evicted", "Idle connections that made room.",
		    counts->evicted, true },
		{ "http_late", "Requests that were not whole in time.",
		    counts->late, true },
		{ "http_oversize", "Bodies beyond the limit.", counts->oversize,
		    true },
		{ "http_unasked", "Connections without a readable request.",
		    counts->unasked, true },
		{ "http_wrong", "Requests that made no sense: 4xx.",
		    counts->wrong, true },
		{ "http_failed",
		    "Requests that were right and are not "
		    "served: 5xx.",
		    counts->failed, true },
		{ "http_unauthenticated", "Requests without a right token.",
		    web->n_refused[0], true },
		{ "http_denied", "Requests whose token lacks the scope.",
		    web->n_refused[1], true },
		{ "http_misdirected", "Requests for a name that is not ours.",
		    web->n_refused[2], true },
		{ "http_pushes_refused", "Pushes that made no sense.",
		    web->n_push_refused, true },
		{ "http_streams", "Clients that follow the events.",
		    counts->streams, false },
		{ "http_events", "Events that were told.", web->n_told, true },
		{ "http_events_dropped",
		    "Events that clients were too slow "
		    "for.",
		    web->n_dropped, true },
	};
	struct web_number numbers[WEB_NUMBERS_MAX];
	size_t n = web->setup.numbers(web->setup.arg, numbers, WEB_NUMBERS_MAX);

	for (size_t i = 0; i < n; i++)
		add_number(out, &numbers[i], is_open);
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		add_number(out, &own[i], is_open);
	family(out, "vedette_build_info", "gauge", "Which version this is.");
	text_add(
	    out, "vedette_build_info{version=\"" VEDETTE_VERSION "\"} 1\n");
	if (is_open)
		text_add(out, "# EOF\n");
}

/* --- verdicts ----------------------------------------------------------- */

/* docs/formats.md: what a verdict may say. */
static const char *const classes[] = { "app", "env", "infra", "net", "blind",
	"none", "undetermined" };

static void
add_verdicts(
    struct text *out, const struct web *web, const struct status_answer *answer)
{
	const char *last = "";

	family(out, "vedette_verdict", "gauge",
	    "Whose fault it is: exactly one of the classes is 1.");
	for (size_t i = 0; i < answer->n_cells; i++) {
		const char *environment = answer->cells[i].environment;
		const struct web_verdict *verdict =
		    map_get(web->verdicts, environment);

		if (verdict == NULL || strcmp(environment, last) == 0)
			continue;
		last = environment;
		for (size_t k = 0; k < sizeof(classes) / sizeof(classes[0]);
		     k++) {
			text_add(out, "vedette_verdict{");
			label(out, "environment", environment);
			label(out, "class", classes[k]);
			text_addf(out, "} %d\n",
			    strcmp(classes[k], verdict->class) == 0);
		}
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

static void
on_status(void *arg, const struct rpc_status *status,
    const struct status_answer *answer)
{
	struct web_ask *ask = arg;
	struct web *web = ask->web;
	bool is_open = takes_open(ask->call);
	struct text out = { 0 };
	size_t n;

	if (status->code != RPC_OK) {
		reply_status(ask->call, status);
		web_ask_free(ask);
		return;
	}
	judge(web, answer);
	add_success(&out, answer);
	add_durations(&out, answer);
	add_expiries(&out, answer);
	add_ages(&out, answer);
	add_states(&out, answer);
	add_verdicts(&out, web, answer);
	add_regressions(&out, answer);
	add_agents(&out, answer);
	add_own(&out, web, is_open);
	n = out.n;
	web_keep(web, ask->call, kept_name(is_open),
	    packed_new(is_open ? OPEN_TYPE : TEXT_TYPE, text_take(&out), n));
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
