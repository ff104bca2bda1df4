#include "agent/config.h"
#include "agent/schema.h"
#include "agent/schema_fields.h"

static const cyaml_schema_value_t text_item = TEXT_ITEM;

static const cyaml_schema_value_t status_item = {
	CYAML_VALUE_UINT(CYAML_FLAG_DEFAULT, uint16_t),
};

/* --- env -------------------------------------------------------------------- */

const cyaml_schema_field_t schema_variables[] = {
	TEXT("pidfile", OPTIONAL, struct variables_config, pidfile),
	TEXT("command", OPTIONAL, struct variables_config, command),
	TEXT("unit", OPTIONAL, struct variables_config, unit),
	CYAML_FIELD_UINT("port", OPTIONAL, struct variables_config, port),
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
	LIST("aliases", struct variable_config, aliases, n_aliases, &text_item),
	LIST("legacy", struct variable_config, legacy, n_legacy, &text_item),
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

static const cyaml_schema_field_t relation_fields[] = {
	TEXT("name", REQUIRED, struct relation_config, name),
	TEXT("with", OPTIONAL, struct relation_config, with),
	MAPPING("source", struct relation_config, source, schema_variables),
	TEXT("severity", OPTIONAL, struct relation_config, severity),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t relation_item = {
	CYAML_VALUE_MAPPING(
	    CYAML_FLAG_DEFAULT, struct relation_config, relation_fields),
};

static const cyaml_schema_field_t env_fields[] = {
	CYAML_FIELD_MAPPING(
	    "source", REQUIRED, struct env_config, source, schema_variables),
	LIST("require", struct env_config, require, n_require, &require_item),
	LIST("groups", struct env_config, groups, n_groups, &group_item),
	LIST("absent", struct env_config, absent, n_absent, &text_item),
	LIST("must_match", struct env_config, must_match, n_must_match,
	    &relation_item),
	LIST("must_differ", struct env_config, must_differ, n_must_differ,
	    &relation_item),
	LIST("must_be_absent", struct env_config, must_be_absent,
	    n_must_be_absent, &text_item),
	TEXT("file", OPTIONAL, struct env_config, file),
	LIST("watch", struct env_config, watch, n_watch, &text_item),
	LIST("compare", struct env_config, compare, n_compare, &text_item),
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
	    MAPPING("variables", type, at variables, schema_variables)

const cyaml_schema_field_t schema_inputs[] = {
	INPUTS(struct postgres_inputs, ),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t sessions_fields[] = {
	CYAML_FIELD_UINT_PTR(
	    "warning", OPTIONAL, struct postgres_sessions_config, warning),
	CYAML_FIELD_UINT_PTR(
	    "critical", OPTIONAL, struct postgres_sessions_config, critical),
	TEXT("blocked_for", OPTIONAL, struct postgres_sessions_config,
	    blocked_for),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t postgres_fields[] = {
	INPUTS(struct postgres_config, inputs.),
	MAPPING("reference", struct postgres_config, reference, schema_inputs),
	TEXT("query", OPTIONAL, struct postgres_config, query),
	CYAML_FIELD_BOOL("write", OPTIONAL, struct postgres_config, write),
	MAPPING("sessions", struct postgres_config, sessions, sessions_fields),
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

const cyaml_schema_value_t schema_header_item = {
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

static const cyaml_schema_field_t expect_fields[] = {
	TEXT("header", OPTIONAL, struct http_expect_config, header),
	TEXT("json", OPTIONAL, struct http_expect_config, json),
	TEXT("equals", OPTIONAL, struct http_expect_config, equals),
	TEXT("contains", OPTIONAL, struct http_expect_config, contains),
	TEXT("at_least", OPTIONAL, struct http_expect_config, at_least),
	TEXT("at_most", OPTIONAL, struct http_expect_config, at_most),
	CYAML_FIELD_END,
};

const cyaml_schema_value_t schema_expect_item = {
	CYAML_VALUE_MAPPING(
	    CYAML_FLAG_DEFAULT, struct http_expect_config, expect_fields),
};

static const cyaml_schema_field_t identity_fields[] = {
	TEXT("header", OPTIONAL, struct http_identity_config, header),
	TEXT("json", OPTIONAL, struct http_identity_config, json),
	TEXT("equals", REQUIRED, struct http_identity_config, equals),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t http_fields[] = {
	TEXT("url", REQUIRED, struct http_config, url),
	TEXT("method", OPTIONAL, struct http_config, method),
	LIST("headers", struct http_config, headers, n_headers,
	    &schema_header_item),
	LIST("status", struct http_config, status, n_status, &status_item),
	TEXT("body", OPTIONAL, struct http_config, body),
	TEXT("contains", OPTIONAL, struct http_config, contains),
	CYAML_FIELD_UINT("max_bytes", OPTIONAL, struct http_config, max_bytes),
	TEXT("ca_file", OPTIONAL, struct http_config, ca_file),
	TEXT(
	    "certificate_file", OPTIONAL, struct http_config, certificate_file),
	TEXT("key_file", OPTIONAL, struct http_config, key_file),
	CYAML_FIELD_BOOL("follow", OPTIONAL, struct http_config, follow),
	CYAML_FIELD_BOOL("websocket", OPTIONAL, struct http_config, websocket),
	LIST("expect", struct http_config, expect, n_expect,
	    &schema_expect_item),
	MAPPING("identity", struct http_config, identity, identity_fields),
	LIST("facts", struct http_config, facts, n_facts, &fact_item),
	CYAML_FIELD_END,
};

/* --- tls -------------------------------------------------------------------- */

static const cyaml_schema_field_t tls_fields[] = {
	TEXT("host", REQUIRED, struct tls_probe_config, host),
	CYAML_FIELD_UINT("port", OPTIONAL, struct tls_probe_config, port),
	TEXT("server_name", OPTIONAL, struct tls_probe_config, server_name),
	TEXT("ca_file", OPTIONAL, struct tls_probe_config, ca_file),
	CYAML_FIELD_UINT(
	    "warn_days", OPTIONAL, struct tls_probe_config, warn_days),
	TEXT("starttls", OPTIONAL, struct tls_probe_config, starttls),
	TEXT("certificate_file", OPTIONAL, struct tls_probe_config,
	    certificate_file),
	TEXT("key_file", OPTIONAL, struct tls_probe_config, key_file),
	CYAML_FIELD_END,
};

/* --- redis ------------------------------------------------------------------ */

#define REDIS_INPUTS(type, at)                                         \
	TEXT("url", OPTIONAL, type, at url),                           \
	    TEXT("host", OPTIONAL, type, at host),                     \
	    CYAML_FIELD_UINT("port", OPTIONAL, type, at port),         \
	    CYAML_FIELD_UINT("database", OPTIONAL, type, at database), \
	    TEXT("user", OPTIONAL, type, at user),                     \
	    TEXT("password", OPTIONAL, type, at password),             \
	    CYAML_FIELD_BOOL("tls", OPTIONAL, type, at tls),           \
	    TEXT("ca_file", OPTIONAL, type, at ca_file),               \
	    MAPPING("variables", type, at variables, schema_variables)

static const cyaml_schema_field_t redis_reference_fields[] = {
	REDIS_INPUTS(struct redis_inputs, ),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t redis_fields[] = {
	REDIS_INPUTS(struct redis_config, inputs.),
	MAPPING("reference", struct redis_config, reference,
	    redis_reference_fields),
	TEXT("role", OPTIONAL, struct redis_config, role),
	TEXT("write", OPTIONAL, struct redis_config, write),
	CYAML_FIELD_END,
};

/* --- icmp, host, log -------------------------------------------------------- */

static const cyaml_schema_field_t icmp_fields[] = {
	TEXT("host", REQUIRED, struct icmp_config, host),
	CYAML_FIELD_UINT("count", OPTIONAL, struct icmp_config, count),
	TEXT("spacing", OPTIONAL, struct icmp_config, spacing),
	TEXT("wait", OPTIONAL, struct icmp_config, wait),
	CYAML_FIELD_UINT(
	    "warning_loss", OPTIONAL, struct icmp_config, warning_loss),
	CYAML_FIELD_UINT(
	    "critical_loss", OPTIONAL, struct icmp_config, critical_loss),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t limits_fields[] = {
	CYAML_FIELD_UINT("warning", OPTIONAL, struct host_limits, warning),
	CYAML_FIELD_UINT("critical", OPTIONAL, struct host_limits, critical),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t disk_fields[] = {
	TEXT("path", REQUIRED, struct host_disk, path),
	CYAML_FIELD_BOOL("mount", OPTIONAL, struct host_disk, mount),
	CYAML_FIELD_UINT("warning", OPTIONAL, struct host_disk, limits.warning),
	CYAML_FIELD_UINT(
	    "critical", OPTIONAL, struct host_disk, limits.critical),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t disk_item = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct host_disk, disk_fields),
};

static const cyaml_schema_field_t oom_kills_fields[] = {
	TEXT("cgroup", OPTIONAL, struct host_oom_kills, cgroup),
	TEXT("host", OPTIONAL, struct host_oom_kills, host),
	TEXT("told_for", OPTIONAL, struct host_oom_kills, told_for),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t host_fields[] = {
	LIST("disks", struct host_config, disks, n_disks, &disk_item),
	CYAML_FIELD_MAPPING(
	    "memory", OPTIONAL, struct host_config, memory, limits_fields),
	CYAML_FIELD_MAPPING("descriptors", OPTIONAL, struct host_config,
	    descriptors, limits_fields),
	CYAML_FIELD_MAPPING(
	    "load", OPTIONAL, struct host_config, load, limits_fields),
	CYAML_FIELD_MAPPING("oom_kills", OPTIONAL, struct host_config,
	    oom_kills, oom_kills_fields),
	TEXT("proc", OPTIONAL, struct host_config, proc),
	TEXT("cgroup", OPTIONAL, struct host_config, cgroup),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t log_fields[] = {
	TEXT("file", OPTIONAL, struct log_config, file),
	TEXT("unit", OPTIONAL, struct log_config, unit),
	LIST("errors", struct log_config, errors, n_errors, &text_item),
	LIST("ignore", struct log_config, ignore, n_ignore, &text_item),
	TEXT("severity", OPTIONAL, struct log_config, severity),
	CYAML_FIELD_UINT(
	    "max_per_minute", OPTIONAL, struct log_config, max_per_minute),
	TEXT("fresh_within", OPTIONAL, struct log_config, fresh_within),
	CYAML_FIELD_END,
};

/* --- exec ------------------------------------------------------------------- */

static const cyaml_schema_field_t exec_variable_fields[] = {
	TEXT("name", REQUIRED, struct exec_variable, name),
	TEXT("value", REQUIRED, struct exec_variable, value),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t exec_variable_item = {
	CYAML_VALUE_MAPPING(
	    CYAML_FLAG_DEFAULT, struct exec_variable, exec_variable_fields),
};

static const cyaml_schema_field_t exec_fields[] = {
	LIST("command", struct exec_config, command, n_command, &text_item),
	LIST("environment", struct exec_config, environment, n_environment,
	    &exec_variable_item),
	CYAML_FIELD_END,
};

/* --- probes --------------------------------------------------------------- */

const cyaml_schema_field_t schema_probe[] = {
	TEXT("name", REQUIRED, struct probe_config, name),
	TEXT("service", OPTIONAL, struct probe_config, service),
	TEXT("replica", OPTIONAL, struct probe_config, replica),
	TEXT("through", OPTIONAL, struct probe_config, through),
	TEXT("interval", OPTIONAL, struct probe_config, interval),
	TEXT("timeout", OPTIONAL, struct probe_config, timeout),
	TEXT("retry_interval", OPTIONAL, struct probe_config, retry_interval),
	CYAML_FIELD_UINT("retries", OPTIONAL, struct probe_config, retries),
	MAPPING("env", struct probe_config, env, env_fields),
	MAPPING("postgres", struct probe_config, postgres, postgres_fields),
	MAPPING("tcp", struct probe_config, tcp, tcp_fields),
	MAPPING("dns", struct probe_config, dns, dns_fields),
	MAPPING("http", struct probe_config, http, http_fields),
	MAPPING("gcp.run", struct probe_config, gcp_run, schema_gcp_run),
	MAPPING(
	    "gcp.secret", struct probe_config, gcp_secret, schema_gcp_secret),
	MAPPING("gcp.sql", struct probe_config, gcp_sql, schema_gcp_sql),
	MAPPING("gcp.vpc_connector", struct probe_config, gcp_vpc_connector,
	    schema_gcp_vpc_connector),
	MAPPING("journey", struct probe_config, journey, schema_journey),
	MAPPING("settings", struct probe_config, settings, schema_settings),
	MAPPING("tls", struct probe_config, tls, tls_fields),
	MAPPING("redis", struct probe_config, redis, redis_fields),
	MAPPING("icmp", struct probe_config, icmp, icmp_fields),
	MAPPING("host", struct probe_config, host, host_fields),
	MAPPING("log", struct probe_config, log, log_fields),
	MAPPING("exec", struct probe_config, exec, exec_fields),
	CYAML_FIELD_END,
};
