#include <jansson.h>
#include <string.h>

#include "collector/ask/verdict_json.h"
#include "proto/base/mem.h"
#include "proto/base/text.h"
#include "proto/shape.h"

#define REAL_DIGITS 15

/* --- values --------------------------------------------------------------- */

static json_t *
share(int permyriad)
{
	return json_real(permyriad / 10000.0);
}

static json_t *
decibans(int db10)
{
	return json_real(db10 / 10.0);
}

/* --- lists ------------------------------------------------------------------ */

static json_t *
states(const struct verdict *verdict)
{
	json_t *list = json_array();

	for (size_t i = 0; i < verdict->n_states; i++) {
		const struct service_state *state = &verdict->states[i];
		json_t *row = json_object();

		json_object_set_new(row, "service", shape_text(state->service));
		json_object_set_new(row, "state", shape_text(state->state));
		json_object_set_new(
		    row, "since", shape_interval(state->from_ms, state->to_ms));
		json_array_append_new(list, row);
	}
	return list;
}

static json_t *
trigger(const struct trigger *of)
{
	json_t *row;

	if (of->kind[0] == '\0')
		return json_null();
	row = json_object();
	json_object_set_new(row, "kind", shape_text(of->kind));
	json_object_set_new(row, "subject", shape_text(of->subject));
	json_object_set_new(row, "at", shape_interval(of->from_ms, of->to_ms));
	json_object_set_new(
	    row, "by", json_string(of->by_mark ? "event" : "observation"));
	return row;
}

static json_t *
alternatives(const struct verdict *verdict)
{
	json_t *list = json_array();

	for (size_t i = 0; i < verdict->n_alternatives; i++) {
		const struct alternative *of = &verdict->alternatives[i];
		json_t *row = json_object();

		json_object_set_new(
		    row, "class", json_string(blame_name(of->blame)));
		json_object_set_new(row, "subject", shape_known(of->subject));
		json_object_set_new(row, "confidence", share(of->permyriad));
		json_array_append_new(list, row);
	}
	return list;
}

static json_t *
probabilities(const int permyriad[BLAME_COUNT])
{
	json_t *row = json_object();

	for (int i = 0; i < BLAME_COUNT; i++)
		json_object_set_new(
		    row, blame_name((enum blame)i), share(permyriad[i]));
	return row;
}

/* Where a number comes from: "shipped + 7 labelled incidents". */
static json_t *
origin(uint32_t n)
{
	if (n == 0)
		return json_string("shipped");
	return json_sprintf(
	    "shipped + %u labelled incident%s", n, n == 1 ? "" : "s");
}

static json_t *
prior(const struct verdict *verdict)
{
	json_t *row = json_object();

	json_object_set_new(row, "from", origin(verdict->n_labelled));
	json_object_set_new(row, "labelled", json_integer(verdict->n_labelled));
	json_object_set_new(
	    row, "with_findings", json_integer(verdict->n_told));
	json_object_set_new(
	    row, "probabilities", probabilities(verdict->score.prior));
	return row;
}

/* The tokens of what was found, each once: what a label keeps. */
static json_t *
found(const struct findings *findings)
{
	bool is_seen[TOKEN_COUNT] = { false };
	json_t *list = json_array();

	for (size_t i = 0; i < findings->n; i++) {
		const struct weight *weight = &findings->list[i].weight;

		if (weight->entailed || is_seen[weight->token])
			continue;
		is_seen[weight->token] = true;
		json_array_append_new(
		    list, json_string(token_row(weight->token)->id));
	}
	return list;
}

/* The class a finding speaks for most. */
static enum blame
favourite(const struct weight *weight)
{
	enum blame best = BLAME_APP;

	for (int i = 1; i < BLAME_COUNT; i++)
		if (weight->db10[i] > weight->db10[best])
			best = (enum blame)i;
	return best;
}

static json_t *
sources(const struct finding *finding)
{
	json_t *list = json_array();
	const struct series *series;
	char time[TEXT_TIME_BYTES];

	if (finding->view == NULL)
		return list;
	series = finding->view->series;
	json_array_append_new(list,
	    json_sprintf("%s/%s/%s/%s@%s", series->environment, series->agent,
		series->service, series->probe,
		text_time(time, finding->view->last->at_ms)));
	return list;
}

