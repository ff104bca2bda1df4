#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/pipeline/expect.h"
#include "proto/fingerprints.h"

#define ABSENT "absent"

/* The environment that the others are measured by; NULL: none. */
static const char *
reference_of(const struct expectation_config *expectation)
{
	return expectation->at_least_as_in != NULL ? expectation->at_least_as_in
						   : expectation->at_most_as_in;
}

bool
expect_concerns(
    const struct expectation_config *expectation, const char *environment)
{
	const struct names *environments = &expectation->environments;
	const struct names *related = expectation->must_differ.n > 0
	    ? &expectation->must_differ
	    : &expectation->must_match;
	const char *as_in = reference_of(expectation);

	return (as_in == NULL || strcmp(as_in, environment) != 0) &&
	    (environments->n == 0 || names_hold(environments, environment)) &&
	    (related->n == 0 || names_hold(related, environment));
}

static bool
covers(
    const struct expectation_config *expectation, const struct fleet_fact *fact)
{
	const struct names *services = &expectation->services;

	return expectation->relation != RELATION_FREE &&
	    strcmp(expectation->name, fact->name) == 0 &&
	    (services->n == 0 || names_hold(services, fact->service)) &&
	    expect_concerns(expectation, fact->environment);
}

const struct expectation_config *
expect_next(const struct collector_config *config, const struct guards *guards,
    const struct fleet_fact *fact, size_t *at)
{
	size_t n = config->n_expectations;

	while (*at < n + guards_count(guards)) {
		size_t i = (*at)++;
		const struct expectation_config *one = i < n
		    ? &config->expectations[i]
		    : guards_get(guards, i - n);

		if (covers(one, fact))
			return one;
	}
	return NULL;
}

bool
expect_is_relation(const struct expectation_config *expectation)
{
	return expectation->must_differ.n > 0 ||
	    expectation->must_match.n > 0 ||
	    expectation->relation == RELATION_MATCHES ||
	    expectation->relation == RELATION_DIFFERS;
}

bool
expect_refers(const struct collector_config *config,
    const struct guards *guards, const struct fleet_fact *fact)
{
	for (size_t i = 0; i < guards_count(guards); i++)
		if (expect_is_relation(guards_get(guards, i)) &&
		    strcmp(guards_get(guards, i)->name, fact->name) == 0)
			return true;
	for (uint32_t i = 0; i < config->n_expectations; i++) {
		const struct expectation_config *one = &config->expectations[i];
		const char *as_in = reference_of(one);

		if (as_in != NULL && strcmp(as_in, fact->environment) == 0 &&
		    strcmp(one->name, fact->name) == 0)
			return true;
	}
	return false;
}

static const char *const relations[] = {
	[RELATION_MATCHES] = "the same as in other environments",
	[RELATION_DIFFERS] = "different from other environments",
	[RELATION_FREE] = "may be anything",
};

char *
expect_text(
    char out[EXPECT_TEXT_BYTES], const struct expectation_config *expectation)
{
	const char *what = expectation->at_least != NULL ? "at least "
	    : expectation->at_most != NULL               ? "at most "
	    : expectation->equals != NULL                ? ""
	    : expectation->at_least_as_in != NULL        ? "at least as in "
	    : expectation->at_most_as_in != NULL         ? "at most as in "
	    : expectation->must_differ.n > 0 ? "different in each environment"
	    : expectation->must_match.n > 0  ? "the same in all environments"
	    : expectation->relation != RELATION_NONE
	    ? relations[expectation->relation]
	    : "present";
	const char *number = expectation->at_least != NULL
	    ? expectation->at_least
	    : expectation->at_most != NULL      ? expectation->at_most
	    : expectation->equals != NULL       ? expectation->equals
	    : reference_of(expectation) != NULL ? reference_of(expectation)
						: "";
	const char *issue = expectation->issue;

	snprintf(out, EXPECT_TEXT_BYTES, "%s%s%s%s%s", what, number,
	    issue != NULL ? " (issue " : "", issue != NULL ? issue : "",
	    issue != NULL ? ")" : "");
	return out;
}

