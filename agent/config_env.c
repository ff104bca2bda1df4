#include <stdlib.h>
#include <string.h>

#include "agent/config_env.h"
#include "agent/probes/env_shape.h"
#include "proto/base/text.h"
#include "proto/place.h"

#define NOT_A_NAME \
	"not a name: write 1 to 64 of a-z 0-9 . _ - without a dot first"

struct word {
	const char *word;
	enum outcome value;
};

static const struct word severities[] = {
	{ "critical", OUTCOME_CRITICAL },
	{ "warning", OUTCOME_WARNING },
};
#define N_SEVERITIES (sizeof(severities) / sizeof(severities[0]))

int
config_check_severity(const struct conf *conf, enum outcome *out,
    const char *path, const char *text, struct err *err)
{
	for (size_t i = 0; i < N_SEVERITIES; i++) {
		if (strcmp(severities[i].word, text) != 0)
			continue;
		*out = severities[i].value;
		return 0;
	}
	return conf_complain(
	    conf, err, path, "not a severity: write critical or warning");
}

int
config_check_source(const struct conf *conf, const char *path,
    const struct variables_config *source, struct err *err)
{
	int n = (source->pidfile != NULL) + (source->command != NULL) +
	    (source->unit != NULL) + (source->port != 0) +
	    (source->file != NULL) + source->self;

	if (n == 1)
		return 0;
	return conf_complain(conf, err, path,
	    "must name exactly one of pidfile, command, unit, port, file, "
	    "self: true");
}

int
config_check_variable(const struct conf *conf, const char *path,
    const char *name, struct err *err)
{
	if (name[0] != '\0' && strlen(name) <= 256 &&
	    strpbrk(name, "= \t\r\n,") == NULL)
		return 0;
	return conf_complain(conf, err, path, "not the name of a variable");
}

static int
check_names(const struct conf *conf, const char *path, char *const *names,
    uint32_t n, struct err *err)
{
	struct place at;
	int rc = 0;

	for (uint32_t i = 0; i < n; i++) {
		at = place_of("%s[%u]", path, i);
		rc |= config_check_variable(conf, at.path, names[i], err);
	}
	return rc;
}

/* "text, integer or port", owned by the caller. */
static char *
list_types(bool only_shown)
{
	const struct env_shape_type *last = NULL;
	struct text text = { 0 };

	for (const struct env_shape_type *type = env_shape_types;
	     type->name != NULL; type++) {
		if (only_shown && !type->may_be_shown)
			continue;
		if (last != NULL)
			text_addf(
			    &text, "%s%s", text.n > 0 ? ", " : "", last->name);
		last = type;
	}
	text_addf(&text, " or %s", last->name);
	return text_take(&text);
}

static int
check_type(const struct conf *conf, const char *path,
    const struct variable_config *variable, struct err *err)
{
	const struct env_shape_type *type = env_shape_type(variable->type);
	struct place at = place_of("%s.type", path);
	char *types;

	if (type == NULL) {
		types = list_types(false);
		conf_complain(
		    conf, err, at.path, "not a type: write %s", types);
		free(types);
	}
	if (!variable->show || (type != NULL && type->may_be_shown))
		return type != NULL ? 0 : -1;
	at = place_of("%s.show", path);
	types = list_types(true);
	conf_complain(conf, err, at.path,
	    "only a value of type %s may be shown; give the type, or leave "
	    "show out",
	    types);
	free(types);
	return -1;
}

static int
check_require(const struct conf *conf, const char *path,
    struct variable_config *variable, struct err *err)
{
	struct place at;
	int rc = 0;

	at = place_of("%s.name", path);
	rc |= config_check_variable(conf, at.path, variable->name, err);
	at = place_of("%s.aliases", path);
	rc |= check_names(
	    conf, at.path, variable->aliases, variable->n_aliases, err);
	at = place_of("%s.legacy", path);
	rc |= check_names(
	    conf, at.path, variable->legacy, variable->n_legacy, err);
	at = place_of("%s.severity", path);
	rc |= config_check_severity(
	    conf, &variable->outcome, at.path, variable->severity, err);
	return rc | check_type(conf, path, variable, err);
}

static int
check_group(const struct conf *conf, const char *path,
    struct group_config *group, struct err *err)
{
	struct place at;
	int rc = 0;

	at = place_of("%s.name", path);
	if (!text_is_name(group->name))
		rc = conf_complain(conf, err, at.path, NOT_A_NAME);
	at = place_of("%s.severity", path);
	rc |= config_check_severity(
	    conf, &group->outcome, at.path, group->severity, err);
	at = place_of("%s.alternatives", path);
	if (group->n_alternatives == 0)
		rc = conf_complain(conf, err, at.path,
		    "must list at least one alternative: "
		    "- names: [NAME, ...]");
	for (uint32_t i = 0; i < group->n_alternatives; i++) {
		const struct names *names = &group->alternatives[i];

		at = place_of("%s.alternatives[%u].names", path, i);
		if (names->n_names == 0)
			rc = conf_complain(conf, err, at.path,
			    "must list at least one variable");
		rc |= check_names(
		    conf, at.path, names->names, names->n_names, err);
	}
	return rc;
}

static int
check_relations(const struct conf *conf, const char *path,
    struct relation_config *relations, uint32_t n, struct err *err)
{
	int rc = 0;

	for (uint32_t i = 0; i < n; i++) {
		struct relation_config *at = &relations[i];
		struct place place = place_of("%s[%u]", path, i);

		rc |= config_check_variable(conf, place.path, at->name, err);
		rc |= config_check_variable(conf, place.path, at->with, err);
		rc |= config_check_severity(
		    conf, &at->outcome, place.path, at->severity, err);
		if (at->source == NULL && strcmp(at->name, at->with) == 0)
			rc = conf_complain(conf, err, place.path,
			    "compares a variable with itself: give with, or "
			    "another source");
		if (at->source != NULL &&
		    config_check_source(conf,
			place_of("%s.source", place.path).path, at->source,
			err) < 0)
			return -1;
	}
	return rc;
}

int
config_check_env(const struct conf *conf, const char *path,
    struct env_config *env, struct err *err)
{
	struct place at;
	int rc = 0;

	at = place_of("%s.source", path);
	rc |= config_check_source(conf, at.path, &env->source, err);
	for (uint32_t i = 0; i < env->n_require; i++) {
		at = place_of("%s.require[%u]", path, i);
		rc |= check_require(conf, at.path, &env->require[i], err);
	}
	for (uint32_t i = 0; i < env->n_groups; i++) {
		at = place_of("%s.groups[%u]", path, i);
		rc |= check_group(conf, at.path, &env->groups[i], err);
	}
	at = place_of("%s.absent", path);
	rc |= check_names(conf, at.path, env->absent, env->n_absent, err);
	at = place_of("%s.must_be_absent", path);
	rc |= check_names(
	    conf, at.path, env->must_be_absent, env->n_must_be_absent, err);
	rc |= check_relations(conf, place_of("%s.must_match", path).path,
	    env->must_match, env->n_must_match, err);
	rc |= check_relations(conf, place_of("%s.must_differ", path).path,
	    env->must_differ, env->n_must_differ, err);
	if (env->file != NULL && env->source.file != NULL)
		rc = conf_complain(conf, err, place_of("%s.file", path).path,
		    "is compared with a process; its source is a file");
	at = place_of("%s.watch", path);
	rc |= check_names(conf, at.path, env->watch, env->n_watch, err);
	at = place_of("%s.compare", path);
	return rc |
	    check_names(conf, at.path, env->compare, env->n_compare, err);
}
