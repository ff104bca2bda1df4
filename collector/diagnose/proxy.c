#include <string.h>

#include "collector/diagnose/kin.h"
#include "collector/diagnose/proxy.h"
#include "collector/diagnose/told.h"
#include "proto/base/text.h"

/* Programs that stand before others, as they call themselves in what they
 * answer and in the names of their files. */
static const char *const programs[] = { "nginx", "haproxy", "envoy", "traefik",
	"caddy", "varnish", "openresty" };

const char *
proxy_program(const char *text)
{
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
		if (strcasestr(text, programs[i]) != NULL)
			return programs[i];
	return NULL;
}

const char *
proxy_of(const struct scene_view *view)
{
	return told_text(view->told, "through");
}

/* How far a way of several steps came; 1 where there are none. */
static size_t
step_of(const struct scene_view *view)
{
	return text_same(view->series->kind, "journey") ? view->told->n_phases
							: 1;
}

/* Nobody behind the gateway took its connection. */
static bool
is_unreached(const struct scene_view *view)
{
	const char *message = view->told->message;

	return strstr(message, "502 Bad Gateway") != NULL ||
	    (strstr(message, "502") != NULL &&
		(text_same(view->series->kind, "http") ||
		    text_same(view->series->kind, "journey")));
}

/* Does a gateway speak, of nobody behind it?  Further on in a way, and where a
 * gateway waits (504), the application itself may be the one who passes that
 * on or is waited for. */
static bool
is_gateways_answer(const struct scene_view *view)
{
	const char *message = view->told->message;
	struct signature_found found;
	bool is_http = text_same(view->series->kind, "http") ||
	    text_same(view->series->kind, "journey");

	if (!node_is_failing(view) || step_of(view) > 1)
		return false;
	signature_find(&found, message, strlen(message));
	if (found.signature == SIGNATURE_UPSTREAM || is_unreached(view))
		return true;
	return is_http && proxy_of(view)[0] != '\0' &&
	    strstr(message, "504") != NULL;
}

/* Of what others record the kind may not be told. */
static bool
may_be_http(const struct series *series)
{
	return text_same(series->kind, "http") ||
	    text_same(series->kind, "other") || text_same(series->kind, "push");
}

/* Is it asked at the application itself? */
static bool
is_direct(const struct scene *scene, const struct node *break_,
    const struct node *node)
{
	const struct series *series = node->view->series;

	return may_be_http(series) && node->dependency[0] == '\0' &&
	    proxy_of(node->view)[0] == '\0' &&
	    (node_is_inside(node->view) ||
		strcasestr(series->probe, "direct") != NULL) &&
	    node_is_application(scene, series->service) &&
	    (text_same(series->service, break_->service) ||
		node_needs(scene, break_->service, series->service) ||
		!node_is_application(scene, break_->service));
}

const struct scene_view *
proxy_passed(const struct chain *chain, const struct scene *scene)
{
	const struct node *break_ =
	    chain->n_failing > 0 ? chain->failing[0] : NULL;
	const struct scene_view *passed = NULL;

	if (break_ == NULL || break_->layer < LAYER_APP ||
	    !is_gateways_answer(break_->view))
		return NULL;
	for (size_t i = 0; i < chain->n_nodes; i++) {
		const struct node *node = &chain->nodes[i];

		if (!is_direct(scene, break_, node) ||
		    is_gateways_answer(node->view))
			continue;
		/* Who waits in vain (504) may wait for one that is slow. */
		if (node_is_failing(node->view) ||
		    (!is_unreached(break_->view) &&
			node_takes_longer(node->view)))
			return NULL;
		if (node->view->last->outcome == OUTCOME_OK)
			passed = node->view;
	}
	return passed;
}

const char *
proxy_name(const struct scene *scene, const struct chain *chain,
    const struct node *node)
{
	const char *name = proxy_of(node->view);

	if (name[0] != '\0')
		return name;
	for (size_t i = 0; i < chain->n_failing; i++) {
		const struct node *other = chain->failing[i];

		if (kin_product(node_service(scene, other->service)) ==
			PRODUCT_PROXY &&
		    is_gateways_answer(other->view))
			return other->service;
	}
	if (!node_is_application(scene, node->service))
		return node->service;
	name = proxy_program(node->view->told->message);
	return name != NULL ? name : node->service;
}
