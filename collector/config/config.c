#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "collector/config/check.h"
#include "collector/config/config.h"
#include "collector/config/config_alerts.h"
#include "collector/config/config_heartbeats.h"
#include "collector/config/config_http.h"
#include "collector/config/config_otlp.h"
#include "collector/config/schema.h"
#include "proto/base/mem.h"
#include "proto/base/text.h"
#include "proto/conf.h"

#define HOUR_MS          INT64_C(3600000)
#define RETENTION_MIN_MS HOUR_MS
#define STORE_MIN_BYTES  INT64_C(1048576)
#define RUN_MAX          1000 /* of confirm_after and clear_after */
#define PER_YEAR_LEAST   0.01
#define PER_YEAR_MOST    1000.0

static const struct regressions_config usual_rule = {
	.confirm_after = 3,
	.clear_after = 2,
	.per_year = 1,
};

/* What can be kept, and for how long when nobody says. */
static const struct kept {
	const char *name, *usual;
	size_t text, ms; /* offsets of its members */
	int max_days;
} kepts[] = {
	{ "results", "30d", offsetof(struct retention_config, results),
	    offsetof(struct retention_config, results_ms), 400 },
	{ "rollups", "730d", offsetof(struct retention_config, rollups),
	    offsetof(struct retention_config, rollups_ms), 4000 },
	{ "changes", "400d", offsetof(struct retention_config, changes),
	    offsetof(struct retention_config, changes_ms), 4000 },
};

static int
check_kept(const struct check *check, const char *path, const char *text,
    int64_t *out_ms, int max_days)
{
	struct err inner;

	if (text_duration(out_ms, text, &inner) < 0)
		return conf_complain(
		    check->conf, check->err, path, "%s", inner.text);
	if (*out_ms < RETENTION_MIN_MS || *out_ms > max_days * 24 * HOUR_MS)
		return conf_complain(check->conf, check->err, path,
		    "must be from 1h to %dd", max_days);
	return 0;
}

/* Of an environment, or of all: usual is NULL.  prefix ends with a dot. */
static int
check_retention(const struct check *check, const char *prefix,
    struct retention_config *retention, const struct retention_config *usual)
{
	int rc = 0;

	for (size_t i = 0; i < sizeof(kepts) / sizeof(kepts[0]); i++) {
		const struct kept *kept = &kepts[i];
		char **text = (void *)((char *)retention + kept->text);
		int64_t *ms = (void *)((char *)retention + kept->ms);
		struct place at;

		if (*text == NULL && usual != NULL) {
			memcpy(ms, (const char *)usual + kept->ms, sizeof(*ms));
			continue;
		}
		if (*text == NULL)
			*text = mem_strdup(kept->usual);
		at = place_of("%sretention.%s", prefix, kept->name);
		rc |= check_kept(check, at.path, *text, ms, kept->max_days);
	}
	return rc;
}

/* --- store and listen --------------------------------------------------- */

static int
check_store(const struct check *check)
{
	struct collector_config *config = check->config;
	const char *scheme = "sqlite:";
	struct err inner;
	char *path;

	if (config->store == NULL)
		return conf_complain(check->conf, check->err, "store",
		    "required key is missing");
	if (strncmp(config->store, scheme, strlen(scheme)) == 0) {
		path = mem_strdup(config->store + strlen(scheme));
		free(config->store);
		config->store = path;
	}
	if (config->store[0] == '\0')
		return conf_complain(check->conf, check->err, "store",
		    "must be the path of a file, such as "
		    "/var/lib/vedette/store.db");
	config_resolve(&config->store, check->folder);
	if (config->store_max_size == NULL)
		return 0;
	if (text_size(
		&config->store_max_bytes, config->store_max_size, &inner) < 0)
		return conf_complain(check->conf, check->err, "store_max_size",
		    "%s", inner.text);
	if (config->store_max_bytes < STORE_MIN_BYTES)
		return conf_complain(check->conf, check->err, "store_max_size",
		    "must be at least 1MiB");
	return 0;
}

static bool
has_scheme(const char *url, const char *scheme)
{
	return strncmp(url, scheme, strlen(scheme)) == 0;
}

