#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/config.h"
#include "agent/config_env.h"
#include "agent/defaults.h"
#include "agent/identity.h"
#include "agent/parts.h"
#include "agent/probe.h"
#include "agent/schema.h"
#include "proto/base/map.h"
#include "proto/base/mem.h"
#include "proto/base/text.h"
#include "proto/conf.h"
#include "proto/place.h"

#define SECOND_MS INT64_C(1000)
#define DAY_MS    (24 * 3600 * SECOND_MS)

#define INTERVAL_MIN_MS  INT64_C(100)
#define INTERVAL_MAX_MS  (7 * DAY_MS)
#define TIMEOUT_MIN_MS   INT64_C(10)
#define HEARTBEAT_MAX_MS (3600 * SECOND_MS)
#define SPOOL_MIN_BYTES  INT64_C(1048576)
#define SPOOL_MIN_AGE_MS (60 * SECOND_MS)
#define SPOOL_MAX_AGE_MS (400 * DAY_MS)
#define CONCURRENCY_MAX  4096
#define REFERENCE_SUFFIX ".reference" /* of a second run's name */
#define NAME_MAX_BYTES   64

/* What every check needs.  They go on after a complaint (rc |= ...), so that
 * all are told at once. */
struct check {
	const struct conf *conf; /* of the first file, or of the probe's */
	const struct parts *parts;
	struct agent_config *config;
	struct err *err;
};

/* --- single values ------------------------------------------------------------ */

static int
check_name(const struct check *check, const char *path, const char *name)
{
	if (text_is_name(name))
		return 0;
	return conf_complain(check->conf, check->err, path,
	    "not a name: write 1 to %d of a-z 0-9 . _ - without a dot first",
	    NAME_MAX_BYTES);
}

struct span {
	int64_t min_ms, max_ms;
	const char *must; /* "must be from 100ms to 7d" */
};

static int
check_span(const struct check *check, int64_t *out_ms, const char *path,
    const char *text, const struct span *span)
{
	struct err inner;

	if (text_duration(out_ms, text, &inner) < 0)
		return conf_complain(
		    check->conf, check->err, path, "%s", inner.text);
	if (*out_ms < span->min_ms || *out_ms > span->max_ms)
		return conf_complain(
		    check->conf, check->err, path, "%s", span->must);
	return 0;
}

/* --- collectors --------------------------------------------------------------- */

/* Splits "HOST:PORT" or "[V6]:PORT"; -1 when it is neither. */
static int
split_host(char *host, size_t size, const char *text)
{
	const char *colon = strrchr(text, ':');
	unsigned long port;
	size_t n;
	char *end;

	if (colon == NULL || colon[1] < '0' || colon[1] > '9')
		return -1;
	port = strtoul(colon + 1, &end, 10);
	if (*end != '\0' || port < 1 || port > 65535)
		return -1;
	n = (size_t)(colon - text);
	if (n >= 2 && text[0] == '[' && text[n - 1] == ']') {
		text++;
		n -= 2;
	} else if (memchr(text, ':', n) != NULL) {
		return -1;
	}
	if (n == 0 || n >= size || memchr(text, '@', n) != NULL ||
	    memchr(text, '/', n) != NULL)
		return -1;
	memcpy(host, text, n);
	host[n] = '\0';
	return 0;
}

static bool
is_loopback(const char *host)
{
	struct in_addr v4;

	if (strcmp(host, "localhost") == 0 || strcmp(host, "::1") == 0)
		return true;
	return inet_pton(AF_INET, host, &v4) == 1 &&
	    (ntohl(v4.s_addr) >> 24) == 127;
}