/* A fingerprint beside a value says nothing. */
static enum fingerprints
compare(const char *a, const char *b)
{
	bool is_keyed = fingerprints_are_shown(a);

	if (is_keyed != fingerprints_are_shown(b))
		return FINGERPRINTS_UNKNOWN;
	if (is_keyed)
		return fingerprints_compare(a, b);
	return strcmp(a, b) == 0 ? FINGERPRINTS_SAME : FINGERPRINTS_DIFFER;
}

/* Is it the same fact of the same service, somewhere else? */
static bool
is_counterpart(const struct fleet_fact *other, const struct fleet_fact *fact)
{
	return strcmp(other->name, fact->name) == 0 &&
	    strcmp(other->service, fact->service) == 0 &&
	    strcmp(other->environment, fact->environment) != 0 &&
	    other->source == fact->source && other->shown != NULL &&
	    strcmp(other->shown, ABSENT) != 0;
}

static enum expect
relation_state(const struct expectation_config *expectation,
    const struct fleet *fleet, const struct fleet_fact *fact)
{
	bool must_match = expectation->must_match.n > 0 ||
	    expectation->relation == RELATION_MATCHES;
	const struct names *all =
	    must_match ? &expectation->must_match : &expectation->must_differ;
	enum fingerprints broken =
	    must_match ? FINGERPRINTS_DIFFER : FINGERPRINTS_SAME;
	enum expect state = EXPECT_UNKNOWN;

	MAP_EACH (const struct fleet_fact, other, fleet->facts) {
		enum fingerprints likeness;

		if (!is_counterpart(other, fact) ||
		    (expectation->relation == RELATION_NONE &&
			!names_hold(all, other->environment)))
			continue;
		likeness = compare(other->shown, fact->shown);
		if (likeness == broken)
			return EXPECT_BROKEN;
		if (likeness != FINGERPRINTS_UNKNOWN)
			state = EXPECT_HELD;
	}
	return state;
}

/* A number, or a duration in seconds. */
static bool
number_of(double *out, const char *text)
{
	static const struct {
		const char *unit;
		double s;
	} units[] = { { "", 1 }, { "us", 1e-6 }, { "ms", 1e-3 }, { "s", 1 },
		{ "m", 60 }, { "min", 60 }, { "h", 3600 }, { "d", 86400 } };
	char *end;

	*out = strtod(text, &end);
	if (end == text || !isfinite(*out))
		return false;
	end += strspn(end, " ");
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(units[i].unit, end) != 0)
			continue;
		*out *= units[i].s;
		return true;
	}
	return false;
}

/* Against every counterpart in the environment that it is measured by. */
static enum expect
measure(const struct expectation_config *expectation, const struct fleet *fleet,
    const struct fleet_fact *fact)
{
	const char *as_in = reference_of(expectation);
	enum expect state = EXPECT_UNKNOWN;
	double own, there;

	if (!number_of(&own, fact->shown))
		return EXPECT_UNKNOWN;
	MAP_EACH (const struct fleet_fact, other, fleet->facts) {
		if (!is_counterpart(other, fact) ||
		    strcmp(other->environment, as_in) != 0 ||
		    !number_of(&there, other->shown))
			continue;
		if (expectation->at_least_as_in != NULL ? own < there
							: own > there)
			return EXPECT_BROKEN;
		state = EXPECT_HELD;
	}
	return state;
}

static bool
number_holds(
    const struct expectation_config *expectation, const struct fleet_fact *fact)
{
	double number;

	if (!number_of(&number, fact->shown))
		return false;
	return expectation->at_least != NULL ? number >= expectation->number
					     : number <= expectation->number;
}

static enum expect
state_of(bool holds)
{
	return holds ? EXPECT_HELD : EXPECT_BROKEN;
}

