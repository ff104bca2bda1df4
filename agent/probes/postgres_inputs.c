#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>

#include "agent/probes/inputs.h"
#include "agent/probes/postgres_inputs.h"
#include "agent/resolve.h"
#include "proto/base/mem.h"
#include "proto/base/secret.h"
#include "proto/base/text.h"

#define SOCKET_FOLDER "/var/run/postgresql" /* Debian's, as libpq's here */

/* What of a url's query is libpq's.  Frameworks put their own there. */
static const char *const url_keywords[] = { "sslmode", "sslrootcert", "sslcert",
	"sslkey", "sslcrl", "options", "target_session_attrs",
	"channel_binding", NULL };

/* --- the target ----------------------------------------------------------- */

static void
wipe(char *text)
{
	if (text == NULL)
		return;
	explicit_bzero(text, strlen(text));
	free(text);
}

/* Sets an option; empty and NULL are not given.  The last one counts. */
static void
set(struct postgres_target *target, const char *keyword, const char *value)
{
	size_t i = 0;

	if (value == NULL || value[0] == '\0')
		return;
	while (i < target->n_options &&
	    strcmp(target->options[i].keyword, keyword) != 0)
		i++;
	if (i == POSTGRES_OPTIONS_MAX)
		return;
	if (i == target->n_options) {
		target->options[i].keyword = mem_strdup(keyword);
		target->n_options++;
	}
	wipe(target->options[i].value);
	target->options[i].value = mem_strdup(value);
}

static void
set_host(struct postgres_target *target, const char *host)
{
	free(target->host);
	target->host =
	    mem_strdup(host != NULL && host[0] != '\0' ? host : SOCKET_FOLDER);
}

static int
set_port(struct postgres_target *target, const char *text)
{
	size_t n;

	if (text == NULL || text[0] == '\0')
		return 0;
	n = strspn(text, "0123456789");
	if (text[n] != '\0' || n > 5 || strtol(text, NULL, 10) < 1 ||
	    strtol(text, NULL, 10) > 65535)
		return -1;
	target->port = (uint16_t)strtol(text, NULL, 10);
	return 0;
}

void
postgres_target_fini(struct postgres_target *target)
{
	for (size_t i = 0; i < target->n_options; i++) {
		free(target->options[i].keyword);
		wipe(target->options[i].value);
	}
	wipe(target->host);
	memset(target, 0, sizeof(*target));
}

/* --- urls ----------------------------------------------------------------- */

static bool
is_keyword(const char *text, size_t n)
{
	const char *const *at = url_keywords;

	while (*at != NULL && (strlen(*at) != n || strncmp(*at, text, n) != 0))
		at++;
	return *at != NULL;
}

/* The url as libpq takes it: without the driver in "postgresql+driver://" and
 * without what is not libpq's in its query.  Owned by the caller, who wipes
 * it; NULL when it is no url of PostgreSQL. */
static char *
plain_url(const char *url)
{
	const char *at = strstr(url, "://"), *query = strchr(url, '?'), *next;
	struct text out = { 0 };
	size_t n_scheme = strcspn(url, "+:");

	if (at == NULL ||
	    !((n_scheme == 8 && strncmp(url, "postgres", 8) == 0) ||
		(n_scheme == 10 && strncmp(url, "postgresql", 10) == 0)))
		return NULL;
	out.bytes = mem_zalloc(strlen(url) + 16); /* it never grows */
	out.room = strlen(url) + 16;
	text_add(&out, "postgresql");
	text_add_bytes(&out, at, strcspn(at, "?"));
	for (; query != NULL; query = next) {
		size_t n = strcspn(++query, "&");

		next = query[n] == '&' ? query + n : NULL;
		if (!is_keyword(query, strcspn(query, "=&")))
			continue;
		text_add(&out, strchr(out.bytes, '?') == NULL ? "?" : "&");
		text_add_bytes(&out, query, n);
	}
	return text_take(&out);
}

/* -1 when it is malformed.  libpq's own words would quote it. */
static int
take_url(struct postgres_target *target, const char *url)
{
	char *plain = plain_url(url);
	PQconninfoOption *options =
	    plain == NULL ? NULL : PQconninfoParse(plain, NULL);
	int rc = options == NULL ? -1 : 0;

	wipe(plain);
	set_host(target, NULL);
	for (PQconninfoOption *at = options; at != NULL && at->keyword != NULL;
	     at++) {
		if (at->val == NULL)
			continue;
		if (strcmp(at->keyword, "host") == 0)
			set_host(target, at->val);
		else if (strcmp(at->keyword, "port") == 0)
			rc |= set_port(target, at->val);
		else
			set(target, at->keyword, at->val);
		explicit_bzero(at->val, strlen(at->val));
	}
	PQconninfoFree(options);
	/* Several hosts are several probes: which one failed would be lost. */
	return strchr(target->host, ',') != NULL ? -1 : rc;
}

/* --- from the variables of a service -------------------------------------- */

/* A value of the service: under which names it is given, first one first. */
struct given {
	const char *keyword; /* of libpq */
	const char *names[2];
	bool is_needed;
};

