#include <string.h>

#include "collector/diagnose/claim.h"
#include "collector/diagnose/dns_name.h"
#include "collector/diagnose/exercise.h"
#include "collector/diagnose/missing.h"
#include "collector/diagnose/note.h"
#include "collector/diagnose/platform.h"
#include "collector/diagnose/proxy.h"
#include "collector/diagnose/sibling.h"
#include "collector/diagnose/subject.h"
#include "collector/diagnose/told.h"
#include "proto/base/text.h"

#define PORT_DIGITS 5

static const char *
build_of(const struct scene *scene, const char *service)
{
	const struct scene_fact *fact =
	    scene_find_fact(scene, scene->environment, service, "build");

	return fact != NULL ? fact->value : "";
}

/* --- per class --------------------------------------------------------------------- */

static const char *
app_subject(struct arena *arena, const struct scene *scene,
    const struct suspects *suspects, const char *service)
{
	const struct suspect *release =
	    suspects != NULL ? suspects_find(suspects, CHANGE_RELEASE) : NULL;
	const char *build = build_of(scene, service);

	/* A build that does not come up cannot say which it is. */
	if (release != NULL && text_same(release->change->service, service) &&
	    release->change->is_mark)
		return subject_of_change(arena, release->change);
	return build[0] != '\0' ? note(arena, "app:%s@%s", service, build)
				: note(arena, "app:%s", service);
}

/* The variable that is seen to be wrong, of the replica in which it changed. */
static const char *
subject_of_found(struct arena *arena, const struct scene *scene,
    const struct node *node, const struct suspects *suspects)
{
	const char *found = missing_subject(arena, scene, node);
	size_t n = strlen(found);

	for (size_t i = 0; i < suspects->n; i++) {
		const struct suspect *suspect = &suspects->list[i];
		const char *subject = subject_of_change(arena, suspect->change);

		if (suspect->is_before && strncmp(subject, found, n) == 0 &&
		    subject[n] == '@')
			return subject;
	}
	return found;
}

static const char *
env_subject(struct arena *arena, const struct scene *scene,
    const struct node *node, const struct suspects *suspects,
    const struct findings *findings)
{
	const struct suspect *change = suspects_find(suspects, CHANGE_INPUT);
	const struct finding *finding;

	if (node->token == TOKEN_BREAK_ENV) {
		if (change != NULL &&
		    strncmp(change->change->name, "envfile", 7) == 0)
			return subject_of_change(arena, change->change);
		return subject_of_found(arena, scene, node, suspects);
	}
	if (node->token == TOKEN_BREAK_SECRET) {
		/* Where its result does not, the change names it; who is
		 * refused names himself, and what refuses him changed. */
		if (change != NULL &&
		    (node->by_text ||
			strncmp(change->change->name, "secret", 6) == 0) &&
		    platform_subject(arena, node->view) == NULL)
			return subject_of_change(arena, change->change);
		return subject_of_node(arena, scene, node);
	}
	finding = findings_get(findings, TOKEN_SHAPE);
	if (finding != NULL && change == NULL) {
		struct node shaped;

		node_place(&shaped, scene, finding->view);
		return missing_subject(arena, scene, &shaped);
	}
	if (change != NULL)
		return subject_of_change(arena, change->change);
	finding = findings_get(findings, TOKEN_PEER_DIFFERS);
	if (finding != NULL)
		return subject_of_fact(arena, finding->fact);
	return note(arena, "env:%s", node->service);
}

/* Who found no room on a disk that a host probe saw fill, best of whom it is
 * known what writes there; NULL. */
static const struct node *
find_full(const struct chain *chain, const struct node *node)
{
	const struct node *best = NULL;

	if (!text_same(node->view->series->kind, "host"))
		return NULL;
	for (size_t i = 0; i < chain->n_failing; i++) {
		const struct node *other = chain->failing[i];

		if (exercise_is_of_disk(other) &&
		    (best == NULL ||
			(best->dependency[0] == '\0' &&
			    other->dependency[0] != '\0')))
			best = other;
	}
	return best;
}

/* Is what changed the object that fails, or below what fails? */
static bool
is_of_node(const struct scene_change *change, const struct node *node)
{
	if (node_is_of_dependency(node))
		return text_same(change->service, node_target(node));
	return node->layer >= LAYER_APP || node->layer == LAYER_SIDE;
}

