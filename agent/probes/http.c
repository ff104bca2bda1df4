#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/probes/http_answer.h"
#include "agent/probes/http_check.h"
#include "agent/probes/http_client.h"
#include "agent/probes/http_facts.h"
#include "agent/probes/http_upgrade.h"
#include "agent/probes/kinds.h"
#include "proto/base/mem.h"
#include "proto/base/secret.h"
#include "proto/base/text.h"

#define REDIRECTS_MAX 5
#define SWITCHING     101 /* protocols */

struct http {
	struct http_client *client;
	struct http_answer *answer;
	struct http_upgrade upgrade;
	bool is_get; /* a redirect has made it one */
	unsigned n_redirects;
};

/* --- asking --------------------------------------------------------------- */

/* The headers of the configuration; they may hold secrets. */
static int
add_headers(struct probe *p, struct http_client *client,
    const struct http_config *config, struct err *err)
{
	for (uint32_t i = 0; i < config->n_headers; i++) {
		const struct http_header *header = &config->headers[i];
		struct secret *secret = NULL;

		if (secret_load(&secret, header->value, err) < 0)
			return err_wrap(err, "header %s", header->name);
		if (strpbrk(secret_reveal(secret), "\r\n") != NULL) {
			secret_free(secret);
			return err_set(err, ERR_INVALID,
			    "header %s: its value has a line end",
			    header->name);
		}
		probe_hide(p, secret_reveal(secret));
		http_client_add_header(
		    client, header->name, secret_reveal(secret));
		secret_free(secret);
	}
	return 0;
}

static enum turn
ask(struct probe *p, struct http *http, const char *url)
{
	const struct http_config *config = probe_config(p)->http;
	struct secret *body = NULL;
	struct err err;
	struct http_request request = {
		.url = url,
		.method = http->is_get ? "GET" : config->method,
		.is_upgrade = config->websocket,
	};
	int rc;

	if (config->body != NULL && !http->is_get) {
		if (secret_load(&body, config->body, &err) < 0)
			return probe_unknown(
			    p, REASON_INTERNAL, "body: %s", err.text);
		probe_hide(p, secret_reveal(body));
		request.body = secret_reveal(body);
	}
	rc = http_client_ask(http->client, &request);
	secret_free(body);
	if (rc == 0)
		return TURN_NEXT;
	if (http->n_redirects == 0)
		return probe_unknown(
		    p, REASON_INTERNAL, "the url cannot be used");
	http_client_report(http->client);
	return probe_fail(p, REASON_PROTOCOL,
	    "%s: leads to something that is not http",
	    http_client_target(http->client));
}

static enum turn
prepare(struct probe *p, struct http *http)
{
	const struct http_config *config = probe_config(p)->http;
	struct http_setup setup = {
		.ca_file = config->ca_file,
		.certificate_file = config->certificate_file,
		.key_file = config->key_file,
		.max_bytes = config->max_bytes,
		.wants_body = http_wants_body(config),
		.has_phases = true,
		.on_line = http_answer_take_line,
	};
	struct err err;

	setup.arg = http->answer = http_answer_new();
	http->client = http_client_new(p, &setup);
	if (http->client == NULL)
		return probe_unknown(
		    p, REASON_INTERNAL, "libcurl does not start");
	if (add_headers(p, http->client, config, &err) < 0)
		return probe_unknown(p, REASON_INTERNAL, "%s", err.text);
	if (config->websocket)
		http_upgrade_begin(&http->upgrade, http->client);
	return ask(p, http, config->url);
}

/* --- judging -------------------------------------------------------------- */

static bool
is_wanted(const struct http_config *config, long status)
{
	return config->websocket
	    ? status == SWITCHING
	    : http_status_is_wanted(config->status, config->n_status, status);
}

static enum turn
refuse_status(struct probe *p, const struct http *http, long status)
{
	const struct http_config *config = probe_config(p)->http;
	bool redirects = status >= 300 && status <= 399 && !config->follow;

	return probe_fail(p, REASON_STATUS, "%s: status %ld%s%s",
	    http_client_target(http->client), status,
	    config->websocket ? " in place of 101, which a web socket needs"
			      : "",
	    redirects ? ": it leads elsewhere; follow: true goes there" : "");
}

/* Is it the service that is meant?  Another one's answer says nothing of it.
 * One that does not say who it is may be the right one in trouble, unless it
 * is in none. */
