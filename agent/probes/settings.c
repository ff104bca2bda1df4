#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "agent/fingerprint.h"
#include "agent/probes/kinds.h"
#include "agent/probes/settings_check.h"
#include "agent/probes/settings_rule.h"
#include "agent/probes/settings_source.h"
#include "agent/probes/settings_value.h"
#include "proto/base/mem.h"
#include "proto/base/text.h"

/* A setting in one of its places. */
struct reading {
	const struct settings_source *source; /* NULL: no such place */
	char *text;                           /* NULL: not there, or not read */
	bool is_number;                       /* text is worth number */
	double number;
};

struct setting {
	struct reading declared, effective;
};

struct settings {
	struct settings_source **sources;
	uint32_t n_sources, at; /* the one that is read */
	struct setting *settings;
	uint32_t n_settings;
	size_t n_guards, n_held;
	/* What is wrong, the words of the worst first. */
	struct text findings;
	size_t n_findings;
	enum outcome outcome;
	enum reason reason;
	struct text differing;
};

/* --- findings ------------------------------------------------------------- */

static void
wipe(char *text)
{
	if (text == NULL)
		return;
	explicit_bzero(text, strlen(text));
	free(text);
}

/* Takes text.  A worse finding goes to the front. */
static void
find(struct settings *s, enum outcome outcome, enum reason reason, char *text)
{
	bool is_worse = s->n_findings == 0 ||
	    outcome_worse(s->outcome, outcome) != s->outcome;
	struct text next = { 0 };

	if (is_worse) {
		s->outcome = outcome;
		s->reason = reason;
		text_add(&next, text);
		if (s->n_findings > 0)
			text_addf(&next, "; %s", s->findings.bytes);
		text_fini(&s->findings);
		s->findings = next;
	} else {
		text_addf(&s->findings, "; %s", text);
	}
	s->n_findings++;
	free(text);
}

/* May its value be seen?  A text that should be a number and is none may be a
 * secret in the wrong place. */
static bool
is_shown(const struct setting_config *config, const struct reading *reading)
{
	return config->show || reading->is_number;
}

/* " 8 in process 812 (backend)", owned by the caller. */
static char *
where(const struct setting_config *config, const struct reading *reading)
{
	bool shown = is_shown(config, reading);

	return mem_printf("%s%s in %s", shown ? reading->text : "set",
	    shown ? "" : " (not shown)",
	    settings_source_origin(reading->source));
}

static const struct reading *
in_force(const struct setting *setting)
{
	return setting->effective.source != NULL ? &setting->effective
						 : &setting->declared;
}

/* --- guards --------------------------------------------------------------- */

enum guard { GUARD_UNKNOWN, GUARD_REGRESSED, GUARD_HELD };

static const char *const guard_words[] = { "UNKNOWN", "REGRESSED", "HELD" };

static void
report_guard(struct probe *p, struct settings *s, const char *name,
    const char *since, enum guard guard)
{
	char *attribute = mem_printf("guard/%s/%s", name, since);

	probe_text(p, attribute, guard_words[guard]);
	s->n_guards++;
	s->n_held += guard == GUARD_HELD;
	free(attribute);
}

/* What a bound says of a value: NULL when it holds, else the words for it,
 * owned by the caller. */
static char *
broken_bound(const struct setting_config *config,
    const struct setting_bounds_config *bounds, const struct reading *reading)
{
	enum value_type type = (enum value_type)config->value_type;

	if (bounds->at_least != NULL &&
	    (!reading->is_number ||
		!relation_holds(
		    RELATION_AT_LEAST, reading->number, bounds->low)))
		return mem_printf("at least %s", bounds->at_least);
	if (bounds->at_most != NULL &&
	    (!reading->is_number ||
		!relation_holds(
		    RELATION_AT_MOST, reading->number, bounds->high)))
		return mem_printf("at most %s", bounds->at_most);
	if (bounds->equals == NULL ||
	    value_equal(type, reading->text, bounds->equals))
		return NULL;
	return type == VALUE_TEXT && !config->show
	    ? mem_strdup("another value")
	    : mem_printf("%s", bounds->equals);
}

