/*
 * node.h - where in the chain a failing series stands, and what it means.
 *
 * The chain goes from the observer over inputs, names, connections and logins
 * to queries, the application and the golden path; a service's dependencies
 * are the branches of one tree.
 */
#ifndef COLLECTOR_DIAGNOSE_NODE_H
#define COLLECTOR_DIAGNOSE_NODE_H

#include "collector/diagnose/scene.h"
#include "collector/diagnose/signature.h"
#include "collector/diagnose/token.h"

enum layer {
	LAYER_OBSERVER,
	LAYER_ENV,
	LAYER_CONFIG,
	LAYER_SECRET,
	LAYER_SIDE, /* host resources, platform states */
	LAYER_DNS,
	LAYER_TCP,
	LAYER_TLS,
	LAYER_AUTH,
	LAYER_QUERY,
	LAYER_APP,
	LAYER_GOLDEN,
	LAYER_COUNT
};

/* "env", "tcp"; borrowed for ever. */
const char *layer_name(enum layer layer);

/* A view, placed. */
struct node {
	const struct scene_view *view;
	const char *service;    /* whose failure it is */
	const char *dependency; /* what it goes to; "" for the service */
	enum layer layer;
	enum token token; /* the break it would be */
	/* What an error text says, when that placed the node. */
	struct signature_found text;
	bool by_text;
	bool own_limit; /* the process reached a limit that it was given */
	/* It fails, and that is all: a plug-in says so of nobody or of
	 * something inside, or the text speaks of a way to nobody known. */
	bool is_vague;
	/* Set by chain.h. */
	const struct node *entailed_by; /* a break, itself not entailed */
	size_t n_entailed;              /* that follow from it */
	bool standing;                  /* red for long before anything else */
};

/* Is the service an application, or something that others use? */
bool node_is_application(const struct scene *scene, const char *service);
/* Does it fail by a check of something that others use, which says nothing of
 * a layer? */
bool node_is_of_dependency(const struct node *node);

/* What a declaration says of a service; NULL when there is none. */
const struct scene_service *
node_service(const struct scene *scene, const char *service);

/* What stands outside of all environments is the same for all of them. */
bool node_is_external(const struct scene *scene, const char *target);

/* Does service need dependency, directly or through others? */
bool node_needs(
    const struct scene *scene, const char *service, const char *dependency);

/* Is the series failing now, or failing often enough? */
bool node_is_failing(const struct scene_view *view);

/* Is its last result recent enough to speak for the moment (three
 * intervals), and its vantage one that counts? */
bool node_is_fresh(const struct scene *scene, const struct scene_view *view);
bool node_counts(const struct scene_view *view);
bool node_is_inside(const struct scene_view *view);

/* Is it half as long again, and by more than noise?  Not when usual_us is 0:
 * unknown. */
bool node_is_longer(int64_t recent_us, int64_t usual_us);

/* Were packets lost, so that connects were tried again? */
bool node_is_lossy(const struct scene_view *view);

/* Does connecting take much longer than it used to, if only now and then? */
bool node_is_slow(const struct scene_view *view);

/* Does the whole run, whatever part of it? */
bool node_takes_longer(const struct scene_view *view);

/* Is this one of the checks whose failure users feel? */
bool
node_is_user_facing(const struct scene *scene, const struct scene_view *view);

/* Places a view: its dependency, and, by how it failed, layer and token. */
void node_place(
    struct node *out, const struct scene *scene, const struct scene_view *view);

/* What answers to such a probe, by its protocol. */
enum product node_asked(const struct series *series);

/* What the run was about, for comparisons between vantages: service or
 * dependency. */
const char *node_target(const struct node *node);

#endif
