#include <stdlib.h>
#include <string.h>

#include "agent/probes/inputs.h"
#include "agent/probes/redis_inputs.h"
#include "agent/resolve.h"
#include "agent/variables.h"
#include "proto/base/mem.h"

#define DATABASE_MAX 1000000

/* --- the target ----------------------------------------------------------- */

static void
set(char **text, char *value)
{
	if (*text != NULL)
		explicit_bzero(*text, strlen(*text));
	free(*text);
	*text = value;
}

void
redis_target_fini(struct redis_target *target)
{
	set(&target->host, NULL);
	set(&target->user, NULL);
	set(&target->password, NULL);
}

/* A number from 0 to max of n digits and nothing else; -1 for another. */
static long
number_of(const char *text, size_t n, long max)
{
	long number = 0;

	if (n == 0 || n > 7)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -1;
		number = number * 10 + (text[i] - '0');
	}
	return number <= max ? number : -1;
}

static int
take_port(struct redis_target *target, const char *text, size_t n)
{
	long port = number_of(text, n, 65535);

	if (port <= 0)
		return -1;
	target->port = (uint16_t)port;
	return 0;
}

static int
take_database(struct redis_target *target, const char *text, size_t n)
{
	long database = number_of(text, n, DATABASE_MAX);

	if (database < 0)
		return -1;
	target->database = (uint32_t)database;
	return 0;
}

/* --- urls ----------------------------------------------------------------- */

static int
hex(char c)
{
	return c >= '0' && c <= '9' ? c - '0'
	    : c >= 'a' && c <= 'f'  ? c - 'a' + 10
	    : c >= 'A' && c <= 'F'  ? c - 'A' + 10
				    : -1;
}

/* Without its "%41"; owned by the caller, NULL when it holds a NUL. */
static char *
decode(const char *text, size_t n)
{
	char *out = mem_zalloc(n + 1);
	size_t at = 0;

	for (size_t i = 0; i < n; i++) {
		char c = text[i];

		if (c == '%' && i + 2 < n && hex(text[i + 1]) >= 0 &&
		    hex(text[i + 2]) >= 0) {
			c = (char)(hex(text[i + 1]) * 16 + hex(text[i + 2]));
			i += 2;
		}
		if (c == '\0') {
			set(&out, NULL);
			return NULL;
		}
		out[at++] = c;
	}
	return out;
}

/* "USER:PASSWORD", ":PASSWORD" or "USER" */
static int
take_login(struct redis_target *target, const char *text, size_t n)
{
	const char *colon = memchr(text, ':', n);
	size_t n_user = colon != NULL ? (size_t)(colon - text) : n;

	if (n_user > 0) {
		set(&target->user, decode(text, n_user));
		if (target->user == NULL)
			return -1;
	}
	if (colon == NULL || n_user + 1 == n)
		return 0;
	set(&target->password, decode(colon + 1, n - n_user - 1));
	return target->password != NULL ? 0 : -1;
}

/* "HOST", "HOST:PORT", "[V6]:PORT" */
static int
take_host(struct redis_target *target, const char *text, size_t n)
{
	const char *end = text + n, *after;

	if (n > 0 && *text == '[') {
		after = memchr(text, ']', n);
		if (after == NULL)
			return -1;
		set(&target->host,
		    mem_strndup(text + 1, (size_t)(after - text) - 1));
		after++;
	} else {
		after = memchr(text, ':', n);
		if (after == NULL)
			after = end;
		set(&target->host, mem_strndup(text, (size_t)(after - text)));
	}
	if (target->host[0] == '\0')
		return -1;
	if (after == end)
		return 0;
	return *after == ':' &&
		take_port(target, after + 1, (size_t)(end - after) - 1) == 0
	    ? 0
	    : -1;
}

int
redis_url_parse(struct redis_target *out, const char *url)
{
	size_t n_scheme = strcspn(url, ":"), n;
	const char *at = url + n_scheme, *login;

	out->is_secure = n_scheme == 6 && strncmp(url, "rediss", 6) == 0;
	if (strncmp(at, "://", 3) != 0 ||
	    (!out->is_secure &&
		(n_scheme != 5 || strncmp(url, "redis", 5) != 0)))
		return -1;
	at += 3;
	n = strcspn(at, "/?#");
	login = memrchr(at, '@', n);
	if (login != NULL) {
		if (take_login(out, at, (size_t)(login - at)) < 0)
			return -1;
		n -= (size_t)(login + 1 - at);
		at = login + 1;
	}
	if (take_host(out, at, n) < 0)
		return -1;
	at += n;
	n = *at == '/' ? strcspn(at + 1, "?#") : 0;
	return n == 0 ? 0 : take_database(out, at + 1, n);
}