/* Host and port are judged by the edge, which resolves them. */
static int
check_listen_one(
    const struct check *check, const char *path, struct listen_config *listen)
{
	struct place at = place_of("%s.url", path);
	bool is_tls = has_scheme(listen->url, "tls+tcp://");

	if (!is_tls && !has_scheme(listen->url, "tcp://") &&
	    !has_scheme(listen->url, "ipc:///"))
		return conf_complain(check->conf, check->err, at.path,
		    "not an address to listen on: write tls+tcp://HOST:PORT, "
		    "tcp://HOST:PORT or ipc:///PATH");
	if (!has_scheme(listen->url, "ipc://") &&
	    strrchr(listen->url, ':') == strchr(listen->url, ':'))
		return conf_complain(
		    check->conf, check->err, at.path, "must end with :PORT");
	if (is_tls && listen->tls == NULL)
		return conf_complain(check->conf, check->err, at.path,
		    "tls+tcp:// needs the key tls with ca_file, "
		    "certificate_file and key_file");
	if (listen->tls == NULL)
		return 0;
	at = place_of("%s.tls", path);
	if (!is_tls)
		return conf_complain(check->conf, check->err, at.path,
		    "is for tls+tcp:// only; change the url, or remove tls");
	config_resolve(&listen->tls->ca_file, check->folder);
	config_resolve(&listen->tls->certificate_file, check->folder);
	config_resolve(&listen->tls->key_file, check->folder);
	config_resolve(&listen->tls->revoked_file, check->folder);
	return 0;
}

static int
check_listen(const struct check *check)
{
	struct collector_config *config = check->config;
	struct place at;
	int rc = 0;

	if (config->n_listen == 0)
		rc = conf_complain(check->conf, check->err, "listen",
		    "must list at least one address");
	for (uint32_t i = 0; i < config->n_listen; i++) {
		at = place_of("listen[%u]", i);
		rc |= check_listen_one(check, at.path, &config->listen[i]);
		for (uint32_t j = 0; j < i; j++)
			if (strcmp(config->listen[i].url,
				config->listen[j].url) == 0)
				rc = conf_complain(check->conf, check->err,
				    at.path, "given twice; remove one");
	}
	return rc;
}

/* --- regressions -------------------------------------------------------- */

static int
check_number(const struct check *check, double *out, const char *path,
    const char *key, const char *text)
{
	struct place at = place_of("%s.%s", path, key);
	char *end;

	if (text == NULL)
		return 0;
	*out = strtod(text, &end);
	if (end != text && *end == '\0' && isfinite(*out))
		return 0;
	return conf_complain(
	    check->conf, check->err, at.path, "must be a number");
}

static int
check_run(const struct check *check, uint32_t *run, const char *path,
    const char *key, uint32_t usual)
{
	struct place at = place_of("%s.%s", path, key);

	if (*run == 0)
		*run = usual;
	if (*run <= RUN_MAX)
		return 0;
	*run = usual; /* environments that say nothing are not wrong, too */
	return conf_complain(
	    check->conf, check->err, at.path, "must be from 1 to %d", RUN_MAX);
}

/* Of an environment, or of all: usual is then config_empty()'s. */
static int
check_regressions(const struct check *check, const char *path,
    struct regressions_config *rule, const struct regressions_config *usual)
{
	const char *key = "false_alarms_per_year";
	struct place at = place_of("%s.%s", path, key);
	bool is_warning = !usual->is_critical;
	int rc;

	rule->per_year = usual->per_year;
	rc = check_run(check, &rule->confirm_after, path, "confirm_after",
	    usual->confirm_after);
	rc |= check_run(
	    check, &rule->clear_after, path, "clear_after", usual->clear_after);
	if (check_number(check, &rule->per_year, path, key,
		rule->false_alarms_per_year) < 0)
		rc = -1;
	else if (rule->per_year < PER_YEAR_LEAST ||
	    rule->per_year > PER_YEAR_MOST)
		rc = conf_complain(check->conf, check->err, at.path,
		    "must be from %g to %g", PER_YEAR_LEAST, PER_YEAR_MOST);
	if (rc < 0)
		rule->per_year = usual->per_year;
	if (rule->severity != NULL)
		rc |= check_severity(check, &is_warning, path, rule->severity);
	rule->is_critical = !is_warning;
	return rc;
}