/* "infra:postgres", with what of it ran out. */
static const char *
infra_subject(struct arena *arena, const struct scene *scene,
    const struct chain *chain, const struct node *node,
    const struct suspects *suspects, const struct findings *findings)
{
	const struct node *full;
	const struct suspect *change = suspects_find(suspects, CHANGE_PLATFORM);
	const struct finding *platform =
	    findings_get(findings, TOKEN_PLATFORM_BAD);

	if (platform != NULL && platform->view != NULL) {
		struct node bad;

		node_place(&bad, scene, platform->view);
		return subject_of_node(arena, scene, &bad);
	}
	if (change != NULL && suspect_is_server_setting(change->change))
		return note(arena, "infra:%s#%s", node_target(node),
		    strrchr(change->change->name, '/') + 1);
	full = find_full(chain, node);
	if (full != NULL)
		return subject_of_node(arena, scene, full);
	if (change != NULL && is_of_node(change->change, node))
		return subject_of_change(arena, change->change);
	if (node->layer == LAYER_APP || node->layer == LAYER_GOLDEN)
		return note(arena, "infra:%s", node_target(node));
	return subject_of_node(arena, scene, node);
}

/* From where the path begins that a probe of its end goes: an application
 * that needs it and fails with it, else the environment as a whole. */
static const char *
sufferer(const struct scene *scene, const struct chain *chain,
    const struct node *node)
{
	const char *service = chain_sufferer(chain, scene, node);

	return service != NULL ? service : scene->environment;
}

/* Whose code it would be. */
static const char *
app_of(const struct scene *scene, const struct chain *chain,
    const struct node *node)
{
	const char *service = chain_sufferer(chain, scene, node);

	return service != NULL ? service : node->service;
}

/* ":5432" of a connection that did not come about: which of the ways between
 * two places it is; "" when nobody said. */
static const char *
port_of(struct arena *arena, const struct node *node)
{
	const char *server = told_text(node->view->told, "server");
	const char *colon = strrchr(
	    server[0] != '\0' ? server : node->view->told->message, ':');
	size_t n;

	if (node->layer != LAYER_TCP || colon == NULL ||
	    !node_is_failing(node->view))
		return "";
	n = strspn(colon + 1, "0123456789");
	if (n == 0 || n > PORT_DIGITS ||
	    (colon[1 + n] != '\0' && colon[1 + n] != ' '))
		return "";
	return note(arena, "%.*s", (int)(1 + n), colon);
}

static const char *
net_subject(struct arena *arena, const struct scene *scene,
    const struct chain *chain, const struct node *node,
    const struct suspects *suspects, const struct findings *findings)
{
	const struct suspect *change = suspects_find(suspects, CHANGE_PATH);
	const struct finding *finding;

	if (findings_get(findings, TOKEN_PROXY_FAIL) != NULL &&
	    node->text.signature != SIGNATURE_PROXY)
		return note(
		    arena, "lb:%s#upstream", proxy_name(scene, chain, node));
	if (change != NULL && strncmp(change->change->name, "dns/", 4) == 0)
		return subject_of_change(arena, change->change);
	finding = findings_get(findings, TOKEN_LATENCY);
	if (finding == NULL)
		finding = findings_get(findings, TOKEN_LOSS);
	for (size_t i = 0; finding != NULL && i < chain->n_nodes; i++)
		if (chain->nodes[i].view == finding->view)
			node = &chain->nodes[i];
	if (node->layer == LAYER_DNS)
		return subject_of_node(
		    arena, scene, dns_name_teller(arena, chain, node));
	return note(arena, "net:%s->%s%s%s",
	    node->dependency[0] != '\0' ? node->service
					: sufferer(scene, chain, node),
	    node_target(node), port_of(arena, node),
	    findings_get(findings, TOKEN_MTU) != NULL ? "#mtu" : "");
}

/* "gcp" of "gcp.sql"; the whole of a kind without a point. */
static size_t
family_of(const char *kind)
{
	return strcspn(kind, ".");
}

/* The probe that could not tell; all that one agent sends the same way
 * ("gcp"), when several of them could not, as they share what they lack. */
static const char *
probe_subject(struct arena *arena, const struct findings *findings,
    const struct series *first)
{
	size_t n = family_of(first->kind), n_others = 0;

	for (size_t i = 0; i < findings->n; i++) {
		const struct finding *finding = &findings->list[i];
		const struct series *other;

		if (finding->weight.token != TOKEN_UNABLE ||
		    finding->view == NULL)
			continue;
		other = finding->view->series;
		if (!text_same(other->agent, first->agent) ||
		    family_of(other->kind) != n ||
		    strncmp(other->kind, first->kind, n) != 0)
			return note(
			    arena, "probe:%s@%s", first->probe, first->agent);
		n_others += other != first;
	}
	if (n_others == 0)
		return note(arena, "probe:%s@%s", first->probe, first->agent);
	return note(arena, "probe:%.*s@%s", (int)n, first->kind, first->agent);
}

