/* One line of history: every field is known, required or not, and checked. */
#include <stdlib.h>
#include <string.h>

#include "proto/base/mem.h"
#include "proto/jsonl.h"
#include "proto/jsonl_value.h"
#include "proto/label.h"

#define OWN_ATTRIBUTES 2 /* room for those of jsonl.h */

struct jsonl_parser {
	const struct line *usual; /* what is not said; or NULL */
	json_t *root;             /* strings of the line point into it */
	struct line line;         /* being read */
	const char *service;
	const char *reason; /* as written; or NULL */
	bool derived;
	bool has_censored;              /* was it said? */
	char number[VALUE_SHOWN_BYTES]; /* a fact's value that is no text */
	struct attribute attributes[ATTRIBUTES_MAX];
	size_t n_attributes;
};

struct jsonl_parser *
jsonl_parser_new(void)
{
	return mem_zalloc(sizeof(struct jsonl_parser));
}

void
jsonl_parser_free(struct jsonl_parser *parser)
{
	if (parser == NULL)
		return;
	json_decref(parser->root);
	free(parser);
}

/* --- fields that are more than one value ------------------------------------------ */

static int
read_nothing(const struct place *place, void *out, const json_t *value)
{
	(void)place; /* the type was looked at before */
	(void)out;
	(void)value;
	return 0;
}

static int
read_reason(const struct place *place, void *out, const json_t *value)
{
	if (value_text(place, out, value) < 0)
		return -1;
	if (json_string_length(value) >= REASON_TEXT_BYTES)
		return value_refuse(
		    place, value, "phase.class of at most 47 bytes");
	return 0;
}

static int
read_censored(const struct place *place, void *out, const json_t *value)
{
	struct jsonl_parser *parser = out;

	parser->has_censored = true;
	return value_bool(place, &parser->line.result.censored, value);
}

static int
read_phases(const struct place *place, void *out, const json_t *value)
{
	struct jsonl_parser *parser = out;
	struct series *series = &parser->line.series;
	struct result *result = &parser->line.result;
	struct place inside = *place;
	const char *name;
	json_t *child;

	if (!json_is_object(value) || json_object_size(value) > PHASES_MAX)
		return value_refuse(
		    place, value, "an object of at most 12 durations by phase");
	json_object_foreach((json_t *)(uintptr_t)value, name, child)
	{
		inside.field = name;
		if (!label_is(name))
			return value_refuse(
			    place, value, "an object whose keys are names");
		if (value_duration(&inside, &result->phase_us[result->n_phases],
			child) < 0)
			return -1;
		series->phases[result->n_phases++] = name;
	}
	series->n_phases = result->n_phases;
	return 0;
}

static int
read_attributes(const struct place *place, void *out, const json_t *value)
{
	struct jsonl_parser *parser = out;
	struct place inside = *place;
	const char *name;
	json_t *child;

	if (!json_is_object(value) ||
	    json_object_size(value) > ATTRIBUTES_MAX - OWN_ATTRIBUTES)
		return value_refuse(
		    place, value, "an object of at most 62 texts and numbers");
	json_object_foreach((json_t *)(uintptr_t)value, name, child)
	{
		inside.field = name;
		if (strcmp(name, ATTRIBUTE_REASON) == 0 ||
		    strcmp(name, ATTRIBUTE_DERIVED) == 0)
			return value_refuse(&inside, child,
			    "an attribute: write reason, reason_derived");
		if (!json_is_string(child) && !json_is_number(child))
			return value_refuse(
			    &inside, child, "a text or a number");
		parser->attributes[parser->n_attributes++] =
		    (struct attribute){ name, json_string_value(child),
			    json_number_value(child) };
	}
	return 0;
}

/* A number or truth value is kept as the text that JSON has for it. */
static int
read_value(const struct place *place, void *out, const json_t *value)
{
	struct jsonl_parser *parser = out;

	if (json_is_number(value) || json_is_boolean(value)) {
		parser->line.fact.value = value_show(parser->number, value);
		return 0;
	}
	if (!json_is_string(value))
		return value_refuse(
		    place, value, "a text, a number, true or false");
	return value_text(place, &parser->line.fact.value, value);
}

/* --- the table of fields ------------------------------------------------------------ */

#define RESULT    (1U << LINE_RESULT)
#define FACT      (1U << LINE_FACT)
#define EVENT     (1U << LINE_EVENT)
#define HEARTBEAT (1U << LINE_HEARTBEAT)
#define GAP       (1U << LINE_GAP)
#define ALL       (RESULT | FACT | EVENT | HEARTBEAT | GAP)
#define NONE      0U

struct field {
	const char *name;
	unsigned types;    /* of lines that may have it */
	unsigned required; /* of those, the ones that must */
	value_fn *read;
	size_t offset; /* of what it sets, in struct jsonl_parser */
};

#define AT(member) offsetof(struct jsonl_parser, member)