/* --- environments and services ------------------------------------------ */

static int
check_environment(
    const struct check *check, struct environment_config *environment)
{
	const struct collector_config *config = check->config;
	struct place at = place_of("environments.%s", environment->name);
	int rc = 0;

	rc |= check_environment_name(check, at.path, environment->name);
	if (strcmp(environment->name, "user") == 0)
		rc = conf_complain(check->conf, check->err, at.path,
		    "user is the word for people in certificates; choose "
		    "another name");
	at = place_of("environments.%s.compare_with", environment->name);
	rc |= check_environments(check, at.path, &environment->compare_with);
	if (names_hold(&environment->compare_with, environment->name))
		rc = conf_complain(check->conf, check->err, at.path,
		    "must name other environments");
	at = place_of("environments.%s.regressions", environment->name);
	rc |= check_regressions(
	    check, at.path, &environment->regressions, &config->regressions);
	at = place_of("environments.%s.", environment->name);
	return rc |
	    check_retention(
		check, at.path, &environment->retention, &config->retention);
}

static int
check_service(const struct check *check, uint32_t i)
{
	const struct collector_config *config = check->config;
	const struct service_config *service = &config->services[i];
	struct place at = place_of("services[%u].name", i);
	int rc = 0;

	rc |= check_label(check, at.path, service->name);
	for (uint32_t j = 0; j < i; j++)
		if (strcmp(config->services[j].name, service->name) == 0)
			rc = conf_complain(check->conf, check->err, at.path,
			    "another service has this name; choose another");
	at = place_of("services[%u].depends_on", i);
	rc |= check_services(check, at.path, &service->depends_on);
	if (names_hold(&service->depends_on, service->name))
		rc = conf_complain(check->conf, check->err, at.path,
		    "must name other services");
	at = place_of("services[%u].optional", i);
	return rc | check_services(check, at.path, &service->optional);
}

/* --- expectations ------------------------------------------------------- */

static int
check_subject(const struct check *check, const char *path,
    struct expectation_config *expectation)
{
	int n = (expectation->setting != NULL) + (expectation->env != NULL) +
	    (expectation->fact != NULL);

	if (n != 1)
		return conf_complain(check->conf, check->err, path,
		    "must name exactly one of setting, env, fact");
	if (expectation->setting != NULL)
		expectation->name =
		    mem_printf("setting/%s", expectation->setting);
	else if (expectation->env != NULL)
		expectation->name = mem_printf("env/%s", expectation->env);
	else
		expectation->name = mem_strdup(expectation->fact);
	return 0;
}

/* An environment that the others are measured by. */
static int
check_as_in(const struct check *check, const char *path, const char *key,
    const char *environment)
{
	struct place at = place_of("%s.%s", path, key);

	if (environment == NULL ||
	    config_environment(check->config, environment) != NULL)
		return 0;
	return conf_complain(check->conf, check->err, at.path,
	    "not listed under environments; add it there, or correct the name");
}

static int
check_condition(const struct check *check, const char *path,
    struct expectation_config *expectation)
{
	const struct names *differ = &expectation->must_differ;
	const struct names *match = &expectation->must_match;
	int n = (expectation->at_least != NULL) +
	    (expectation->at_most != NULL) + (expectation->equals != NULL) +
	    expectation->present + (differ->n > 0) + (match->n > 0) +
	    (expectation->at_least_as_in != NULL) +
	    (expectation->at_most_as_in != NULL);
	struct place at;
	int rc = 0;

	if (n != 1)
		rc = conf_complain(check->conf, check->err, path,
		    "must have exactly one of at_least, at_most, equals, "
		    "present: true, must_differ, must_match, at_least_as_in, "
		    "at_most_as_in");
	rc |= check_as_in(
	    check, path, "at_least_as_in", expectation->at_least_as_in);
	rc |= check_as_in(
	    check, path, "at_most_as_in", expectation->at_most_as_in);
	at = place_of("%s.must_differ", path);
	rc |= check_environments(check, at.path, differ);
	if (differ->n == 1)
		rc = conf_complain(check->conf, check->err, at.path,
		    "must name at least two environments");
	at = place_of("%s.must_match", path);
	rc |= check_environments(check, at.path, match);
	if (match->n == 1)
		rc = conf_complain(check->conf, check->err, at.path,
		    "must name at least two environments");
	rc |= check_number(check, &expectation->number, path, "at_least",
	    expectation->at_least);
	return rc |
	    check_number(check, &expectation->number, path, "at_most",
		expectation->at_most);
}

