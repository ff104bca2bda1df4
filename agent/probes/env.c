#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/fingerprint.h"
#include "agent/probes/env_shape.h"
#include "agent/probes/kinds.h"
#include "agent/processes.h"
#include "agent/variables.h"
#include "proto/base/file.h"
#include "proto/base/map.h"
#include "proto/base/mem.h"
#include "proto/base/text.h"

#define FILE_MAX_BYTES (1024 * 1024)

/* What was found wrong of one class, and how bad the worst of it is. */
struct finding {
	enum reason reason;
	enum outcome outcome;
	struct text text;
	size_t n;
};

enum class { MISSING, SHAPE, FORBIDDEN, RELATION, UNLOADED, N_CLASSES };

struct env {
	struct variables *variables;
	struct variables *file; /* that the process was started with */
	struct map *noted;      /* names that are missing, or judged */
	struct map *told;       /* names whose fact is reported */
	struct map *compared;   /* names that the fleet's key is for */
	struct finding findings[N_CLASSES];
	struct text groups; /* those that are unmet */
};

/* --- facts ---------------------------------------------------------------- */

static void
report_fact(struct probe *p, struct env *env, const char *name, bool show)
{
	const char *value = variables_get(env->variables, name);
	char fingerprint[FINGERPRINT_BYTES], *fact;

	if (map_put(env->told, name, (void *)(uintptr_t)name) != NULL)
		return;
	fact = mem_printf("env/%s", name);
	if (value == NULL || show)
		probe_fact(
		    p, fact, value, NULL, variables_source(env->variables));
	else
		probe_fact(p, fact, NULL,
		    fingerprint_of(fingerprint, probe_fingerprint(p),
			map_get(env->compared, name) != NULL, name, value,
			strlen(value)),
		    variables_source(env->variables));
	free(fact);
}

