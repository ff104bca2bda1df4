#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/pipeline/expect.h"
#include "proto/fingerprints.h"

#define ABSENT "absent"

static bool
covers(
    const struct expectation_config *expectation, const struct fleet_fact *fact)
{
	const struct names *services = &expectation->services;
	const struct names *environments = &expectation->environments;
	const struct names *related = expectation->must_differ.n > 0
	    ? &expectation->must_differ
	    : &expectation->must_match;

	return strcmp(expectation->name, fact->name) == 0 &&
	    (services->n == 0 || names_hold(services, fact->service)) &&
	    (environments->n == 0 ||
		names_hold(environments, fact->environment)) &&
	    (related->n == 0 || names_hold(related, fact->environment));
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
	return expectation->must_differ.n > 0 || expectation->must_match.n > 0;
}

char *
expect_text(
    char out[EXPECT_TEXT_BYTES], const struct expectation_config *expectation)
{
	const char *what = expectation->at_least != NULL ? "at least "
	    : expectation->at_most != NULL               ? "at most "
	    : expectation->equals != NULL                ? ""
	    : expectation->must_differ.n > 0 ? "different in each environment"
	    : expectation->must_match.n > 0  ? "the same in all environments"
					     : "present";
	const char *number = expectation->at_least != NULL
	    ? expectation->at_least
	    : expectation->at_most != NULL ? expectation->at_most
	    : expectation->equals != NULL  ? expectation->equals
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

static bool
relation_holds(const struct expectation_config *expectation,
    const struct fleet *fleet, const struct fleet_fact *fact)
{
	bool must_match = expectation->must_match.n > 0;
	const struct names *all =
	    must_match ? &expectation->must_match : &expectation->must_differ;
	enum fingerprints broken =
	    must_match ? FINGERPRINTS_DIFFER : FINGERPRINTS_SAME;

	MAP_EACH (const struct fleet_fact, other, fleet->facts) {
		if (strcmp(other->name, fact->name) != 0 ||
		    strcmp(other->service, fact->service) != 0 ||
		    strcmp(other->environment, fact->environment) == 0 ||
		    other->source != fact->source || other->shown == NULL ||
		    !names_hold(all, other->environment) ||
		    strcmp(other->shown, ABSENT) == 0)
			continue;
		if (compare(other->shown, fact->shown) == broken)
			return false;
	}
	return true;
}

static bool
number_holds(
    const struct expectation_config *expectation, const struct fleet_fact *fact)
{
	char *end;
	double number = strtod(fact->shown, &end);

	if (end == fact->shown || *end != '\0' || !isfinite(number))
		return false;
	return expectation->at_least != NULL ? number >= expectation->number
					     : number <= expectation->number;
}

bool
expect_holds(const struct expectation_config *expectation,
    const struct fleet *fleet, const struct fleet_fact *fact)
{
	bool is_absent = strcmp(fact->shown, ABSENT) == 0;

	if (expectation->present)
		return !is_absent;
	if (expect_is_relation(expectation))
		return is_absent || relation_holds(expectation, fleet, fact);
	if (fingerprints_are_shown(fact->shown))
		return true; /* its value cannot be seen from here */
	if (expectation->equals != NULL)
		return strcmp(fact->shown, expectation->equals) == 0;
	return number_holds(expectation, fact);
}