/* issue is NULL for the setting's own bounds. */
static enum guard
judge_bounds(struct settings *s, const struct setting_config *config,
    const struct setting_bounds_config *bounds, const struct reading *reading,
    const char *issue)
{
	char *bound, *place;

	if (reading->text == NULL)
		return GUARD_UNKNOWN;
	bound = broken_bound(config, bounds, reading);
	if (bound == NULL)
		return GUARD_HELD;
	place = where(config, reading);
	find(s, config->outcome, REASON_ANSWER,
	    mem_printf("%s is %s, must be %s%s%s%s", config->name, place, bound,
		issue != NULL ? " (issue " : "", issue != NULL ? issue : "",
		issue != NULL ? ")" : ""));
	free(place);
	free(bound);
	return GUARD_REGRESSED;
}

static void
judge_guards(struct probe *p, struct settings *s,
    const struct setting_config *config, const struct reading *reading)
{
	for (uint32_t i = 0; i < config->n_guards; i++) {
		const struct setting_guard_config *guard = &config->guards[i];

		report_guard(p, s, config->name, guard->since,
		    judge_bounds(
			s, config, &guard->bounds, reading, guard->since));
	}
}

/* --- a setting ------------------------------------------------------------ */

static void
report_fact(struct probe *p, const struct setting_config *config,
    const struct reading *reading, const char *suffix)
{
	char *name = mem_printf("setting/%s%s", config->name, suffix);
	char fingerprint[FINGERPRINT_BYTES];
	bool shown = reading->text == NULL || is_shown(config, reading);

	if (!shown)
		fingerprint_of(fingerprint, probe_fingerprint(p),
		    config->compare, config->name, reading->text,
		    strlen(reading->text));
	if (settings_source_is_read(reading->source))
		probe_fact(p, name, shown ? reading->text : NULL,
		    shown ? NULL : fingerprint,
		    settings_source_kind(reading->source));
	free(name);
}

/* It is there, and what it claims to be?  Says so if not. */
static void
judge_reading(struct settings *s, const struct setting_config *config,
    const struct reading *reading)
{
	const char *type = value_type_name((enum value_type)config->value_type);

	if (reading->source == NULL ||
	    !settings_source_is_read(reading->source))
		return; /* said once, of the source */
	if (reading->text == NULL)
		find(s, config->outcome, REASON_MISSING,
		    mem_printf("%s is not set in %s", config->name,
			settings_source_origin(reading->source)));
	else if (reading->text[0] == '\0')
		find(s, config->outcome, REASON_SHAPE,
		    mem_printf("%s is empty in %s", config->name,
			settings_source_origin(reading->source)));
	else if (config->value_type != VALUE_TEXT && !reading->is_number)
		find(s, config->outcome, REASON_SHAPE,
		    mem_printf("%s is not a%s %s in %s", config->name,
			type[0] == 'i' ? "n" : "", type,
			settings_source_origin(reading->source)));
}

static void
compare(struct settings *s, const struct setting_config *config,
    const struct setting *setting)
{
	enum value_type type = (enum value_type)config->value_type;
	const struct reading *declared = &setting->declared;
	const struct reading *effective = &setting->effective;
	char *here, *there;

	if (declared->text == NULL || effective->text == NULL ||
	    value_equal(type, declared->text, effective->text))
		return;
	here = where(config, declared);
	there = where(config, effective);
	find(s, config->outcome, REASON_ANSWER,
	    mem_printf("%s: declared and effective differ: %s, but %s",
		config->name, here, there));
	text_addf(&s->differing, "%s%s", s->differing.n > 0 ? ", " : "",
	    config->name);
	free(here);
	free(there);
}