static int
check_collector(const struct check *check, const char *path, const char *url)
{
	const struct agent_config *config = check->config;
	char host[256];

	if (strncmp(url, "ipc://", 6) == 0) {
		if (url[6] == '/')
			return 0;
		return conf_complain(check->conf, check->err, path,
		    "ipc:// needs an absolute path: ipc:///run/x.sock");
	}
	if (strncmp(url, "tls+tcp://", 10) == 0) {
		if (split_host(host, sizeof(host), url + 10) < 0)
			goto malformed;
		if (config->tls != NULL)
			return 0;
		return conf_complain(check->conf, check->err, path,
		    "tls+tcp:// needs the key tls with ca_file, "
		    "certificate_file and key_file");
	}
	if (strncmp(url, "tcp://", 6) != 0 ||
	    split_host(host, sizeof(host), url + 6) < 0)
		goto malformed;
	if (config->insecure || is_loopback(host))
		return 0;
	return conf_complain(check->conf, check->err, path,
	    "tcp:// beyond the loopback is neither private nor proven; use "
	    "tls+tcp://, or write insecure: true");
malformed:
	return conf_complain(check->conf, check->err, path,
	    "not a collector's address: write tls+tcp://HOST:PORT, "
	    "tcp://HOST:PORT or ipc:///PATH");
}

/* --- postgres ------------------------------------------------------------------ */

static int
check_postgres(const struct check *check, const char *path,
    const struct postgres_config *postgres)
{
	const struct variables_config *own = postgres->inputs.variables;
	const struct variables_config *other =
	    postgres->reference != NULL ? postgres->reference->variables : NULL;

	int rc = 0;

	if (own != NULL)
		rc |= config_check_source(check->conf,
		    place_of("%s.variables", path).path, own, check->err);
	if (other != NULL)
		rc |= config_check_source(check->conf,
		    place_of("%s.reference.variables", path).path, other,
		    check->err);
	return rc;
}

/* --- probes ------------------------------------------------------------------- */

/* Finds the one kind that is given; its key becomes *out. */
static int
check_one_kind(const struct check *check, const char *path,
    const struct probe_config *probe, const char **out)
{
	const cyaml_schema_field_t *field = schema_probe;
	struct text names = { 0 };
	int n = 0;

	for (; field->key != NULL; field++) {
		const void *const *given =
		    (const void *)((const char *)probe + field->data_offset);

		if (field->value.type != CYAML_MAPPING)
			continue;
		text_addf(&names, "%s%s", names.n > 0 ? ", " : "", field->key);
		if (*given == NULL)
			continue;
		*out = field->key;
		n++;
	}
	if (n != 1)
		conf_complain(check->conf, check->err, path,
		    "must have exactly one of %s", names.bytes);
	text_fini(&names);
	return n == 1 ? 0 : -1;
}

static int
check_times(
    const struct check *check, const char *path, struct probe_config *probe)
{
	static const struct span interval = { INTERVAL_MIN_MS, INTERVAL_MAX_MS,
		"must be from 100ms to 7d" };
	static const struct span timeout = { TIMEOUT_MIN_MS, INTERVAL_MAX_MS,
		"must be from 10ms to 7d" };
	static const struct span pause = { 0, INTERVAL_MAX_MS,
		"must be at most 7d" };
	int64_t interval_ms, timeout_ms, pause_ms;
	struct place at;
	int rc;

	at = place_of("%s.interval", path);
	rc = check_span(
	    check, &interval_ms, at.path, probe->interval, &interval);
	at = place_of("%s.retry_interval", path);
	rc |= check_span(
	    check, &pause_ms, at.path, probe->retry_interval, &pause);
	at = place_of("%s.timeout", path);
	rc |= check_span(check, &timeout_ms, at.path, probe->timeout, &timeout);
	if (rc < 0)
		return rc;
	if (timeout_ms >= interval_ms)
		return conf_complain(check->conf, check->err, at.path,
		    "must be less than the interval (defaults included)");
	probe->interval_ms = (uint32_t)interval_ms;
	probe->retry_interval_ms = (uint32_t)pause_ms;
	probe->timeout_ms = (uint32_t)timeout_ms;
	return 0;
}

static bool
ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), n_end = strlen(end);

	return n >= n_end && strcmp(text + n - n_end, end) == 0;
}