static int
check_expectation(const struct check *check, uint32_t i)
{
	struct expectation_config *expectation =
	    &check->config->expectations[i];
	struct place place = place_of("expectations[%u]", i), at;
	int rc = 0;

	rc |= check_subject(check, place.path, expectation);
	rc |= check_condition(check, place.path, expectation);
	at = place_of("%s.services", place.path);
	rc |= check_services(check, at.path, &expectation->services);
	at = place_of("%s.environments", place.path);
	rc |= check_environments(check, at.path, &expectation->environments);
	if (expectation->severity == NULL)
		return rc;
	return rc |
	    check_severity(check, &expectation->is_warning, place.path,
		expectation->severity);
}

/* --- the collector ------------------------------------------------------ */

static int
check_collector(const struct check *check)
{
	struct collector_config *config = check->config;
	int rc = 0;

	if (check->is_daemon) {
		rc |= check_store(check);
		rc |= check_listen(check);
		rc |= config_http_check(
		    check->conf, config->http, check->folder, check->err);
		rc |= config_alerts_check(check);
		rc |= config_otlp_check(check);
	}
	rc |= check_regressions(
	    check, "regressions", &config->regressions, &usual_rule);
	rc |= check_retention(check, "", &config->retention, NULL);
	for (uint32_t i = 0; i < config->n_environments; i++)
		rc |= check_environment(check, &config->environments[i]);
	for (uint32_t i = 0; i < config->n_services; i++)
		rc |= check_service(check, i);
	for (uint32_t i = 0; i < config->n_expectations; i++)
		rc |= check_expectation(check, i);
	rc |= config_heartbeats_check(check);
	return rc;
}

/* The names that check_subject() made are not of the schema. */
static void
free_names(struct collector_config *config)
{
	for (uint32_t i = 0; i < config->n_expectations; i++) {
		free(config->expectations[i].name);
		config->expectations[i].name = NULL;
	}
}

static int
load(struct collector_config **out, const char *path, bool is_daemon,
    struct complaints *complaints, struct err *err)
{
	const char *slash = strrchr(path, '/');
	struct check check = { .err = err, .is_daemon = is_daemon };
	struct conf *conf = NULL;
	char *folder;
	void *data = NULL;
	int rc;

	if (conf_load_all(
		&conf, &data, path, &schema_collector, complaints, err) < 0)
		return -1;
	folder =
	    mem_strndup(path, slash != NULL ? (size_t)(slash - path) + 1 : 0);
	check.conf = conf;
	check.config = data;
	check.folder = folder;
	rc = check_collector(&check);
	if (rc == 0) {
		*out = data;
		data = NULL;
	}
	if (data != NULL)
		free_names(data);
	free(folder);
	conf_free(conf, &schema_collector, data);
	return rc;
}

int
config_load(struct collector_config **out, const char *path, struct err *err)
{
	return load(out, path, true, NULL, err);
}

int
config_load_all(struct collector_config **out, const char *path,
    struct complaints *complaints, struct err *err)
{
	return load(out, path, true, complaints, err);
}

int
config_load_rules(
    struct collector_config **out, const char *path, struct err *err)
{
	return load(out, path, false, NULL, err);
}

struct collector_config *
config_empty(void)
{
	struct collector_config *config = mem_zalloc(sizeof(*config));

	config->regressions = usual_rule;
	for (size_t i = 0; i < sizeof(kepts) / sizeof(kepts[0]); i++) {
		int64_t *ms =
		    (void *)((char *)&config->retention + kepts[i].ms);

		text_duration(ms, kepts[i].usual, NULL);
	}
	return config;
}

void
config_free(struct collector_config *config)
{
	if (config == NULL)
		return;
	free_names(config);
	conf_free(NULL, &schema_collector, config);
}