static const struct given givens[] = {
	{ "host", { "POSTGRES_HOST", "PGHOST" }, true },
	{ "port", { "POSTGRES_PORT", "PGPORT" }, false },
	{ "dbname", { "POSTGRES_DB", "PGDATABASE" }, true },
	{ "user", { "POSTGRES_USER", "PGUSER" }, true },
	{ "password", { "POSTGRES_PASSWORD", "PGPASSWORD" }, false },
	{ "sslmode", { "POSTGRES_SSLMODE", "PGSSLMODE" }, false },
};
#define N_GIVENS (sizeof(givens) / sizeof(givens[0]))

static const char *
value_of(const struct variables *variables, const struct given *given)
{
	const char *value = variables_get(variables, given->names[0]);

	if (value == NULL || value[0] == '\0')
		value = variables_get(variables, given->names[1]);
	return value != NULL && value[0] != '\0' ? value : NULL;
}

/* Everything but the address of a server, which is what we observe. */
static void
hide_target(struct probe *p, const struct postgres_target *target)
{
	union address address;

	if (address_parse(&address, target->host, 0) < 0 &&
	    target->host[0] != '/')
		probe_hide(p, target->host);
	for (size_t i = 0; i < target->n_options; i++)
		if (strncmp(target->options[i].keyword, "ssl", 3) != 0)
			probe_hide(p, target->options[i].value);
}

static enum turn
take_parts(struct probe *p, struct postgres_target *target,
    const struct variables *variables)
{
	struct text missing = { 0 };
	size_t n = 0;
	enum turn turn = TURN_NEXT;

	for (size_t i = 0; i < N_GIVENS; i++) {
		const struct given *given = &givens[i];
		const char *value = value_of(variables, given);

		if (value == NULL && given->is_needed)
			text_addf(&missing, "%s%s", n++ > 0 ? ", " : "",
			    given->names[0]);
		else if (strcmp(given->keyword, "host") == 0)
			set_host(target, value);
		else if (strcmp(given->keyword, "port") != 0)
			set(target, given->keyword, value);
		else if (set_port(target, value) < 0)
			turn = probe_fail(p, REASON_SHAPE,
			    "%s is not a port in %s", given->names[0],
			    variables_origin(variables));
	}
	if (n > 0)
		turn = probe_fail(p, REASON_MISSING,
		    "%zu variable%s missing in %s: %s; or DATABASE_URL", n,
		    n > 1 ? "s" : "", variables_origin(variables),
		    missing.bytes);
	text_fini(&missing);
	return turn;
}

static enum turn
take_variables(struct probe *p, struct postgres_target *target,
    const struct variables_config *source)
{
	struct variables *variables = NULL;
	enum turn turn = inputs_variables(p, &variables, source);
	const char *url;

	if (turn != TURN_NEXT)
		return turn;
	url = variables_get(variables, "DATABASE_URL");
	if (url == NULL || url[0] == '\0')
		turn = take_parts(p, target, variables);
	else if (take_url(target, url) < 0)
		turn = probe_fail(p, REASON_SHAPE,
		    "DATABASE_URL in %s is not one url of one PostgreSQL",
		    variables_origin(variables));
	if (turn == TURN_NEXT)
		hide_target(p, target);
	variables_free(variables);
	return turn;
}

/* --- from the configuration ----------------------------------------------- */

static enum turn
take_configured(struct probe *p, struct postgres_target *target,
    const struct postgres_inputs *inputs)
{
	struct secret *secret = NULL;
	enum turn turn;

	if (inputs->url == NULL) {
		set_host(target, inputs->host);
		target->port = inputs->port;
		return TURN_NEXT;
	}
	turn = inputs_secret(p, &secret, "url", inputs->url);
	if (turn == TURN_NEXT && take_url(target, secret_reveal(secret)) < 0)
		turn = probe_unknown(p, REASON_INTERNAL,
		    "url: not one url of one PostgreSQL: write "
		    "postgresql://USER@HOST/DATABASE");
	secret_free(secret);
	return turn;
}

enum turn
postgres_target_read(struct probe *p, struct postgres_target *out,
    const struct postgres_inputs *inputs)
{
	struct secret *password = NULL;
	enum turn turn;

	out->port = 5432;
	set(out, "sslmode", inputs->sslmode);
	turn = inputs->variables != NULL
	    ? take_variables(p, out, inputs->variables)
	    : take_configured(p, out, inputs);
	if (turn != TURN_NEXT)
		return turn;
	set(out, "dbname", inputs->database);
	set(out, "user", inputs->user);
	if (inputs->password != NULL) {
		turn =
		    inputs_secret(p, &password, "password", inputs->password);
		if (turn != TURN_NEXT)
			return turn;
		set(out, "password", secret_reveal(password));
		secret_free(password);
	}
	for (size_t i = 0; i < out->n_options; i++)
		if (strcmp(out->options[i].keyword, "password") == 0)
			probe_hide(p, out->options[i].value);
	return TURN_NEXT;
}
