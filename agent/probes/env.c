#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/fingerprint.h"
#include "agent/probes/env_shape.h"
#include "agent/probes/kinds.h"
#include "agent/variables.h"
#include "proto/base/map.h"
#include "proto/base/mem.h"
#include "proto/base/text.h"

/* What was found wrong of one class, and how bad the worst of it is. */
struct finding {
	enum reason reason;
	enum outcome outcome;
	struct text text;
	size_t n;
};

enum class { MISSING, SHAPE, FORBIDDEN, N_CLASSES };

struct env {
	struct variables *variables;
	struct map *noted; /* names that are missing, or judged */
	struct map *told;  /* names whose fact is reported */
	struct finding findings[N_CLASSES];
	struct text groups; /* those that are unmet */
};

/* --- facts ---------------------------------------------------------------- */

static void
report_fact(struct probe *p, struct env *env, const char *name, bool show)
{
	const char *value = variables_get(env->variables, name);
	char fingerprint[FINGERPRINT_BYTES], *fact;

	if (map_put(env->told, name, env) != NULL)
		return;
	fact = mem_printf("env/%s", name);
	if (value == NULL || show)
		probe_fact(
		    p, fact, value, NULL, variables_source(env->variables));
	else
		probe_fact(p, fact, NULL,
		    fingerprint_of(fingerprint, probe_fingerprint(p), name,
			value, strlen(value)),
		    variables_source(env->variables));
	free(fact);
}

static void
report_facts(struct probe *p, struct env *env, const struct env_config *config)
{
	for (uint32_t i = 0; i < config->n_require; i++) {
		const struct variable_config *at = &config->require[i];
		const char *value = variables_get(env->variables, at->name);

		/* What is shown must be what it is declared to be: anything
		 * else may be a secret in the wrong place. */
		report_fact(p, env, at->name,
		    at->show && value != NULL &&
			env_shape_fault(value, at) == NULL);
	}
	for (uint32_t i = 0; i < config->n_groups; i++) {
		const struct group_config *group = &config->groups[i];

		for (uint32_t k = 0; k < group->n_alternatives; k++) {
			const struct names *names = &group->alternatives[k];

			for (uint32_t m = 0; m < names->n_names; m++)
				report_fact(p, env, names->names[m], false);
		}
	}
	for (uint32_t i = 0; i < config->n_absent; i++)
		report_fact(p, env, config->absent[i], false);
	for (uint32_t i = 0; i < config->n_watch; i++)
		report_fact(p, env, config->watch[i], false);
}

/* --- findings ------------------------------------------------------------- */

static void
find(struct env *env, enum class class, enum outcome outcome, const char *name,
    const char *fault)
{
	struct finding *finding = &env->findings[class];

	if (map_put(env->noted, name, env) != NULL)
		return; /* one word about each */
	finding->n++;
	finding->outcome = outcome_worse(finding->outcome, outcome);
	text_addf(&finding->text, "%s%s%s%s", finding->n > 1 ? ", " : "", name,
	    fault[0] != '\0' ? " " : "", fault);
}

static void
judge(struct env *env, const char *name, const struct variable_config *variable,
    enum outcome outcome)
{
	const char *value = variables_get(env->variables, name);
	const char *fault;

	if (value == NULL) {
		find(env, MISSING, outcome, name, "");
		return;
	}
	fault = env_shape_fault(value, variable);
	if (fault != NULL)
		find(env, SHAPE, outcome, name, fault);
}

static bool
has_content(const struct env *env, const char *name)
{
	const char *value = variables_get(env->variables, name);

	return value != NULL && value[0] != '\0';
}

static uint32_t
count_present(const struct env *env, const struct names *names)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < names->n_names; i++)
		n += has_content(env, names->names[i]);
	return n;
}

/* The alternative that is meant: one that is complete, else the one of which
 * most is there; of equal ones the longest, which names all that may miss. */
static const struct names *
pick(const struct env *env, const struct group_config *group)
{
	const struct names *best = &group->alternatives[0];

	for (uint32_t i = 0; i < group->n_alternatives; i++) {
		const struct names *names = &group->alternatives[i];
		uint32_t n = count_present(env, names);
		uint32_t n_best = count_present(env, best);

		if (n == names->n_names)
			return names;
		if (n > n_best ||
		    (n == n_best && names->n_names > best->n_names))
			best = names;
	}
	return best;
}

static void
describe(struct text *text, const struct group_config *group)
{
	text_addf(text, "; group %s needs ", group->name);
	for (uint32_t i = 0; i < group->n_alternatives; i++) {
		const struct names *names = &group->alternatives[i];

		text_addf(text, "%s%s", i > 0 ? ", or " : "",
		    names->n_names > 1 ? "all of " : "");
		for (uint32_t k = 0; k < names->n_names; k++)
			text_addf(
			    text, "%s%s", k > 0 ? " " : "", names->names[k]);
	}
}

static void
judge_group(struct env *env, const struct group_config *group)
{
	const struct names *names = pick(env, group);

	if (count_present(env, names) < names->n_names)
		describe(&env->groups, group);
	for (uint32_t i = 0; i < names->n_names; i++)
		judge(env, names->names[i], NULL, group->outcome);
}

