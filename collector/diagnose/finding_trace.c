#include <string.h>

#include "collector/diagnose/look.h"
#include "collector/diagnose/peers.h"
#include "collector/diagnose/platform.h"
#include "collector/diagnose/product.h"
#include "collector/diagnose/relapse.h"
#include "collector/diagnose/sibling.h"
#include "proto/base/text.h"
#include "proto/fingerprints.h"

#define LEAK_KILLS 2 /* once may be chance */

/* --- changes ---------------------------------------------------------------------------------- */

static void
add_change(
    const struct look *look, enum token token, const struct suspect *suspect)
{
	const struct scene_change *change = suspect->change;
	struct finding *finding =
	    look_add(look, token, suspect->db10 * 100 / 150,
		note(look->arena, "%s%s%s changed %s%s%s", change->service,
		    change->service[0] != '\0' ? " " : "",
		    change->name[0] != '\0' ? change->name
					    : mark_kind_name(change->kind),
		    note_interval(look->arena, change->from_ms, change->to_ms),
		    change->summary[0] != '\0' ? ": " : "", change->summary));

	finding->change = change;
}

static bool
has_any(const struct scene *scene, enum change_class class)
{
	for (size_t i = 0; i < scene->n_changes; i++)
		if (text_same(
			scene->changes[i].environment, scene->environment) &&
		    suspect_class(&scene->changes[i]) == class)
			return true;
	for (size_t i = 0; i < scene->n_facts; i++) {
		struct scene_change as = { .name = scene->facts[i].name,
			.source = scene->facts[i].source };

		if (text_same(
			scene->facts[i].environment, scene->environment) &&
		    suspect_class(&as) == class)
			return true;
	}
	return false;
}

static void
find_changes(const struct look *look)
{
	const struct suspect *release =
	    suspects_find(look->suspects, CHANGE_RELEASE);
	const struct suspect *input =
	    suspects_find(look->suspects, CHANGE_INPUT);
	const struct suspect *platform =
	    suspects_find(look->suspects, CHANGE_PLATFORM);
	const struct suspect *path = suspects_find(look->suspects, CHANGE_PATH);

	if (release != NULL)
		add_change(look, TOKEN_RELEASED, release);
	else
		look_add(look, TOKEN_NOT_RELEASED,
		    has_any(look->scene, CHANGE_RELEASE) ? 100 : 50,
		    "no release in the day before the onset");
	if (input != NULL)
		add_change(look, TOKEN_INPUT_CHANGED, input);
	else if (look->break_->layer <= LAYER_SECRET)
		; /* an input seen to be wrong needs no change to be so */
	else if (has_any(look->scene, CHANGE_INPUT))
		look_add(look, TOKEN_INPUT_SAME, 100,
		    "no variable, file or setting that it uses changed");
	if (platform != NULL)
		add_change(look, TOKEN_PLATFORM_CHANGED, platform);
	if (path != NULL)
		add_change(look, TOKEN_PATH_CHANGED, path);
}

/* --- particulars ------------------------------------------------------------------------------------ */

static void
find_shapes(const struct look *look)
{
	for (size_t i = 0; i < look->chain->n_nodes; i++) {
		const struct scene_view *view = look->chain->nodes[i].view;
		struct finding *finding;

		if (view->told->reason != REASON_SHAPE ||
		    !text_same(view->series->kind, "env"))
			continue;
		finding = look_add(look, TOKEN_SHAPE, 100,
		    note(look->arena, "%s: %s", look_place(look, view),
			look_outcome(look, view)));
		finding->view = view;
	}
}

/* A resource that warns (of maintenance) serves, as long as what goes to it
 * does not fail. */
static bool
is_serving_badly(const struct look *look, const struct node *node)
{
	enum outcome outcome = node->view->told->outcome;

	return outcome == OUTCOME_CRITICAL ||
	    (outcome == OUTCOME_WARNING &&
		text_same(node_target(node), node_target(look->break_)));
}

static void
find_platform(const struct look *look)
{
	const struct scene_view *ok = NULL;
	struct finding *finding;

	for (size_t i = 0; i < look->chain->n_nodes; i++) {
		const struct node *node = &look->chain->nodes[i];

		if (!platform_is(node->view->series) ||
		    node->layer != LAYER_SIDE)
			continue;
		if (node->view->told->outcome == OUTCOME_OK)
			ok = node->view;
		if (!is_serving_badly(look, node) || node == look->break_)
			continue;
		finding = look_add(look, TOKEN_PLATFORM_BAD, 100,
		    note(look->arena, "%s: %s", look_place(look, node->view),
			look_outcome(look, node->view)));
		finding->view = node->view;
		return;
	}
	if (ok != NULL)
		look_add(look, TOKEN_PLATFORM_OK, 100,
		    "cloud resources read, and serving");
}

