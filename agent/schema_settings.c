#include "agent/config.h"
#include "agent/schema.h"
#include "agent/schema_fields.h"

static const cyaml_schema_field_t source_fields[] = {
	TEXT("name", REQUIRED, struct setting_source_config, name),
	MAPPING("variables", struct setting_source_config, variables,
	    schema_variables),
	TEXT("file", OPTIONAL, struct setting_source_config, file),
	TEXT("format", OPTIONAL, struct setting_source_config, format),
	TEXT("url", OPTIONAL, struct setting_source_config, url),
	TEXT("ca_file", OPTIONAL, struct setting_source_config, ca_file),
	MAPPING(
	    "postgres", struct setting_source_config, postgres, schema_inputs),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t source_item = {
	CYAML_VALUE_MAPPING(
	    CYAML_FLAG_DEFAULT, struct setting_source_config, source_fields),
};

static const cyaml_schema_field_t place_fields[] = {
	TEXT("source", REQUIRED, struct setting_place_config, source),
	TEXT("key", REQUIRED, struct setting_place_config, key),
	CYAML_FIELD_END,
};

/* A setting and each of its guards have bounds. */
#define BOUNDS(type)                                         \
	TEXT("at_least", OPTIONAL, type, bounds.at_least),   \
	    TEXT("at_most", OPTIONAL, type, bounds.at_most), \
	    TEXT("equals", OPTIONAL, type, bounds.equals)

static const cyaml_schema_field_t guard_fields[] = {
	TEXT("since", REQUIRED, struct setting_guard_config, since),
	BOUNDS(struct setting_guard_config),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t guard_item = {
	CYAML_VALUE_MAPPING(
	    CYAML_FLAG_DEFAULT, struct setting_guard_config, guard_fields),
};

static const cyaml_schema_field_t setting_fields[] = {
	TEXT("name", REQUIRED, struct setting_config, name),
	TEXT("type", OPTIONAL, struct setting_config, type),
	TEXT("severity", OPTIONAL, struct setting_config, severity),
	CYAML_FIELD_BOOL("show", OPTIONAL, struct setting_config, show),
	CYAML_FIELD_BOOL("compare", OPTIONAL, struct setting_config, compare),
	MAPPING("declared", struct setting_config, declared, place_fields),
	MAPPING("effective", struct setting_config, effective, place_fields),
	BOUNDS(struct setting_config),
	TEXT("known_good", OPTIONAL, struct setting_config, known_good),
	LIST("guards", struct setting_config, guards, n_guards, &guard_item),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t setting_item = {
	CYAML_VALUE_MAPPING(
	    CYAML_FLAG_DEFAULT, struct setting_config, setting_fields),
};

static const cyaml_schema_field_t invariant_fields[] = {
	TEXT("name", REQUIRED, struct setting_invariant_config, name),
	TEXT("rule", REQUIRED, struct setting_invariant_config, rule),
	TEXT("severity", OPTIONAL, struct setting_invariant_config, severity),
	TEXT("since", OPTIONAL, struct setting_invariant_config, since),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t invariant_item = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct setting_invariant_config,
	    invariant_fields),
};

const cyaml_schema_field_t schema_settings[] = {
	LIST("sources", struct settings_config, sources, n_sources,
	    &source_item),
	LIST("register", struct settings_config, settings, n_settings,
	    &setting_item),
	LIST("invariants", struct settings_config, invariants, n_invariants,
	    &invariant_item),
	CYAML_FIELD_END,
};