static json_t *
evidence_row(const struct finding *finding, int db10, uint32_t n_told)
{
	const struct weight *weight = &finding->weight;
	json_t *row = json_object(), *all = json_object();
	int64_t at_ms = finding->view != NULL ? finding->view->last->at_ms
	    : finding->change != NULL         ? finding->change->to_ms
	    : finding->agent != NULL          ? finding->agent->heard_ms
	    : finding->fact != NULL           ? finding->fact->at_ms
					      : 0;

	json_object_set_new(row, "id", json_string(finding->id));
	json_object_set_new(
	    row, "token", json_string(token_row(weight->token)->id));
	json_object_set_new(
	    row, "for", json_string(blame_name(favourite(weight))));
	json_object_set_new(row, "db", decibans(db10));
	json_object_set_new(row, "text", shape_text(finding->text));
	json_object_set_new(row, "results", sources(finding));
	json_object_set_new(row, "vantage",
	    finding->view != NULL
		? json_string(vantage_name(finding->view->series->vantage))
		: json_null());
	json_object_set_new(row, "at", shape_time(at_ms));
	json_object_set_new(
	    row, "decisive", json_boolean(token_row(weight->token)->decisive));
	for (int i = 0; i < BLAME_COUNT; i++)
		json_object_set_new(
		    all, blame_name((enum blame)i), decibans(weight->db10[i]));
	json_object_set_new(row, "weights", all);
	json_object_set_new(row, "row", probabilities(weight->row));
	json_object_set_new(row, "row_from", origin(n_told));
	return row;
}

/* The class that evidence is for or against: that of the verdict or, when
 * there is none, the first. */
static enum blame
weighed_for(const struct verdict *verdict)
{
	return verdict->blame < BLAME_COUNT ? verdict->blame
					    : verdict->score.first;
}

/* What was found and says nothing of the class: it follows from something
 * else, or others of its kind say more. */
static json_t *
weightless(const struct verdict *verdict)
{
	enum blame of = weighed_for(verdict);
	json_t *list = json_array();

	for (size_t i = 0; i < verdict->findings.n; i++) {
		const struct finding *finding = &verdict->findings.list[i];

		if (finding->weight.db10[of] == 0)
			json_array_append_new(
			    list, evidence_row(finding, 0, verdict->n_told));
	}
	return list;
}

/* What speaks for the class, or against it, the heaviest first. */
static json_t *
evidence(const struct verdict *verdict, bool against)
{
	enum blame of = weighed_for(verdict);
	json_t *list = json_array();
	bool taken[FINDINGS_MAX] = { false };

	for (;;) {
		size_t best = FINDINGS_MAX;
		int most = 0;

		for (size_t i = 0; i < verdict->findings.n; i++) {
			int db10 = verdict->findings.list[i].weight.db10[of];

			if (against)
				db10 = -db10;
			if (!taken[i] && db10 > most) {
				most = db10;
				best = i;
			}
		}
		if (best == FINDINGS_MAX)
			return list;
		taken[best] = true;
		json_array_append_new(list,
		    evidence_row(&verdict->findings.list[best],
			verdict->findings.list[best].weight.db10[of],
			verdict->n_told));
	}
}

/* Remarks as {NAME: subject, class?, why: text, evidence?}. */
static json_t *
remarks(const struct remarks *of, const char *name, const char *text,
    const char *last, bool with_class)
{
	json_t *list = json_array();

	for (size_t i = 0; i < of->n; i++) {
		json_t *row = json_object();

		json_object_set_new(
		    row, name, shape_known(of->list[i].subject));
		if (with_class)
			json_object_set_new(row, "class",
			    of->list[i].blame == BLAME_UNDETERMINED
				? json_null()
				: json_string(blame_name(of->list[i].blame)));
		json_object_set_new(row, text, shape_text(of->list[i].text));
		if (last != NULL)
			json_object_set_new(
			    row, last, shape_known(of->list[i].evidence));
		json_array_append_new(list, row);
	}
	return list;
}

static json_t *
claims(const struct verdict *verdict)
{
	json_t *list = json_array();

	for (size_t i = 0; i < verdict->claims.n; i++) {
		const struct remark *claim = &verdict->claims.list[i];
		json_t *row = json_object();

		json_object_set_new(row, "text", shape_text(claim->subject));
		json_object_set_new(row, "at", shape_known(claim->evidence));
		json_object_set_new(row, "checked", shape_text(claim->text));
		json_array_append_new(list, row);
	}
	return list;
}

/* Can it be typed as it is?  What people do by hand is told in words. */
static bool
is_exact(const char *command)
{
	return strncmp(command, "vedette ", 8) == 0 ||
	    strncmp(command, "vedette-agent ", 14) == 0;
}