static void
judge(struct probe *p, struct settings *s, const struct setting_config *config,
    const struct setting *setting)
{
	const struct reading *reading = in_force(setting);
	char *place;

	report_fact(p, config, reading, "");
	if (setting->effective.source != NULL &&
	    setting->declared.source != NULL)
		report_fact(p, config, &setting->declared, "/declared");
	judge_reading(s, config, &setting->declared);
	judge_reading(s, config, &setting->effective);
	judge_bounds(s, config, &config->bounds, reading, NULL);
	judge_guards(p, s, config, reading);
	compare(s, config, setting);
	if (config->known_good == NULL || reading->text == NULL ||
	    value_equal((enum value_type)config->value_type, reading->text,
		config->known_good))
		return;
	place = where(config, reading);
	find(s, OUTCOME_WARNING, REASON_ANSWER,
	    mem_printf("%s is %s, another value than was known to be good",
		config->name, place));
	free(place);
}

/* --- invariants ----------------------------------------------------------- */

static const struct reading *
reading_of(const struct settings *s, const struct settings_config *config,
    const char *name)
{
	uint32_t i = 0;

	while (strcmp(config->settings[i].name, name) != 0)
		i++; /* it is there: settings_check() has looked */
	return in_force(&s->settings[i]);
}

/* Sets the numbers of a rule; false when one of them is not known. */
static bool
fill(struct rule *rule, const struct settings *s,
    const struct settings_config *config)
{
	const struct reading *reading;
	bool is_known = true;

	for (size_t i = 0; i < rule->n_terms; i++) {
		if (rule->terms[i].name[0] == '\0')
			continue;
		reading = reading_of(s, config, rule->terms[i].name);
		is_known = is_known && reading->is_number;
		rule->terms[i].number = reading->number;
	}
	return is_known;
}

static enum guard
judge_rule(struct settings *s, const struct rule *rule,
    const struct setting_invariant_config *config)
{
	for (size_t i = 0; i + 1 < rule->n_terms; i++) {
		const struct rule_term *left = &rule->terms[i];
		const struct rule_term *right = &rule->terms[i + 1];

		if (relation_holds(
			rule->relations[i], left->number, right->number))
			continue;
		find(s, config->outcome, REASON_ANSWER,
		    mem_printf("%s: %s%s%.15g is not %s %s%s%.15g%s%s%s",
			config->name, left->name, left->name[0] ? " " : "",
			left->number, relation_name(rule->relations[i]),
			right->name, right->name[0] ? " " : "", right->number,
			config->since != NULL ? " (issue " : "",
			config->since != NULL ? config->since : "",
			config->since != NULL ? ")" : ""));
		return GUARD_REGRESSED;
	}
	return GUARD_HELD;
}

static void
judge_invariant(struct probe *p, struct settings *s,
    const struct settings_config *config,
    const struct setting_invariant_config *invariant)
{
	enum guard guard = GUARD_UNKNOWN;
	struct rule rule;

	if (rule_parse(&rule, invariant->rule, NULL) == 0 &&
	    fill(&rule, s, config))
		guard = judge_rule(s, &rule, invariant);
	else
		find(s, OUTCOME_UNKNOWN, REASON_SKIPPED,
		    mem_printf("%s cannot be told: a setting of it is not "
			       "known",
			invariant->name));
	if (invariant->since != NULL)
		report_guard(p, s, invariant->name, invariant->since, guard);
}

/* --- steps ---------------------------------------------------------------- */

static void
want(struct settings *s, const struct setting_place_config *place)
{
	if (place != NULL)
		settings_source_want(s->sources[place->index], place->key);
}

static void
prepare(struct settings *s, const struct settings_config *config)
{
	s->n_sources = config->n_sources;
	s->n_settings = config->n_settings;
	s->sources = mem_calloc(s->n_sources, sizeof(struct settings_source *));
	s->settings = mem_calloc(s->n_settings, sizeof(*s->settings));
	for (uint32_t i = 0; i < s->n_sources; i++)
		s->sources[i] = settings_source_new(&config->sources[i]);
	for (uint32_t i = 0; i < s->n_settings; i++) {
		want(s, config->settings[i].declared);
		want(s, config->settings[i].effective);
	}
}

static enum turn
read_step(struct probe *p, void *state)
{
	struct settings *s = state;

	if (s->settings == NULL)
		prepare(s, probe_config(p)->settings);
	while (s->at < s->n_sources) {
		if (settings_source_step(p, s->sources[s->at]) == TURN_WAIT)
			return TURN_WAIT;
		s->at++;
	}
	return TURN_NEXT;
}

