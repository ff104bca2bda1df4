#include <string.h>

#include "collector/diagnose/exercise.h"
#include "collector/diagnose/look.h"
#include "proto/base/text.h"

#define PEERS_TOLD 2 /* more of the same weigh nothing */

/* --- separating tests ------------------------------------------------------------------- */

/* Does it go without the proxy that comes no further? */
static bool
is_around(const struct node *node, const struct scene_view *view)
{
	return node->text.signature == SIGNATURE_PROXY &&
	    strcasestr(view->series->probe, "direct") != NULL;
}

static bool
is_reference_of(const struct scene_view *view, const struct node *node)
{
	const struct series *a = view->series, *b = node->view->series;

	if (a->reference_of[0] != '\0')
		return text_same(a->reference_of, b->probe) &&
		    text_same(a->agent, b->agent) &&
		    text_same(a->service, b->service);
	/* A probe of the dependency itself, with a login of its own, from the
	 * same place. */
	return node->dependency[0] != '\0' && !is_around(node, view) &&
	    text_same(a->kind, b->kind) &&
	    text_same(a->service, node->dependency) &&
	    text_same(a->agent, b->agent);
}

/* Own inputs against reference inputs. */
static void
find_substitution(const struct look *look)
{
	const struct scene *scene = look->scene;
	const struct node *node = look->break_;

	for (size_t k = 0; k < look->chain->n_failing; k++) {
		const struct node *own = look->chain->failing[k];

		if (own != node && own->entailed_by != node)
			continue;
		for (size_t i = 0; i < scene->n_views; i++) {
			const struct scene_view *view = &scene->views[i];
			struct finding *finding;
			bool fails = node_is_failing(view);

			/* One that warns neither fails nor passes. */
			if (!text_same(view->series->environment,
				scene->environment) ||
			    !node_is_fresh(scene, view) ||
			    (!fails && view->last->outcome != OUTCOME_OK) ||
			    !is_reference_of(view, own) ||
			    own->layer >= LAYER_APP ||
			    (!fails && !exercise_covers(view, own)))
				continue;
			/* They share the line of the hosts file: no other
			 * inputs, where it leads them both. */
			if (fails && look_at_override(look) != NULL)
				return;
			finding = look_add(look,
			    fails ? TOKEN_BOTH_FAIL : TOKEN_REFERENCE_OK, 100,
			    note(look->arena, "%s %s with reference inputs: %s",
				look_place(look, own->view),
				fails ? "fails too" : "passes",
				look_outcome(look, view)));
			finding->view = view;
			return;
		}
	}
}

/* The node whose path is in question: the break, or, when the break is above
 * the network, an edge from or to the same service that became slow. */
static const struct node *
edge_in_question(const struct look *look)
{
	const struct node *node = look->break_;

	if (look->direct != NULL)
		return NULL;
	if (node->layer >= LAYER_DNS && node->layer < LAYER_APP)
		return node;
	for (size_t i = 0; node->layer >= LAYER_APP && i < look->chain->n_nodes;
	     i++) {
		const struct node *other = &look->chain->nodes[i];
		bool is_edge = text_same(other->service, node->service)
		    ? other->dependency[0] != '\0'
		    : node_needs(look->scene, node->service, other->service) ||
			text_same(node_target(other), node->service);

		if (is_edge && node_is_slow(other->view))
			return other;
	}
	return node_is_of_dependency(node) ? node : NULL;
}

static bool
is_any_path_longer(const struct look *look)
{
	for (size_t i = 0; i < look->chain->n_nodes; i++) {
		const struct node *node = &look->chain->nodes[i];

		if (text_same(node->service, look->break_->service) &&
		    node->dependency[0] != '\0' &&
		    node_takes_longer(node->view))
			return true;
	}
	return false;
}

