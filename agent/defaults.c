#include <stdlib.h>
#include <string.h>

#include "agent/defaults.h"
#include "agent/secrets.h"
#include "proto/base/mem.h"

#define CONCURRENCY    512
#define HTTP_MAX_BYTES 1048576
#define HTTPS_PORT     443
#define ICMP_COUNT     3
#define POSTGRES_PORT  5432
#define REDIS_PORT     6379
#define TLS_WARN_DAYS  14

static void
set_default(char **text, const char *value)
{
	if (*text == NULL)
		*text = mem_strdup(value);
}

/* Puts the folder of the file before a path that is relative to it; skip is
 * the length of a prefix such as "@". */
static void
resolve_path(const char *folder, char **path, size_t skip)
{
	char *whole;

	if (*path == NULL || strlen(*path) <= skip || (*path)[skip] == '/')
		return;
	whole = mem_printf("%.*s%s%s", (int)skip, *path, folder, *path + skip);
	explicit_bzero(*path, strlen(*path));
	free(*path);
	*path = whole;
}

/* A secrets_fn.  What is in a file is written "@path". */
static void
resolve_secret(void *arg, char **secret)
{
	const char *folder = arg;

	if ((*secret)[0] == '@')
		resolve_path(folder, secret, 1);
}

static void
resolve_variables(const char *folder, struct variables_config *source)
{
	if (source == NULL)
		return;
	resolve_path(folder, &source->pidfile, 0);
	resolve_path(folder, &source->file, 0);
}

static void
complete_inputs(const char *folder, struct postgres_inputs *inputs)
{
	set_default(&inputs->sslmode, "prefer");
	if (inputs->port == 0)
		inputs->port = POSTGRES_PORT;
	resolve_variables(folder, inputs->variables);
}

static void
complete_relations(
    const char *folder, struct relation_config *relations, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		set_default(&relations[i].severity, "critical");
		set_default(&relations[i].with, relations[i].name);
		resolve_variables(folder, relations[i].source);
	}
}

static void
complete_env(const char *folder, struct env_config *env)
{
	resolve_variables(folder, &env->source);
	for (uint32_t i = 0; i < env->n_require; i++) {
		set_default(&env->require[i].severity, "critical");
		set_default(&env->require[i].type, "text");
	}
	for (uint32_t i = 0; i < env->n_groups; i++)
		set_default(&env->groups[i].severity, "critical");
	complete_relations(folder, env->must_match, env->n_must_match);
	complete_relations(folder, env->must_differ, env->n_must_differ);
	resolve_path(folder, &env->file, 0);
}

static void
complete_http(const char *folder, struct http_config *http)
{
	set_default(&http->method, "GET");
	if (http->max_bytes == 0)
		http->max_bytes = HTTP_MAX_BYTES;
	resolve_path(folder, &http->ca_file, 0);
	resolve_path(folder, &http->certificate_file, 0);
	resolve_path(folder, &http->key_file, 0);
}

static void
complete_tls(const char *folder, struct tls_probe_config *tls)
{
	if (tls->port == 0)
		tls->port = HTTPS_PORT;
	if (tls->warn_days == 0)
		tls->warn_days = TLS_WARN_DAYS;
	set_default(&tls->server_name, tls->host);
	resolve_path(folder, &tls->ca_file, 0);
	resolve_path(folder, &tls->certificate_file, 0);
	resolve_path(folder, &tls->key_file, 0);
}

static void
complete_redis(const char *folder, struct redis_inputs *inputs)
{
	if (inputs->port == 0)
		inputs->port = REDIS_PORT;
	resolve_path(folder, &inputs->ca_file, 0);
	resolve_variables(folder, inputs->variables);
}

static void
complete_icmp(struct icmp_config *icmp)
{
	if (icmp->count == 0)
		icmp->count = ICMP_COUNT;
	if (icmp->warning_loss == 0)
		icmp->warning_loss = 1;
	if (icmp->critical_loss == 0)
		icmp->critical_loss = 100;
	set_default(&icmp->spacing, "200ms");
	set_default(&icmp->wait, "1s");
}

/* What is said counts alone: a warning without a critical limit has none. */
static void
set_limits(struct host_limits *limits, uint32_t warning, uint32_t critical)
{
	if (limits->warning == 0 && limits->critical == 0)
		*limits = (struct host_limits){ warning, critical };
}

static void
complete_host(const char *folder, struct host_config *host)
{
	set_default(&host->proc, "/proc");
	set_default(&host->cgroup, "/sys/fs/cgroup");
	resolve_path(folder, &host->proc, 0);
	resolve_path(folder, &host->cgroup, 0);
	set_default(&host->oom_kills.cgroup, "critical");
	set_default(&host->oom_kills.host, "warning");
	set_default(&host->oom_kills.told_for, "10m");
	set_limits(&host->memory, 90, 95);
	set_limits(&host->descriptors, 80, 95);
	if (host->n_disks == 0) {
		host->disks = mem_calloc(1, sizeof(host->disks[0]));
		host->disks[0].path = mem_strdup("/");
		host->n_disks = 1;
	}
	for (uint32_t i = 0; i < host->n_disks; i++)
		set_limits(&host->disks[i].limits, 85, 95);
}

static void
complete_log(const char *folder, struct log_config *log)
{
	set_default(&log->severity, "warning");
	resolve_path(folder, &log->file, 0);
}

