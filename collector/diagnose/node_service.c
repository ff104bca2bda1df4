#include <string.h>

#include "collector/diagnose/node.h"
#include "collector/diagnose/platform.h"
#include "proto/base/text.h"

#define DEPTH_MAX 16 /* of dependencies, should they form a circle */

const struct scene_service *
node_service(const struct scene *scene, const char *service)
{
	for (size_t i = 0; i < scene->n_services; i++)
		if (text_same(scene->services[i].name, service))
			return &scene->services[i];
	return NULL;
}

/* Kinds whose targets are, in themselves, no application. */
static bool
is_plumbing(const char *kind)
{
	static const char *const kinds[] = { "postgres", "redis", "mysql",
		"tcp", "dns", "tls", "icmp", "host" };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (text_same(kind, kinds[i]))
			return true;
	return platform_is_kind(kind);
}

/* Does anybody say which build of it runs, or release one?  NULL: of any. */
static bool
is_released(const struct scene *scene, const char *service)
{
	for (size_t i = 0; i < scene->n_facts; i++)
		if (text_same(scene->facts[i].name, "build") &&
		    (service == NULL ||
			text_same(scene->facts[i].service, service)))
			return true;
	for (size_t i = 0; i < scene->n_changes; i++)
		if (scene->changes[i].is_mark &&
		    (scene->changes[i].kind == MARK_DEPLOY ||
			scene->changes[i].kind == MARK_ROLLBACK) &&
		    (service == NULL ||
			text_same(scene->changes[i].service, service)))
			return true;
	return false;
}

static bool
answers(const struct scene *scene, const char *service)
{
	for (size_t i = 0; i < scene->n_views; i++)
		if (text_same(scene->views[i].series->service, service) &&
		    !is_plumbing(scene->views[i].series->kind))
			return true;
	return false;
}

bool
node_is_application(const struct scene *scene, const char *service)
{
	const struct scene_service *declared = node_service(scene, service);

	if (declared != NULL && declared->kind[0] != '\0')
		return text_same(declared->kind, "application") ||
		    text_same(declared->kind, "service");
	if (declared != NULL &&
	    (declared->n_depends_on > 0 || declared->n_journeys > 0))
		return true;
	/* Where builds are known, what has none is used, not released. */
	return answers(scene, service) &&
	    (is_released(scene, service) || !is_released(scene, NULL));
}

bool
node_is_external(const struct scene *scene, const char *target)
{
	const struct scene_service *service = node_service(scene, target);

	return service != NULL && text_same(service->kind, "external");
}

static bool
needs(const struct scene *scene, const char *service, const char *dependency,
    int depth)
{
	const struct scene_service *declared = node_service(scene, service);

	if (declared == NULL || depth == 0)
		return false;
	for (size_t i = 0; i < declared->n_depends_on; i++)
		if (text_same(declared->depends_on[i], dependency) ||
		    needs(
			scene, declared->depends_on[i], dependency, depth - 1))
			return true;
	return false;
}

bool
node_needs(
    const struct scene *scene, const char *service, const char *dependency)
{
	return needs(scene, service, dependency, DEPTH_MAX);
}
