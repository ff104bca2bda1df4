#include <string.h>

#include "agent/config.h"
#include "agent/schema.h"

#define OPTIONAL CYAML_FLAG_OPTIONAL
#define REQUIRED CYAML_FLAG_DEFAULT

/* A text, a list and a mapping of its own, which NULL or 0 says are not
 * given. */
#define TEXT(key, flags, type, at) \
	CYAML_FIELD_STRING_PTR(key, flags, type, at, 0, CYAML_UNLIMITED)
#define LIST(key, type, at, count, entry)                                    \
	CYAML_FIELD_SEQUENCE_COUNT(key, CYAML_FLAG_POINTER | OPTIONAL, type, \
	    at, count, entry, 0, CYAML_UNLIMITED)
#define MAPPING(key, type, at, fields) \
	CYAML_FIELD_MAPPING_PTR(key, OPTIONAL, type, at, fields)

static const cyaml_schema_value_t text_item = {
	CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 0, CYAML_UNLIMITED),
};

static const cyaml_schema_value_t status_item = {
	CYAML_VALUE_UINT(CYAML_FLAG_DEFAULT, uint16_t),
};

/* --- env -------------------------------------------------------------------- */

static const cyaml_schema_field_t variables_fields[] = {
	TEXT("pidfile", OPTIONAL, struct variables_config, pidfile),
	TEXT("command", OPTIONAL, struct variables_config, command),
	TEXT("file", OPTIONAL, struct variables_config, file),
	CYAML_FIELD_BOOL("self", OPTIONAL, struct variables_config, self),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t require_fields[] = {
	TEXT("name", REQUIRED, struct variable_config, name),
	TEXT("severity", OPTIONAL, struct variable_config, severity),
	TEXT("type", OPTIONAL, struct variable_config, type),
	CYAML_FIELD_UINT(
	    "min_length", OPTIONAL, struct variable_config, min_length),
	LIST("not_placeholder", struct variable_config, not_placeholder,
	    n_not_placeholder, &text_item),
	CYAML_FIELD_BOOL("show", OPTIONAL, struct variable_config, show),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t require_item = {
	CYAML_VALUE_MAPPING(
	    CYAML_FLAG_DEFAULT, struct variable_config, require_fields),
};

static const cyaml_schema_field_t names_fields[] = {
	LIST("names", struct names, names, n_names, &text_item),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t names_item = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct names, names_fields),
};

static const cyaml_schema_field_t group_fields[] = {
	TEXT("name", REQUIRED, struct group_config, name),
	TEXT("severity", OPTIONAL, struct group_config, severity),
	LIST("alternatives", struct group_config, alternatives, n_alternatives,
	    &names_item),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t group_item = {
	CYAML_VALUE_MAPPING(
	    CYAML_FLAG_DEFAULT, struct group_config, group_fields),
};

static const cyaml_schema_field_t env_fields[] = {
	CYAML_FIELD_MAPPING(
	    "source", REQUIRED, struct env_config, source, variables_fields),
	LIST("require", struct env_config, require, n_require, &require_item),
	LIST("groups", struct env_config, groups, n_groups, &group_item),
	LIST("absent", struct env_config, absent, n_absent, &text_item),
	LIST("watch", struct env_config, watch, n_watch, &text_item),
	CYAML_FIELD_END,
};

/* --- postgres --------------------------------------------------------------- */

/* The inputs stand at the level of the probe and under "reference" alike; at
 * is the path of the first member. */
#define INPUTS(type, at)                                       \
	TEXT("url", OPTIONAL, type, at url),                   \
	    TEXT("host", OPTIONAL, type, at host),             \
	    CYAML_FIELD_UINT("port", OPTIONAL, type, at port), \
	    TEXT("database", OPTIONAL, type, at database),     \
	    TEXT("user", OPTIONAL, type, at user),             \
	    TEXT("password", OPTIONAL, type, at password),     \
	    TEXT("sslmode", OPTIONAL, type, at sslmode),       \
	    MAPPING("variables", type, at variables, variables_fields)

static const cyaml_schema_field_t reference_fields[] = {
	INPUTS(struct postgres_inputs, ),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t postgres_fields[] = {
	INPUTS(struct postgres_config, inputs.),
	MAPPING(
	    "reference", struct postgres_config, reference, reference_fields),
	TEXT("query", OPTIONAL, struct postgres_config, query),
	CYAML_FIELD_END,
};

/* --- tcp, dns, http --------------------------------------------------------- */

static const cyaml_schema_field_t tcp_fields[] = {
	TEXT("host", REQUIRED, struct tcp_config, host),
	CYAML_FIELD_UINT("port", REQUIRED, struct tcp_config, port),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t dns_fields[] = {
	TEXT("name", REQUIRED, struct dns_config, name),
	TEXT("type", OPTIONAL, struct dns_config, type),
	TEXT("server", OPTIONAL, struct dns_config, server),
	LIST("expect", struct dns_config, expect, n_expect, &text_item),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t header_fields[] = {
	TEXT("name", REQUIRED, struct http_header, name),
	TEXT("value", REQUIRED, struct http_header, value),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t header_item = {
	CYAML_VALUE_MAPPING(
	    CYAML_FLAG_DEFAULT, struct http_header, header_fields),
};

static const cyaml_schema_field_t fact_fields[] = {
	TEXT("name", REQUIRED, struct http_fact_config, name),
	TEXT("header", OPTIONAL, struct http_fact_config, header),
	TEXT("json", OPTIONAL, struct http_fact_config, json),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t fact_item = {
	CYAML_VALUE_MAPPING(
	    CYAML_FLAG_DEFAULT, struct http_fact_config, fact_fields),
};

static const cyaml_schema_field_t http_fields[] = {
	TEXT("url", REQUIRED, struct http_config, url),
	TEXT("method", OPTIONAL, struct http_config, method),
	LIST("headers", struct http_config, headers, n_headers, &header_item),
	LIST("status", struct http_config, status, n_status, &status_item),
	TEXT("contains", OPTIONAL, struct http_config, contains),
	CYAML_FIELD_UINT("max_bytes", OPTIONAL, struct http_config, max_bytes),
	TEXT("ca_file", OPTIONAL, struct http_config, ca_file),
	CYAML_FIELD_BOOL("follow", OPTIONAL, struct http_config, follow),
	LIST("facts", struct http_config, facts, n_facts, &fact_item),
	CYAML_FIELD_END,
};

/* --- the agent -------------------------------------------------------------- */

const cyaml_schema_field_t schema_probe[] = {
	TEXT("name", REQUIRED, struct probe_config, name),
	TEXT("service", OPTIONAL, struct probe_config, service),
	TEXT("interval", OPTIONAL, struct probe_config, interval),
	TEXT("timeout", OPTIONAL, struct probe_config, timeout),
	TEXT("retry_interval", OPTIONAL, struct probe_config, retry_interval),
	CYAML_FIELD_UINT("retries", OPTIONAL, struct probe_config, retries),
	MAPPING("env", struct probe_config, env, env_fields),
	MAPPING("postgres", struct probe_config, postgres, postgres_fields),
	MAPPING("tcp", struct probe_config, tcp, tcp_fields),
	MAPPING("dns", struct probe_config, dns, dns_fields),
	MAPPING("http", struct probe_config, http, http_fields),
	CYAML_FIELD_END,
};

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