static enum turn
check_identity(struct probe *p, const struct http *http, long status)
{
	const struct http_config *config = probe_config(p)->http;
	const struct http_identity_config *identity = config->identity;
	const char *target = http_client_target(http->client);
	enum turn turn = TURN_NEXT;
	char *name;

	if (identity == NULL)
		return TURN_NEXT;
	name = identity->header != NULL
	    ? http_answer_header(http->answer, identity->header)
	    : http_answer_json(http->answer, identity->json);
	if (name != NULL && strcmp(name, identity->equals) != 0)
		turn = probe_unknown(p, REASON_TARGET,
		    "%s: wrong target: %.64s answers there, not %s", target,
		    name, identity->equals);
	else if (name == NULL && (is_wanted(config, status) || status == 404))
		turn = probe_unknown(p, REASON_TARGET,
		    "%s: wrong target: status %ld, and it does not say that "
		    "it is %s",
		    target, status, identity->equals);
	free(name);
	return turn;
}

static enum turn
check_expectations(struct probe *p, const struct http *http)
{
	const struct http_config *config = probe_config(p)->http;
	struct text wrong = { 0 };
	enum turn turn = TURN_NEXT;

	for (uint32_t i = 0; i < config->n_expect && turn == TURN_NEXT; i++) {
		text_fini(&wrong);
		if (!http_answer_meets(http->answer, &config->expect[i],
			config->expect[i].equals, &wrong))
			turn = probe_fail(p, REASON_ANSWER, "%s: %s",
			    http_client_target(http->client), wrong.bytes);
	}
	text_fini(&wrong);
	return turn;
}

static enum turn
check_content(struct probe *p, struct http *http, long status)
{
	const struct http_config *config = probe_config(p)->http;
	const char *target = http_client_target(http->client);

	if (http_client_received(http->client) == 0 &&
	    !http_status_may_be_empty(config->method, status))
		return probe_fail(p, REASON_EMPTY,
		    "%s: status %ld with an empty body; if the status is all "
		    "that counts, write method: HEAD",
		    target, status);
	if (config->contains != NULL &&
	    !http_answer_holds(http->answer, config->contains))
		return probe_fail(p, REASON_ANSWER,
		    "%s: status %ld, but the body does not hold the expected "
		    "text",
		    target, status);
	if (config->websocket &&
	    !http_upgrade_is_done(&http->upgrade, http->answer))
		return probe_fail(p, REASON_PROTOCOL,
		    "%s: status 101, but it is not the answer to our key: no "
		    "web socket",
		    target);
	return check_expectations(p, http);
}

static enum turn
judge(struct probe *p, struct http *http)
{
	const struct http_config *config = probe_config(p)->http;
	long status = http_client_status(http->client);
	size_t n;
	const char *body = http_client_body(http->client, &n);
	enum turn turn;

	probe_number(p, "status", (double)status);
	probe_number(p, "bytes", (double)http_client_received(http->client));
	if (http->n_redirects > 0)
		probe_number(p, "redirects", http->n_redirects);
	http_answer_set_body(http->answer, body, n);
	turn = check_identity(p, http, status);
	if (turn != TURN_NEXT)
		return turn;
	http_facts_report(config, p, http->answer);
	if (!is_wanted(config, status))
		return refuse_status(p, http, status);
	return check_content(p, http, status);
}

/* --- steps ---------------------------------------------------------------- */

static enum turn
ask_step(struct probe *p, void *state)
{
	return prepare(p, state);
}

static enum turn
go_to(struct probe *p, struct http *http, const char *url)
{
	const char *method = probe_config(p)->http->method;
	long status = http_client_status(http->client);

	if (++http->n_redirects > REDIRECTS_MAX) {
		http_client_report(http->client);
		return probe_fail(p, REASON_LIMIT, "%s: more than %d redirects",
		    http_client_target(http->client), REDIRECTS_MAX);
	}
	http->is_get = http->is_get || status == 303 ||
	    ((status == 301 || status == 302) && strcmp(method, "POST") == 0);
	return ask(p, http, url);
}

static enum turn
transfer_step(struct probe *p, void *state)
{
	struct http *http = state;
	const char *url;
	enum turn turn;

	for (;;) {
		turn = http_client_step(http->client);
		if (turn != TURN_NEXT)
			return turn;
		url = probe_config(p)->http->follow
		    ? http_client_redirect(http->client)
		    : NULL;
		if (url == NULL)
			break;
		turn = go_to(p, http, url);
		if (turn != TURN_NEXT)
			return turn;
	}
	/* Only now: the phases reported last are those of the last server. */
	http_client_report(http->client);
	return judge(p, http);
}

static void
expire(struct probe *p, void *state)
{
	struct http *http = state;

	(void)p;
	if (http->client != NULL)
		http_client_expire(http->client);
}

static void
cleanup(void *state)
{
	struct http *http = state;

	http_client_free(http->client);
	http_answer_free(http->answer);
}

static const struct probe_step steps[] = {
	{ "ask", ask_step },
	{ "transfer", transfer_step },
	{ NULL, NULL },
};

const struct probe_kind http_kind = {
	.name = "http",
	.state_size = sizeof(struct http),
	.steps = steps,
	.phases = http_phases,
	.expire = expire,
	.cleanup = cleanup,
	.check = http_check,
};
