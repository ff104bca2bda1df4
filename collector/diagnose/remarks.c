#include <string.h>

#include "collector/diagnose/advice.h"
#include "collector/diagnose/claim.h"
#include "collector/diagnose/note.h"
#include "collector/diagnose/peers.h"
#include "collector/diagnose/remarks.h"
#include "collector/diagnose/subject.h"
#include "proto/base/text.h"

#define CONTRADICTS 30 /* tenths of a decibel: 3 dB */

static bool
holds(const char *text, const char *word)
{
	return strstr(text, word) != NULL;
}

static void
remark(const struct work *work, struct remarks *remarks, enum blame blame,
    const char *subject, const char *text, const char *evidence)
{
	if (remarks->list == NULL)
		remarks->list = arena_zalloc(work->arena,
		    (work->scene->n_views + work->scene->n_changes +
			work->scene->n_facts + LAYER_COUNT + 16) *
			sizeof(*remarks->list));
	remarks->list[remarks->n++] =
	    (struct remark){ subject, blame, text, evidence };
}

static const char *
id_of_view(const struct work *work, const struct scene_view *view)
{
	for (size_t i = 0; i < work->out->findings.n; i++)
		if (work->out->findings.list[i].view == view)
			return work->out->findings.list[i].id;
	return "";
}

static const char *
failure(const struct work *work, const struct scene_view *view)
{
	char reason[REASON_TEXT_BYTES];

	return note(work->arena, "%s/%s %s%s%.200s", view->series->service,
	    view->series->probe,
	    result_reason(reason, view->series, view->told),
	    view->told->message[0] != '\0' ? ": " : "", view->told->message);
}

/* --- what follows, what stands apart ------------------------------------------ */

/* Equal to another environment from the first look on: perhaps it is meant. */
static void
add_standing_equals(const struct work *work)
{
	const struct scene *scene = work->scene;
	const struct scene_fact *crossed, *peer;
	const struct scene_change *change;

	crossed = peers_crossed(&peer, &change, scene);
	for (size_t i = 0; i < scene->n_facts; i++) {
		const struct scene_fact *fact = &scene->facts[i];

		if (fact == crossed ||
		    !text_same(fact->environment, scene->environment))
			continue;
		peer = peers_equal(scene, fact);
		if (peer == NULL)
			continue;
		remark(work, &work->out->standing, BLAME_ENV,
		    subject_of_fact(work->arena, fact),
		    note(work->arena,
			"has the value of %s; if that is not meant: vedette "
			"guard add '%s differs' --environment %s",
			peer->environment, fact->name, fact->environment),
		    "");
	}
}

static void
add_failures(const struct work *work)
{
	const struct chain *chain = work->chain;

	for (size_t i = 0; i < chain->n_failing; i++) {
		const struct node *node = chain->failing[i];
		const struct scene_view *view = node->view;

		if (node->entailed_by != NULL)
			remark(work, &work->out->entailed,
			    subject_class_of_node(node),
			    note(work->arena, "%s/%s", node->service,
				view->series->probe),
			    note(work->arena, "explained by %s/%s",
				node->entailed_by->service,
				node->entailed_by->view->series->probe),
			    id_of_view(work, view));
		else if (i > 0)
			remark(work, &work->out->secondary,
			    subject_class_of_node(node),
			    subject_of_node(work->arena, work->scene, node),
			    failure(work, view), id_of_view(work, view));
		if (view->masked != NULL)
			remark(work, &work->out->masked,
			    subject_class_of_node(node),
			    note(work->arena, "%s/%s", node->service,
				view->series->probe),
			    note(work->arena,
				"the same check failed otherwise before: "
				"%.300s; that fault is masked, not mended",
				view->masked->message),
			    id_of_view(work, view));
	}
	add_standing_equals(work);
	for (size_t i = 0; i < chain->n_standing; i++)
		remark(work, &work->out->standing,
		    subject_class_of_node(chain->standing[i]),
		    subject_of_node(
			work->arena, work->scene, chain->standing[i]),
		    note(work->arena, "%s since %s",
			failure(work, chain->standing[i]->view),
			note_clock(work->arena,
			    chain->standing[i]->view->bad_from_ms)),
		    "");
}

/* --- what is cleared, what is refuted -------------------------------------------- */

