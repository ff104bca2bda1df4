#include <string.h>

#include "collector/diagnose/claim.h"
#include "collector/diagnose/note.h"
#include "collector/diagnose/remarks.h"
#include "collector/diagnose/subject.h"
#include "proto/base/text.h"

#define CONTRADICTS 30 /* tenths of a decibel: 3 dB */
#define ACTIONS_MAX 6

struct work {
	struct verdict *out;
	struct arena *arena;
	const struct scene *scene;
	const struct chain *chain;
	const struct suspects *suspects;
	const struct node *node; /* the break; NULL */
	const char *uncovered;   /* the path of a claim; "" */
};

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
			LAYER_COUNT + 16) *
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
	{ TOKEN_BOTH_OK, BLAME_INFRA, "passes with the service's own inputs" },
	{ TOKEN_BOTH_OK, BLAME_NET, "passes with the service's own inputs" },
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

/* Are both the build and inputs, which changed, candidates still? */
static bool
are_twins(const struct work *work)
{
	return work->out->blame == BLAME_UNDETERMINED &&
	    suspects_find(work->suspects, CHANGE_RELEASE) != NULL &&
	    suspects_find(work->suspects, CHANGE_INPUT) != NULL;
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
		if (are_twins(work) && i <= BLAME_ENV)
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

/* --- what next ------------------------------------------------------------------------------ */

static void
act(const struct work *work, const char *command, const char *expect,
    const char *if_not, const char *risk)
{
	struct verdict *out = work->out;

	if (out->actions == NULL)
		out->actions = arena_zalloc(
		    work->arena, ACTIONS_MAX * sizeof(*out->actions));
	if (out->n_actions == ACTIONS_MAX)
		return;
	out->actions[out->n_actions++] =
	    (struct action){ command, expect, if_not, risk };
}

static void
act_on_blindness(const struct work *work)
{
	const char *environment = work->scene->environment;

	for (size_t i = 0; i < work->out->findings.n; i++) {
		const struct finding *finding = &work->out->findings.list[i];

		if (finding->weight.token == TOKEN_SILENT)
			act(work,
			    note(work->arena, "restart agent %s",
				finding->agent->agent),
			    "a heartbeat within 15 s",
			    "its host or its way to the collector is the "
			    "fault",
			    "none for the service");
	}
	if (strcmp(work->out->subject, "collector:storage") == 0)
		act(work,
		    "look where the collector keeps its store: df, its log, "
		    "vedette-collector verify",
		    "room for it, and batches that are stored again",
		    "its host or the way of all agents to it is the fault",
		    "read-only");
	if (findings_get(&work->out->findings, TOKEN_STRANGER) != NULL)
		act(work,
		    note(work->arena,
			"run the checks inside %s: vedette-agent check "
			"--full --config FILE",
			environment),
		    "a vantage of in_service or in_environment",
		    "the identity proofs of that host do not hold",
		    "read-only");
	if (work->uncovered[0] != '\0')
		act(work,
		    note(work->arena,
			"add a probe of %s to an agent in %s and run: "
			"vedette-agent check --full --config FILE",
			work->uncovered, environment),
		    "pass: what was reported is not so, or no longer",
		    "fail: an outage that nobody watched", "read-only");
	act(work, note(work->arena, "vedette diagnose %s", environment),
	    "evidence from inside", "the blind spot remains", "read-only");
}

/* Build and inputs changed together: one of them is put back alone. */
static void
act_on_twins(const struct work *work)
{
	const struct suspect *release =
	    suspects_find(work->suspects, CHANGE_RELEASE);
	const struct suspect *input =
	    suspects_find(work->suspects, CHANGE_INPUT);

	if (!are_twins(work))
		return;
	act(work,
	    note(work->arena, "put %s back, keep %s, and restart %s",
		subject_of_change(work->arena, input->change),
		subject_of_change(work->arena, release->change),
		work->node->service),
	    "ok within two intervals: the input (env)",
	    "it fails as before: the build (app)", "restarts the service");
}

/* The environment to compare with: the one that is declared, else any; NULL
 * when there is none. */
static const char *
peer_of(const struct scene *scene)
{
	for (size_t i = 0; i < scene->n_environments; i++)
		if (text_same(
			scene->environments[i].name, scene->environment) &&
		    scene->environments[i].n_compare_with > 0)
			return scene->environments[i].compare_with[0];
	for (size_t i = 0; i < scene->n_environments; i++)
		if (!text_same(scene->environments[i].name, scene->environment))
			return scene->environments[i].name;
	return NULL;
}

/* The separating test that is missing, in the order of what it tells. */
static void
act_on_tests(const struct work *work)
{
	const struct findings *findings = &work->out->findings;
	const struct node *node = work->node;
	const char *peer = peer_of(work->scene);

	if (node->layer >= LAYER_DNS && node->layer < LAYER_APP &&
	    findings_get(findings, TOKEN_REFERENCE_OK) == NULL &&
	    findings_get(findings, TOKEN_BOTH_FAIL) == NULL)
		act(work,
		    note(work->arena,
			"add reference inputs to probe %s and run: "
			"vedette-agent check --full --config FILE",
			node->view->series->probe),
		    "pass: the inputs are at fault (env)",
		    "fail: what they lead to is at fault (infra or net)",
		    "read-only");
	if (node->layer >= LAYER_DNS && node->layer < LAYER_APP &&
	    findings_get(findings, TOKEN_VANTAGE_OK) == NULL &&
	    findings_get(findings, TOKEN_VANTAGE_FAIL) == NULL)
		act(work,
		    note(work->arena,
			"probe %s from another host of %s: vedette-agent "
			"check --full --config FILE",
			node_target(node), work->scene->environment),
		    "pass: the path from here is at fault (net)",
		    "fail: the target is at fault (infra)", "read-only");
	if (node->layer >= LAYER_APP &&
	    findings_get(findings, TOKEN_BUILD_OK) == NULL &&
	    findings_get(findings, TOKEN_BUILD_FAIL) == NULL && peer != NULL)
		act(work,
		    note(work->arena, "vedette diff %s %s",
			work->scene->environment, peer),
		    "the same build healthy elsewhere: not the code alone",
		    "it fails alike: the code (app)", "read-only");
}

static void
act_on_verdict(const struct work *work)
{
	const struct verdict *out = work->out;
	const char *change = out->trigger.subject;

	switch (out->blame) {
	case BLAME_ENV:
		act(work,
		    note(work->arena, "restore %s and restart %s", out->subject,
			work->node->service),
		    note(work->arena, "%s/%s ok within two intervals",
			work->node->service, work->node->view->series->probe),
		    "what loads it is at fault, not the value",
		    "restarts the service");
		break;
	case BLAME_APP:
		act(work,
		    note(work->arena, "roll %s back to the build before",
			work->node->service),
		    "ok within two intervals",
		    "an older build fails as well: look at data and inputs",
		    "replaces the running build");
		break;
	case BLAME_INFRA:
	case BLAME_NET:
		act(work,
		    note(work->arena, "look at %s%s%s with its owner",
			out->subject, change[0] != '\0' ? ", changed by " : "",
			change),
		    "its own state explains the failure",
		    "probe it from a second vantage", "read-only");
		break;
	default:
		break;
	}
}

/* What it was before, and who says so. */
static void
act_on_trigger(const struct work *work)
{
	const struct trigger *trigger = &work->out->trigger;

	if (trigger->kind[0] == '\0' || trigger->by_mark ||
	    strpbrk(trigger->subject, ":'\" ") != NULL)
		return;
	act(work,
	    note(work->arena, "vedette changes %s --name %s",
		work->scene->environment, trigger->subject),
	    "the value before, and when it was last seen",
	    "it was never seen before: nothing to put back", "read-only");
}

static void
add_actions(const struct work *work)
{
	if (work->out->blame == BLAME_NONE)
		return;
	if (work->node == NULL || !work->chain->has_inside) {
		act_on_blindness(work);
		return;
	}
	if (!work->out->score.decisive ||
	    work->out->blame == BLAME_UNDETERMINED) {
		act_on_twins(work);
		act_on_tests(work);
	}
	act_on_verdict(work);
	act_on_trigger(work);
	act(work,
	    note(work->arena, "vedette diagnose %s", work->scene->environment),
	    "the verdict follows the change", "the change was not the cause",
	    "read-only");
}

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
		claim != NULL ? claim_path(arena, claim) : "" };

	add_failures(&work);
	if (work.node != NULL) {
		add_cleared(&work);
		add_refuted(&work);
	}
	add_blind_spots(&work);
	add_claims(&work);
	add_actions(&work);
	add_withheld(&work);
}
