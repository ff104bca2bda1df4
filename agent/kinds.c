#include "agent/probes/kinds.h"

static const struct probe_kind *const kinds[] = {
	&dns_kind,
	&env_kind,
	&exec_kind,
	&gcp_run_kind,
	&gcp_secret_kind,
	&gcp_sql_kind,
	&gcp_vpc_connector_kind,
	&host_kind,
	&http_kind,
	&icmp_kind,
	&log_kind,
	&postgres_kind,
	&journey_kind,
	&redis_kind,
	&settings_kind,
	&tcp_kind,
	&tls_kind,
	NULL,
};

const struct probe_kind *const *
probe_kinds(void)
{
	return kinds;
}

const struct probe_kind *
probe_kind_of(const struct probe_config *config)
{
	return config->dns != NULL              ? &dns_kind
	    : config->env != NULL               ? &env_kind
	    : config->exec != NULL              ? &exec_kind
	    : config->gcp_run != NULL           ? &gcp_run_kind
	    : config->gcp_secret != NULL        ? &gcp_secret_kind
	    : config->gcp_sql != NULL           ? &gcp_sql_kind
	    : config->gcp_vpc_connector != NULL ? &gcp_vpc_connector_kind
	    : config->host != NULL              ? &host_kind
	    : config->http != NULL              ? &http_kind
	    : config->icmp != NULL              ? &icmp_kind
	    : config->log != NULL               ? &log_kind
	    : config->postgres != NULL          ? &postgres_kind
	    : config->journey != NULL           ? &journey_kind
	    : config->redis != NULL             ? &redis_kind
	    : config->settings != NULL          ? &settings_kind
	    : config->tcp != NULL               ? &tcp_kind
	    : config->tls != NULL               ? &tls_kind
						: NULL;
}
