#include <string.h>

#include "agent/config.h"
#include "agent/schema.h"
#include "agent/schema_fields.h"

static const cyaml_schema_value_t text_item = TEXT_ITEM;

/* --- the agent -------------------------------------------------------------- */

static const cyaml_schema_value_t probe_item = {
	CYAML_VALUE_MAPPING(
	    CYAML_FLAG_DEFAULT, struct probe_config, schema_probe),
};

static const cyaml_schema_field_t proof_fields[] = {
	TEXT("variable", OPTIONAL, struct proof_config, variable),
	TEXT("equals", OPTIONAL, struct proof_config, equals),
	TEXT("hostname", OPTIONAL, struct proof_config, hostname),
	TEXT("address", OPTIONAL, struct proof_config, address),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t proof_item = {
	CYAML_VALUE_MAPPING(
	    CYAML_FLAG_DEFAULT, struct proof_config, proof_fields),
};

static const cyaml_schema_field_t tls_fields[] = {
	TEXT("ca_file", REQUIRED, struct tls_config, ca_file),
	TEXT("certificate_file", REQUIRED, struct tls_config, certificate_file),
	TEXT("key_file", REQUIRED, struct tls_config, key_file),
	TEXT("server_name", OPTIONAL, struct tls_config, server_name),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t spool_fields[] = {
	TEXT("path", OPTIONAL, struct spool_config, path),
	TEXT("max_size", OPTIONAL, struct spool_config, max_size),
	TEXT("max_age", OPTIONAL, struct spool_config, max_age),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t defaults_fields[] = {
	TEXT("interval", OPTIONAL, struct defaults_config, interval),
	TEXT("timeout", OPTIONAL, struct defaults_config, timeout),
	TEXT(
	    "retry_interval", OPTIONAL, struct defaults_config, retry_interval),
	CYAML_FIELD_UINT("retries", OPTIONAL, struct defaults_config, retries),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t agent_fields[] = {
	TEXT("agent", REQUIRED, struct agent_config, agent),
	TEXT("environment", REQUIRED, struct agent_config, environment),
	TEXT("vantage", OPTIONAL, struct agent_config, vantage),
	LIST(
	    "identity", struct agent_config, identity, n_identity, &proof_item),
	LIST("collectors", struct agent_config, collectors, n_collectors,
	    &text_item),
	CYAML_FIELD_BOOL("insecure", OPTIONAL, struct agent_config, insecure),
	MAPPING("tls", struct agent_config, tls, tls_fields),
	CYAML_FIELD_MAPPING(
	    "spool", OPTIONAL, struct agent_config, spool, spool_fields),
	TEXT("state_directory", OPTIONAL, struct agent_config, state_directory),
	TEXT("fingerprint_key", OPTIONAL, struct agent_config, fingerprint_key),
	TEXT("fingerprint_fleet_key", OPTIONAL, struct agent_config,
	    fingerprint_fleet_key),
	TEXT("fingerprint_overlap", OPTIONAL, struct agent_config,
	    fingerprint_overlap),
	TEXT("heartbeat", OPTIONAL, struct agent_config, heartbeat),
	CYAML_FIELD_UINT(
	    "concurrency", OPTIONAL, struct agent_config, concurrency),
	CYAML_FIELD_MAPPING("defaults", OPTIONAL, struct agent_config, defaults,
	    defaults_fields),
	LIST("probes", struct agent_config, probes, n_probes, &probe_item),
	CYAML_FIELD_END,
};

const cyaml_schema_value_t schema_agent = {
	CYAML_VALUE_MAPPING(
	    CYAML_FLAG_POINTER, struct agent_config, agent_fields),
};

static const cyaml_schema_field_t part_fields[] = {
	LIST("probes", struct agent_config, probes, n_probes, &probe_item),
	CYAML_FIELD_END,
};

const cyaml_schema_value_t schema_part = {
	CYAML_VALUE_MAPPING(
	    CYAML_FLAG_POINTER, struct agent_config, part_fields),
};

/* --- comparing ---------------------------------------------------------------- */

/* Mappings hold values, and values may be mappings. */
static bool
same_fields(const cyaml_schema_field_t *field, const char *a, const char *b);

/* a and b are where the value is or, for a pointer, where that is. */
static bool
same_value(const cyaml_schema_value_t *schema, const void *a, const void *b)
{
	if ((schema->flags & CYAML_FLAG_POINTER) != 0) {
		a = *(const void *const *)a;
		b = *(const void *const *)b;
		if (a == NULL || b == NULL)
			return a == b;
	}
	switch (schema->type) {
	case CYAML_STRING:
		return strcmp(a, b) == 0;
	case CYAML_MAPPING:
		return same_fields(schema->mapping.fields, a, b);
	default:
		return memcmp(a, b, schema->data_size) == 0;
	}
}

static bool
same_list(const cyaml_schema_field_t *field, const char *a, const char *b)
{
	const cyaml_schema_value_t *entry = field->value.sequence.entry;
	const char *const *list_a = (const void *)(a + field->data_offset);
	const char *const *list_b = (const void *)(b + field->data_offset);
	uint32_t n_a, n_b;
	size_t size = (entry->flags & CYAML_FLAG_POINTER) != 0
	    ? sizeof(void *)
	    : entry->data_size;

	memcpy(&n_a, a + field->count_offset, sizeof(n_a));
	memcpy(&n_b, b + field->count_offset, sizeof(n_b));
	if (n_a != n_b)
		return false;
	for (uint32_t i = 0; i < n_a; i++)
		if (!same_value(entry, *list_a + i * size, *list_b + i * size))
			return false;
	return true;
}

static bool
same_fields(const cyaml_schema_field_t *field, const char *a, const char *b)
{
	for (; field->key != NULL; field++) {
		if (field->value.type == CYAML_SEQUENCE
			? !same_list(field, a, b)
			: !same_value(&field->value, a + field->data_offset,
			      b + field->data_offset))
			return false;
	}
	return true;
}

bool
schema_same_probe(const struct probe_config *a, const struct probe_config *b)
{
	return same_fields(schema_probe, (const char *)a, (const char *)b);
}