static const struct field fields[] = {
	{ "type", ALL, ALL, read_nothing, 0 },
	{ "at", ALL, ALL, value_time, AT(line.at_ms) },
	{ "environment", ALL, ALL, value_environment, AT(line.environment) },
	{ "service", RESULT | FACT | EVENT, NONE, value_name_or_none,
	    AT(service) },
	{ "agent", RESULT | FACT | HEARTBEAT | GAP, NONE, value_name_or_none,
	    AT(line.agent) },
	{ "vantage", RESULT, RESULT, value_vantage, AT(line.series.vantage) },
	{ "probe", RESULT, RESULT, value_name, AT(line.series.probe) },
	{ "kind", RESULT, NONE, value_name, AT(line.series.kind) },
	{ "outcome", RESULT, RESULT, value_outcome, AT(line.result.outcome) },
	{ "reason", RESULT, NONE, read_reason, AT(reason) },
	{ "duration_ms", RESULT, NONE, value_duration,
	    AT(line.result.duration_us) },
	{ "limit_ms", RESULT, NONE, value_u32, AT(line.result.limit_ms) },
	{ "censored", RESULT, NONE, read_censored, 0 },
	{ "phases", RESULT, NONE, read_phases, 0 },
	{ "message", RESULT, NONE, value_text, AT(line.result.message) },
	{ "attributes", RESULT | EVENT, NONE, read_attributes, 0 },
	{ "interval_ms", RESULT, NONE, value_u32, AT(line.series.interval_ms) },
	{ "attempts", RESULT, NONE, value_attempts, AT(line.result.attempts) },
	{ "reason_derived", RESULT, NONE, value_bool, AT(derived) },
	{ "reference_of", RESULT, NONE, value_name_or_none,
	    AT(line.series.reference_of) },
	{ "name", FACT, FACT, value_fact_name, AT(line.fact.name) },
	{ "value", FACT, NONE, read_value, 0 },
	{ "fingerprint", FACT, NONE, value_text, AT(line.fact.fingerprint) },
	{ "source", FACT, NONE, value_source, AT(line.fact.source) },
	{ "last_at", FACT, NONE, value_time, AT(line.fact.last_ms) },
	{ "kind", EVENT, EVENT, value_mark_kind, AT(line.mark.kind) },
	{ "subject", EVENT, NONE, value_text, AT(line.mark.subject) },
	{ "summary", EVENT, NONE, value_text, AT(line.mark.summary) },
	{ "clock_offset_ms", HEARTBEAT, NONE, value_offset,
	    AT(line.clock_offset_us) },
	{ "to", GAP, GAP, value_time, AT(line.gap.to_ms) },
	{ "first_sequence", GAP, GAP, value_count,
	    AT(line.gap.first_sequence) },
	{ "last_sequence", GAP, GAP, value_count, AT(line.gap.last_sequence) },
	{ "results", GAP, GAP, value_count, AT(line.gap.n_results) },
	{ "why", GAP, NONE, value_text, AT(line.gap.why) },
};

#define N_FIELDS (sizeof(fields) / sizeof(fields[0]))

static const char *const types[] = { "result", "fact", "event", "heartbeat",
	"gap" };

#define N_TYPES (sizeof(types) / sizeof(types[0]))

/* --- a whole line -------------------------------------------------------------------- */

static int
read_type(enum line_type *out, const json_t *root, const struct line *usual,
    struct err *err)
{
	const json_t *value = json_object_get(root, "type");
	const char *word = json_string_value(value);
	char shown[VALUE_SHOWN_BYTES];

	if (value == NULL && usual != NULL) {
		*out = usual->type;
		return 0;
	}
	if (value == NULL)
		return err_set(err, ERR_INVALID, "field \"type\" is missing");
	for (size_t i = 0; word != NULL && i < N_TYPES; i++) {
		if (strcmp(types[i], word) != 0)
			continue;
		*out = (enum line_type)i;
		return 0;
	}
	return err_set(err, ERR_INVALID,
	    "field \"type\": %s is not one of result, fact, event, "
	    "heartbeat, gap",
	    value_show(shown, value));
}

static int
unknown_field(const char *name, enum line_type type, struct err *err)
{
	struct text allowed = { 0 };
	char shown[VALUE_SHOWN_BYTES];
	const char *comma = "";

	for (size_t i = 0; i < N_FIELDS; i++) {
		if ((fields[i].types & 1U << type) == 0)
			continue;
		text_addf(&allowed, "%s%s", comma, fields[i].name);
		comma = ", ";
	}
	snprintf(shown, sizeof(shown), "%s", name);
	text_sanitise(shown, strlen(shown));
	err_set(err, ERR_INVALID, "field \"%s\": unknown; a %s has %s", shown,
	    types[type], allowed.bytes);
	text_fini(&allowed);
	return -1;
}

/* Does a line that does not say it have it as usual? */
static bool
is_usual(const struct line *usual, const struct field *field)
{
	return usual != NULL &&
	    (field->read == read_nothing || field->read == value_vantage ||
		(field->read == value_time && usual->at_ms != 0) ||
		(field->offset == AT(line.environment) &&
		    usual->environment[0] != '\0'));
}

