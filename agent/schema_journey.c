#include "agent/config.h"
#include "agent/schema.h"
#include "agent/schema_fields.h"

static const cyaml_schema_value_t status_item = {
	CYAML_VALUE_UINT(CYAML_FLAG_DEFAULT, uint16_t),
};

static const cyaml_schema_field_t capture_fields[] = {
	TEXT("name", REQUIRED, struct journey_capture_config, name),
	TEXT("json", OPTIONAL, struct journey_capture_config, json),
	TEXT("header", OPTIONAL, struct journey_capture_config, header),
	TEXT("cookie", OPTIONAL, struct journey_capture_config, cookie),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t capture_item = {
	CYAML_VALUE_MAPPING(
	    CYAML_FLAG_DEFAULT, struct journey_capture_config, capture_fields),
};

static const cyaml_schema_field_t step_fields[] = {
	TEXT("name", REQUIRED, struct journey_step_config, name),
	TEXT("url", REQUIRED, struct journey_step_config, url),
	TEXT("method", OPTIONAL, struct journey_step_config, method),
	LIST("headers", struct journey_step_config, headers, n_headers,
	    &schema_header_item),
	TEXT("body", OPTIONAL, struct journey_step_config, body),
	LIST("status", struct journey_step_config, status, n_status,
	    &status_item),
	TEXT("contains", OPTIONAL, struct journey_step_config, contains),
	LIST("expect", struct journey_step_config, expect, n_expect,
	    &schema_expect_item),
	LIST("capture", struct journey_step_config, capture, n_capture,
	    &capture_item),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t step_item = {
	CYAML_VALUE_MAPPING(
	    CYAML_FLAG_DEFAULT, struct journey_step_config, step_fields),
};

static const cyaml_schema_field_t variable_fields[] = {
	TEXT("name", REQUIRED, struct journey_variable_config, name),
	TEXT("value", REQUIRED, struct journey_variable_config, value),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t variable_item = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct journey_variable_config,
	    variable_fields),
};

const cyaml_schema_field_t schema_journey[] = {
	TEXT("base", OPTIONAL, struct journey_config, base),
	TEXT("ca_file", OPTIONAL, struct journey_config, ca_file),
	TEXT("certificate_file", OPTIONAL, struct journey_config,
	    certificate_file),
	TEXT("key_file", OPTIONAL, struct journey_config, key_file),
	CYAML_FIELD_UINT(
	    "max_bytes", OPTIONAL, struct journey_config, max_bytes),
	LIST("variables", struct journey_config, variables, n_variables,
	    &variable_item),
	LIST("steps", struct journey_config, steps, n_steps, &step_item),
	CYAML_FIELD_END,
};