/* Which token acquits whom, and in which words. */
static const struct {
	enum token token;
	enum blame blame;
	const char *why;
} acquittals[] = {
	{ TOKEN_BUILD_OK, BLAME_APP, "the same build is healthy elsewhere" },
	{ TOKEN_REFERENCE_OK, BLAME_APP,
	    "the chain below the application fails with its own inputs" },
	{ TOKEN_REFERENCE_OK, BLAME_INFRA, "reference inputs pass from here" },
	{ TOKEN_REFERENCE_OK, BLAME_NET, "reference inputs pass from here" },
	{ TOKEN_VANTAGE_OK, BLAME_INFRA, "reached from another vantage" },
	{ TOKEN_CONNECTS, BLAME_INFRA, "it connects from another vantage" },
	{ TOKEN_BOTH_OK, BLAME_INFRA, "passes with the service's own inputs" },
	{ TOKEN_BOTH_OK, BLAME_NET, "passes with the service's own inputs" },
	{ TOKEN_BOTH_OK_UNREAD, BLAME_INFRA,
	    "passes with the service's own inputs" },
	{ TOKEN_BOTH_OK_UNREAD, BLAME_NET,
	    "passes with the service's own inputs" },
	{ TOKEN_INPUT_SAME, BLAME_ENV,
	    "no input that it uses changed since it worked" },
	{ TOKEN_VANTAGE_FAIL, BLAME_ENV, "others fail with other inputs" },
	{ TOKEN_BOTH_FAIL, BLAME_ENV, "reference inputs fail as well" },
};

static void
add_cleared(const struct work *work)
{
	for (size_t i = 0; i < sizeof(acquittals) / sizeof(acquittals[0]);
	     i++) {
		const struct finding *finding =
		    findings_get(&work->out->findings, acquittals[i].token);
		const char *subject;

		if (finding == NULL || acquittals[i].blame == work->out->blame)
			continue;
		subject =
		    acquittals[i].blame == BLAME_INFRA && work->node != NULL
		    ? note(work->arena, "infra:%s", node_target(work->node))
		    : subject_of(acquittals[i].blame, work->arena, work->scene,
			  work->chain, work->suspects, &work->out->findings);
		remark(work, &work->out->cleared, acquittals[i].blame, subject,
		    acquittals[i].why, finding->id);
	}
}

/* Changes and claims that someone could take for the cause. */
static void
add_refuted(const struct work *work)
{
	const struct verdict *out = work->out;

	for (size_t i = 0; i < work->suspects->n; i++) {
		const struct suspect *suspect = &work->suspects->list[i];
		const char *why = NULL;

		if (!suspect->is_before)
			why = "came after the onset";
		else if (!suspect->is_used)
			why = "nothing that fails uses it";
		else if (suspect->db10 <= 0)
			why = "too long before the onset for how often such "
			      "changes happen";
		if (why == NULL || suspect->class == CHANGE_OTHER)
			continue;
		remark(work, &work->out->refuted, BLAME_UNDETERMINED,
		    subject_of_change(work->arena, suspect->change),
		    note(work->arena, "%s, changed %s", why,
			note_interval(work->arena, suspect->change->from_ms,
			    suspect->change->to_ms)),
		    "");
	}
	for (int i = 0; i < BLAME_BLIND; i++) {
		const struct finding *against = NULL;

		for (size_t k = 0; k < out->findings.n; k++)
			if (out->findings.list[k].weight.db10[i] <=
				-CONTRADICTS &&
			    (against == NULL ||
				out->findings.list[k].weight.db10[i] <
				    against->weight.db10[i]))
				against = &out->findings.list[k];
		if (advice_are_twins(work) && i <= BLAME_ENV)
			continue;
		if (against == NULL || i == (int)out->blame ||
		    out->score.permyriad[i] >= 500)
			continue;
		remark(work, &work->out->refuted, (enum blame)i,
		    blame_name((enum blame)i), against->text, against->id);
	}
}

/* --- what could not be seen --------------------------------------------------------- */