static void
add_kills(const struct look *look)
{
	const struct scene_change *kills = look_at_kills(look);
	struct finding *finding;

	if (kills == NULL)
		return;
	finding = look_add(look, TOKEN_SATURATED, 100,
	    note(look->arena,
		"processes killed for want of memory: %s %s, "
		"was %s",
		kills->name, kills->after, kills->before));
	finding->change = kills;
}

/* Is the limit that it grows into the one it had the day before? */
static bool
is_limit_kept(const struct look *look)
{
	for (size_t i = 0; i < look->suspects->n; i++) {
		const char *name = look->suspects->list[i].change->name;

		if (text_matches("host/*/cgroup_memory_bytes", name) ||
		    text_matches("host/*/memory_bytes", name))
			return false;
	}
	return true;
}

/* What fills up and is killed, again and again, and did not before a release,
 * belongs to who was released. */
static void
find_leak(const struct look *look)
{
	const struct suspect *release =
	    suspects_find(look->suspects, CHANGE_RELEASE);
	const struct relapse *relapse =
	    relapse_of(look->scene, node_target(look->break_));
	struct finding *finding;

	if (release == NULL || relapse == NULL ||
	    relapse->n_killed < LEAK_KILLS || !is_limit_kept(look))
		return;
	finding = look_add(look, TOKEN_LEAK, 100,
	    note(look->arena,
		"killed for want of memory %zu times since the release of %s, "
		"under the limit it had before",
		relapse->n_killed,
		note_clock(look->arena, release->change->to_ms)));
	finding->change = release->change;
}

static void
find_resources(const struct look *look)
{
	const struct node *host = look_at_host(look);

	for (size_t i = 0; i < look->chain->n_nodes; i++) {
		const struct node *node = &look->chain->nodes[i];
		const struct scene_view *view = node->view;
		bool full = view->told->reason == REASON_EXHAUSTED ||
		    node->text.signature == SIGNATURE_CONNECTIONS ||
		    node == host;
		struct finding *finding;

		if (!full || node->token == TOKEN_SATURATED || node->own_limit)
			continue;
		finding = look_add(look, TOKEN_SATURATED, 100,
		    note(look->arena, "%s: %s", look_place(look, view),
			look_outcome(look, view)));
		finding->view = view;
		return;
	}
	add_kills(look);
}

static void
find_crash(const struct look *look)
{
	for (size_t i = 0; i < look->chain->n_failing; i++) {
		const struct node *node = look->chain->failing[i];
		const struct scene_view *view = node->view;
		struct finding *finding;

		if (view->told->reason != REASON_PROCESS &&
		    node->text.signature != SIGNATURE_CRASH &&
		    !(node->layer == LAYER_APP &&
			view->told->reason == REASON_REFUSED))
			continue;
		finding = look_add(look, TOKEN_CRASH, 100,
		    note(look->arena, "%s does not run: %s",
			view->series->service, look_outcome(look, view)));
		finding->view = view;
		return;
	}
}

/* Is there another probe from the same place to the same target that is well?
 * It moves less. */
static bool
is_answered(const struct look *look, const struct node *node)
{
	for (size_t i = 0; i < look->chain->n_nodes; i++) {
		const struct node *other = &look->chain->nodes[i];

		if (other != node &&
		    text_same(node_target(other), node_target(node)) &&
		    text_same(other->view->series->agent,
			node->view->series->agent) &&
		    other->view->last->outcome == OUTCOME_OK &&
		    !node_is_failing(other->view))
			return true;
	}
	return false;
}

/* Some answers come and others do not, from a server that answers everyone
 * else: what is lost is what is large. */
static void
find_size(const struct look *look)
{
	const struct node *node = look->break_;
	struct finding *finding;

	/* How large an answer a plug-in waits for, nobody knows. */
	if ((node->layer != LAYER_QUERY && node->layer != LAYER_TLS) ||
	    (node->layer == LAYER_QUERY &&
		product_of_name(node->view->series->kind) == PRODUCT_NONE) ||
	    node->token != TOKEN_BREAK_HANG || node->by_text ||
	    !is_answered(look, node) ||
	    findings_get(look->out, TOKEN_VANTAGE_OK) == NULL)
		return;
	finding = look_add(look, TOKEN_MTU, 100,
	    note(look->arena,
		"%s has no answer where smaller ones come, and "
		"come elsewhere",
		look_place(look, node->view)));
	finding->view = node->view;
}

