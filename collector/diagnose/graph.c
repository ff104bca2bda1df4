#include <string.h>

#include "collector/diagnose/graph.h"
#include "collector/diagnose/node.h"
#include "proto/base/text.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* What is known of a service without a declaration. */
struct unknown {
	const char *name;
	const char
	    *store;    /* "database", "cache": asked in its protocol; NULL */
	bool answers;  /* as only applications do */
	bool is_given; /* a build, variables */
};

struct graph {
	const struct scene *scene;
	struct unknown *unknowns;
	size_t n;
};

static const struct {
	const char *kind, *store;
} protocols[] = {
	{ "postgres", "database" },
	{ "mysql", "database" },
	{ "redis", "cache" },
};

static struct unknown *
unknown_of(struct graph *graph, const char *service)
{
	for (size_t i = 0; i < graph->n; i++)
		if (text_same(graph->unknowns[i].name, service))
			return &graph->unknowns[i];
	if (service[0] == '\0' || node_service(graph->scene, service) != NULL)
		return NULL;
	graph->unknowns[graph->n].name = service;
	return &graph->unknowns[graph->n++];
}

static void
look_at_series(struct unknown *unknown, const struct series *series)
{
	static const char *const kinds[] = { "http", "journey", "env",
		"settings" };

	for (size_t i = 0; i < COUNT(kinds); i++)
		unknown->answers |= text_same(series->kind, kinds[i]);
	for (size_t i = 0; i < COUNT(protocols); i++)
		if (text_same(series->kind, protocols[i].kind))
			unknown->store = protocols[i].store;
}

static void
look_around(struct graph *graph)
{
	const struct scene *scene = graph->scene;

	for (size_t i = 0; i < scene->n_views; i++) {
		const struct series *series = scene->views[i].series;
		struct unknown *unknown = unknown_of(graph, series->service);

		if (unknown != NULL)
			look_at_series(unknown, series);
	}
	for (size_t i = 0; i < scene->n_facts; i++) {
		const char *name = scene->facts[i].name;

		for (size_t k = 0; k < graph->n; k++)
			if (text_same(graph->unknowns[k].name,
				scene->facts[i].service))
				graph->unknowns[k].is_given |=
				    text_same(name, "build") ||
				    strncmp(name, "env/", 4) == 0;
	}
}

static bool
is_store(const struct unknown *unknown)
{
	return unknown->store != NULL && !unknown->answers &&
	    !unknown->is_given;
}

/* Where it is known what services are given, who is given nothing may stand
 * beside them or before them: a third party, a proxy. */
static bool
is_application(const struct graph *graph, const struct unknown *unknown)
{
	if (is_store(unknown))
		return false;
	for (size_t i = 0; i < graph->n; i++)
		if (graph->unknowns[i].is_given)
			return unknown->is_given;
	return unknown->answers;
}

const struct scene *
graph_complete(struct arena *arena, const struct scene *scene)
{
	struct graph graph = { .scene = scene };
	struct scene *out = arena_zalloc(arena, sizeof(*out));
	const char **stores;
	struct scene_service *services;
	size_t n = scene->n_services, n_stores = 0;

	graph.unknowns =
	    arena_zalloc(arena, (scene->n_views + 1) * sizeof(*graph.unknowns));
	look_around(&graph);
	stores = arena_zalloc(arena, (graph.n + 1) * sizeof(*stores));
	services = arena_zalloc(arena, (n + graph.n + 1) * sizeof(*services));
	if (n > 0)
		memcpy(services, scene->services, n * sizeof(*services));
	for (size_t i = 0; i < graph.n; i++)
		if (is_store(&graph.unknowns[i])) {
			stores[n_stores++] = graph.unknowns[i].name;
			services[n++] =
			    (struct scene_service){ .name =
							graph.unknowns[i].name,
				    .kind = graph.unknowns[i].store };
		}
	for (size_t i = 0; i < graph.n; i++)
		if (n_stores > 0 && is_application(&graph, &graph.unknowns[i]))
			services[n++] =
			    (struct scene_service){ .name =
							graph.unknowns[i].name,
				    .kind = "",
				    .depends_on = stores,
				    .n_depends_on = n_stores };
	*out = *scene;
	out->services = services;
	out->n_services = n;
	return out;
}
