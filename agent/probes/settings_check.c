#include <math.h>
#include <string.h>

#include "agent/config_env.h"
#include "agent/probes/http_origin.h"
#include "agent/probes/settings_check.h"
#include "agent/probes/settings_file.h"
#include "agent/probes/settings_rule.h"
#include "agent/probes/settings_value.h"
#include "proto/base/text.h"
#include "proto/place.h"

#define GUARDS_MAX 50 /* each is an attribute */

/* What every check needs. */
struct check {
	const struct conf *conf;
	const struct settings_config *settings;
	struct err *err;
};

static int
check_name(const struct check *check, const char *path, const char *name)
{
	if (text_is_name(name))
		return 0;
	return conf_complain(check->conf, check->err, path,
	    "not a name: write 1 to 64 of a-z 0-9 . _ - without a dot first");
}

static int
check_source(const struct check *check, const char *path,
    const struct setting_source_config *source)
{
	int n = (source->variables != NULL) + (source->file != NULL) +
	    (source->url != NULL) + (source->postgres != NULL);
	struct origin origin = { 0 };
	enum settings_format format;
	int rc = 0;

	rc |= check_name(check, place_of("%s.name", path).path, source->name);
	if (n != 1)
		rc = conf_complain(check->conf, check->err, path,
		    "must name exactly one of variables, file, url, postgres");
	if (source->variables != NULL)
		rc |= config_check_source(check->conf,
		    place_of("%s.variables", path).path, source->variables,
		    check->err);
	if (source->file != NULL &&
	    settings_format_parse(&format,
		source->format != NULL ? source->format : "", source->file) < 0)
		rc = conf_complain(check->conf, check->err,
		    place_of("%s.file", path).path,
		    "its name does not say its format: give format: env, yaml, "
		    "json or ini");
	if (source->url != NULL && origin_of(&origin, NULL, source->url) < 0)
		rc = conf_complain(check->conf, check->err,
		    place_of("%s.url", path).path,
		    "not a url: write http://HOST/PATH or https://HOST/PATH");
	origin_fini(&origin);
	return rc;
}

static int
check_place(const struct check *check, const char *path,
    struct setting_place_config *place)
{
	const struct settings_config *settings = check->settings;

	if (place == NULL)
		return 0;
	for (uint32_t i = 0; i < settings->n_sources; i++) {
		if (strcmp(settings->sources[i].name, place->source) != 0)
			continue;
		place->index = i;
		return 0;
	}
	return conf_complain(check->conf, check->err,
	    place_of("%s.source", path).path, "no source has this name");
}

static int
check_bound(const struct check *check, const char *path, double *out,
    const char *text, enum value_type type)
{
	*out = NAN;
	if (text == NULL)
		return 0;
	if (type == VALUE_TEXT || type == VALUE_BOOLEAN)
		return conf_complain(check->conf, check->err, path,
		    "only an integer, number or duration has this bound; "
		    "give the type");
	if (value_parse(out, type, text) == 0)
		return 0;
	return conf_complain(check->conf, check->err, path, "not %s %s",
	    type == VALUE_INTEGER ? "an" : "a", value_type_name(type));
}

static int
check_bounds(const struct check *check, const char *path,
    struct setting_bounds_config *bounds, enum value_type type)
{
	double number;
	int rc = 0;

	rc |= check_bound(check, place_of("%s.at_least", path).path,
	    &bounds->low, bounds->at_least, type);
	rc |= check_bound(check, place_of("%s.at_most", path).path,
	    &bounds->high, bounds->at_most, type);
	if (bounds->equals == NULL || type == VALUE_TEXT ||
	    value_parse(&number, type, bounds->equals) == 0)
		return rc;
	return conf_complain(check->conf, check->err,
	    place_of("%s.equals", path).path, "not of the setting's type");
}

static int
check_guards(
    const struct check *check, const char *path, struct setting_config *setting)
{
	int rc = 0;

	for (uint32_t i = 0; i < setting->n_guards; i++) {
		struct setting_guard_config *guard = &setting->guards[i];
		struct place at = place_of("%s.guards[%u]", path, i);

		if (guard->bounds.at_least == NULL &&
		    guard->bounds.at_most == NULL &&
		    guard->bounds.equals == NULL)
			rc = conf_complain(check->conf, check->err, at.path,
			    "guards nothing: give at_least, at_most or equals");
		rc |= check_bounds(check, at.path, &guard->bounds,
		    (enum value_type)setting->value_type);
	}
	return rc;
}

