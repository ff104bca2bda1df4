#include <errno.h>
#include <string.h>

#include "agent/probe.h"
#include "agent/probes/postgres_reason.h"

/* What libpq says by itself, in the words of version 15. */
static const struct words {
	const char *words;
	enum reason reason;
} sayings[] = {
	{ "server closed the connection unexpectedly", REASON_RESET },
	{ "does not match host name", REASON_WRONG_NAME },
	{ "certificate file", REASON_INTERNAL }, /* one of our own */
	{ "private key file", REASON_INTERNAL },
	{ "certificate", REASON_CERTIFICATE },
	{ "server does not support SSL", REASON_HANDSHAKE },
	{ "SSL error", REASON_HANDSHAKE },
	{ "SSL connection has been closed", REASON_HANDSHAKE },
	{ "no password supplied", REASON_PASSWORD },
	{ "received invalid response", REASON_PROTOCOL },
	{ "expected authentication request", REASON_PROTOCOL },
	{ "invalid message length", REASON_PROTOCOL },
	{ "message contents do not agree", REASON_PROTOCOL },
	{ "lost synchronization", REASON_PROTOCOL },
	{ "unexpected response", REASON_PROTOCOL },
	{ "unexpected message", REASON_PROTOCOL },
	{ "authentication method", REASON_PROTOCOL },
	{ "SCRAM", REASON_PROTOCOL },
};

static const int errors[] = { ECONNREFUSED, ECONNRESET, EPIPE, ENETUNREACH,
	EHOSTUNREACH, ETIMEDOUT, EACCES };

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool
is_state(const char *text)
{
	return strspn(text, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 5 &&
	    text[5] == ':';
}

/* Looks for the last "FATAL:  28P01: text"; the severity's word depends on the
 * language of the server. */
static const char *
find_state(const char *message)
{
	const char *found = NULL, *at = message;

	while ((at = strstr(at, ":  ")) != NULL) {
		at += 3;
		if (is_state(at))
			found = at;
	}
	return found;
}

static enum reason
reason_of_words(const char *message)
{
	for (size_t i = 0; i < COUNT(errors); i++)
		if (strstr(message, strerror(errors[i])) != NULL)
			return probe_reason_of_errno(errors[i]);
	for (size_t i = 0; i < COUNT(sayings); i++)
		if (strstr(message, sayings[i].words) != NULL)
			return sayings[i].reason;
	return REASON_INTERNAL;
}

void
postgres_complaint_read(struct postgres_complaint *out, const char *message)
{
	const char *state = find_state(message);
	const char *failed = strstr(message, " failed: ");

	memset(out, 0, sizeof(*out));
	if (state != NULL) {
		memcpy(out->sqlstate, state, SQLSTATE_BYTES - 1);
		out->reason = reason_of_sqlstate(out->sqlstate);
		out->text = state;
	} else {
		out->reason = reason_of_words(message);
		out->text =
		    failed != NULL ? failed + strlen(" failed: ") : message;
	}
	out->n_text = strcspn(out->text, "\n");
}
