#include <string.h>

#include "collector/diagnose/graph.h"
#include "collector/diagnose/kin.h"
#include "collector/diagnose/node.h"
#include "proto/base/text.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define NAME_LEAST 4 /* shorter names are in any text */

/* What is known of a service of which nobody says what it is. */
struct unknown {
	const char *name;
	const struct scene_service *declared; /* with no kind; NULL */
	enum product called, asked; /* by its name; by its protocols */
	bool answers;  /* as applications do, and what speaks HTTP */
	bool is_alive; /* more is asked than whether its port is there */
	bool is_given; /* a build, variables */
	bool is_used;  /* others are given its name, or ask it */
};

struct graph {
	const struct scene *scene;
	struct unknown *unknowns;
	size_t n;
	bool is_any_given; /* it is known what some services are given */
};

/* --- who they are ---------------------------------------------------------------- */

static bool
is_one_of(const char *word, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (text_same(word, words[i]))
			return true;
	return false;
}

static struct unknown *
unknown_of(struct graph *graph, const char *service)
{
	const struct scene_service *declared =
	    node_service(graph->scene, service);

	for (size_t i = 0; i < graph->n; i++)
		if (text_same(graph->unknowns[i].name, service))
			return &graph->unknowns[i];
	if (service[0] == '\0' ||
	    (declared != NULL &&
		(declared->kind[0] != '\0' || declared->n_journeys > 0)))
		return NULL;
	graph->unknowns[graph->n] = (struct unknown){ .name = service,
		.declared = declared,
		.called = product_of_name(service) };
	return &graph->unknowns[graph->n++];
}

static void
look_at_series(struct unknown *unknown, const struct series *series)
{
	static const char *const answering[] = { "http", "journey", "env",
		"settings" };
	static const char *const given[] = { "journey", "env", "settings" };
	static const char *const plumbing[] = { "tcp", "dns", "tls", "icmp",
		"host" };
	enum product asked = node_asked(series);

	unknown->answers |=
	    is_one_of(series->kind, answering, COUNT(answering));
	unknown->is_given |= is_one_of(series->kind, given, COUNT(given));
	unknown->is_alive |=
	    !is_one_of(series->kind, plumbing, COUNT(plumbing));
	if (asked != PRODUCT_NONE)
		unknown->asked = asked;
}

/* A build, a variable, or a process that our own agent knows. */
static bool
is_given_by(const struct scene_fact *fact)
{
	return text_same(fact->name, "build") ||
	    strncmp(fact->name, "env/", 4) == 0 ||
	    (text_same(fact->name, "start_time") &&
		fact->source == SOURCE_PROCESS);
}

static bool
is_release(const struct scene_change *change)
{
	return change->is_mark &&
	    (change->kind == MARK_DEPLOY || change->kind == MARK_ROLLBACK);
}

static void
set_given(struct graph *graph, const char *service)
{
	graph->is_any_given = true;
	for (size_t i = 0; i < graph->n; i++)
		graph->unknowns[i].is_given |=
		    text_same(graph->unknowns[i].name, service);
}

/* --- who is used ------------------------------------------------------------------- */

static bool
is_in(const char *text, const char *name)
{
	return strlen(name) >= NAME_LEAST && strcasestr(text, name) != NULL;
}

static bool
is_needed(const struct scene *scene, const char *name)
{
	for (size_t i = 0; i < scene->n_services; i++)
		for (size_t k = 0; k < scene->services[i].n_depends_on; k++)
			if (text_same(scene->services[i].depends_on[k], name))
				return true;
	return false;
}

/* Do others have a variable or a probe that is called after it, or does what
 * they say when they fail name it? */
static bool
is_spoken_of(const struct scene *scene, const char *name)
{
	for (size_t i = 0; i < scene->n_facts; i++)
		if (!text_same(scene->facts[i].service, name) &&
		    strncmp(scene->facts[i].name, "env/", 4) == 0 &&
		    is_in(scene->facts[i].name, name))
			return true;
	for (size_t i = 0; i < scene->n_views; i++) {
		const struct scene_view *view = &scene->views[i];

		if (!text_same(view->series->service, name) &&
		    (is_in(view->series->probe, name) ||
			(node_is_failing(view) &&
			    is_in(view->told->message, name))))
			return true;
	}
	return false;
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
	for (size_t i = 0; i < scene->n_facts; i++)
		if (is_given_by(&scene->facts[i]))
			set_given(graph, scene->facts[i].service);
	for (size_t i = 0; i < scene->n_changes; i++)
		if (is_release(&scene->changes[i]))
			set_given(graph, scene->changes[i].service);
	for (size_t i = 0; i < graph->n; i++)
		graph->unknowns[i].is_used =
		    is_needed(scene, graph->unknowns[i].name) ||
		    is_spoken_of(scene, graph->unknowns[i].name);
}

