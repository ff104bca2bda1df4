#include <stdio.h>
#include <string.h>

#include "collector/diagnose/kin.h"
#include "collector/diagnose/node.h"
#include "proto/base/text.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

bool
kin_is_named(const char *probe, const char *dependency)
{
	return strstr(probe, dependency) != NULL;
}

bool
kin_is_database(const struct scene_service *service)
{
	return service != NULL &&
	    (text_same(service->kind, "database") ||
		kin_is_named(service->name, "postgres") ||
		kin_is_named(service->name, "database") ||
		kin_is_named(service->name, "db"));
}

bool
kin_is_cache(const struct scene_service *service)
{
	return service != NULL &&
	    (text_same(service->kind, "cache") ||
		kin_is_named(service->name, "redis"));
}

/* --- addresses ---------------------------------------------------------------- */

#define HOST_BYTES 128

/* The bytes of an address of numbers, "10.0.0.7", at text; 0: there is none. */
static size_t
ip_bytes(const char *text)
{
	size_t n = strspn(text, "0123456789."), points = 0;

	for (size_t i = 0; i < n; i++)
		points += text[i] == '.';
	while (n > 0 && text[n - 1] == '.')
		n--, points--;
	return points == 3 ? n : 0;
}

static bool
is_cut(char c)
{
	return c != '.' && c != '-' && (c < '0' || c > '9') &&
	    (c < 'a' || c > 'z') && (c < 'A' || c > 'Z');
}

/* Does the text tell this host; NULL: any address of numbers? */
static bool
text_tells(const char *text, const char *host)
{
	size_t n = host != NULL ? strlen(host) : 0;

	for (const char *at = text; *at != '\0'; at++) {
		if (at > text && !is_cut(at[-1]))
			continue;
		if (host == NULL ? ip_bytes(at) > 0
				 : strncmp(at, host, n) == 0 && is_cut(at[n]))
			return true;
	}
	return false;
}

/* Does anything that was seen of the dependency itself? */
static bool
is_told_of(const struct scene *scene, const char *dependency, const char *host)
{
	for (size_t i = 0; i < scene->n_views; i++) {
		const struct scene_view *view = &scene->views[i];
		const struct result *result = view->last;

		if (!text_same(view->series->environment, scene->environment) ||
		    !text_same(view->series->service, dependency))
			continue;
		if (text_tells(result->message, host))
			return true;
		for (size_t k = 0; k < result->n_attributes; k++)
			if (result->attributes[k].text != NULL &&
			    text_tells(result->attributes[k].text, host))
				return true;
	}
	return false;
}

/* May it be there, by all that is known of its address? */
static bool
is_at(const struct scene *scene, const char *dependency, const char *object)
{
	char host[HOST_BYTES];

	snprintf(host, sizeof(host), "%.*s", (int)ip_bytes(object), object);
	return host[0] == '\0' || is_told_of(scene, dependency, host) ||
	    !is_told_of(scene, dependency, NULL);
}

/* The port is one of what is asked that way, and the address none that is
 * known to be another. */
static bool
fits_port(const struct scene *scene, const char *dependency, const char *object)
{
	const struct scene_service *other = node_service(scene, dependency);

	if (!is_at(scene, dependency, object))
		return false;
	return (kin_is_database(other) &&
		   (kin_is_named(object, ":5432") ||
		       kin_is_named(object, ":3306"))) ||
	    (kin_is_cache(other) && kin_is_named(object, ":6379"));
}

/* The dependency that an error text of service names: by its name, by an
 * address that is known of it, by a port that only one of them can have. */
static const char *
dependency_in(
    const struct scene *scene, const char *service, const char *object)
{
	const struct scene_service *own = node_service(scene, service);
	size_t n = own != NULL ? own->n_depends_on : 0;
	const char *found = "";
	char host[HOST_BYTES];

	for (size_t i = 0; i < n; i++)
		if (kin_is_named(object, own->depends_on[i]))
			return own->depends_on[i];
	snprintf(host, sizeof(host), "%.*s", (int)strcspn(object, ":"), object);
	for (size_t i = 0; i < n && strchr(host, '.') != NULL; i++)
		if (is_told_of(scene, own->depends_on[i], host))
			return own->depends_on[i];
	for (size_t i = 0; i < n; i++) {
		if (!fits_port(scene, own->depends_on[i], object))
			continue;
		if (found[0] != '\0')
			return "";
		found = own->depends_on[i];
	}
	return found;
}

/* --- texts ---------------------------------------------------------------------- */

static bool
is_one_of(const char *text, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcasestr(text, words[i]) != NULL)
			return true;
	return false;
}

/* Are they the words of a database, or of a driver for one? */
static bool
is_of_database(const char *runtime, const char *text)
{
	static const char *const drivers[] = { "psycopg", "asyncpg", "postgres",
		"mysql", "mariadb", "jdbc", "SQLSTATE", "FATAL:", "npgsql",
		"pgx", "pq:", "PG::", "mongo" };
	static const char *const servers[] = { "postgres", "mysql", "mongo" };

	return is_one_of(runtime, servers, COUNT(servers)) ||
	    is_one_of(text, drivers, COUNT(drivers));
}

static bool
is_of_cache(const char *runtime, const char *text)
{
	static const char *const drivers[] = { "redis", "jedis", "lettuce" };

	return text_same(runtime, "redis") ||
	    is_one_of(text, drivers, COUNT(drivers));
}

/* The only dependency of service that is such; "" when there are none or
 * several. */
static const char *
only_one(const struct scene *scene, const char *service,
    bool (*is_such)(const struct scene_service *))
{
	const struct scene_service *own = node_service(scene, service);
	const char *found = "";

	for (size_t i = 0; own != NULL && i < own->n_depends_on; i++) {
		if (!is_such(node_service(scene, own->depends_on[i])))
			continue;
		if (found[0] != '\0')
			return "";
		found = own->depends_on[i];
	}
	return found;
}

const char *
kin_of_text(const struct scene *scene, const char *service,
    const struct signature_found *found, const char *text)
{
	const char *name = dependency_in(scene, service, found->object);

	if (name[0] == '\0' && is_of_database(found->runtime, text))
		name = only_one(scene, service, kin_is_database);
	if (name[0] == '\0' && is_of_cache(found->runtime, text))
		name = only_one(scene, service, kin_is_cache);
	/* It goes where nobody else does who goes there. */
	if (ip_bytes(found->object) > 0 && name[0] != '\0' &&
	    !is_at(scene, name, found->object))
		return "";
	return name;
}