static void
take(struct probe *p, struct settings *s, struct reading *out,
    const struct setting_config *config,
    const struct setting_place_config *place)
{
	enum value_type type = (enum value_type)config->value_type;

	if (place == NULL)
		return;
	out->source = s->sources[place->index];
	if (!settings_source_is_read(out->source))
		return;
	out->text = settings_source_text(out->source, place->key);
	if (out->text == NULL)
		return;
	out->is_number = value_parse(&out->number, type, out->text) == 0;
	if (!is_shown(config, out))
		probe_hide(p, out->text);
}

/* What can be said with what was read. */
static void
judge_all(struct probe *p, struct settings *s)
{
	const struct settings_config *config = probe_config(p)->settings;

	for (uint32_t i = 0; i < s->n_sources; i++)
		if (!settings_source_is_read(s->sources[i]))
			find(s,
			    settings_source_reason(s->sources[i]) ==
				    REASON_MISSING
				? OUTCOME_CRITICAL
				: OUTCOME_UNKNOWN,
			    settings_source_reason(s->sources[i]),
			    mem_strdup(settings_source_why(s->sources[i])));
	for (uint32_t i = 0; i < s->n_settings; i++) {
		const struct setting_config *setting = &config->settings[i];

		take(
		    p, s, &s->settings[i].declared, setting, setting->declared);
		take(p, s, &s->settings[i].effective, setting,
		    setting->effective);
		judge(p, s, setting, &s->settings[i]);
	}
	for (uint32_t i = 0; i < config->n_invariants; i++)
		judge_invariant(p, s, config, &config->invariants[i]);
	probe_number(p, "findings", (double)s->n_findings);
	if (s->differing.n > 0)
		probe_text(p, "differing", s->differing.bytes);
}

static enum turn
check_step(struct probe *p, void *state)
{
	struct settings *s = state;

	judge_all(p, s);
	if (s->n_findings == 0) {
		probe_say(p,
		    "%u settings as they should be, %zu of %zu "
		    "guards held",
		    s->n_settings, s->n_held, s->n_guards);
		return TURN_NEXT;
	}
	if (s->outcome == OUTCOME_CRITICAL)
		return probe_fail(p, s->reason, "%s", s->findings.bytes);
	if (s->outcome == OUTCOME_UNKNOWN)
		return probe_unknown(p, s->reason, "%s", s->findings.bytes);
	return probe_warn(p, s->reason, "%s", s->findings.bytes);
}

static void
expire(struct probe *p, void *state)
{
	struct settings *s = state;
	char span[TEXT_SPAN_BYTES];

	if (s->n_sources == 0 || s->at >= s->n_sources)
		return;
	judge_all(p, s);
	text_span(span, (int64_t)probe_config(p)->timeout_ms * 1000);
	/* What is known to be wrong is so whatever the others hold. */
	if (s->outcome == OUTCOME_CRITICAL)
		probe_fail(p, s->reason, "%s; %s: not read within %s",
		    s->findings.bytes,
		    settings_source_origin(s->sources[s->at]), span);
	else
		probe_fail(p, REASON_TIMEOUT, "%s: not read within %s",
		    settings_source_origin(s->sources[s->at]), span);
}

static void
cleanup(void *state)
{
	struct settings *s = state;

	for (uint32_t i = 0; i < s->n_settings; i++) {
		wipe(s->settings[i].declared.text);
		wipe(s->settings[i].effective.text);
	}
	for (uint32_t i = 0; i < s->n_sources; i++)
		settings_source_free(s->sources[i]);
	free(s->settings);
	free(s->sources);
	text_fini(&s->findings);
	text_fini(&s->differing);
}

static const struct probe_step steps[] = {
	{ "read", read_step },
	{ "check", check_step },
	{ NULL, NULL },
};

const struct probe_kind settings_kind = {
	.name = "settings",
	.state_size = sizeof(struct settings),
	.steps = steps,
	.expire = expire,
	.cleanup = cleanup,
	/* A source that does not answer says nothing of the settings. */
	.is_silence_unknown = true,
	.check = settings_check,
};