/* --- what they are ------------------------------------------------------------------ */

/* Stands before applications, and is none. */
static bool
is_proxy(const struct unknown *unknown)
{
	return unknown->called == PRODUCT_PROXY && !unknown->is_given;
}

/* Is it used, and not ours?  By a product's name or protocol; else because
 * somebody uses it and, where builds are known, nobody releases it. */
static bool
is_dependency(const struct graph *graph, const struct unknown *unknown)
{
	if (unknown->is_given || unknown->called == PRODUCT_PROXY ||
	    (unknown->declared != NULL &&
		(unknown->declared->n_depends_on > 0 || !unknown->is_used)))
		return false;
	return unknown->called != PRODUCT_NONE ||
	    (unknown->asked != PRODUCT_NONE && !unknown->answers) ||
	    (graph->is_any_given && unknown->is_used);
}

/* Where it is known what services are given, who is given nothing may stand
 * beside them or before them. */
static bool
is_application(const struct graph *graph, const struct unknown *unknown)
{
	if (is_dependency(graph, unknown) || is_proxy(unknown))
		return false;
	for (size_t i = 0; i < graph->n; i++)
		if (graph->unknowns[i].is_given)
			return unknown->is_given;
	return unknown->answers ||
	    (unknown->is_alive && unknown->asked == PRODUCT_NONE);
}

static const char *
kind_of(const struct graph *graph, const struct unknown *unknown)
{
	enum product product =
	    unknown->called != PRODUCT_NONE ? unknown->called : unknown->asked;

	if (!is_dependency(graph, unknown) && !is_proxy(unknown))
		return "";
	return product != PRODUCT_NONE ? product_kind(product) : "dependency";
}

/* What was declared, with its kind where that was left out. */
static void
complete_declared(const struct graph *graph, struct scene_service *services)
{
	for (size_t i = 0; i < graph->n; i++) {
		const struct unknown *unknown = &graph->unknowns[i];

		if (unknown->declared != NULL)
			services[unknown->declared - graph->scene->services]
			    .kind = kind_of(graph, unknown);
	}
}

/* What was not: dependencies, and applications that need them all.  Returns
 * how many services there are. */
static size_t
add_undeclared(
    const struct graph *graph, struct arena *arena, struct scene_service *out)
{
	size_t n = graph->scene->n_services, n_used = 0;
	const char **used = arena_zalloc(arena, (graph->n + 1) * sizeof(*used));

	for (size_t i = 0; i < graph->n; i++) {
		const struct unknown *unknown = &graph->unknowns[i];
		const char *kind = kind_of(graph, unknown);

		if (unknown->declared != NULL || kind[0] == '\0')
			continue;
		if (!is_proxy(unknown))
			used[n_used++] = unknown->name;
		out[n++] = (struct scene_service){ .name = unknown->name,
			.kind = kind };
	}
	for (size_t i = 0; i < graph->n; i++) {
		const struct unknown *unknown = &graph->unknowns[i];

		if (unknown->declared == NULL && n_used > 0 &&
		    is_application(graph, unknown))
			out[n++] =
			    (struct scene_service){ .name = unknown->name,
				    .kind = "",
				    .depends_on = used,
				    .n_depends_on = n_used };
	}
	return n;
}

const struct scene *
graph_complete(struct arena *arena, const struct scene *scene)
{
	struct graph graph = { .scene = scene };
	struct scene *out = arena_zalloc(arena, sizeof(*out));
	struct scene_service *services;
	size_t n = scene->n_services;

	graph.unknowns =
	    arena_zalloc(arena, (scene->n_views + 1) * sizeof(*graph.unknowns));
	look_around(&graph);
	services = arena_zalloc(arena, (n + graph.n + 1) * sizeof(*services));
	if (n > 0)
		memcpy(services, scene->services, n * sizeof(*services));
	complete_declared(&graph, services);
	*out = *scene;
	out->services = services;
	out->n_services = add_undeclared(&graph, arena, services);
	return out;
}