static void
report_facts(struct probe *p, struct env *env, const struct env_config *config)
{
	for (uint32_t i = 0; i < config->n_compare; i++)
		map_put(env->compared, config->compare[i], env);
	for (uint32_t i = 0; i < config->n_require; i++) {
		const struct variable_config *at = &config->require[i];
		const char *value = variables_get(env->variables, at->name);

		/* What is shown must be what it is declared to be: anything
		 * else may be a secret in the wrong place. */
		report_fact(p, env, at->name,
		    at->show && value != NULL &&
			env_shape_fault(value, at) == NULL);
		for (uint32_t k = 0; k < at->n_aliases; k++)
			report_fact(p, env, at->aliases[k], false);
		for (uint32_t k = 0; k < at->n_legacy; k++)
			report_fact(p, env, at->legacy[k], false);
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
	for (uint32_t i = 0; i < config->n_must_be_absent; i++)
		report_fact(p, env, config->must_be_absent[i], false);
	for (uint32_t i = 0; i < config->n_must_match; i++)
		report_fact(p, env, config->must_match[i].name, false);
	for (uint32_t i = 0; i < config->n_must_differ; i++)
		report_fact(p, env, config->must_differ[i].name, false);
	for (uint32_t i = 0; i < config->n_watch; i++)
		report_fact(p, env, config->watch[i], false);
	for (uint32_t i = 0; i < config->n_compare; i++)
		report_fact(p, env, config->compare[i], false);
}

/* The fingerprint of a whole file, so that an edit is a change; absent when
 * the file is. */
static void
report_file(struct probe *p, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *base = slash != NULL ? slash + 1 : path;
	char fingerprint[FINGERPRINT_BYTES], *bytes = NULL, *fact;
	struct err err = { 0 };
	size_t n;
	int rc = file_read(&bytes, &n, path, FILE_MAX_BYTES, &err);

	if (rc < 0 && err.code != ERR_NOT_FOUND)
		return; /* it is there, and nothing is known of it */
	fact = mem_printf("file/%s", base);
	probe_fact(p, fact, NULL,
	    rc < 0 ? NULL
		   : fingerprint_of(fingerprint, probe_fingerprint(p), false,
			 base, bytes, n),
	    SOURCE_FILE);
	free(fact);
	if (rc < 0)
		return;
	explicit_bzero(bytes, n);
	free(bytes);
}

static void
report_start(struct probe *p, pid_t pid)
{
	char text[TEXT_TIME_BYTES];
	int64_t at_ms;

	if (pid == 0 || process_started(&at_ms, pid, NULL) < 0)
		return;
	/* The kernel counts from the system's start, whose time moves a bit
	 * with the clock: a whole second is what stays. */
	probe_fact(p, "process/started",
	    text_time(text, (at_ms + 500) / 1000 * 1000), NULL, SOURCE_PROCESS);
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

/* The same for what is about more than one variable; takes text. */
static void
find_more(struct env *env, enum class class, enum outcome outcome, char *text)
{
	struct finding *finding = &env->findings[class];

	finding->n++;
	finding->outcome = outcome_worse(finding->outcome, outcome);
	text_addf(&finding->text, "%s%s", finding->n > 1 ? "; " : "", text);
	free(text);
}

/* Under which of its names a variable is set; its own when it is under none. */
static const char *
name_given(struct env *env, const struct variable_config *variable)
{
	if (variables_get(env->variables, variable->name) != NULL)
		return variable->name;
	for (uint32_t i = 0; i < variable->n_aliases; i++)
		if (variables_get(env->variables, variable->aliases[i]) != NULL)
			return variable->aliases[i];
	for (uint32_t i = 0; i < variable->n_legacy; i++) {
		const char *name = variable->legacy[i];

		if (variables_get(env->variables, name) == NULL)
			continue;
		find_more(env, FORBIDDEN, OUTCOME_WARNING,
		    mem_printf(
			"%s is an old name of %s", name, variable->name));
		return name;
	}
	return variable->name;
}

/* Is there nothing of this name in a folder?  Whatever else is in the way says
 * nothing of that. */
static bool
is_not_there(int folder, const char *path)
{
	return faccessat(folder, path, F_OK, 0) < 0 &&
	    (errno == ENOENT || errno == ENOTDIR || errno == ENAMETOOLONG);
}

/* Does a file that a variable names exist, as the process sees it?  One that
 * has ended says nothing of that, nor does a file of variables, of which nobody
 * knows where a relative path begins. */
static bool
is_missing(const struct env *env, const char *value)
{
	pid_t pid = variables_pid(env->variables);
	bool is_relative = value[0] != '/', is_gone;
	char *start;
	int folder;

	if (pid == 0)
		return !is_relative && is_not_there(AT_FDCWD, value);
	start =
	    mem_printf("/proc/%d/%s", (int)pid, is_relative ? "cwd" : "root");
	folder = open(start, O_PATH | O_DIRECTORY | O_CLOEXEC);
	free(start);
	if (folder < 0)
		return false;
	value += strspn(value, "/");
	is_gone = is_not_there(folder, value[0] != '\0' ? value : ".");
	close(folder);
	return is_gone;
}

static const char *
fault_of(const struct env *env, const char *value,
    const struct variable_config *variable)
{
	const char *fault = env_shape_fault(value, variable);

	return fault == NULL && variable != NULL &&
		strcmp(variable->type, "path") == 0 && is_missing(env, value)
	    ? "names a file that does not exist"
	    : fault;
}

static void
judge(struct env *env, const char *name, const struct variable_config *variable,
    enum outcome outcome)
{
	const char *value;
	const char *fault;

	if (variable != NULL)
		name = name_given(env, variable);
	value = variables_get(env->variables, name);
	if (value == NULL) {
		find(env, MISSING, outcome, name, "");
		return;
	}
	fault = fault_of(env, value, variable);
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
	env->compared = map_new();
	env->findings[MISSING].reason = REASON_MISSING;
	env->findings[SHAPE].reason = REASON_SHAPE;
	env->findings[FORBIDDEN].reason = REASON_FORBIDDEN;
	env->findings[RELATION].reason = REASON_ANSWER;
	env->findings[UNLOADED].reason = REASON_ANSWER;
	if (variables_pid(env->variables) != 0)
		probe_number(p, "pid", variables_pid(env->variables));
	report_facts(p, env, config);
	report_start(p, variables_pid(env->variables));
	if (config->file != NULL || config->source.file != NULL)
		report_file(p,
		    config->file != NULL ? config->file : config->source.file);
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
	else if (worst->outcome == OUTCOME_UNKNOWN)
		probe_unknown(p, worst->reason, "%s", text.bytes);
	else
		probe_warn(p, worst->reason, "%s", text.bytes);
	text_fini(&text);
	return TURN_STOP;
}

static void
judge_relation(
    struct env *env, const struct relation_config *relation, bool must_match)
{
	const char *value = variables_get(env->variables, relation->name);
	struct variables *others = NULL;
	const char *other;
	struct err err;

	if (relation->source != NULL &&
	    variables_read(&others, relation->source, &err) < 0) {
		find_more(env, RELATION, OUTCOME_UNKNOWN,
		    mem_printf(
			"%s cannot be compared: %s", relation->name, err.text));
		return;
	}
	other = variables_get(
	    others != NULL ? others : env->variables, relation->with);
	/* Of one that is not there, nothing is the same. */
	if (must_match &&
	    (value == NULL || other == NULL || strcmp(value, other) != 0))
		find_more(env, RELATION, relation->outcome,
		    mem_printf("%s must be the same as %s%s%s", relation->name,
			relation->with, others != NULL ? " in " : "",
			others != NULL ? variables_origin(others) : ""));
	if (!must_match && value != NULL && other != NULL &&
	    strcmp(value, other) == 0)
		find_more(env, RELATION, relation->outcome,
		    mem_printf("%s must not be the same as %s%s%s",
			relation->name, relation->with,
			others != NULL ? " in " : "",
			others != NULL ? variables_origin(others) : ""));
	variables_free(others);
}

/* An edit counts when the process has been started again: what differs between
 * the two was not loaded yet. */
static void
judge_file(struct probe *p, struct env *env, const char *path)
{
	const struct variables_config source = {
		.file = (char *)(uintptr_t)path,
	};
	struct text names = { 0 };
	struct err err;

	if (variables_read(&env->file, &source, &err) < 0) {
		find_more(env, UNLOADED,
		    err.code == ERR_NOT_FOUND ? OUTCOME_WARNING
					      : OUTCOME_UNKNOWN,
		    mem_printf("%s; the process would not start again as it "
			       "is",
			err.text));
		return;
	}
	MAP_EACH (char, name, env->told) {
		const char *here = variables_get(env->variables, name);
		const char *there = variables_get(env->file, name);

		if (there != NULL && (here == NULL || strcmp(here, there) != 0))
			text_addf(
			    &names, "%s%s", names.n > 0 ? ", " : "", name);
	}
	if (names.n > 0) {
		probe_text(p, "not_loaded", names.bytes);
		find_more(env, UNLOADED, OUTCOME_WARNING,
		    mem_printf("not loaded yet: %s differ%s in %s", names.bytes,
			strchr(names.bytes, ',') == NULL ? "s" : "",
			variables_origin(env->file)));
	}
	text_fini(&names);
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
	for (uint32_t i = 0; i < config->n_must_be_absent; i++)
		if (variables_get(env->variables, config->must_be_absent[i]) !=
		    NULL)
			find(env, FORBIDDEN, OUTCOME_CRITICAL,
			    config->must_be_absent[i], "must not be set");
	for (uint32_t i = 0; i < config->n_must_match; i++)
		judge_relation(env, &config->must_match[i], true);
	for (uint32_t i = 0; i < config->n_must_differ; i++)
		judge_relation(env, &config->must_differ[i], false);
	if (config->file != NULL)
		judge_file(p, env, config->file);
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
	variables_free(env->file);
	map_free(env->noted);
	map_free(env->told);
	map_free(env->compared);
	for (int i = 0; i < N_CLASSES; i++)
		text_fini(&env->findings[i].text);
	text_fini(&env->groups);
}

static int
check(const struct conf *conf, const char *path,
    const struct probe_config *config, struct err *err)
{
	const struct env_config *env = config->env;

	if (env->n_require + env->n_groups + env->n_absent + env->n_watch +
		env->n_compare + env->n_must_be_absent + env->n_must_match +
		env->n_must_differ >
	    0)
		return 0;
	return conf_complain(conf, err, path,
	    "checks nothing: give at least one of require, groups, absent, "
	    "watch and compare");
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
