#include <stdlib.h>
#include <string.h>

#include "agent/survey.h"
#include "proto/base/mem.h"

#define SEGMENT_MAX_BYTES 20 /* of a path that is surely no secret */

/* --- what the service talks to --------------------------------------------- */

/* "API_URL" is about "API", which is a service of its own: that it fails does
 * not entail that others do. */
static char *
subject_of(const char *name)
{
	static const char *const endings[] = { "_URL", "_URI", "_HOST", "_ADDR",
		"_ADDRESS", "_ENDPOINT", "_SERVER", "_DSN", NULL };
	size_t n = strlen(name);

	for (const char *const *ending = endings; *ending != NULL; ending++)
		if (survey_ends_with(name, *ending))
			return mem_strndup(name, n - strlen(*ending));
	return mem_strdup(name);
}

/* Part of a path may be a secret (a web hook): then none of it is kept. */
static bool
is_plain_path(const char *path)
{
	size_t n = 0;

	if (path[strspn(path, "abcdefghijklmnopqrstuvwxyz0123456789-_./")] !=
	    '\0')
		return false;
	for (; *path != '\0'; path++) {
		n = *path == '/' ? 0 : n + 1;
		if (n > SEGMENT_MAX_BYTES)
			return false;
	}
	return true;
}

static bool
is_web(const char *scheme)
{
	static const char *const webs[] = { "http", "https", "ws", "wss",
		NULL };

	return survey_is_listed(webs, scheme);
}

static bool
is_encrypted(const char *scheme)
{
	static const char *const schemes[] = { "https", "wss", "amqps", "ldaps",
		"smtps", "rediss", NULL };

	return survey_is_listed(schemes, scheme);
}

static void
put_http(const struct survey *survey, const char *name, const char *subject,
    const struct endpoint *endpoint)
{
	struct draft *draft = survey->draft;
	bool is_socket = endpoint->scheme[0] == 'w';
	bool is_safe = is_encrypted(endpoint->scheme);
	bool is_kept = is_plain_path(endpoint->path);
	bool is_v6 = strchr(endpoint->host, ':') != NULL;
	bool is_usual = endpoint->port == endpoint_port_of(endpoint->scheme);
	char *port =
	    is_usual ? mem_strdup("") : mem_printf(":%u", endpoint->port);
	char *url = mem_printf("%s://%s%s%s%s%s", is_safe ? "https" : "http",
	    is_v6 ? "[" : "", endpoint->host, is_v6 ? "]" : "", port,
	    is_kept && endpoint->path[0] != '\0' ? endpoint->path : "/");

	if (!is_kept || endpoint->has_more)
		draft_miss(draft,
		    "%s: user, query, or a path that may be a secret; url is "
		    "only the rest",
		    name);
	draft_say(draft,
	    "A page that says whether it is ready tells more than its root; "
	    "status: [ ... ]");
	draft_say(draft, "names what is ok, if that is not 200 to 299.");
	draft_begin(draft, subject, "http", subject);
	draft_line(draft, 0, "http:");
	draft_text(draft, 1, "url", url);
	draft_line(draft, 1, is_socket ? "websocket: true" : "follow: true");
	free(url);
	free(port);
}

static void
put_endpoint(const struct survey *survey, const char *name, const char *text)
{
	struct endpoint endpoint = { 0 };
	char *subject = subject_of(name);

	if (endpoint_parse(&endpoint, text) < 0 || endpoint.port == 0) {
		draft_miss(survey->draft,
		    "%s: no host and port can be told from it", name);
		goto out;
	}
	draft_dns(survey->draft, subject, subject, &endpoint);
	draft_tcp(survey->draft, subject, subject, &endpoint);
	if (is_encrypted(endpoint.scheme))
		draft_tls(survey->draft, subject, subject, &endpoint);
	if (is_web(endpoint.scheme))
		put_http(survey, name, subject, &endpoint);
	else if (endpoint.scheme[0] != '\0')
		draft_miss(survey->draft,
		    "%s: %s is not spoken beyond its connection; for "
		    "PostgreSQL add a probe with postgres: { url: \"@FILE\" }",
		    name, endpoint.scheme);
out:
	free(subject);
	endpoint_fini(&endpoint);
}

static void
put_endpoints(const struct survey *survey, const struct entry *entry)
{
	char *all = mem_strdup(entry->value), *rest = NULL;
	size_t n = strlen(all);

	for (char *one = strtok_r(all, ", ", &rest); one != NULL;
	     one = strtok_r(NULL, ", ", &rest))
		put_endpoint(survey, entry->name, one);
	explicit_bzero(all, n);
	free(all);
}

