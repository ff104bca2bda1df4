#include <stdio.h>
#include <string.h>

#include "agent/probes/connect.h"
#include "agent/probes/http_check.h"
#include "agent/probes/kinds.h"
#include "agent/probes/secure.h"
#include "agent/probes/starttls.h"
#include "proto/base/text.h"

#define WARN_DAYS_MAX 3650
#define CONFIRM_US    500000 /* for a server to refuse our certificate */

struct tls {
	struct connect connection;
	struct starttls starttls;
	struct secure *secure;
	bool is_connected;
	bool is_plain_over; /* what comes before TLS */
	int64_t shaken_us;  /* when the handshake was complete; 0: not yet */
};

static enum turn
resolve_step(struct probe *p, void *state)
{
	const struct tls_probe_config *config = probe_config(p)->tls;

	if (probe_answer(p) == NULL)
		probe_target(p, config->host, config->port);
	return probe_resolve(p, state);
}

static enum turn
connect_step(struct probe *p, void *state)
{
	struct tls *tls = state;
	enum turn turn = connect_try(p, &tls->connection);

	tls->is_connected = turn == TURN_NEXT;
	return turn;
}

static enum turn
handshake_step(struct probe *p, void *state)
{
	const struct tls_probe_config *config = probe_config(p)->tls;
	struct tls *tls = state;
	struct secure_setup setup = {
		.fd = tls->connection.fd,
		.name = config->server_name,
		.ca_file = config->ca_file,
		.certificate_file = config->certificate_file,
		.key_file = config->key_file,
	};
	enum turn turn = TURN_NEXT;
	struct err err;

	if (config->starttls != NULL && !tls->is_plain_over)
		turn = starttls_ask(
		    p, &tls->starttls, config->starttls, tls->connection.fd);
	if (turn != TURN_NEXT)
		return turn;
	tls->is_plain_over = true;
	if (tls->secure == NULL && secure_open(&tls->secure, &setup, &err) < 0)
		return probe_unknown(p, REASON_INTERNAL, "%s", err.text);
	if (tls->shaken_us == 0)
		turn = secure_handshake(p, tls->secure);
	if (turn != TURN_NEXT)
		return turn;
	if (tls->shaken_us == 0)
		tls->shaken_us = probe_elapsed_us(p);
	return config->certificate_file == NULL
	    ? TURN_NEXT
	    : secure_confirm(p, tls->secure, tls->shaken_us + CONFIRM_US);
}

static enum turn
certificate_step(struct probe *p, void *state)
{
	const struct tls_probe_config *config = probe_config(p)->tls;
	struct tls *tls = state;
	double days;
	enum turn turn;

	turn = secure_judge(p, tls->secure);
	secure_tell(p, tls->secure);
	if (turn != TURN_NEXT)
		return turn;
	days = secure_days_left(tls->secure);
	if (days < config->warn_days)
		return probe_warn(p, REASON_THRESHOLD,
		    "certificate for %s: expires in %.1f days; it is to be "
		    "renewed %u days before",
		    config->server_name, days, config->warn_days);
	return TURN_NEXT;
}

static void
expire(struct probe *p, void *state)
{
	const struct tls *tls = state;
	char span[TEXT_SPAN_BYTES];

	if (tls->secure == NULL && !tls->is_connected) {
		connect_expire(p, &tls->connection);
		return;
	}
	text_span(span, (int64_t)probe_config(p)->timeout_ms * 1000);
	probe_fail(p, REASON_TIMEOUT,
	    "%s took the connection and did not %s within %s",
	    probe_config(p)->tls->host,
	    tls->secure != NULL ? "complete the handshake" : "go on with TLS",
	    span);
}

static void
cleanup(void *state)
{
	struct tls *tls = state;

	secure_close(tls->secure);
	connect_close(&tls->connection);
}

static int
check(const struct conf *conf, const char *path,
    const struct probe_config *config, struct err *err)
{
	const struct tls_probe_config *tls = config->tls;
	char at[256];
	int rc = 0;

	snprintf(at, sizeof(at), "%s.host", path);
	if (tls->host[0] == '\0' || strchr(tls->host, '/') != NULL)
		rc = conf_complain(conf, err, at,
		    "must be a name or an address, without scheme and path");
	snprintf(at, sizeof(at), "%s.server_name", path);
	if (tls->server_name[0] == '\0')
		rc = conf_complain(
		    conf, err, at, "must be a name; or leave it out");
	snprintf(at, sizeof(at), "%s.warn_days", path);
	if (tls->warn_days > WARN_DAYS_MAX)
		rc = conf_complain(
		    conf, err, at, "must be at most %d", WARN_DAYS_MAX);
	snprintf(at, sizeof(at), "%s.starttls", path);
	if (tls->starttls != NULL && !starttls_is_known(tls->starttls))
		rc = conf_complain(conf, err, at,
		    "not a protocol that is known: write postgres, smtp, imap "
		    "or pop3");
	return rc |
	    http_check_certificate(
		conf, path, tls->certificate_file, tls->key_file, err);
}

static const struct probe_step steps[] = {
	{ "resolve", resolve_step },
	{ "connect", connect_step },
	{ "handshake", handshake_step },
	{ "certificate", certificate_step },
	{ NULL, NULL },
};

const struct probe_kind tls_kind = {
	.name = "tls",
	.state_size = sizeof(struct tls),
	.steps = steps,
	.expire = expire,
	.cleanup = cleanup,
	.check = check,
};
