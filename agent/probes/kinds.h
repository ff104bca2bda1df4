/*
 * kinds.h - the kinds of probe there are, one file each.
 *
 * Adding one is a file here, a line in agent/kinds.c and its key in the
 * schema of the configuration.
 */
#ifndef AGENT_PROBES_KINDS_H
#define AGENT_PROBES_KINDS_H

#include "agent/probe.h"

extern const struct probe_kind dns_kind;
extern const struct probe_kind env_kind;
extern const struct probe_kind exec_kind;
extern const struct probe_kind gcp_run_kind;
extern const struct probe_kind gcp_secret_kind;
extern const struct probe_kind gcp_sql_kind;
extern const struct probe_kind gcp_vpc_connector_kind;
extern const struct probe_kind host_kind;
extern const struct probe_kind http_kind;
extern const struct probe_kind icmp_kind;
extern const struct probe_kind log_kind;
extern const struct probe_kind postgres_kind;
extern const struct probe_kind journey_kind;
extern const struct probe_kind redis_kind;
extern const struct probe_kind settings_kind;
extern const struct probe_kind tcp_kind;
extern const struct probe_kind tls_kind;

#endif