enum expect
expect_state(const struct expectation_config *expectation,
    const struct fleet *fleet, const struct fleet_fact *fact)
{
	bool is_absent = strcmp(fact->shown, ABSENT) == 0;

	if (expectation->relation == RELATION_FREE)
		return EXPECT_HELD;
	if (expectation->present)
		return state_of(!is_absent);
	if (expect_is_relation(expectation))
		return is_absent ? EXPECT_HELD
				 : relation_state(expectation, fleet, fact);
	if (reference_of(expectation) != NULL)
		return measure(expectation, fleet, fact);
	if (fingerprints_are_shown(fact->shown))
		return EXPECT_UNKNOWN; /* its value cannot be seen from here */
	if (expectation->equals != NULL)
		return state_of(strcmp(fact->shown, expectation->equals) == 0);
	return state_of(number_holds(expectation, fact));
}

/* --- why not ----------------------------------------------------------------- */

/* The first that could have told, in an environment that it is compared with;
 * NULL: there is none. */
static const struct fleet_fact *
find_counterpart(const struct expectation_config *expectation,
    const struct fleet *fleet, const struct fleet_fact *fact)
{
	const struct names *all = expectation->must_match.n > 0
	    ? &expectation->must_match
	    : &expectation->must_differ;
	const char *as_in = reference_of(expectation);

	MAP_EACH (const struct fleet_fact, other, fleet->facts)
		if (is_counterpart(other, fact) &&
		    (as_in == NULL || strcmp(as_in, other->environment) == 0) &&
		    (all->n == 0 || names_hold(all, other->environment)))
			return other;
	return NULL;
}

/* Nobody told of the other side. */
static void
say_alone(char *out, const struct expectation_config *expectation,
    const struct fleet_fact *fact)
{
	const char *as_in = reference_of(expectation);

	snprintf(out, EXPECT_WHY_BYTES,
	    "nobody tells it of %s%s%s, read from the same source (%s): let "
	    "an agent there read it as the one here does",
	    fact->service, fact->service[0] != '\0' ? " in " : "",
	    as_in != NULL ? as_in : "another environment",
	    source_name(fact->source));
}

static void
say_incomparable(
    char *out, const struct fleet_fact *fact, const struct fleet_fact *other)
{
	bool is_keyed = fingerprints_are_shown(fact->shown);

	if (is_keyed == fingerprints_are_shown(other->shown))
		snprintf(out, EXPECT_WHY_BYTES,
		    "the fingerprints here and in %s were made with different "
		    "keys: name it under compare in the probes of both agents, "
		    "with the same fingerprint_fleet_key",
		    other->environment);
	else
		snprintf(out, EXPECT_WHY_BYTES,
		    "it is told as a fingerprint %s, and as a value %s: let "
		    "both agents tell it in the same way",
		    is_keyed ? "here" : "there", is_keyed ? "there" : "here");
}

char *
expect_why(char out[EXPECT_WHY_BYTES],
    const struct expectation_config *expectation, const struct fleet *fleet,
    const struct fleet_fact *fact)
{
	const struct fleet_fact *other =
	    find_counterpart(expectation, fleet, fact);
	bool is_measured = reference_of(expectation) != NULL;
	double number;

	if (is_measured && !number_of(&number, fact->shown))
		snprintf(out, EXPECT_WHY_BYTES,
		    "what is told of it here is neither a number nor a "
		    "duration, so it cannot be measured");
	else if (!is_measured && !expect_is_relation(expectation))
		snprintf(out, EXPECT_WHY_BYTES,
		    "its value is a fingerprint: present, matches and differs "
		    "can be judged of it, or let the probe show the value "
		    "(show)");
	else if (other == NULL)
		say_alone(out, expectation, fact);
	else if (is_measured)
		snprintf(out, EXPECT_WHY_BYTES,
		    "what is told of it in %s is neither a number nor a "
		    "duration, so nothing can be measured by it",
		    other->environment);
	else
		say_incomparable(out, fact, other);
	return out;
}
