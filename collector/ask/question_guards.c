/* Which earlier fixes are still in force? */
#include <string.h>

#include "collector/ask/draft.h"
#include "collector/pipeline/expect.h"
#include "collector/ask/facts.h"
#include "collector/pipeline/fleet.h"
#include "collector/ask/questions.h"
#include "proto/fingerprints.h"

#define VERSION 1

/* What was in force at the moment, of every environment: some guards compare
 * them.  Owned by the caller; NULL with err. */
static struct fleet *
facts_then(struct arena *arena, const struct document_source *source,
    int64_t at_ms, struct err *err)
{
	const struct query_changes request = {
		.environment = "",
		.service = "",
		.name = "",
		.to_ms = at_ms + 1,
	};
	struct fleet *fleet;
	struct facts facts;

	if (facts_at(&facts, arena, source->store, &request, err) < 0)
		return NULL;
	fleet = fleet_new();
	for (size_t i = 0; i < facts.n; i++) {
		const struct change_row *row = &facts.rows[i];
		const struct fact named = {
			.service = row->service,
			.name = row->name,
			.source = row->source,
		};
		struct fleet_fact *fact =
		    fleet_fact_of(fleet, row->environment, row->agent, &named);

		fleet_text(&fact->shown, row->after);
		fact->seen_ms = row->before_ms;
	}
	return fleet;
}

/* All that is asked about. */
struct asked {
	const struct document_source *source;
	const struct query_document *request;
	const struct fleet *fleet;
	struct guards *guards;
};

static bool
is_about(const struct asked *asked, const struct fleet_fact *fact,
    const struct expectation_config *guard)
{
	const struct expectation_config *one;
	size_t at = 0;

	while ((one = expect_next(
		    asked->source->config, asked->guards, fact, &at)) != NULL)
		if (one == guard)
			return true;
	return false;
}

/* fact: NULL when nothing is known of it. */
static void
draft_guard(struct draft *draft, const struct expectation_config *guard,
    const struct fleet *fleet, const struct fleet_fact *fact)
{
	static const char *const states[] = {
		[EXPECT_HELD] = "held",
		[EXPECT_BROKEN] = "regressed",
		[EXPECT_UNKNOWN] = "unknown",
	};
	char rule[EXPECT_TEXT_BYTES];
	const char *state = states[EXPECT_UNKNOWN];

	if (guard->relation == RELATION_FREE)
		state = states[EXPECT_HELD];
	else if (fact != NULL)
		state = states[expect_state(guard, fleet, fact)];
	draft_open(draft, NULL, '{');
	draft_text(draft, "name", guard->name);
	draft_text(draft, "rule", expect_text(rule, guard));
	draft_text(draft, "issue", guard->issue);
	draft_text(draft, "state", state);
	draft_text(draft, "service", fact != NULL ? fact->service : NULL);
	/* A fingerprint says nothing to people, and need not go round. */
	draft_text(draft, "value",
	    fact != NULL && !fingerprints_are_shown(fact->shown) ? fact->shown
								 : NULL);
	draft_text(draft, "seen_by", fact != NULL ? fact->agent : NULL);
	draft_text(
	    draft, "source", fact != NULL ? source_name(fact->source) : NULL);
	draft_time(draft, "since", fact != NULL ? fact->seen_ms : 0);
	draft_close(draft, '}');
}

/* Each fact that it is about; without any, that nothing is known. */
static void
draft_rule(struct draft *draft, const struct asked *asked,
    const struct expectation_config *guard)
{
	const struct query_document *request = asked->request;
	const struct names *only = &guard->environments;
	bool is_known = false;

	if (only->n > 0 && !names_hold(only, request->environment))
		return;
	MAP_EACH (const struct fleet_fact, fact, asked->fleet->facts) {
		if (strcmp(fact->environment, request->environment) != 0 ||
		    (request->service[0] != '\0' &&
			strcmp(fact->service, request->service) != 0) ||
		    !is_about(asked, fact, guard))
			continue;
		draft_guard(draft, guard, asked->fleet, fact);
		is_known = true;
	}
	if (!is_known)
		draft_guard(draft, guard, asked->fleet, NULL);
}

static void
draft_guards(struct draft *draft, const struct asked *asked)
{
	const struct collector_config *config = asked->source->config;

	for (uint32_t i = 0; i < config->n_expectations; i++)
		if (config->expectations[i].issue != NULL)
			draft_rule(draft, asked, &config->expectations[i]);
	for (size_t i = 0; i < guards_count(asked->guards); i++)
		draft_rule(draft, asked, guards_get(asked->guards, i));
}

static bool
has_rules(const struct asked *asked)
{
	const struct collector_config *config = asked->source->config;
	bool has = guards_count(asked->guards) > 0;

	for (uint32_t i = 0; i < config->n_expectations && !has; i++)
		has = config->expectations[i].issue != NULL;
	return has;
}

char *
question_guards(struct arena *arena, const struct document_source *source,
    const struct query_document *request, struct err *err)
{
	int64_t at_ms = question_at_ms(source, request);
	struct asked asked = { .source = source, .request = request };
	struct draft draft = { 0 };
	struct fleet *fleet = NULL;

	if (request->environment[0] == '\0') {
		err_set(err, ERR_INVALID, "guards: which environment?");
		return NULL;
	}
	if (question_check(source, request->environment, err) < 0)
		return NULL;
	asked.guards = guards_new();
	if (guards_load(asked.guards, source->store, at_ms + 1, err) < 0)
		goto out;
	/* All facts of all time are dear, and mostly there is no guard. */
	fleet = has_rules(&asked) ? facts_then(arena, source, at_ms, err)
				  : fleet_new();
	asked.fleet = fleet;
	if (fleet != NULL) {
		draft_open(&draft, NULL, '{');
		draft_count(&draft, "version", VERSION);
		draft_text(&draft, "environment", request->environment);
		draft_time(&draft, "at", at_ms);
		draft_open(&draft, "guards", '[');
		draft_guards(&draft, &asked);
		draft_close(&draft, ']');
		draft_close(&draft, '}');
	}
out:
	guards_free(asked.guards);
	fleet_free(fleet);
	return draft.text.n > 0 ? draft_take(&draft) : NULL;
}