static void
add_blind_spots(const struct work *work)
{
	const struct scene *scene = work->scene;
	bool known[LAYER_COUNT] = { false }, seen[LAYER_COUNT] = { false };

	for (size_t i = 0; i < scene->n_agents; i++)
		if (text_same(
			scene->agents[i].environment, scene->environment) &&
		    !vantage_counts(scene->agents[i].vantage))
			remark(work, &work->out->blind_spots, BLAME_BLIND,
			    note(work->arena, "results of agent %s",
				scene->agents[i].agent),
			    "it is not proven where they were made",
			    "an agent inside, whose identity proofs hold");
	if (!work->chain->has_inside)
		remark(work, &work->out->blind_spots, BLAME_BLIND,
		    note(work->arena, "the inside of %s", scene->environment),
		    "no fresh result from inside",
		    "an agent in the environment");
	for (size_t i = 0; i < scene->n_holes; i++)
		remark(work, &work->out->blind_spots, BLAME_BLIND,
		    note(work->arena, "everything from %s to %s",
			note_clock(work->arena, scene->holes[i].from_ms),
			note_clock(work->arena, scene->holes[i].to_ms)),
		    scene->holes[i].why[0] != '\0'
			? scene->holes[i].why
			: "nobody's results of that time were kept",
		    "room for the collector's store, and a spool for its "
		    "agents");
	if (work->uncovered[0] != '\0')
		remark(work, &work->out->blind_spots, BLAME_BLIND,
		    work->uncovered,
		    "somebody says that it fails, and nothing that is seen "
		    "speaks of it",
		    note(work->arena, "a probe of %s in %s", work->uncovered,
			scene->environment));
	for (size_t i = 0; i < scene->n_views; i++) {
		struct node node;

		node_place(&node, scene, &scene->views[i]);
		known[node.layer] = true;
		if (text_same(
			node.view->series->environment, scene->environment) &&
		    node_is_fresh(scene, node.view) && node_counts(node.view) &&
		    node.view->last->outcome != OUTCOME_UNKNOWN)
			seen[node.layer] = true;
	}
	known[LAYER_ENV] = true;
	for (int i = LAYER_ENV; i < LAYER_COUNT; i++)
		if (known[i] && !seen[i])
			remark(work, &work->out->blind_spots, BLAME_BLIND,
			    layer_name((enum layer)i),
			    "no fresh result of this layer that counts",
			    note(work->arena, "a probe of layer %s in %s",
				layer_name((enum layer)i), scene->environment));
}

/* --- claims ----------------------------------------------------------------------------- */

static const char *
check_claim(const struct work *work, const char *text)
{
	enum blame blame = claim_blame(text);

	if (claim_is_of_repair(text))
		return work->chain->n_failing > 0 ? "contradicted"
						  : "supported";
	if (blame == BLAME_UNDETERMINED ||
	    work->out->blame == BLAME_UNDETERMINED)
		return "not checked";
	if (holds(text, "not the ") || holds(text, "not our "))
		return blame == work->out->blame ? "contradicted" : "supported";
	return blame == work->out->blame ? "supported" : "contradicted";
}

static void
add_claims(const struct work *work)
{
	char time[TEXT_TIME_BYTES];

	for (size_t i = 0; i < work->scene->n_changes; i++) {
		const struct scene_change *change = &work->scene->changes[i];

		if (!claim_is_heard(work->scene, change))
			continue;
		remark(work, &work->out->claims, claim_blame(change->summary),
		    change->summary, check_claim(work, change->summary),
		    note(work->arena, "%s", text_time(time, change->to_ms)));
	}
}

/* --- what not to do ------------------------------------------------------------------------- */

/* Advice people tend to follow that does harm. */
static void
add_withheld(const struct work *work)
{
	for (size_t i = 0; i < work->chain->n_failing; i++) {
		const struct scene_view *view = work->chain->failing[i]->view;
		struct text limits = { 0 };

		if (view->n_limits < 2)
			continue;
		for (size_t k = 0; k < view->n_limits; k++)
			text_addf(&limits, "%s%g s", k > 0 ? ", " : "",
			    view->limits_ms[k] / 1000.0);
		remark(work, &work->out->withheld, BLAME_UNDETERMINED,
		    "raise the timeout",
		    note(work->arena, "failures follow the limit: %s",
			limits.bytes),
		    id_of_view(work, view));
		text_fini(&limits);
		return;
	}
}

void
remarks_add(struct verdict *out, struct arena *arena, const struct scene *scene,
    const struct chain *chain, const struct suspects *suspects)
{
	const struct scene_change *claim = claim_find_uncovered(arena, scene);
	const struct work work = { out, arena, scene, chain, suspects,
		chain->n_failing > 0 ? chain->failing[0] : NULL,
		claim != NULL ? claim_object(arena, scene, claim) : "" };

	add_failures(&work);
	if (work.node != NULL) {
		add_cleared(&work);
		add_refuted(&work);
	}
	add_blind_spots(&work);
	add_claims(&work);
	advice_add(&work);
	add_withheld(&work);
}