/* --- steps ---------------------------------------------------------------- */

static enum turn
cannot_read(
    struct probe *p, const struct env_config *config, const struct err *err)
{
	bool is_file = config->source.file != NULL;

	switch (err->code) {
	case ERR_NOT_FOUND:
		return probe_fail(p, is_file ? REASON_MISSING : REASON_PROCESS,
		    "%s", err->text);
	case ERR_INVALID:
		return probe_fail(p, is_file ? REASON_SHAPE : REASON_PROCESS,
		    "%s", err->text);
	case ERR_DENIED:
		return probe_unknown(p, REASON_DENIED, "%s", err->text);
	case ERR_LIMIT:
		return probe_unknown(p, REASON_LIMIT, "%s", err->text);
	default:
		return probe_unknown(p, REASON_INTERNAL, "%s", err->text);
	}
}

static enum turn
read_step(struct probe *p, void *state)
{
	const struct env_config *config = probe_config(p)->env;
	struct env *env = state;
	struct err err;

	if (variables_read(&env->variables, &config->source, &err) < 0)
		return cannot_read(p, config, &err);
	env->noted = map_new();
	env->told = map_new();
	env->findings[MISSING].reason = REASON_MISSING;
	env->findings[SHAPE].reason = REASON_SHAPE;
	env->findings[FORBIDDEN].reason = REASON_FORBIDDEN;
	if (variables_pid(env->variables) != 0)
		probe_number(p, "pid", variables_pid(env->variables));
	report_facts(p, env, config);
	return TURN_NEXT;
}

static enum turn
conclude(struct probe *p, struct env *env)
{
	const struct finding *worst = &env->findings[0], *missing = worst;
	const char *origin = variables_origin(env->variables);
	const char *part = missing->n > 0 ? ";" : ":";
	struct text text = { 0 };

	for (int i = 1; i < N_CLASSES; i++)
		if (env->findings[i].outcome != worst->outcome &&
		    outcome_worse(env->findings[i].outcome, worst->outcome) !=
			worst->outcome)
			worst = &env->findings[i];
	if (missing->n > 0)
		text_addf(&text, "%zu variable%s missing in %s: %s%s",
		    missing->n, missing->n > 1 ? "s" : "", origin,
		    missing->text.bytes,
		    env->groups.n > 0 ? env->groups.bytes : "");
	else
		text_addf(&text, "in %s", origin);
	for (int i = SHAPE; i < N_CLASSES; i++) {
		if (env->findings[i].n == 0)
			continue;
		text_addf(&text, "%s %s", part, env->findings[i].text.bytes);
		part = ";";
	}
	if (worst->outcome == OUTCOME_CRITICAL)
		probe_fail(p, worst->reason, "%s", text.bytes);
	else
		probe_warn(p, worst->reason, "%s", text.bytes);
	text_fini(&text);
	return TURN_STOP;
}

static enum turn
check_step(struct probe *p, void *state)
{
	const struct env_config *config = probe_config(p)->env;
	struct env *env = state;
	const struct finding *missing = &env->findings[MISSING];
	size_t n = 0;

	for (uint32_t i = 0; i < config->n_require; i++)
		judge(env, config->require[i].name, &config->require[i],
		    config->require[i].outcome);
	for (uint32_t i = 0; i < config->n_groups; i++)
		judge_group(env, &config->groups[i]);
	for (uint32_t i = 0; i < config->n_absent; i++)
		if (variables_get(env->variables, config->absent[i]) != NULL)
			find(env, FORBIDDEN, OUTCOME_CRITICAL,
			    config->absent[i], "must not be set");
	for (int i = 0; i < N_CLASSES; i++)
		n += env->findings[i].n;
	probe_number(p, "missing_count", (double)missing->n);
	if (missing->n > 0)
		probe_text(p, "missing", missing->text.bytes);
	if (n > 0)
		return conclude(p, env);
	probe_say(p, "%zu variables looked at in %s", map_count(env->told),
	    variables_origin(env->variables));
	return TURN_NEXT;
}

static void
cleanup(void *state)
{
	struct env *env = state;

	variables_free(env->variables);
	map_free(env->noted);
	map_free(env->told);
	for (int i = 0; i < N_CLASSES; i++)
		text_fini(&env->findings[i].text);
	text_fini(&env->groups);
}

static int
check(const struct conf *conf, const char *path,
    const struct probe_config *config, struct err *err)
{
	const struct env_config *env = config->env;

	if (env->n_require + env->n_groups + env->n_absent + env->n_watch > 0)
		return 0;
	return conf_complain(conf, err, path,
	    "checks nothing: give at least one of require, groups, absent "
	    "and watch");
}

static const struct probe_step steps[] = {
	{ "read", read_step },
	{ "check", check_step },
	{ NULL, NULL },
};

const struct probe_kind env_kind = {
	.name = "env",
	.state_size = sizeof(struct env),
	.steps = steps,
	.cleanup = cleanup,
	.check = check,
};