/* The place that a URL or HOST and PORT beside it name; -1 when there is none,
 * or it is a socket of this host. */
static int
place_of_parts(struct endpoint *out, const struct survey *survey,
    const char *url, const char *host, const char *port, uint16_t usual)
{
	const char *text = variables_get(survey->variables, url);
	const char *name = variables_get(survey->variables, host);
	const char *number = variables_get(survey->variables, port);
	char *pair;
	int rc;

	if (text != NULL && text[0] != '\0')
		return endpoint_parse(out, text);
	if (name == NULL || name[0] == '\0' || name[0] == '/')
		return -1;
	if (number != NULL && number[0] != '\0')
		pair = mem_printf("%s:%s", name, number);
	else
		pair = mem_printf("%s:%u", name, usual);
	rc = endpoint_parse(out, pair);
	free(pair);
	return rc;
}

/* dns and tcp for a place, of which the probe proper reads its inputs at run
 * time. */
static void
put_way(const struct survey *survey, const char *subject,
    const struct endpoint *endpoint)
{
	draft_say(survey->draft,
	    "The way there, as the file says it now; the probe after it reads "
	    "the file anew");
	draft_say(survey->draft, "at each run.");
	draft_dns(survey->draft, subject, survey->service, endpoint);
	draft_tcp(survey->draft, subject, survey->service, endpoint);
}

static void
put_database(const struct survey *survey)
{
	struct endpoint endpoint = { 0 };
	const char *host =
	    survey_has(survey, "POSTGRES_HOST") ? "POSTGRES_HOST" : "PGHOST";
	const char *port =
	    survey_has(survey, "POSTGRES_PORT") ? "POSTGRES_PORT" : "PGPORT";
	const char *url = variables_get(survey->variables, "DATABASE_URL");

	if (place_of_parts(
		&endpoint, survey, "DATABASE_URL", host, port, 5432) == 0 &&
	    endpoint.port != 0)
		put_way(survey, "database", &endpoint);
	if (url != NULL && url[0] != '\0' &&
	    (endpoint.scheme == NULL ||
		strncmp(endpoint.scheme, "postgres", 8) != 0)) {
		draft_miss(survey->draft,
		    "DATABASE_URL: not one url of one PostgreSQL");
		endpoint_fini(&endpoint);
		return;
	}
	endpoint_fini(&endpoint);
	draft_begin(survey->draft, "database", "postgres", survey->service);
	draft_line(survey->draft, 0, "postgres:");
	draft_file(survey->draft, 1, "variables", survey->path);
	draft_line(survey->draft, 1, "query: select 1");
}

static void
put_cache(const struct survey *survey)
{
	struct endpoint endpoint = { 0 };

	if (place_of_parts(&endpoint, survey, "REDIS_URL", "REDIS_HOST",
		"REDIS_PORT", 6379) < 0 ||
	    endpoint.port == 0) {
		draft_miss(survey->draft,
		    "REDIS_...: no host and port can be told from them");
		goto out;
	}
	put_way(survey, "cache", &endpoint);
	draft_begin(survey->draft, "cache", "redis", survey->service);
	draft_line(survey->draft, 0, "redis:");
	draft_file(survey->draft, 1, "variables", survey->path);
out:
	endpoint_fini(&endpoint);
}

static void
put_host(const struct survey *survey, const struct entry *entry)
{
	struct endpoint endpoint = { 0 };
	char *subject = subject_of(entry->name);
	char *port = mem_printf("%s_PORT", subject);

	if (place_of_parts(&endpoint, survey, "", entry->name, port, 0) == 0) {
		draft_dns(survey->draft, subject, subject, &endpoint);
		draft_tcp(survey->draft, subject, subject, &endpoint);
	} else {
		draft_miss(
		    survey->draft, "%s: not the name of a host", entry->name);
	}
	endpoint_fini(&endpoint);
	free(port);
	free(subject);
}

void
survey_reach(const struct survey *survey)
{
	if (survey_has_role(survey, ROLE_POSTGRES))
		put_database(survey);
	if (survey_has_role(survey, ROLE_REDIS))
		put_cache(survey);
	for (size_t i = 0; i < survey->n; i++) {
		const struct entry *entry = &survey->entries[i];

		if (entry->role == ROLE_ENDPOINTS)
			put_endpoints(survey, entry);
		else if (entry->role == ROLE_HOST)
			put_host(survey, entry);
	}
}