static void
complete_exec(const char *folder, struct exec_config *exec)
{
	/* A name without a folder is looked for. */
	if (exec->n_command > 0 && strchr(exec->command[0], '/') != NULL)
		resolve_path(folder, &exec->command[0], 0);
}

static void
complete_gcp(const char *folder, struct gcp_config *gcp)
{
	if (gcp == NULL)
		return;
	resolve_path(folder, &gcp->ca_file, 0);
	resolve_path(folder, &gcp->credentials.key_file, 0);
	if (gcp->access != NULL)
		resolve_path(folder, &gcp->access->key_file, 0);
}

static void
complete_journey(const char *folder, struct journey_config *journey)
{
	if (journey->max_bytes == 0)
		journey->max_bytes = HTTP_MAX_BYTES;
	resolve_path(folder, &journey->ca_file, 0);
	resolve_path(folder, &journey->certificate_file, 0);
	resolve_path(folder, &journey->key_file, 0);
	for (uint32_t i = 0; i < journey->n_steps; i++)
		set_default(&journey->steps[i].method,
		    journey->steps[i].body != NULL ? "POST" : "GET");
}

static void
complete_settings(const char *folder, struct settings_config *settings)
{
	for (uint32_t i = 0; i < settings->n_sources; i++) {
		struct setting_source_config *source = &settings->sources[i];

		resolve_variables(folder, source->variables);
		resolve_path(folder, &source->file, 0);
		resolve_path(folder, &source->ca_file, 0);
		if (source->postgres != NULL)
			complete_inputs(folder, source->postgres);
	}
	for (uint32_t i = 0; i < settings->n_settings; i++) {
		set_default(&settings->settings[i].severity, "critical");
		set_default(&settings->settings[i].type, "text");
	}
	for (uint32_t i = 0; i < settings->n_invariants; i++)
		set_default(&settings->invariants[i].severity, "critical");
}

static void
complete_probe(const char *folder, const struct defaults_config *defaults,
    struct probe_config *probe)
{
	set_default(&probe->service, "");
	set_default(&probe->interval, defaults->interval);
	set_default(&probe->timeout, defaults->timeout);
	set_default(&probe->retry_interval, defaults->retry_interval);
	if (probe->retries == 0)
		probe->retries = defaults->retries;
	if (probe->env != NULL)
		complete_env(folder, probe->env);
	if (probe->postgres != NULL) {
		set_default(&probe->postgres->query, "select 1");
		complete_inputs(folder, &probe->postgres->inputs);
		if (probe->postgres->reference != NULL)
			complete_inputs(folder, probe->postgres->reference);
	}
	if (probe->dns != NULL)
		set_default(&probe->dns->type, "A");
	if (probe->http != NULL)
		complete_http(folder, probe->http);
	complete_gcp(folder, probe->gcp_run);
	complete_gcp(folder, probe->gcp_secret);
	/* Of the others nobody would free it: their tables have no version. */
	if (probe->gcp_secret != NULL)
		set_default(&probe->gcp_secret->version, "latest");
	complete_gcp(folder, probe->gcp_sql);
	complete_gcp(folder, probe->gcp_vpc_connector);
	if (probe->journey != NULL)
		complete_journey(folder, probe->journey);
	if (probe->settings != NULL)
		complete_settings(folder, probe->settings);
	if (probe->tls != NULL)
		complete_tls(folder, probe->tls);
	if (probe->redis != NULL) {
		complete_redis(folder, &probe->redis->inputs);
		if (probe->redis->reference != NULL)
			complete_redis(folder, probe->redis->reference);
	}
	if (probe->icmp != NULL)
		complete_icmp(probe->icmp);
	if (probe->host != NULL)
		complete_host(folder, probe->host);
	if (probe->log != NULL)
		complete_log(folder, probe->log);
	if (probe->exec != NULL)
		complete_exec(folder, probe->exec);
}

void
defaults_fill(struct agent_config *config, const char *folder)
{
	set_default(&config->vantage, "in_environment");
	set_default(&config->state_directory, "/var/lib/vedette-agent");
	resolve_path(folder, &config->state_directory, 0);
	if (config->spool.path == NULL)
		config->spool.path =
		    mem_printf("%s/spool.db", config->state_directory);
	resolve_path(folder, &config->spool.path, 0);
	if (config->fingerprint_key == NULL)
		config->fingerprint_key =
		    mem_printf("%s/fingerprint.key", config->state_directory);
	resolve_path(folder, &config->fingerprint_key, 0);
	if (config->fingerprint_fleet_key != NULL)
		resolve_path(folder, &config->fingerprint_fleet_key, 0);
	set_default(&config->fingerprint_overlap, "24h");
	set_default(&config->spool.max_size, "1GiB");
	set_default(&config->spool.max_age, "7d");
	set_default(&config->heartbeat, "10s");
	if (config->concurrency == 0)
		config->concurrency = CONCURRENCY;
	if (config->tls != NULL) {
		resolve_path(folder, &config->tls->ca_file, 0);
		resolve_path(folder, &config->tls->certificate_file, 0);
		resolve_path(folder, &config->tls->key_file, 0);
	}
	set_default(&config->defaults.interval, "30s");
	set_default(&config->defaults.timeout, "5s");
	set_default(&config->defaults.retry_interval, "1s");
	for (uint32_t i = 0; i < config->n_probes; i++)
		complete_probe(folder, &config->defaults, &config->probes[i]);
	secrets_each(config, resolve_secret, (void *)(uintptr_t)folder);
}