static int
read_fields(struct jsonl_parser *parser, struct err *err)
{
	unsigned type = 1U << parser->line.type;
	bool seen[N_FIELDS] = { false };
	struct place place = { NULL, err };
	const char *name;
	json_t *value;

	json_object_foreach(parser->root, name, value)
	{
		size_t i = 0;

		while (i < N_FIELDS &&
		    ((fields[i].types & type) == 0 ||
			strcmp(fields[i].name, name) != 0))
			i++;
		if (i == N_FIELDS)
			return unknown_field(name, parser->line.type, err);
		place.field = name;
		seen[i] = true;
		if (fields[i].read(
			&place, (char *)parser + fields[i].offset, value) < 0)
			return -1;
	}
	for (size_t i = 0; i < N_FIELDS; i++)
		if ((fields[i].required & type) != 0 && !seen[i] &&
		    !is_usual(parser->usual, &fields[i]))
			return err_set(err, ERR_INVALID,
			    "field \"%s\" is missing: a %s needs it",
			    fields[i].name, types[parser->line.type]);
	return 0;
}

/* Takes the class of a reason; its words are kept when they say more. */
static void
finish_reason(struct jsonl_parser *parser)
{
	struct line *line = &parser->line;
	char text[REASON_TEXT_BYTES];
	const char *dot;

	if (parser->reason != NULL && parser->reason[0] != '\0') {
		dot = strrchr(parser->reason, '.');
		reason_parse(&line->result.reason,
		    dot != NULL ? dot + 1 : parser->reason);
		result_reason(text, &line->series, &line->result);
		if (strcmp(text, parser->reason) != 0)
			parser->attributes[parser->n_attributes++] =
			    (struct attribute){ ATTRIBUTE_REASON,
				    parser->reason, 0 };
	}
	if (parser->derived)
		parser->attributes[parser->n_attributes++] =
		    (struct attribute){ ATTRIBUTE_DERIVED, NULL, 1 };
}

static int
finish(struct jsonl_parser *parser, struct err *err)
{
	struct line *line = &parser->line;
	struct result *result = &line->result;

	if (line->fact.value != NULL && line->fact.fingerprint != NULL)
		return err_set(err, ERR_INVALID,
		    "fields \"value\" and \"fingerprint\": a fact has one of "
		    "them, or none when it is absent");
	if (line->type == LINE_GAP && line->gap.to_ms < line->at_ms)
		return err_set(
		    err, ERR_INVALID, "field \"to\" is before \"at\"");
	if (line->type == LINE_RESULT)
		finish_reason(parser);
	if (!parser->has_censored)
		result->censored = result->limit_ms > 0 &&
		    result->duration_us >= (int64_t)result->limit_ms * 1000;
	result->at_ms = line->fact.at_ms = line->mark.at_ms = line->at_ms;
	line->gap.from_ms = line->at_ms;
	line->series.environment = line->mark.environment = line->environment;
	line->series.agent = line->agent;
	line->series.service = line->fact.service = line->mark.service =
	    parser->service;
	result->attributes = line->mark.attributes = parser->attributes;
	result->n_attributes = line->mark.n_attributes = parser->n_attributes;
	return 0;
}

static void
begin(struct jsonl_parser *parser)
{
	const struct line *usual = parser->usual;

	json_decref(parser->root);
	*parser = (struct jsonl_parser){
		.usual = usual,
		.service = "",
		.line = {
			.environment = "",
			.agent = "",
			.series = { .kind = KIND_UNSAID, .reference_of = "" },
			.result = { .attempts = 1, .message = "" },
			.mark = { .subject = "", .summary = "" },
			.gap = { .why = "" },
		},
	};
	if (usual == NULL)
		return;
	parser->line.at_ms = usual->at_ms;
	parser->line.environment = usual->environment;
	parser->line.agent = usual->agent;
	parser->line.series.vantage = usual->series.vantage;
	parser->line.series.kind = usual->series.kind;
}

void
jsonl_parser_set_usual(struct jsonl_parser *parser, const struct line *usual)
{
	parser->usual = usual;
}

int
jsonl_parse_value(struct jsonl_parser *parser, struct line *out, json_t *root,
    struct err *err)
{
	begin(parser);
	parser->root = root;
	if (!json_is_object(root))
		return err_set(err, ERR_INVALID, "not an object");
	if (read_type(&parser->line.type, root, parser->usual, err) < 0 ||
	    read_fields(parser, err) < 0 || finish(parser, err) < 0)
		return -1;
	*out = parser->line;
	return 0;
}

int
jsonl_parse(struct jsonl_parser *parser, struct line *out, const char *bytes,
    size_t n, struct err *err)
{
	json_error_t problem;
	json_t *root = json_loadb(bytes, n, JSON_REJECT_DUPLICATES, &problem);

	if (root == NULL)
		return err_set(err, ERR_INVALID, "column %d: %s",
		    problem.column > 0 ? problem.column : 1, problem.text);
	return jsonl_parse_value(parser, out, root, err);
}
