#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "collector/web/export.h"
#include "proto/base/mem.h"
#include "proto/base/secret.h"
#include "proto/transfer.h"

/* Where to, with what proves who we are. */
struct destination {
	char *url, *ca_file;
	struct curl_slist *headers;
	int64_t timeout_ms;
};

struct export
{
	struct web *web;
	uv_timer_t timer;
	struct transfers *transfers;
	struct destination *to; /* NULL: nowhere */
	int64_t since_ms;       /* since when we count */
	bool is_asking;
	struct transfer *transfer; /* NULL: nothing is under way */
	CURL *curl;                /* of the transfer */
	char *body;
	bool is_failing; /* it was told */
	struct export_counts counts;
	int n_closing;
	void (*closed)(void *arg);
	void *closed_arg;
};

/* --- sending -------------------------------------------------------------- */

static void
forget_transfer(struct export *export)
{
	if (export->curl != NULL)
		curl_easy_cleanup(export->curl);
	export->curl = NULL;
	free(export->body);
	export->body = NULL;
	export->transfer = NULL;
}

/* Tells the first failure and the end of them. */
static void
note(struct export *export, const char *why)
{
	const struct web_setup *setup = &export->web->setup;
	char text[512];

	export->counts.sent += why == NULL;
	export->counts.failed += why != NULL;
	if ((why != NULL) == export->is_failing)
		return;
	export->is_failing = why != NULL;
	snprintf(text, sizeof(text), "otlp: %s: %s", export->to->url,
	    why != NULL ? why : "takes metrics again");
	setup->news(setup->arg, why != NULL, text);
}

static void
on_sent(void *arg, int code)
{
	struct export *export = arg;
	char why[64];
	long status = 0;

	curl_easy_getinfo(export->curl, CURLINFO_RESPONSE_CODE, &status);
	snprintf(why, sizeof(why), "status %ld", status);
	if (code != CURLE_OK)
		note(export, curl_easy_strerror((CURLcode)code));
	else
		note(export, status / 100 == 2 ? NULL : why);
	forget_transfer(export);
}

/* What the receiver says is not read; how much of it does not matter. */
static size_t
drop(char *bytes, size_t size, size_t n, void *arg)
{
	(void)bytes;
	(void)arg;
	return size * n;
}

/* Takes body. */
static void
send_body(struct export *export, char *body, size_t n)
{
	const struct destination *to = export->to;
	CURL *curl = curl_easy_init();
	struct err err;

	export->curl = curl;
	export->body = body;
	curl_easy_setopt(curl, CURLOPT_URL, to->url);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_USERAGENT, "vedette-collector");
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, to->headers);
	curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
	curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)n);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, drop);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_QUICK_EXIT, 1L);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)to->timeout_ms);
	if (to->ca_file != NULL)
		curl_easy_setopt(curl, CURLOPT_CAINFO, to->ca_file);
	if (transfer_start(&export->transfer, export->transfers, curl, on_sent,
		export, &err) == 0)
		return;
	note(export, err.text);
	forget_transfer(export);
}

static void
on_status(void *arg, const struct rpc_status *status,
    const struct status_answer *answer)
{
	struct web_ask *ask = arg;
	struct export *export = ask->web->export;
	struct sink out;
	char *body;
	size_t n;

	export->is_asking = false;
	if (status->code == RPC_OK && export->to != NULL) {
		sink_begin(&out, &sink_otlp, answer->at_ms, export->since_ms);
		metrics_write(&out, ask->web, answer);
		body = sink_take(&out, &n);
		send_body(export, body, n);
	}
	web_ask_free(ask);
}

static void
on_timer(uv_timer_t *timer)
{
	static const struct query_status all = { "", "" };
	struct export *export = timer->data;

	if (export->is_asking || export->transfer != NULL)
		return; /* it hangs: its timeout ends it */
	export->is_asking = true;
	query_status(export->web->setup.client, &all, on_status,
	    web_ask_new(export->web, NULL, NULL));
}

/* --- where to --------------------------------------------------------------- */

static void
destination_free(struct destination *to)
{
	if (to == NULL)
		return;
	curl_slist_free_all(to->headers);
	free(to->url);
	free(to->ca_file);
	free(to);
}

static int
add_token(struct destination *to, const char *token, struct err *err)
{
	struct secret *secret;
	char *line;

	if (token == NULL)
		return 0;
	if (secret_load(&secret, token, err) < 0)
		return err_wrap(err, "http: otlp: token");
	line = mem_printf("Authorization: Bearer %s", secret_reveal(secret));
	secret_free(secret);
	if (strpbrk(line, "\r\n") == NULL)
		to->headers = curl_slist_append(to->headers, line);
	else
		err_set(err, ERR_INVALID, "http: otlp: token: not one line");
	explicit_bzero(line, strlen(line));
	free(line);
	return to->headers != NULL ? 0 : -1;
}

static int
destination_new(
    struct destination **out, const struct otlp_config *config, struct err *err)
{
	struct destination *to = mem_zalloc(sizeof(*to));

	to->url = mem_strdup(config->url);
	to->ca_file = mem_strdup(config->ca_file);
	to->timeout_ms = config->timeout_ms;
	if (add_token(to, config->token, err) < 0) {
		destination_free(to);
		return -1;
	}
	to->headers =
	    curl_slist_append(to->headers, "Content-Type: application/json");
	*out = to;
	return 0;
}

/* What is under way to the old one is given up. */
static void
go_to(struct export *export, struct destination *to)
{
	if (export->transfer != NULL) {
		transfer_cancel(export->transfer);
		forget_transfer(export);
	}
	destination_free(export->to);
	export->to = to;
	export->is_failing = false;
}

int
export_set_config(
    struct export *export, const struct otlp_config *config, struct err *err)
{
	struct destination *to = NULL;

	if (config != NULL && destination_new(&to, config, err) < 0)
		return -1;
	go_to(export, to);
	if (to == NULL)
		uv_timer_stop(&export->timer);
	else
		uv_timer_start(&export->timer, on_timer,
		    (uint64_t)config->every_ms, (uint64_t)config->every_ms);
	return 0;
}

/* --- from beginning to end -------------------------------------------------- */

int
export_new(struct export **out, struct web *web, struct err *err)
{
	struct export *export = mem_zalloc(sizeof(*export));

	curl_global_init(CURL_GLOBAL_DEFAULT);
	export->web = web;
	export->since_ms = web->setup.now_ms(web->setup.arg);
	if (transfers_new(&export->transfers, web->setup.loop, err) < 0) {
		free(export);
		return -1;
	}
	uv_timer_init(web->setup.loop, &export->timer);
	export->timer.data = export;
	*out = export;
	return 0;
}

const struct export_counts *
export_counts(const struct export *export)
{
	return &export->counts;
}

static void
on_part_closed(struct export *export)
{
	if (--export->n_closing > 0)
		return;
	export->closed(export->closed_arg);
	free(export);
}

static void
on_timer_closed(uv_handle_t *handle)
{
	on_part_closed(handle->data);
}

static void
on_transfers_closed(void *arg)
{
	on_part_closed(arg);
}

void
export_close(struct export *export, void (*closed)(void *arg), void *arg)
{
	export->closed = closed;
	export->closed_arg = arg;
	export->n_closing = 2;
	go_to(export, NULL);
	uv_close((uv_handle_t *)&export->timer, on_timer_closed);
	transfers_close(export->transfers, on_transfers_closed, export);
}
