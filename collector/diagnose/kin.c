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

/* The dependency that an error text of service names by name or port. */
static const char *
dependency_in(
    const struct scene *scene, const char *service, const char *object)
{
	const struct scene_service *own = node_service(scene, service);

	for (size_t i = 0; own != NULL && i < own->n_depends_on; i++) {
		const char *name = own->depends_on[i];
		const struct scene_service *other = node_service(scene, name);

		if (kin_is_named(object, name) ||
		    (kin_is_database(other) &&
			(kin_is_named(object, ":5432") ||
			    kin_is_named(object, ":3306"))) ||
		    (kin_is_cache(other) && kin_is_named(object, ":6379")))
			return name;
	}
	return "";
}

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
	return name;
}
