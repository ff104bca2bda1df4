/*
 * config.h - what the configuration of a collector may say.
 *
 * Filled by libcyaml from YAML; texts are as written, numbers next to them
 * are set by config_load(), which has checked everything there is to check
 * before it returns.
 *
 *	store: /var/lib/vedette/store.db          # required
 *	listen:                                   # at least one
 *	  - url: ipc:///run/vedette/collector.sock
 *	  - url: tls+tcp://0.0.0.0:7443
 *	    tls: { ca_file: ca.pem, certificate_file: c.pem, key_file: k.pem }
 *	environments:
 *	  staging: { compare_with: [ production ], retention: { results: 7d } }
 *	  production: { regressions: { severity: critical } }
 *	services:
 *	  - name: backend
 *	    depends_on: [ database ]
 *	  - { name: database, kind: database }
 *	owners: { app: backend-team, env: platform, infra: platform }
 *	expectations:
 *	  - { setting: connection_timeout, at_least: 35, issue: "1263",
 *	      services: [ backend ] }
 *	  - { env: SECRET_KEY, must_differ: [ staging, production ] }
 *	retention: { results: 30d, rollups: 730d, changes: 400d }
 *	regressions: { confirm_after: 3, clear_after: 2,
 *	               false_alarms_per_year: 1 }
 *	http: { listen: "127.0.0.1:8080" }
 *	alerts:
 *	  receivers:
 *	    - { name: chat, webhook: { url: "@/etc/vedette/chat-url" } }
 *	  routes: [ { environments: [ production ], receivers: [ chat ] } ]
 *
 * Paths in the file are relative to its folder.
 */
#ifndef COLLECTOR_CONFIG_CONFIG_H
#define COLLECTOR_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base/err.h"
#include "proto/complaints.h"
#include "proto/result.h"

/* A list of names. */
struct names {
	char **names;
	uint32_t n;
};

struct listen_config {
	char *url;
	bool insecure; /* tcp:// beyond the loopback */
	struct tls_config {
		char *ca_file, *certificate_file, *key_file;
		char *revoked_file; /* NULL: none */
	} * tls;
};

/* How long things are kept.  An environment that does not say has what is said
 * for all. */
struct retention_config {
	char *results, *rollups, *changes;
	int64_t results_ms;
	int64_t rollups_ms; /* of hours and days */
	int64_t changes_ms; /* and regressions that were cleared */
};

/* When something is told of.  An environment that does not say has what is
 * said for all. */
struct regressions_config {
	uint32_t confirm_after, clear_after;
	char *false_alarms_per_year; /* a number; per series */
	char *severity; /* of latency and error rate: [warning] or critical */
	double per_year;
	bool is_critical;
};

struct environment_config {
	char *name;
	struct names compare_with;
	struct retention_config retention;
	struct regressions_config regressions;
};

struct service_config {
	char *name, *kind;
	struct names depends_on, optional, journeys;
};

/* Known good, with provenance.  Exactly one of setting, env and fact, and
 * exactly one of the conditions. */
struct expectation_config {
	char *setting, *env, *fact;
	char *at_least, *at_most; /* numbers */
	char *equals;
	bool present;
	struct names must_differ, must_match; /* between environments */
	char *at_least_as_in, *at_most_as_in; /* an environment */
	struct names services, environments;  /* empty: all */
	char *severity;                       /* [critical] or warning */
	char *issue;

	/* Told by people, of the environments above and all others. */
	enum relation {
		RELATION_NONE,
		RELATION_MATCHES,
		RELATION_DIFFERS,
		RELATION_FREE, /* neither, whatever its name suggests */
	} relation;

	char *name;    /* of the fact: "setting/..." "env/..." or fact */
	double number; /* of at_least or at_most */
	bool is_warning;
};

/* A job that calls over HTTP when it has ended. */
struct heartbeat_config {
	char *name, *environment;
	char *service; /* "": the environment as a whole */
	char *every, *grace, *limit;
	char *severity; /* [critical] or warning */
	char *vantage;  /* from where it calls: [in_environment] */

	int64_t every_ms, grace_ms;
	int64_t limit_ms; /* of a run; 0: none */
	bool is_warning;
	enum vantage seen_from;
};

