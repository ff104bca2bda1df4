#include <string.h>

#include "collector/diagnose/kin.h"
#include "collector/diagnose/node.h"
#include "proto/base/text.h"

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

/* The one database of service, when the text is a database driver's. */
static const char *
database_in(const struct scene *scene, const char *service, const char *text)
{
	static const char *const drivers[] = { "psycopg", "asyncpg", "postgres",
		"mysql", "mariadb", "jdbc", "SQLSTATE", "FATAL:" };
	const struct scene_service *own = node_service(scene, service);
	const char *found = "";
	bool is_driver = false;

	for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++)
		is_driver |= strcasestr(text, drivers[i]) != NULL;
	for (size_t i = 0; is_driver && own != NULL && i < own->n_depends_on;
	     i++) {
		if (!kin_is_database(node_service(scene, own->depends_on[i])))
			continue;
		if (found[0] != '\0')
			return "";
		found = own->depends_on[i];
	}
	return found;
}

const char *
kin_of_text(const struct scene *scene, const char *service, const char *object,
    const char *text)
{
	const char *name = dependency_in(scene, service, object);

	return name[0] != '\0' ? name : database_in(scene, service, text);
}
