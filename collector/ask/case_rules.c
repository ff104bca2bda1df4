#include "collector/ask/case_rules.h"
#include "collector/pipeline/guards.h"

/* A list that grows in an arena. */
struct gathering {
	struct scene *scene;
	struct arena *arena;
	struct scene_rule *rules;
	size_t room;
};

static void
add(struct gathering *of, const char *environment, const char *service,
    const char *name, enum peer_rule rule)
{
	size_t n = of->scene->n_rules;

	if (n == of->room) {
		size_t room = of->room * 2 + 16;
		struct scene_rule *more =
		    arena_zalloc(of->arena, room * sizeof(*more));

		for (size_t i = 0; i < n; i++)
			more[i] = of->rules[i];
		of->rules = more;
		of->room = room;
	}
	of->rules[of->scene->n_rules++] = (struct scene_rule){
		.environment = arena_strdup(of->arena, environment),
		.service = arena_strdup(of->arena, service),
		.name = arena_strdup(of->arena, name),
		.rule = rule,
	};
}

/* In each of these environments, of each of these services (none: any). */
static void
add_all(struct gathering *of, const struct expectation_config *expectation,
    const struct names *environments, enum peer_rule rule)
{
	const struct names *services = &expectation->services;

	for (uint32_t i = 0; i < environments->n; i++) {
		if (services->n == 0)
			add(of, environments->names[i], "", expectation->name,
			    rule);
		for (uint32_t k = 0; k < services->n; k++)
			add(of, environments->names[i], services->names[k],
			    expectation->name, rule);
	}
}

static void
add_told(struct gathering *of, const struct expectation_config *guard)
{
	static const enum peer_rule rules[] = {
		[RELATION_MATCHES] = PEER_MATCH,
		[RELATION_DIFFERS] = PEER_DIFFER,
		[RELATION_FREE] = PEER_FREE,
	};

	if (guard->relation != RELATION_NONE)
		add_all(
		    of, guard, &guard->environments, rules[guard->relation]);
}

int
case_rules(struct scene *scene, struct arena *arena, struct store *store,
    const struct collector_config *config, struct err *err)
{
	struct gathering of = { .scene = scene, .arena = arena };
	struct guards *guards = guards_new();
	int rc = guards_load(guards, store, scene->at_ms + 1, err);

	for (uint32_t i = 0; i < config->n_expectations && rc == 0; i++) {
		const struct expectation_config *one = &config->expectations[i];

		add_all(&of, one, &one->must_match, PEER_MATCH);
		add_all(&of, one, &one->must_differ, PEER_DIFFER);
	}
	for (size_t i = 0; i < guards_count(guards) && rc == 0; i++)
		add_told(&of, guards_get(guards, i));
	guards_free(guards);
	scene->rules = of.rules;
	return rc;
}
