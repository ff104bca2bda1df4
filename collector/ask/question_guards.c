/* Which earlier fixes are still in force? */
#include <stdio.h>
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

/* The service that it names; "" for any. */
static const char *
only_service(const struct expectation_config *guard)
{
	return guard->services.n == 1 ? guard->services.names[0] : "";
}

/* Does it have the name behind its first slash, as people leave it out? */
static bool
is_meant(const struct fleet_fact *fact, const char *name)
{
	const char *slash = strchr(fact->name, '/');

	return slash != NULL && strcmp(slash + 1, name) == 0;
}

/* It is told, but of others than those whom the guard or the question names. */
static void
say_elsewhere(char *out, const struct asked *asked,
    const struct expectation_config *guard, const struct fleet_fact *fact)
{
	const char *service = guard->services.n > 0 ? only_service(guard)
						    : asked->request->service;

	snprintf(out, EXPECT_WHY_BYTES,
	    "it is told of %s, not of %s: is that the right service?",
	    fact->service[0] != '\0' ? fact->service
				     : "the environment as a whole",
	    service[0] != '\0' ? service : "those it is about");
}

/* Why nothing is known of it, and what to do; returns out. */
static char *
why_unseen(char out[EXPECT_WHY_BYTES], const struct asked *asked,
    const struct expectation_config *guard)
{
	const char *place = asked->request->environment;

	MAP_EACH (const struct fleet_fact, fact, asked->fleet->facts) {
		if (strcmp(fact->environment, place) != 0)
			continue;
		if (strcmp(fact->name, guard->name) == 0) {
			say_elsewhere(out, asked, guard, fact);
			return out;
		}
		if (is_meant(fact, guard->name)) {
			snprintf(out, EXPECT_WHY_BYTES,
			    "nobody tells it in %s, but %s is told there: is "
			    "that meant?",
			    place, fact->name);
			return out;
		}
	}
	snprintf(out, EXPECT_WHY_BYTES,
	    "nobody tells it in %s: is the name right, and does a probe of an "
	    "agent there read it? vedette changes %s lists what is told",
	    place, place);
	return out;
}

static enum expect
state_of(const struct asked *asked, const struct expectation_config *guard,
    const struct fleet_fact *fact)
{
	if (guard->relation == RELATION_FREE)
		return EXPECT_HELD;
	return fact == NULL ? EXPECT_UNKNOWN
			    : expect_state(guard, asked->fleet, fact);
}

static void
draft_why(struct draft *draft, const struct asked *asked,
    const struct expectation_config *guard, const struct fleet_fact *fact)
{
	char why[EXPECT_WHY_BYTES];

	if (state_of(asked, guard, fact) != EXPECT_UNKNOWN)
		draft_null(draft, "why");
	else if (fact == NULL)
		draft_text(draft, "why", why_unseen(why, asked, guard));
	else
		draft_text(
		    draft, "why", expect_why(why, guard, asked->fleet, fact));
}

/* A guard, and how it was told: NULL for one of the configuration. */
struct told {
	const struct expectation_config *rule;
	const char *condition;
};

/* fact: NULL when nothing is known of it. */
static void
draft_guard(struct draft *draft, const struct asked *asked,
    const struct told *told, const struct fleet_fact *fact)
{
	static const char *const states[] = {
		[EXPECT_HELD] = "held",
		[EXPECT_BROKEN] = "regressed",
		[EXPECT_UNKNOWN] = "unknown",
	};
	const struct expectation_config *guard = told->rule;
	const char *service =
	    fact != NULL ? fact->service : only_service(guard);
	char rule[EXPECT_TEXT_BYTES];

	draft_open(draft, NULL, '{');
	draft_text(draft, "name", guard->name);
	draft_text(draft, "condition", told->condition);
	draft_text(draft, "rule", expect_text(rule, guard));
	draft_text(draft, "issue", guard->issue);
	draft_text(draft, "state", states[state_of(asked, guard, fact)]);
	draft_why(draft, asked, guard, fact);
	draft_text(draft, "service",
	    fact != NULL || service[0] != '\0' ? service : NULL);
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

static bool
is_asked_about(const struct query_document *request,
    const struct expectation_config *guard)
{
	const struct names *services = &guard->services;

	return expect_concerns(guard, request->environment) &&
	    (request->service[0] == '\0' || services->n == 0 ||
		names_hold(services, request->service));
}

/* Each fact that it is about; without any, that nothing is known. */
static void
draft_rule(
    struct draft *draft, const struct asked *asked, const struct told *told)
{
	const struct query_document *request = asked->request;
	bool is_known = false;

	if (!is_asked_about(request, told->rule))
		return;
	MAP_EACH (const struct fleet_fact, fact, asked->fleet->facts) {
		if (strcmp(fact->environment, request->environment) != 0 ||
		    (request->service[0] != '\0' &&
			strcmp(fact->service, request->service) != 0) ||
		    !is_about(asked, fact, told->rule))
			continue;
		draft_guard(draft, asked, told, fact);
		is_known = true;
	}
	if (!is_known)
		draft_guard(draft, asked, told, NULL);
}

static void
draft_guards(struct draft *draft, const struct asked *asked)
{
	const struct collector_config *config = asked->source->config;
	struct told told = { 0 };

	for (uint32_t i = 0; i < config->n_expectations; i++) {
		told.rule = &config->expectations[i];
		if (told.rule->issue != NULL)
			draft_rule(draft, asked, &told);
	}
	for (size_t i = 0; i < guards_count(asked->guards); i++) {
		told.rule = guards_get(asked->guards, i);
		told.condition = guards_condition(asked->guards, i);
		draft_rule(draft, asked, &told);
	}
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