static int
check_setting(
    const struct check *check, const char *path, struct setting_config *setting)
{
	enum value_type type = VALUE_TEXT;
	bool is_typed = value_type_parse(&type, setting->type) == 0;
	int rc = 0;

	rc |= check_name(check, place_of("%s.name", path).path, setting->name);
	rc |= config_check_severity(check->conf, &setting->outcome,
	    place_of("%s.severity", path).path, setting->severity, check->err);
	if (!is_typed)
		rc = conf_complain(check->conf, check->err,
		    place_of("%s.type", path).path,
		    "not a type: write text, integer, number, duration or "
		    "boolean");
	/* Of what has no type, nothing more is said in its invariants. */
	setting->value_type = is_typed ? (int)type : VALUE_NUMBER;
	if (setting->declared == NULL && setting->effective == NULL)
		rc = conf_complain(check->conf, check->err, path,
		    "is read nowhere: give declared, effective, or both");
	rc |= check_place(
	    check, place_of("%s.declared", path).path, setting->declared);
	rc |= check_place(
	    check, place_of("%s.effective", path).path, setting->effective);
	if (!is_typed)
		return rc;
	rc |= check_bounds(check, path, &setting->bounds, type);
	return rc | check_guards(check, path, setting);
}

static const struct setting_config *
setting_of(const struct settings_config *settings, const char *name)
{
	for (uint32_t i = 0; i < settings->n_settings; i++)
		if (strcmp(settings->settings[i].name, name) == 0)
			return &settings->settings[i];
	return NULL;
}

static int
check_invariant(const struct check *check, const char *path,
    struct setting_invariant_config *invariant)
{
	const struct setting_config *setting;
	struct place at = place_of("%s.rule", path);
	struct rule rule;
	struct err inner;
	int rc = 0;

	rc |=
	    check_name(check, place_of("%s.name", path).path, invariant->name);
	rc |= config_check_severity(check->conf, &invariant->outcome,
	    place_of("%s.severity", path).path, invariant->severity,
	    check->err);
	if (rule_parse(&rule, invariant->rule, &inner) < 0)
		return conf_complain(
		    check->conf, check->err, at.path, "%s", inner.text);
	for (size_t i = 0; i < rule.n_terms; i++) {
		if (rule.terms[i].name[0] == '\0')
			continue;
		setting = setting_of(check->settings, rule.terms[i].name);
		if (setting == NULL)
			rc = conf_complain(check->conf, check->err, at.path,
			    "%s is not in the register", rule.terms[i].name);
		else if (setting->value_type == VALUE_TEXT)
			rc = conf_complain(check->conf, check->err, at.path,
			    "%s is a text; give its type", setting->name);
	}
	return rc;
}

static int
check_counts(const struct check *check, const char *path)
{
	const struct settings_config *settings = check->settings;
	uint32_t n = 0;
	int rc = 0;

	if (settings->n_settings == 0)
		return conf_complain(check->conf, check->err, path,
		    "checks nothing: list settings under register");
	for (uint32_t i = 0; i < settings->n_settings; i++) {
		n += settings->settings[i].n_guards;
		if (setting_of(settings, settings->settings[i].name) !=
		    &settings->settings[i])
			rc = conf_complain(check->conf, check->err,
			    place_of("%s.register[%u].name", path, i).path,
			    "another setting has this name; choose another");
	}
	if (n + settings->n_invariants > GUARDS_MAX)
		return conf_complain(check->conf, check->err, path,
		    "at most %d guards and invariants; make two probes of it",
		    GUARDS_MAX);
	return rc;
}

int
settings_check(const struct conf *conf, const char *path,
    const struct probe_config *config, struct err *err)
{
	const struct settings_config *settings = config->settings;
	struct check check = { conf, settings, err };
	int rc = check_counts(&check, path);

	for (uint32_t i = 0; i < settings->n_sources; i++)
		rc |= check_source(&check,
		    place_of("%s.sources[%u]", path, i).path,
		    &settings->sources[i]);
	for (uint32_t i = 0; i < settings->n_settings; i++)
		rc |= check_setting(&check,
		    place_of("%s.register[%u]", path, i).path,
		    &settings->settings[i]);
	for (uint32_t i = 0; i < settings->n_invariants; i++)
		rc |= check_invariant(&check,
		    place_of("%s.invariants[%u]", path, i).path,
		    &settings->invariants[i]);
	return rc;
}
