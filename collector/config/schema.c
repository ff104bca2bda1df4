#include "collector/config/config.h"
#include "collector/config/schema.h"
#include "proto/conf.h"

#define OPTIONAL CYAML_FLAG_OPTIONAL
#define REQUIRED CYAML_FLAG_DEFAULT

#define TEXT(key, flags, type, at) \
	CYAML_FIELD_STRING_PTR(key, flags, type, at, 0, CYAML_UNLIMITED)
#define LIST(key, flags, type, at, count, entry)                              \
	CYAML_FIELD_SEQUENCE_COUNT(key, CYAML_FLAG_POINTER | flags, type, at, \
	    count, entry, 0, CYAML_UNLIMITED)
#define NAMES(key, type, at) \
	LIST(key, OPTIONAL, type, at.names, at.n, &text_item)
#define MAPPING(key, type, at, fields) \
	CYAML_FIELD_MAPPING(key, OPTIONAL, type, at, fields)

static const cyaml_schema_value_t text_item = {
	CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 0, CYAML_UNLIMITED),
};

static const cyaml_schema_field_t tls_fields[] = {
	TEXT("ca_file", REQUIRED, struct tls_config, ca_file),
	TEXT("certificate_file", REQUIRED, struct tls_config, certificate_file),
	TEXT("key_file", REQUIRED, struct tls_config, key_file),
	TEXT("revoked_file", OPTIONAL, struct tls_config, revoked_file),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t listen_fields[] = {
	TEXT("url", REQUIRED, struct listen_config, url),
	CYAML_FIELD_BOOL("insecure", OPTIONAL, struct listen_config, insecure),
	CYAML_FIELD_MAPPING_PTR(
	    "tls", OPTIONAL, struct listen_config, tls, tls_fields),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t listen_item = {
	CYAML_VALUE_MAPPING(
	    CYAML_FLAG_DEFAULT, struct listen_config, listen_fields),
};

static const cyaml_schema_field_t retention_fields[] = {
	TEXT("results", OPTIONAL, struct retention_config, results),
	TEXT("rollups", OPTIONAL, struct retention_config, rollups),
	TEXT("changes", OPTIONAL, struct retention_config, changes),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t regressions_fields[] = {
	CYAML_FIELD_UINT("confirm_after", OPTIONAL, struct regressions_config,
	    confirm_after),
	CYAML_FIELD_UINT(
	    "clear_after", OPTIONAL, struct regressions_config, clear_after),
	TEXT("false_alarms_per_year", OPTIONAL, struct regressions_config,
	    false_alarms_per_year),
	TEXT("severity", OPTIONAL, struct regressions_config, severity),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t environment_fields[] = {
	TEXT(CONF_KEYED, REQUIRED, struct environment_config, name),
	NAMES("compare_with", struct environment_config, compare_with),
	MAPPING("retention", struct environment_config, retention,
	    retention_fields),
	MAPPING("regressions", struct environment_config, regressions,
	    regressions_fields),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t environment_item = {
	CYAML_VALUE_MAPPING(
	    CYAML_FLAG_DEFAULT, struct environment_config, environment_fields),
};

static const cyaml_schema_field_t service_fields[] = {
	TEXT("name", REQUIRED, struct service_config, name),
	TEXT("kind", OPTIONAL, struct service_config, kind),
	NAMES("depends_on", struct service_config, depends_on),
	NAMES("optional", struct service_config, optional),
	NAMES("journeys", struct service_config, journeys),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t service_item = {
	CYAML_VALUE_MAPPING(
	    CYAML_FLAG_DEFAULT, struct service_config, service_fields),
};

static const cyaml_schema_field_t owners_fields[] = {
	TEXT("app", OPTIONAL, struct owners_config, app),
	TEXT("env", OPTIONAL, struct owners_config, env),
	TEXT("infra", OPTIONAL, struct owners_config, infra),
	TEXT("net", OPTIONAL, struct owners_config, net),
	TEXT("blind", OPTIONAL, struct owners_config, blind),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t expectation_fields[] = {
	TEXT("setting", OPTIONAL, struct expectation_config, setting),
	TEXT("env", OPTIONAL, struct expectation_config, env),
	TEXT("fact", OPTIONAL, struct expectation_config, fact),
	TEXT("at_least", OPTIONAL, struct expectation_config, at_least),
	TEXT("at_most", OPTIONAL, struct expectation_config, at_most),
	TEXT("at_least_as_in", OPTIONAL, struct expectation_config,
	    at_least_as_in),
	TEXT("at_most_as_in", OPTIONAL, struct expectation_config,
	    at_most_as_in),
	TEXT("equals", OPTIONAL, struct expectation_config, equals),
	CYAML_FIELD_BOOL(
	    "present", OPTIONAL, struct expectation_config, present),
	NAMES("must_differ", struct expectation_config, must_differ),
	NAMES("must_match", struct expectation_config, must_match),
	NAMES("services", struct expectation_config, services),
	NAMES("environments", struct expectation_config, environments),
	TEXT("severity", OPTIONAL, struct expectation_config, severity),
	TEXT("issue", OPTIONAL, struct expectation_config, issue),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t expectation_item = {
	CYAML_VALUE_MAPPING(
	    CYAML_FLAG_DEFAULT, struct expectation_config, expectation_fields),
};

static const cyaml_schema_field_t heartbeat_fields[] = {
	TEXT("name", REQUIRED, struct heartbeat_config, name),
	TEXT("environment", REQUIRED, struct heartbeat_config, environment),
	TEXT("service", OPTIONAL, struct heartbeat_config, service),
	TEXT("every", REQUIRED, struct heartbeat_config, every),
	TEXT("grace", OPTIONAL, struct heartbeat_config, grace),
	TEXT("limit", OPTIONAL, struct heartbeat_config, limit),
	TEXT("severity", OPTIONAL, struct heartbeat_config, severity),
	TEXT("vantage", OPTIONAL, struct heartbeat_config, vantage),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t heartbeat_item = {
	CYAML_VALUE_MAPPING(
	    CYAML_FLAG_DEFAULT, struct heartbeat_config, heartbeat_fields),
};

static const cyaml_schema_field_t token_fields[] = {
	TEXT("name", REQUIRED, struct token_config, name),
	NAMES("scopes", struct token_config, scopes),
	TEXT("token", REQUIRED, struct token_config, token),
	NAMES("environments", struct token_config, environments),
	TEXT("vantage", OPTIONAL, struct token_config, vantage),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t token_item = {
	CYAML_VALUE_MAPPING(
	    CYAML_FLAG_DEFAULT, struct token_config, token_fields),
};

static const cyaml_schema_field_t http_tls_fields[] = {
	TEXT("certificate_file", REQUIRED, struct http_tls_config,
	    certificate_file),
	TEXT("key_file", REQUIRED, struct http_tls_config, key_file),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t otlp_fields[] = {
	TEXT("url", REQUIRED, struct otlp_config, url),
	TEXT("token", OPTIONAL, struct otlp_config, token),
	TEXT("ca_file", OPTIONAL, struct otlp_config, ca_file),
	TEXT("every", OPTIONAL, struct otlp_config, every),
	TEXT("timeout", OPTIONAL, struct otlp_config, timeout),
	CYAML_FIELD_BOOL("insecure", OPTIONAL, struct otlp_config, insecure),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t http_fields[] = {
	TEXT("listen", REQUIRED, struct http_config, listen),
	LIST("tokens", OPTIONAL, struct http_config, tokens, n_tokens,
	    &token_item),
	CYAML_FIELD_MAPPING_PTR(
	    "tls", OPTIONAL, struct http_config, tls, http_tls_fields),
	CYAML_FIELD_MAPPING_PTR(
	    "otlp", OPTIONAL, struct http_config, otlp, otlp_fields),
	CYAML_FIELD_BOOL(
	    "behind_proxy", OPTIONAL, struct http_config, behind_proxy),
	NAMES("origins", struct http_config, origins),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t webhook_fields[] = {
	TEXT("url", REQUIRED, struct webhook_config, url),
	TEXT("token", OPTIONAL, struct webhook_config, token),
	CYAML_FIELD_BOOL(
	    "text_only", OPTIONAL, struct webhook_config, text_only),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t alertmanager_fields[] = {
	NAMES("urls", struct alertmanager_config, urls),
	TEXT("token", OPTIONAL, struct alertmanager_config, token),
	TEXT("resend", OPTIONAL, struct alertmanager_config, resend),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t pagerduty_fields[] = {
	TEXT("routing_key", REQUIRED, struct pagerduty_config, routing_key),
	TEXT("url", OPTIONAL, struct pagerduty_config, url),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t smtp_fields[] = {
	TEXT("url", REQUIRED, struct smtp_config, url),
	TEXT("from", REQUIRED, struct smtp_config, from),
	NAMES("to", struct smtp_config, to),
	TEXT("user", OPTIONAL, struct smtp_config, user),
	TEXT("password", OPTIONAL, struct smtp_config, password),
	CYAML_FIELD_END,
};

#define WAY(key, at, fields)     \
	CYAML_FIELD_MAPPING_PTR( \
	    key, OPTIONAL, struct receiver_config, at, fields)

static const cyaml_schema_field_t receiver_fields[] = {
	TEXT("name", REQUIRED, struct receiver_config, name),
	WAY("webhook", webhook, webhook_fields),
	WAY("alertmanager", alertmanager, alertmanager_fields),
	WAY("pagerduty", pagerduty, pagerduty_fields),
	WAY("smtp", smtp, smtp_fields),
	NAMES("command", struct receiver_config, command),
	TEXT("ca_file", OPTIONAL, struct receiver_config, ca_file),
	CYAML_FIELD_BOOL(
	    "insecure", OPTIONAL, struct receiver_config, insecure),
	TEXT("timeout", OPTIONAL, struct receiver_config, timeout),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t receiver_item = {
	CYAML_VALUE_MAPPING(
	    CYAML_FLAG_DEFAULT, struct receiver_config, receiver_fields),
};

static const cyaml_schema_field_t route_fields[] = {
	NAMES("environments", struct route_config, environments),
	NAMES("services", struct route_config, services),
	NAMES("classes", struct route_config, classes),
	TEXT("severity", OPTIONAL, struct route_config, severity),
	NAMES("receivers", struct route_config, receivers),
	CYAML_FIELD_BOOL("continue", OPTIONAL, struct route_config, goes_on),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t route_item = {
	CYAML_VALUE_MAPPING(
	    CYAML_FLAG_DEFAULT, struct route_config, route_fields),
};

static const cyaml_schema_field_t maintenance_fields[] = {
	TEXT("name", REQUIRED, struct maintenance_config, name),
	NAMES("environments", struct maintenance_config, environments),
	NAMES("services", struct maintenance_config, services),
	TEXT("from", OPTIONAL, struct maintenance_config, from),
	TEXT("to", OPTIONAL, struct maintenance_config, to),
	TEXT("cron", OPTIONAL, struct maintenance_config, cron),
	TEXT("for", OPTIONAL, struct maintenance_config, lasts),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t maintenance_item = {
	CYAML_VALUE_MAPPING(
	    CYAML_FLAG_DEFAULT, struct maintenance_config, maintenance_fields),
};

static const cyaml_schema_field_t alerts_fields[] = {
	TEXT("url", OPTIONAL, struct alerts_config, url),
	TEXT("wait", OPTIONAL, struct alerts_config, wait),
	TEXT("remind", OPTIONAL, struct alerts_config, remind),
	TEXT("resolve_after", OPTIONAL, struct alerts_config, resolve_after),
	LIST("receivers", REQUIRED, struct alerts_config, receivers,
	    n_receivers, &receiver_item),
	LIST("routes", OPTIONAL, struct alerts_config, routes, n_routes,
	    &route_item),
	LIST("maintenance", OPTIONAL, struct alerts_config, maintenance,
	    n_maintenance, &maintenance_item),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t collector_fields[] = {
	TEXT("store", OPTIONAL, struct collector_config, store),
	TEXT("store_max_size", OPTIONAL, struct collector_config,
	    store_max_size),
	LIST("listen", OPTIONAL, struct collector_config, listen, n_listen,
	    &listen_item),
	LIST("environments", OPTIONAL, struct collector_config, environments,
	    n_environments, &environment_item),
	LIST("services", OPTIONAL, struct collector_config, services,
	    n_services, &service_item),
	MAPPING("owners", struct collector_config, owners, owners_fields),
	LIST("expectations", OPTIONAL, struct collector_config, expectations,
	    n_expectations, &expectation_item),
	LIST("heartbeats", OPTIONAL, struct collector_config, heartbeats,
	    n_heartbeats, &heartbeat_item),
	MAPPING(
	    "retention", struct collector_config, retention, retention_fields),
	MAPPING("regressions", struct collector_config, regressions,
	    regressions_fields),
	CYAML_FIELD_MAPPING_PTR(
	    "http", OPTIONAL, struct collector_config, http, http_fields),
	CYAML_FIELD_MAPPING_PTR(
	    "alerts", OPTIONAL, struct collector_config, alerts, alerts_fields),
	CYAML_FIELD_END,
};

const cyaml_schema_value_t schema_collector = {
	CYAML_VALUE_MAPPING(
	    CYAML_FLAG_POINTER, struct collector_config, collector_fields),
};
