#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "agent/schema.h"
#include "agent/schema_json.h"

/* A plain value is a text to us, whatever YAML takes it for. */
static json_t *
text_schema(void)
{
	return json_pack("{s:[s,s,s]}", "type", "string", "number", "boolean");
}

static json_t *
number_schema(uint32_t size_bytes)
{
	/* Beyond 2^53 an editor's numbers are no longer whole. */
	json_int_t max = size_bytes >= 8 ? (INT64_C(1) << 53)
					 : (INT64_C(1) << 8 * size_bytes) - 1;

	return json_pack(
	    "{s:s,s:i,s:I}", "type", "integer", "minimum", 0, "maximum", max);
}

/* Mappings hold values, and values may be mappings. */
static json_t *mapping_schema(const cyaml_schema_field_t *fields);

static json_t *
value_schema(const cyaml_schema_value_t *value)
{
	switch (value->type) {
	case CYAML_MAPPING:
		return mapping_schema(value->mapping.fields);
	case CYAML_SEQUENCE:
		return json_pack("{s:s,s:o}", "type", "array", "items",
		    value_schema(value->sequence.entry));
	case CYAML_BOOL:
		return json_pack("{s:s}", "type", "boolean");
	case CYAML_UINT:
		return number_schema(value->data_size);
	default:
		return text_schema();
	}
}

/* "{ oneOf: [ { required: [ env ] }, ... ] }": exactly one kind. */
static void
add_kinds(json_t *schema)
{
	json_t *kinds = json_array();

	for (const cyaml_schema_field_t *field = schema_probe;
	     field->key != NULL; field++)
		if (field->value.type == CYAML_MAPPING)
			json_array_append_new(kinds,
			    json_pack("{s:[s]}", "required", field->key));
	json_object_set_new(schema, "oneOf", kinds);
}

static json_t *
mapping_schema(const cyaml_schema_field_t *fields)
{
	json_t *properties = json_object(), *required = json_array();
	json_t *schema =
	    json_pack("{s:s,s:b}", "type", "object", "additionalProperties", 0);

	for (const cyaml_schema_field_t *field = fields; field->key != NULL;
	     field++) {
		json_object_set_new(
		    properties, field->key, value_schema(&field->value));
		if ((field->value.flags & CYAML_FLAG_OPTIONAL) == 0)
			json_array_append_new(
			    required, json_string(field->key));
	}
	json_object_set_new(schema, "properties", properties);
	if (json_array_size(required) > 0)
		json_object_set(schema, "required", required);
	json_decref(required);
	if (fields == schema_probe)
		add_kinds(schema);
	return schema;
}

void
schema_json(struct text *out)
{
	json_t *schema = value_schema(&schema_agent);
	char *dump;

	json_object_set_new(schema, "$schema",
	    json_string("https://json-schema.org/draft/2020-12/schema"));
	json_object_set_new(
	    schema, "title", json_string("configuration of vedette-agent"));
	dump = json_dumps(schema, JSON_INDENT(2) | JSON_SORT_KEYS);
	text_add(out, dump);
	text_add(out, "\n");
	free(dump);
	json_decref(schema);
}
