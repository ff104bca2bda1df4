#include <string.h>

#include "collector/diagnose/advice.h"
#include "collector/diagnose/note.h"
#include "collector/diagnose/subject.h"
#include "proto/base/text.h"

#define ACTIONS_MAX 6

/* Are both the build and inputs, which changed, candidates still? */
bool
advice_are_twins(const struct work *work)
{
	return work->out->blame == BLAME_UNDETERMINED &&
	    suspects_find(work->suspects, CHANGE_RELEASE) != NULL &&
	    suspects_find(work->suspects, CHANGE_INPUT) != NULL;
}

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
	    "re-run diagnose: evidence from inside", "the blind spot remains",
	    "read-only");
}

/* Build and inputs changed together: one of them is put back alone. */
static void
act_on_twins(const struct work *work)
{
	const struct suspect *release =
	    suspects_find(work->suspects, CHANGE_RELEASE);
	const struct suspect *input =
	    suspects_find(work->suspects, CHANGE_INPUT);

	if (!advice_are_twins(work))
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
	    findings_get(findings, TOKEN_CONNECTS) == NULL &&
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
	/* A server that stopped, an instant reached: nobody changed it. */
	const char *change = text_same(out->trigger.subject, out->subject)
	    ? ""
	    : out->trigger.subject;

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

/* An input is wrong and nobody feels it. */
static void
act_on_silence(const struct work *work)
{
	const char *environment = work->scene->environment;

	act_on_trigger(work);
	act(work,
	    note(work->arena, "restore %s and restart what reads it",
		work->out->subject),
	    "the rule holds again, and all still passes",
	    "what loads it is at fault, not the value", "restarts the service");
	act(work, note(work->arena, "vedette diagnose %s", environment),
	    "no incident", "the rule is still broken", "read-only");
}

void
advice_add(const struct work *work)
{
	if (work->out->blame == BLAME_NONE)
		return;
	if (work->out->severity == SEVERITY_SILENT) {
		act_on_silence(work);
		return;
	}
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