/* Names both places: they may be in files of different people. */
static int
complain_twice(const struct check *check, const char *path,
    const struct probe_config *other)
{
	uint32_t i = (uint32_t)(other - check->config->probes);
	const struct part *part = parts_of(check->parts, i);
	char place[CONF_PLACE_BYTES];

	return conf_complain(check->conf, check->err, path,
	    "another probe has this name, at %s; choose another",
	    conf_place(place, part->conf,
		place_of("probes[%u].name", i - part->first).path));
}

static int
check_probe_name(const struct check *check, const char *path,
    struct probe_config *probe, struct map *seen)
{
	const struct probe_config *other;
	struct place at;
	int rc = 0;

	at = place_of("%s.name", path);
	rc |= check_name(check, at.path, probe->name);
	if (ends_with(probe->name, REFERENCE_SUFFIX))
		rc = conf_complain(check->conf, check->err, at.path,
		    "names ending with .reference are those of reference "
		    "runs; choose another");
	other = map_put(seen, probe->name, probe);
	if (other != NULL)
		return complain_twice(check, at.path, other);
	at = place_of("%s.service", path);
	if (probe->service[0] != '\0')
		rc |= check_name(check, at.path, probe->service);
	at = place_of("%s.replica", path);
	if (probe->replica != NULL)
		rc |= check_name(check, at.path, probe->replica);
	at = place_of("%s.through", path);
	if (probe->through != NULL)
		rc |= check_name(check, at.path, probe->through);
	return rc;
}

/* What is compared between environments needs a key that they share. */
static int
check_compared(const struct check *check, const char *path,
    const struct probe_config *probe)
{
	const struct settings_config *settings = probe->settings;
	struct place at = place_of("%s.env.compare", path);
	bool is_compared = probe->env != NULL && probe->env->n_compare > 0;

	for (uint32_t i = 0; settings != NULL && i < settings->n_settings; i++)
		if (settings->settings[i].compare && !is_compared) {
			at = place_of(
			    "%s.settings.register[%u].compare", path, i);
			is_compared = true;
		}
	if (!is_compared || check->config->fingerprint_fleet_key != NULL)
		return 0;
	return conf_complain(check->conf, check->err, at.path,
	    "needs fingerprint_fleet_key: a key that the agents of all "
	    "environments share");
}

static int
check_kind(
    const struct check *check, const char *path, struct probe_config *probe)
{
	const struct probe_kind *kind;
	const char *name = NULL;
	struct place at;
	int rc;

	if (check_one_kind(check, path, probe, &name) < 0)
		return -1;
	rc = check_compared(check, path, probe);
	at = place_of("%s.%s", path, name);
	if (probe->env != NULL)
		rc |= config_check_env(
		    check->conf, at.path, probe->env, check->err);
	if (probe->postgres != NULL)
		rc |= check_postgres(check, at.path, probe->postgres);
	kind = probe->kind = probe_kind_of(probe);
	if (kind == NULL)
		return conf_complain(check->conf, check->err, at.path,
		    "probes of this kind are not part of this build");
	if (kind->check != NULL)
		rc |= kind->check(check->conf, at.path, probe, check->err);
	if (kind->has_reference != NULL && kind->has_reference(probe) &&
	    strlen(probe->name) + strlen(REFERENCE_SUFFIX) > NAME_MAX_BYTES)
		return conf_complain(check->conf, check->err, path,
		    "a probe with a reference has a name of at most 54 "
		    "characters; shorten it");
	return rc;
}

static int
check_probes_of(
    const struct check *check, const struct part *part, struct map *seen)
{
	struct check own = *check;
	struct place place;
	int rc = 0;

	own.conf = part->conf;
	for (uint32_t i = 0; i < part->n; i++) {
		struct probe_config *probe =
		    &check->config->probes[part->first + i];

		place = place_of("probes[%u]", i);
		rc |= check_probe_name(&own, place.path, probe, seen);
		rc |= check_times(&own, place.path, probe);
		rc |= check_kind(&own, place.path, probe);
	}
	return rc;
}