/* The dependencies pass with the service's own inputs, the service fails. */
static void
find_own_inputs(const struct look *look)
{
	const struct node *node = look->break_;
	struct finding *finding;
	bool is_read;

	if (node->own_limit)
		return;
	if (node->layer < LAYER_APP &&
	    !(node->by_text && (node->token == TOKEN_BREAK_SCHEMA)))
		return;
	/* Another dependency does not acquit this one, where a proxy fails the
	 * application does not, and what one replica is given is not what
	 * another one is. */
	if (node_is_of_dependency(node) || node->is_vague ||
	    look->direct != NULL || look->sibling != NULL)
		return;
	/* One of its paths is slow, or its own resources run short: that is
	 * not "all is well below". */
	if (edge_in_question(look) != NULL || is_any_path_longer(look) ||
	    look_at_host(look) != NULL || look_at_kills(look) != NULL)
		return;
	for (size_t i = 0; i < look->chain->n_nodes; i++) {
		const struct node *other = &look->chain->nodes[i];

		if (!text_same(other->service, node->service) ||
		    other->dependency[0] == '\0' ||
		    other->view->last->outcome != OUTCOME_OK ||
		    node_is_failing(other->view) || other->layer < LAYER_AUTH)
			continue; /* a name that resolves acquits no server */
		is_read =
		    suspects_are_exercised(look->suspects, look->scene, other);
		finding = look_add(look,
		    is_read ? TOKEN_BOTH_OK : TOKEN_BOTH_OK_UNREAD, 100,
		    note(look->arena,
			"%s passes with the service's own inputs%s",
			look_place(look, other->view),
			is_read ? "" : ", but reads none of what changed"));
		finding->view = other->view;
		return;
	}
}

/* Another vantage, or another service, goes to the same target. */
static bool
is_peer(const struct look *look, const struct node *node,
    const struct scene_view *view)
{
	const struct series *a = view->series, *b = node->view->series;
	struct node other;

	if ((!text_same(a->environment, look->scene->environment) &&
		!node_is_external(look->scene, node_target(node))) ||
	    a->reference_of[0] != '\0' || !node_counts(view) ||
	    !node_is_fresh(look->scene, view) ||
	    view->last->outcome == OUTCOME_UNKNOWN ||
	    /* A host that answers pings acquits none of its ports. */
	    (text_same(a->kind, "icmp") && !node_is_failing(view)) ||
	    (text_same(a->environment, b->environment) &&
		text_same(a->agent, b->agent) &&
		text_same(a->service, b->service)))
		return false;
	node_place(&other, look->scene, view);
	if (!text_same(node_target(&other), node_target(node)))
		return false;
	/* From the same place with the same login it is no other vantage. */
	if (text_same(a->environment, b->environment) &&
	    text_same(a->agent, b->agent) &&
	    text_same(a->service, node_target(node)))
		return false;
	/* Only what goes at least as deep, and does it, can acquit. */
	return node_is_failing(view) ||
	    (other.layer >= node->layer && exercise_covers(view, node));
}

static void
add_peer(const struct look *look, const struct node *node,
    const struct scene_view *view)
{
	bool fails = node_is_failing(view);
	/* Who is connected elsewhere listens; what asks it more may depend on
	 * who asks. */
	bool connects = node->layer == LAYER_TCP && node_is_failing(node->view);
	struct finding *finding = look_add(look,
	    fails          ? TOKEN_VANTAGE_FAIL
		: connects ? TOKEN_CONNECTS
			   : TOKEN_VANTAGE_OK,
	    100,
	    note(look->arena, "%s %s %s at the same time%s%s",
		look_place(look, view), fails ? "fails at" : "reaches",
		node_target(node), fails ? ": " : "",
		fails ? look_outcome(look, view) : ""));

	finding->view = view;
}

/* One that reaches it acquits the target, whoever else fails. */
static void
find_peers(const struct look *look)
{
	const struct node *node = edge_in_question(look);
	const struct scene_view *failing = NULL;
	size_t n_reaching = 0;

	for (size_t i = 0; node != NULL && i < look->scene->n_views; i++) {
		const struct scene_view *view = &look->scene->views[i];

		if (!is_peer(look, node, view) || node_is_slow(view))
			continue;
		if (node_is_failing(view))
			failing = view;
		else if (view->last->outcome == OUTCOME_OK &&
		    n_reaching++ < PEERS_TOLD)
			add_peer(look, node, view);
	}
	if (n_reaching == 0 && failing != NULL)
		add_peer(look, node, failing);
}

/* Where the proxy on the way out comes no further, a run that goes there
 * without it. */
static const struct scene_view *
find_around(const struct look *look)
{
	for (size_t i = 0; i < look->chain->n_nodes; i++) {
		const struct node *other = &look->chain->nodes[i];

		if (is_around(look->break_, other->view) &&
		    text_same(node_target(other), node_target(look->break_)) &&
		    other->view->last->outcome == OUTCOME_OK &&
		    !node_is_failing(other->view))
			return other->view;
	}
	return NULL;
}

static void
find_proxy(const struct look *look)
{
	const struct scene_view *passed =
	    look->direct != NULL ? look->direct : find_around(look);
	struct finding *finding;

	if (passed == NULL)
		return;
	finding = look_add(look, TOKEN_PROXY_FAIL, 100,
	    note(look->arena, "%s passes, %s fails", look_place(look, passed),
		look_place(look, look->break_->view)));
	finding->view = passed;
}