static const char *
blind_subject(struct arena *arena, const struct scene *scene,
    const struct findings *findings)
{
	const struct finding *finding = findings_get(findings, TOKEN_STRANGER);

	if (finding != NULL)
		return note(arena, "vantage:%s", scene->environment);
	finding = findings_get(findings, TOKEN_SILENT);
	if (finding != NULL && findings->n_gapped > 0)
		return "collector:storage";
	if (finding != NULL)
		return note(arena, "agent:%s", finding->agent->agent);
	if (findings->hole != NULL)
		return "collector:storage";
	finding = findings_get(findings, TOKEN_CLOCK);
	if (finding != NULL)
		return note(arena, "clock:%s", finding->agent->agent);
	finding = findings_get(findings, TOKEN_UNABLE);
	if (finding != NULL)
		return probe_subject(arena, findings, finding->view->series);
	if (findings->uncovered != NULL)
		return note(arena, "coverage:%s",
		    claim_object(arena, scene, findings->uncovered));
	return note(arena, "coverage:%s", scene->environment);
}

enum blame
subject_class_of_node(const struct node *node)
{
	const int *permille = token_row(node->token)->permille;
	enum blame best = BLAME_APP;

	for (int i = 1; i < BLAME_COUNT; i++)
		if (permille[i] > permille[best])
			best = (enum blame)i;
	return best;
}

static const char *
exhausted_of(const struct node *node)
{
	struct signature_found found = node->text;

	/* A probe that says by itself how far it came says what ran out in its
	 * message. */
	if (!node->by_text)
		signature_find(&found, node->view->told->message,
		    strlen(node->view->told->message));
	if (exercise_is_of_disk(node) || found.signature == SIGNATURE_DISK)
		return "#disk";
	if (found.signature == SIGNATURE_MEMORY)
		return "#memory";
	if (node->token == TOKEN_BREAK_LOCK)
		return "#lock";
	if (node->view->told->reason == REASON_READ_ONLY ||
	    found.signature == SIGNATURE_READ_ONLY)
		return "#read_only";
	return node->view->told->reason == REASON_EXHAUSTED ||
		found.signature == SIGNATURE_CONNECTIONS
	    ? "#max_connections"
	    : "";
}

static const char *
dns_subject(
    struct arena *arena, const struct scene *scene, const struct node *node)
{
	const char *name = dns_name_of(arena, node);

	/* Who answered that there is no such name answers. */
	if (node->view->told->reason != REASON_NXDOMAIN &&
	    node->view->told->reason != REASON_NO_ADDRESS &&
	    node->view->told->reason != REASON_ANSWER &&
	    node->text.signature != SIGNATURE_NAME)
		return note(arena, "dns:resolver/%s", scene->environment);
	return note(
	    arena, "dns:%s", name[0] != '\0' ? name : node_target(node));
}

/* For whom the certificate is that was shown, as its message says; else who
 * shows it. */
static const char *
certified(struct arena *arena, const struct node *node)
{
	static const char words[] = "certificate for ";
	const char *name = strstr(node->view->told->message, words);
	size_t n;

	if (name == NULL)
		return node_target(node);
	name += sizeof(words) - 1;
	n = strcspn(name, ": ,;");
	return n == 0 ? node_target(node) : note(arena, "%.*s", (int)n, name);
}

const char *
subject_of_node(
    struct arena *arena, const struct scene *scene, const struct node *node)
{
	const struct series *series = node->view->series;
	const char *platform =
	    platform_is(series) ? platform_subject(arena, node->view) : NULL;

	if (platform != NULL)
		return platform;
	switch (subject_class_of_node(node)) {
	case BLAME_APP:
		return app_subject(arena, scene, NULL, node->service);
	case BLAME_ENV:
		if (node->layer == LAYER_ENV)
			return missing_subject(arena, scene, node);
		return note(arena, "config:%s", series->probe);
	case BLAME_NET:
		if (node->layer == LAYER_DNS)
			return dns_subject(arena, scene, node);
		/* fall through */
	default:
		if (node->layer == LAYER_TLS && node->token == TOKEN_BREAK_TLS)
			return note(arena, "tls:%s", certified(arena, node));
		return note(
		    arena, "infra:%s%s", node_target(node), exhausted_of(node));
	}
}

const char *
subject_of(enum blame blame, struct arena *arena, const struct scene *scene,
    const struct chain *chain, const struct suspects *suspects,
    const struct findings *findings)
{
	const struct node *node =
	    chain->n_failing > 0 ? chain->failing[0] : NULL;

	if (blame == BLAME_BLIND)
		return blind_subject(arena, scene, findings);
	if (node == NULL)
		return "";
	switch (blame) {
	case BLAME_APP:
		return app_subject(
		    arena, scene, suspects, app_of(scene, chain, node));
	case BLAME_ENV:
		return env_subject(arena, scene, node, suspects, findings);
	case BLAME_INFRA:
		return infra_subject(
		    arena, scene, chain, node, suspects, findings);
	case BLAME_NET:
		return net_subject(
		    arena, scene, chain, node, suspects, findings);
	default:
		return "";
	}
}