static int
check_probes(const struct check *check)
{
	struct map *seen = map_new();
	int rc = 0;

	if (check->config->n_probes == 0)
		rc = conf_complain(check->conf, check->err, "probes",
		    "must list at least one probe");
	for (size_t i = 0; i < check->parts->n; i++)
		rc |= check_probes_of(check, &check->parts->all[i], seen);
	map_free(seen);
	return rc;
}

/* --- the agent ---------------------------------------------------------------- */

static int
check_identity(const struct check *check)
{
	const struct agent_config *config = check->config;
	struct place place;
	struct err inner;
	int rc = 0;

	if (vantage_parse(&check->config->claimed, config->vantage) < 0)
		rc = conf_complain(check->conf, check->err, "vantage",
		    "not a vantage: write in_service, in_environment, "
		    "control_plane, external or workstation");
	for (uint32_t i = 0; i < config->n_identity; i++) {
		place = place_of("identity[%u]", i);
		if (identity_check(&config->identity[i], &inner) < 0)
			rc = conf_complain(check->conf, check->err, place.path,
			    "%s", inner.text);
	}
	return rc;
}

static int
check_spool(const struct check *check)
{
	static const struct span age = { SPOOL_MIN_AGE_MS, SPOOL_MAX_AGE_MS,
		"must be from 1m to 400d" };
	struct spool_config *spool = &check->config->spool;
	struct err inner;
	int rc = 0;

	if (text_size(&spool->max_bytes, spool->max_size, &inner) < 0)
		rc = conf_complain(check->conf, check->err, "spool.max_size",
		    "%s", inner.text);
	else if (spool->max_bytes < SPOOL_MIN_BYTES)
		rc = conf_complain(check->conf, check->err, "spool.max_size",
		    "must be at least 1MiB");
	return rc |
	    check_span(check, &spool->max_age_ms, "spool.max_age",
		spool->max_age, &age);
}

static int
check_agent(const struct check *check)
{
	static const struct span heartbeat = { SECOND_MS, HEARTBEAT_MAX_MS,
		"must be from 1s to 1h" };
	static const struct span overlap = { 0, SPOOL_MAX_AGE_MS,
		"must be at most 400d" };
	struct agent_config *config = check->config;
	struct place place;
	int64_t heartbeat_ms = 0;
	int rc = 0;

	rc |= check_name(check, "agent", config->agent);
	rc |= check_name(check, "environment", config->environment);
	rc |= check_identity(check);
	rc |= check_spool(check);
	rc |= check_span(
	    check, &heartbeat_ms, "heartbeat", config->heartbeat, &heartbeat);
	config->heartbeat_ms = (uint32_t)heartbeat_ms;
	rc |= check_span(check, &config->fingerprint_overlap_ms,
	    "fingerprint_overlap", config->fingerprint_overlap, &overlap);
	if (config->concurrency > CONCURRENCY_MAX)
		rc = conf_complain(check->conf, check->err, "concurrency",
		    "must be at most %d", CONCURRENCY_MAX);
	for (uint32_t i = 0; i < config->n_collectors; i++) {
		place = place_of("collectors[%u]", i);
		rc |= check_collector(check, place.path, config->collectors[i]);
	}
	return rc | check_probes(check);
}

int
config_load_all(struct agent_config **out, const char *path,
    struct complaints *complaints, struct err *err)
{
	struct agent_config *config = NULL;
	struct parts parts = { 0 };
	struct check check = { .parts = &parts, .err = err };
	int rc = parts_load(&parts, &config, path, complaints, err);

	if (rc == 0) {
		check.conf = parts.all[0].conf;
		check.config = config;
		defaults_fill(config, parts.folder);
		rc = check_agent(&check);
	}
	if (rc == 0) {
		*out = config;
		config = NULL;
	}
	config_free(config);
	parts_fini(&parts);
	return rc;
}

int
config_load(struct agent_config **out, const char *path, struct err *err)
{
	struct complaints complaints = { 0 };
	int rc = config_load_all(out, path, &complaints, err);

	complaints_fini(&complaints);
	return rc;
}

void
config_free(struct agent_config *config)
{
	conf_free(NULL, &schema_agent, config);
}