/* By its address it is reached: past the name servers, or past a line of a
 * hosts file, which is an input. */
static void
add_address(const struct look *look, const struct scene_view *view)
{
	const struct scene_fact *override = look_at_override(look);
	struct finding *finding = override == NULL
	    ? look_add(look, TOKEN_ADDRESS_OK, 100,
		  note(look->arena, "%s passes by the last known address",
		      look_place(look, view)))
	    : look_add(look, TOKEN_REFERENCE_OK, 100,
		  note(look->arena,
		      "%s passes by address; the hosts file sends others to "
		      "%s",
		      look_place(look, view), override->value));

	finding->view = view;
}

/* Does it go to where the break, or what follows from it below the
 * application, does not come through? */
static bool
is_of_break(const struct look *look, const struct node *other)
{
	for (size_t i = 0; i < look->chain->n_failing; i++) {
		const struct node *node = look->chain->failing[i];

		if ((node == look->break_ ||
			node->entailed_by == look->break_) &&
		    node->layer < LAYER_APP &&
		    text_same(node_target(node), node_target(other)))
			return true;
	}
	return false;
}

/* The name against the last known address. */
static void
find_addresses(const struct look *look)
{
	const struct node *node = look->break_;

	for (size_t i = 0; i < look->chain->n_nodes; i++) {
		const struct node *other = &look->chain->nodes[i];
		const char *probe = other->view->series->probe;

		if (other->view->last->outcome != OUTCOME_OK ||
		    node_is_failing(other->view) || other == node)
			continue;
		/* Of a disk or of memory no address tells. */
		if (look_holds(probe, "address") && node->layer != LAYER_SIDE &&
		    node->layer <= LAYER_TCP && is_of_break(look, other))
			add_address(look, other->view);
	}
}

/* --- the same build elsewhere --------------------------------------------------------------- */

/* Do users of a service elsewhere feel anything?  1 fails, 0 is well, -1
 * nobody looks. */
static int
peer_health(
    const struct scene *scene, const char *environment, const char *service)
{
	int health = -1;

	for (size_t i = 0; i < scene->n_views; i++) {
		const struct scene_view *view = &scene->views[i];

		if (!text_same(view->series->environment, environment) ||
		    !text_same(view->series->service, service) ||
		    !node_counts(view) || !node_is_fresh(scene, view) ||
		    !node_is_user_facing(scene, view))
			continue;
		if (node_is_failing(view))
			return 1;
		if (view->last->outcome == OUTCOME_OK)
			health = 0;
	}
	return health;
}

static void
find_build(const struct look *look)
{
	const struct scene *scene = look->scene;
	const char *service = chain_sufferer(look->chain, scene, look->break_);
	const struct scene_fact *own = service == NULL
	    ? NULL
	    : scene_find_fact(scene, scene->environment, service, "build");

	if (own == NULL || own->value[0] == '\0')
		return;
	for (size_t i = 0; i < scene->n_facts; i++) {
		const struct scene_fact *fact = &scene->facts[i];
		struct finding *finding;
		int health;

		if (text_same(fact->environment, scene->environment) ||
		    !text_same(fact->name, "build") ||
		    !text_same(fact->service, service) ||
		    !text_same(fact->value, own->value))
			continue;
		health = peer_health(scene, fact->environment, service);
		/* What both use fails them both: no word of the build. */
		if (health < 0 ||
		    (health > 0 &&
			(look->break_->is_vague ||
			    node_is_of_dependency(look->break_))))
			continue;
		finding = look_add(look,
		    health > 0 ? TOKEN_BUILD_FAIL : TOKEN_BUILD_OK, 100,
		    note(look->arena, "%s %s of %s in %s",
			health > 0 ? "fails alike: build"
				   : "healthy: the same build",
			own->value, service, fact->environment));
		finding->fact = fact;
	}
}

/* Another replica runs the same, unless one of them is just being released. */
static void
find_sibling(const struct look *look)
{
	struct finding *finding;

	if (look->sibling == NULL ||
	    suspects_find(look->suspects, CHANGE_RELEASE) != NULL)
		return;
	finding = look_add(look, TOKEN_BUILD_OK, 100,
	    note(look->arena, "healthy: another replica, %s",
		look_place(look, look->sibling)));
	finding->view = look->sibling;
}

void
look_at_tests(const struct look *look)
{
	find_substitution(look);
	find_own_inputs(look);
	find_peers(look);
	find_proxy(look);
	find_addresses(look);
	find_build(look);
	find_sibling(look);
}