/* The page, the API and the metrics. */
struct http_config {
	char *listen;
	struct token_config {
		char *name;
		struct names scopes; /* "read" "push" "admin" */
		char *token; /* the secret, or where it is: secret_load() */
		/* Of the scope push: for which it speaks, and from where. */
		struct names environments;
		char *vantage; /* [external] */
	} * tokens;
	uint32_t n_tokens;
	struct http_tls_config {
		char *certificate_file, *key_file;
	} * tls;
	/* To whom the metrics are given; NULL: nobody. */
	struct otlp_config {
		char *url;   /* "https://otel.example:4318/v1/metrics" */
		char *token; /* the secret, or where it is; NULL: none */
		char *ca_file, *every, *timeout;
		bool insecure; /* http:// beyond the loopback */
		int64_t every_ms, timeout_ms;
	} * otlp;
	bool behind_proxy;    /* which speaks TLS with people */
	struct names origins; /* names that browsers may call it by */
};

/* Where people are told, in one of five ways.  What is marked secret is the
 * secret itself or where it is: secret_load(). */
struct receiver_config {
	char *name;
	struct webhook_config {
		char *url;   /* secret */
		char *token; /* secret; NULL: none */
		bool text_only;
	} * webhook;
	struct alertmanager_config {
		struct names urls;
		char *token;  /* secret; NULL: none */
		char *resend; /* how often what fires is said again */
		int64_t resend_ms;
	} * alertmanager;
	struct pagerduty_config {
		char *routing_key; /* secret */
		char *url;         /* NULL: PagerDuty's own */
	} * pagerduty;
	struct smtp_config {
		char *url, *from;
		struct names to;
		char *user, *password; /* password: secret; NULL: none */
	} * smtp;
	struct names command; /* a program and its arguments */
	char *ca_file;        /* NULL: whom the system trusts */
	bool insecure;        /* no TLS, beyond the loopback */
	char *timeout;
	int64_t timeout_ms;
};

/* Which alerts go where; an empty list restricts nothing. */
struct route_config {
	struct names environments, services, classes;
	char *severity; /* critical: not those that only warn */
	struct names receivers;
	bool goes_on; /* the next route that matches counts too */
	bool is_critical;
};

/* A time in which nobody is told: once, or whenever cron says. */
struct maintenance_config {
	char *name;
	struct names environments, services;
	char *from, *to;
	int64_t from_ms, to_ms; /* 0: by cron */
	char *cron, *lasts;
	int64_t lasts_ms;
};

struct alerts_config {
	char *url; /* of the page, for links; NULL: no links */
	char *wait, *remind, *resolve_after;
	int64_t wait_ms;   /* from what opened until it is told */
	int64_t remind_ms; /* 0: never */
	int64_t resolve_after_ms;
	struct receiver_config *receivers;
	uint32_t n_receivers;
	struct route_config *routes; /* none: everything to everybody */
	uint32_t n_routes;
	struct maintenance_config *maintenance;
	uint32_t n_maintenance;
};

struct collector_config {
	char *store;
	char *store_max_size;
	struct listen_config *listen;
	uint32_t n_listen;
	struct environment_config *environments; /* empty: any */
	uint32_t n_environments;
	struct service_config *services;
	uint32_t n_services;
	struct owners_config {
		char *app, *env, *infra, *net, *blind;
	} owners;
	struct expectation_config *expectations;
	uint32_t n_expectations;
	struct heartbeat_config *heartbeats;
	uint32_t n_heartbeats;
	struct retention_config retention;
	struct regressions_config regressions;
	struct http_config *http;     /* NULL: no HTTP */
	struct alerts_config *alerts; /* NULL: nobody is told */

	int64_t store_max_bytes; /* 0: no limit */
};

/* Reads, checks, fills in defaults.  *out is owned by the caller.  Errors
 * name file, line, column and key, and never quote a value. */
int
config_load(struct collector_config **out, const char *path, struct err *err);

/* The same; adds everything that is wrong to *complaints, and err is the first
 * of it.  What has no place in the file is in err alone. */
int config_load_all(struct collector_config **out, const char *path,
    struct complaints *complaints, struct err *err);

/* The same for what judges history alone: store and listen may be missing
 * and are not looked at, and services may depend on ones that are not
 * listed. */
int config_load_rules(
    struct collector_config **out, const char *path, struct err *err);

/* One without environments, services or expectations, for stores that are
 * read without a file; owned by the caller. */
struct collector_config *config_empty(void);

void config_free(struct collector_config *config); /* NULL is allowed */

/* NULL when the file does not name it. */
const struct environment_config *
config_environment(const struct collector_config *config, const char *name);

/* ERR_DENIED when the file lists environments and this is none of them. */
int config_check_environment(const struct collector_config *config,
    const char *environment, struct err *err);

/* What counts in this environment. */
const struct regressions_config *config_regressions(
    const struct collector_config *config, const char *environment);

/* Did anything change that only a restart can bring about? */
bool config_needs_restart(
    const struct collector_config *a, const struct collector_config *b);

bool names_hold(const struct names *names, const char *name);

#endif
