#include <stdlib.h>
#include <string.h>

#include "agent/survey.h"
#include "proto/base/map.h"
#include "proto/base/mem.h"

#define VARIABLES_MAX  2048
#define NAME_MAX_BYTES 256

/* --- what a variable is ---------------------------------------------------- */

bool
survey_ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), n_end = strlen(end);

	return n >= n_end && strcmp(text + n - n_end, end) == 0;
}

bool
survey_is_listed(const char *const *words, const char *text)
{
	while (*words != NULL && strcmp(*words, text) != 0)
		words++;
	return *words != NULL;
}

static bool
holds_one_of(const char *const *words, const char *text)
{
	while (*words != NULL && strstr(text, *words) == NULL)
		words++;
	return *words != NULL;
}

static bool
ends_with_one_of(const char *const *words, const char *text)
{
	while (*words != NULL && !survey_ends_with(text, *words))
		words++;
	return *words != NULL;
}

/* The names a postgres probe reads, see docs/agent.md. */
static bool
is_postgres(const char *name)
{
	static const char *const names[] = { "DATABASE_URL", "POSTGRES_HOST",
		"POSTGRES_PORT", "POSTGRES_DB", "POSTGRES_USER",
		"POSTGRES_PASSWORD", "POSTGRES_SSLMODE", "PGHOST", "PGPORT",
		"PGDATABASE", "PGUSER", "PGPASSWORD", "PGSSLMODE", NULL };

	return survey_is_listed(names, name);
}

static bool
is_redis(const char *name)
{
	static const char *const names[] = { "REDIS_URL", "REDIS_HOST",
		"REDIS_PORT", "REDIS_DB", "REDIS_USERNAME", "REDIS_PASSWORD",
		NULL };

	return survey_is_listed(names, name);
}

static bool
is_secret(const char *name)
{
	static const char *const words[] = { "SECRET", "PASSWORD", "PASSWD",
		"TOKEN", "API_KEY", "APIKEY", "ACCESS_KEY", "PRIVATE_KEY",
		"SIGNING_KEY", "ENCRYPTION_KEY", "CREDENTIAL", NULL };
	static const char *const others[] = { "_FILE", "_PATH", "_ID", "_NAME",
		"_TTL", "_EXPIRY", "_EXPIRES", "_TIMEOUT", "_URL", NULL };

	return holds_one_of(words, name) && !ends_with_one_of(others, name);
}

static bool
is_number(const char *value)
{
	size_t n = strspn(value, "0123456789");

	if (n == 0 || n > 12)
		return false;
	if (value[n] == '.')
		n += 1 + strspn(value + n + 1, "0123456789");
	return value[n] == '\0';
}

static bool
is_setting(const char *name, const char *value)
{
	static const char *const words[] = { "TIMEOUT", "POOL_SIZE",
		"MAX_OVERFLOW", "POOL_MAX", "POOL_MIN", "MAX_CONNECTIONS",
		"MAX_CONN", "RETRIES", "DEADLINE", "INTERVAL", NULL };

	return holds_one_of(words, name) && is_number(value);
}

/* One endpoint, or several parted by commas; placeholders are neither. */
static bool
has_endpoint(const char *name, const char *value)
{
	struct endpoint endpoint = { 0 };
	size_t n = strcspn(value, ",");
	char *first = mem_strndup(value, n);
	bool found = endpoint_parse(&endpoint, first) == 0;

	/* 12:30 may be a time, v1:2 a tag: a bare pair needs a dot or a name
	 * that speaks of a place. */
	if (found && endpoint.scheme[0] == '\0' &&
	    strchr(endpoint.host, '.') == NULL &&
	    !survey_ends_with(name, "_ADDR") &&
	    !survey_ends_with(name, "_ADDRESS") &&
	    !survey_ends_with(name, "_ENDPOINT") &&
	    !survey_ends_with(name, "_SERVER") &&
	    strstr(name, "SERVERS") == NULL &&
	    strstr(name, "BROKERS") == NULL && !survey_ends_with(name, "_HOST"))
		found = false;
	explicit_bzero(first, n);
	free(first);
	endpoint_fini(&endpoint);
	return found;
}

static bool
is_name(const char *name)
{
	return name[0] != '\0' && strlen(name) <= NAME_MAX_BYTES &&
	    strpbrk(name, "= \t\r\n,") == NULL &&
	    text_is_utf8(name, strlen(name));
}

static enum role
role_of(const struct variables *variables, const char *name, const char *value)
{
	char *port;
	const char *beside;

	if (!is_name(name))
		return ROLE_UNFIT;
	if (is_postgres(name))
		return ROLE_POSTGRES;
	if (is_redis(name))
		return ROLE_REDIS;
	if (is_setting(name, value))
		return ROLE_SETTING;
	if (has_endpoint(name, value))
		return ROLE_ENDPOINTS;
	if (is_secret(name))
		return ROLE_SECRET;
	if (!survey_ends_with(name, "_HOST"))
		return ROLE_WATCH;
	port = mem_printf("%.*s_PORT", (int)(strlen(name) - 5), name);
	beside = variables_get(variables, port);
	free(port);
	return beside != NULL && is_number(beside) ? ROLE_HOST : ROLE_WATCH;
}

/* Each name once; the last value counts, as in a shell. */
static int
take_entries(struct survey *survey, struct err *err)
{
	struct map *seen = map_new();
	const char *entry;
	char *name;
	size_t at = 0;

	survey->entries = mem_calloc(VARIABLES_MAX, sizeof(struct entry));
	while ((entry = variables_next(survey->variables, &at)) != NULL &&
	    survey->n < VARIABLES_MAX) {
		struct entry *next = &survey->entries[survey->n];

		name = mem_strndup(entry, strcspn(entry, "="));
		next->value = variables_get(survey->variables, name);
		next->name = name;
		next->role = role_of(survey->variables, name, next->value);
		if (map_put(seen, name, next) == NULL)
			survey->n++;
		else
			free(name);
	}
	map_free(seen);
	if (entry == NULL)
		return 0;
	return err_set(err, ERR_LIMIT, "%s: more than %d variables",
	    survey->path, VARIABLES_MAX);
}

bool
survey_has_role(const struct survey *survey, enum role role)
{
	size_t i = 0;

	while (i < survey->n && survey->entries[i].role != role)
		i++;
	return i < survey->n;
}

bool
survey_has(const struct survey *survey, const char *name)
{
	const char *value = variables_get(survey->variables, name);

	return value != NULL && value[0] != '\0';
}

int
survey_init(struct survey *survey, const char *path, struct err *err)
{
	struct variables_config from = { 0 };

	survey->path = from.file = realpath(path, NULL);
	if (survey->path == NULL)
		return err_set(err, ERR_NOT_FOUND, "%s: no such file", path);
	if (variables_read(&survey->variables, &from, err) < 0)
		return -1;
	return take_entries(survey, err);
}

void
survey_fini(struct survey *survey)
{
	for (size_t i = 0; i < survey->n; i++)
		free(survey->entries[i].name);
	free(survey->entries);
	variables_free(survey->variables);
	free(survey->path);
}