/* --- from the variables of a service -------------------------------------- */

static const char *
value_of(const struct variables *variables, const char *name)
{
	const char *value = variables_get(variables, name);

	return value != NULL && value[0] != '\0' ? value : NULL;
}

/* Everything but the address of a server, which is what we observe. */
static void
hide_target(struct probe *p, const struct redis_target *target)
{
	union address address;

	if (target->host != NULL &&
	    address_parse(&address, target->host, 0) < 0)
		probe_hide(p, target->host);
	probe_hide(p, target->user);
	probe_hide(p, target->password);
}

static enum turn
take_parts(struct probe *p, struct redis_target *target,
    const struct variables *variables)
{
	const char *origin = variables_origin(variables);
	const char *host = value_of(variables, "REDIS_HOST");
	const char *port = value_of(variables, "REDIS_PORT");
	const char *database = value_of(variables, "REDIS_DB");
	const char *user = value_of(variables, "REDIS_USERNAME");

	if (host == NULL)
		return probe_fail(p, REASON_MISSING,
		    "REDIS_URL is missing in %s, and so is REDIS_HOST", origin);
	set(&target->host, mem_strdup(host));
	if (user == NULL)
		user = value_of(variables, "REDIS_USER");
	set(&target->user, mem_strdup(user));
	set(&target->password,
	    mem_strdup(value_of(variables, "REDIS_PASSWORD")));
	if (port != NULL && take_port(target, port, strlen(port)) < 0)
		return probe_fail(
		    p, REASON_SHAPE, "REDIS_PORT is not a port in %s", origin);
	if (database != NULL &&
	    take_database(target, database, strlen(database)) < 0)
		return probe_fail(p, REASON_SHAPE,
		    "REDIS_DB is not the number of a database in %s", origin);
	return TURN_NEXT;
}

static enum turn
take_variables(struct probe *p, struct redis_target *target,
    const struct variables_config *source)
{
	struct variables *variables = NULL;
	enum turn turn = inputs_variables(p, &variables, source);
	const char *url;

	if (turn != TURN_NEXT)
		return turn;
	url = value_of(variables, "REDIS_URL");
	if (url == NULL)
		turn = take_parts(p, target, variables);
	else if (redis_url_parse(target, url) < 0)
		turn = probe_fail(p, REASON_SHAPE,
		    "REDIS_URL in %s is not the url of a redis: "
		    "redis://HOST:PORT/DATABASE",
		    variables_origin(variables));
	hide_target(p, target);
	variables_free(variables);
	return turn;
}

/* --- from the configuration ----------------------------------------------- */

static enum turn
take_configured(struct probe *p, struct redis_target *target,
    const struct redis_inputs *inputs)
{
	struct secret *secret = NULL;
	enum turn turn;

	if (inputs->url == NULL) {
		set(&target->host, mem_strdup(inputs->host));
		target->port = inputs->port;
		return TURN_NEXT;
	}
	turn = inputs_secret(p, &secret, "url", inputs->url);
	if (turn == TURN_NEXT &&
	    redis_url_parse(target, secret_reveal(secret)) < 0)
		turn = probe_unknown(p, REASON_INTERNAL,
		    "url: not that of a redis: write "
		    "redis://USER:PASSWORD@HOST:PORT/DATABASE");
	secret_free(secret);
	return turn;
}

enum turn
redis_target_read(struct probe *p, struct redis_target *out,
    const struct redis_inputs *inputs)
{
	struct secret *password = NULL;
	enum turn turn;

	out->port = 6379;
	turn = inputs->variables != NULL
	    ? take_variables(p, out, inputs->variables)
	    : take_configured(p, out, inputs);
	if (turn != TURN_NEXT)
		return turn;
	if (inputs->user != NULL)
		set(&out->user, mem_strdup(inputs->user));
	if (inputs->database != 0)
		out->database = inputs->database;
	out->is_secure |= inputs->tls;
	if (inputs->password != NULL) {
		turn =
		    inputs_secret(p, &password, "password", inputs->password);
		if (turn != TURN_NEXT)
			return turn;
		set(&out->password, mem_strdup(secret_reveal(password)));
		secret_free(password);
	}
	probe_hide(p, out->password);
	return TURN_NEXT;
}
