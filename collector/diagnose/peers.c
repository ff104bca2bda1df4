#include <string.h>

#include "collector/diagnose/peers.h"
#include "proto/base/text.h"
#include "proto/fingerprints.h"

/* The first pattern that a name matches decides. */
static const struct {
	const char *pattern;
	enum peer_rule rule;
} defaults[] = {
	{ "setting/*", PEER_MATCH },
	{ "*FLAG_*", PEER_MATCH },
	{ "*TIMEOUT*", PEER_MATCH },
	{ "*timeout*", PEER_MATCH },
	{ "*POOL*", PEER_MATCH },
	{ "*pool*", PEER_MATCH },
	{ "env/*DATABASE_URL*", PEER_DIFFER },
	{ "env/*DB_URL*", PEER_DIFFER },
	{ "env/*_DSN", PEER_DIFFER },
	{ "env/*POSTGRES*HOST*", PEER_DIFFER },
	{ "env/PGHOST", PEER_DIFFER },
	{ "env/*MYSQL*HOST*", PEER_DIFFER },
	{ "env/*DATABASE*HOST*", PEER_DIFFER },
	{ "env/*DB_HOST*", PEER_DIFFER },
	{ "env/*REDIS*HOST*", PEER_DIFFER },
	{ "env/*REDIS*URL*", PEER_DIFFER },
	{ "env/*MONGO*UR*", PEER_DIFFER },
	{ "env/*PASSWORD*", PEER_DIFFER },
	{ "env/*SECRET_KEY*", PEER_DIFFER },
};

static bool
is_of(const struct scene_rule *rule, const struct scene_fact *fact)
{
	return text_same(rule->name, fact->name) &&
	    text_same(rule->environment, fact->environment) &&
	    (rule->service[0] == '\0' ||
		text_same(rule->service, fact->service));
}

enum peer_rule
peers_rule(const struct scene *scene, const struct scene_fact *fact)
{
	/* Told again, the last word counts. */
	for (size_t i = scene->n_rules; i > 0; i--)
		if (is_of(&scene->rules[i - 1], fact))
			return scene->rules[i - 1].rule;
	for (size_t i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++)
		if (text_matches(defaults[i].pattern, fact->name))
			return defaults[i].rule;
	return PEER_FREE;
}

bool
peers_is_told(const struct scene *scene, const struct scene_fact *fact)
{
	for (size_t i = 0; i < scene->n_rules; i++)
		if (is_of(&scene->rules[i], fact))
			return true;
	return false;
}

bool
peers_are_compared(
    const struct scene *scene, const char *environment, const char *other)
{
	for (size_t i = 0; i < scene->n_environments; i++) {
		const struct scene_environment *env = &scene->environments[i];

		if (!text_same(env->name, environment))
			continue;
		for (size_t k = 0; k < env->n_compare_with; k++)
			if (text_same(env->compare_with[k], other))
				return true;
		return env->n_compare_with == 0 &&
		    !text_same(environment, other);
	}
	return !text_same(environment, other);
}

static bool
is_counterpart(const struct scene *scene, const struct scene_fact *fact,
    const struct scene_fact *peer)
{
	return text_same(peer->service, fact->service) &&
	    text_same(peer->name, fact->name) &&
	    peers_are_compared(scene, fact->environment, peer->environment);
}

bool
peers_is_absent(const struct scene_fact *fact)
{
	return fact->value[0] == '\0' && fact->fingerprint[0] == '\0';
}

static enum fingerprints
compare(const struct scene_fact *fact, const struct scene_fact *peer)
{
	if (fact->value[0] != '\0' && peer->value[0] != '\0')
		return text_same(fact->value, peer->value)
		    ? FINGERPRINTS_SAME
		    : FINGERPRINTS_DIFFER;
	if (fact->fingerprint[0] == '\0' || peer->fingerprint[0] == '\0')
		return FINGERPRINTS_UNKNOWN;
	return fingerprints_compare(fact->fingerprint, peer->fingerprint);
}

bool
peers_values_differ(
    const struct scene_fact *fact, const struct scene_fact *peer)
{
	return compare(fact, peer) == FINGERPRINTS_DIFFER;
}

const struct scene_fact *
peers_differing(const struct scene *scene, const struct scene_fact *fact)
{
	bool must_match = peers_rule(scene, fact) == PEER_MATCH;

	for (size_t i = 0; i < scene->n_facts; i++) {
		const struct scene_fact *peer = &scene->facts[i];

		if (!is_counterpart(scene, fact, peer))
			continue;
		if (peers_is_absent(fact) ? !peers_is_absent(peer)
					  : must_match &&
			    compare(fact, peer) == FINGERPRINTS_DIFFER)
			return peer;
	}
	return NULL;
}

const struct scene_fact *
peers_equal(const struct scene *scene, const struct scene_fact *fact)
{
	if (peers_is_absent(fact) || peers_rule(scene, fact) != PEER_DIFFER)
		return NULL;
	for (size_t i = 0; i < scene->n_facts; i++)
		if (is_counterpart(scene, fact, &scene->facts[i]) &&
		    compare(fact, &scene->facts[i]) == FINGERPRINTS_SAME)
			return &scene->facts[i];
	return NULL;
}

/* The newest change of a fact that was one; NULL. */
static const struct scene_change *
change_of(const struct scene *scene, const struct scene_fact *fact)
{
	for (size_t i = scene->n_changes; i > 0; i--) {
		const struct scene_change *change = &scene->changes[i - 1];

		if (!change->is_mark && !change->first_seen &&
		    text_same(change->environment, fact->environment) &&
		    text_same(change->service, fact->service) &&
		    text_same(change->name, fact->name))
			return change;
	}
	return NULL;
}

/* Which of the two came to the value of the other?  *out is NULL when neither
 * was seen to. */
static bool
is_ours(const struct scene_change **out, const struct scene *scene,
    const struct scene_fact *fact, const struct scene_fact *peer)
{
	const struct scene_change *own = change_of(scene, fact);
	const struct scene_change *other = change_of(scene, peer);

	*out = own;
	if (own == NULL)
		return other == NULL && peers_is_told(scene, fact);
	return other == NULL || other->to_ms <= own->from_ms;
}

const struct scene_fact *
peers_crossed(const struct scene_fact **out_peer,
    const struct scene_change **out_change, const struct scene *scene)
{
	const struct scene_fact *found = NULL;

	for (size_t i = 0; i < scene->n_facts; i++) {
		const struct scene_fact *fact = &scene->facts[i], *peer;
		const struct scene_change *change;

		if (!text_same(fact->environment, scene->environment))
			continue;
		peer = peers_equal(scene, fact);
		if (peer == NULL || !is_ours(&change, scene, fact, peer))
			continue;
		if (found != NULL &&
		    (change == NULL ||
			(*out_change != NULL &&
			    change->to_ms <= (*out_change)->to_ms)))
			continue;
		found = fact;
		*out_peer = peer;
		*out_change = change;
	}
	return found;
}