static json_t *
actions(const struct verdict *verdict)
{
	json_t *list = json_array();

	for (size_t i = 0; i < verdict->n_actions; i++) {
		const struct action *action = &verdict->actions[i];
		json_t *row = json_object();

		json_object_set_new(
		    row, "command", shape_text(action->command));
		json_object_set_new(
		    row, "exact", json_boolean(is_exact(action->command)));
		json_object_set_new(row, "expect", shape_text(action->expect));
		json_object_set_new(row, "if_not", shape_text(action->if_not));
		json_object_set_new(row, "risk", shape_text(action->risk));
		json_array_append_new(list, row);
	}
	return list;
}

/* --- the whole ---------------------------------------------------------------- */

static void
add_answer(json_t *root, const struct verdict *verdict,
    const char *const owners[BLAME_COUNT])
{
	const char *owner = owners != NULL && verdict->blame < BLAME_COUNT
	    ? owners[verdict->blame]
	    : NULL;

	json_object_set_new(root, "version", json_integer(VERDICT_VERSION));
	json_object_set_new(
	    root, "environment", shape_text(verdict->environment));
	json_object_set_new(root, "at", shape_time(verdict->at_ms));
	json_object_set_new(
	    root, "class", json_string(blame_name(verdict->blame)));
	json_object_set_new(root, "subject", shape_known(verdict->subject));
	json_object_set_new(root, "confidence", share(verdict->permyriad));
	json_object_set_new(root, "word", shape_text(verdict->word));
	json_object_set_new(root, "cap", shape_known(verdict->cap));
	json_object_set_new(
	    root, "coverage", share(verdict->coverage_permyriad));
	json_object_set_new(
	    root, "layers", json_integer((json_int_t)verdict->n_layers));
	json_object_set_new(root, "layers_seen",
	    json_integer((json_int_t)verdict->n_layers_seen));
	json_object_set_new(
	    root, "severity", json_string(severity_name(verdict->severity)));
	json_object_set_new(root, "owner", shape_known(owner));
	json_object_set_new(root, "state", states(verdict));
	json_object_set_new(root, "onset",
	    shape_interval(verdict->onset_from_ms, verdict->onset_to_ms));
	json_object_set_new(root, "last_good", shape_time(verdict->good_ms));
	json_object_set_new(root, "trigger", trigger(&verdict->trigger));
	json_object_set_new(root, "alternatives", alternatives(verdict));
	json_object_set_new(
	    root, "probabilities", probabilities(verdict->score.permyriad));
	json_object_set_new(root, "prior", prior(verdict));
	json_object_set_new(root, "findings", found(&verdict->findings));
}

static void
add_remarks(json_t *root, const struct verdict *verdict)
{
	json_object_set_new(root, "cleared",
	    remarks(&verdict->cleared, "subject", "text", "why", true));
	json_object_set_new(root, "entailed",
	    remarks(&verdict->entailed, "check", "text", "why", false));
	json_object_set_new(root, "masked",
	    remarks(&verdict->masked, "check", "text", "why", false));
	json_object_set_new(root, "secondary",
	    remarks(&verdict->secondary, "subject", "text", "why", true));
	json_object_set_new(root, "standing",
	    remarks(&verdict->standing, "subject", "text", NULL, true));
	json_object_set_new(root, "refuted",
	    remarks(&verdict->refuted, "hypothesis", "text", "why", true));
	json_object_set_new(root, "blind_spots",
	    remarks(&verdict->blind_spots, "what", "why", "closed_by", false));
	json_object_set_new(root, "claims", claims(verdict));
	json_object_set_new(root, "next_actions", actions(verdict));
	json_object_set_new(root, "advice_withheld",
	    remarks(&verdict->withheld, "advice", "why", NULL, false));
}

/* "guards" of the document about them. */
static json_t *
guards_in(const char *text)
{
	json_t *document = json_loads(text, 0, NULL);
	json_t *list = json_incref(json_object_get(document, "guards"));

	json_decref(document);
	return list;
}

char *
verdict_json(const struct verdict *verdict,
    const char *const owners[BLAME_COUNT], const char *guards)
{
	json_t *root = json_object();
	char *text, *copy;

	add_answer(root, verdict, owners);
	json_object_set_new(root, "guards", guards_in(guards));
	json_object_set_new(root, "evidence", evidence(verdict, false));
	json_object_set_new(root, "against", evidence(verdict, true));
	json_object_set_new(root, "weightless", weightless(verdict));
	add_remarks(root, verdict);
	text =
	    json_dumps(root, JSON_COMPACT | JSON_REAL_PRECISION(REAL_DIGITS));
	copy = mem_strdup(text);
	free(text);
	json_decref(root);
	return copy;
}