static void
find_path(const struct look *look)
{
	for (size_t i = 0; i < look->chain->n_nodes; i++) {
		const struct scene_view *view = look->chain->nodes[i].view;
		struct finding *finding = NULL;
		char usual[TEXT_SPAN_BYTES], recent[TEXT_SPAN_BYTES];

		if (node_is_lossy(view))
			finding = look_add(look, TOKEN_LOSS, 100,
			    note(look->arena,
				"%s: %u of %u connects took about 1 or 3 s, as "
				"when a packet is lost and sent again; was %s",
				look_place(look, view), view->n_again,
				view->n_recent,
				text_span(usual, view->usual_connect_us)));
		else if (node_is_slow(view))
			finding = look_add(look, TOKEN_LATENCY, 100,
			    note(look->arena, "%s connects in %s, was %s",
				look_place(look, view),
				text_span(recent, view->recent_connect_us),
				text_span(usual, view->usual_connect_us)));
		else if (look->chain->nodes[i].layer == LAYER_TCP &&
		    node_is_failing(view) &&
		    view->told->reason != REASON_REFUSED &&
		    view->n_recent >= 8 &&
		    view->n_recent_bad * 10 < view->n_recent * 9 &&
		    view->n_bad < 3)
			finding = look_add(look, TOKEN_LOSS, 100,
			    note(look->arena, "%s fails in %u of %u runs",
				look_place(look, view), view->n_recent_bad,
				view->n_recent));
		if (finding == NULL)
			continue;
		finding->view = view;
		return;
	}
}

static void
find_expiry(const struct look *look)
{
	const struct scene_view *view = look->break_->view;
	struct finding *finding;

	if (look->break_->layer != LAYER_TLS ||
	    (view->told->reason != REASON_EXPIRED &&
		!look_holds(view->told->message, "expired")))
		return;
	finding = look_add(look, TOKEN_EXPIRED, 100,
	    note(look->arena, "%s: %s", look_place(look, view),
		look_outcome(look, view)));
	finding->view = view;
}

static void
find_new_text(const struct look *look)
{
	const struct scene_view *view = look->break_->view;
	struct finding *finding;

	/* That a limit was reached says nothing of who is to blame. */
	if (look->break_->own_limit)
		return;
	/* What a client of ours is told by a server is no word of a build. */
	if (!node_is_application(look->scene, look->break_->service) ||
	    (look->break_->layer < LAYER_APP && !look->break_->by_text))
		return;
	if (!view->text_is_new || view->is_late || look->break_->is_vague ||
	    view->told->message[0] == '\0' ||
	    node_is_of_dependency(look->break_) || look->direct != NULL ||
	    view->told->reason == REASON_MISSED ||
	    look->break_->layer < LAYER_QUERY)
		return;
	finding = look_add(look, TOKEN_NEW_TEXT, 100,
	    note(look->arena, "%s says what it never said before",
		look_place(look, view)));
	finding->view = view;
}

/* --- peers' settings ---------------------------------------------------------------------------------- */

static void
find_peer_values(const struct look *look)
{
	const struct scene *scene = look->scene;
	const char *service = chain_sufferer(look->chain, scene, look->break_);

	for (size_t i = 0; service != NULL && i < scene->n_facts; i++) {
		const struct scene_fact *own = &scene->facts[i], *peer;
		struct finding *finding;

		if (!text_same(own->environment, scene->environment) ||
		    !text_same(own->service, service) ||
		    own->source == SOURCE_SERVER ||
		    !suspect_uses(scene, look->break_, own->name))
			continue;
		peer = peers_differing(scene, own);
		if (peer == NULL)
			continue;
		finding = look_add(look, TOKEN_PEER_DIFFERS, 100,
		    note(look->arena, "%s %s %s", own->name,
			peers_is_absent(own) ? "is absent here, present in"
					     : "differs from",
			peer->environment));
		finding->fact = own;
		return;
	}
}

/* What one replica is given and another is not. */
static void
find_odd(const struct look *look)
{
	const struct scene_fact *other;
	const struct scene_fact *own =
	    sibling_odd(&other, look->scene, look->suspects);
	struct finding *finding;

	if (own == NULL)
		return;
	finding = look_add(look, TOKEN_PEER_DIFFERS, 100,
	    note(look->arena, "%s of one replica differs from %s of another",
		own->name, other->name));
	finding->fact = own;
}

void
look_at_traces(const struct look *look)
{
	find_changes(look);
	find_shapes(look);
	find_platform(look);
	find_resources(look);
	find_leak(look);
	find_crash(look);
	find_size(look);
	find_path(look);
	find_expiry(look);
	find_new_text(look);
	find_peer_values(look);
	find_odd(look);
}
