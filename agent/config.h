/*
 * config.h - what the configuration of an agent may say.
 *
 * Filled by libcyaml from YAML; texts are as written, numbers next to them
 * (interval_ms beside interval) are set by config_load(), which has checked
 * everything there is to check before it returns.
 *
 *	agent: stg-1                      # required
 *	environment: staging              # required
 *	vantage: in_environment
 *	identity:                         # all must hold
 *	  - { variable: ENVIRONMENT, equals: staging }
 *	  - hostname: stg-*
 *	  - address: 10.77.1.0/24
 *	collectors: [ "tls+tcp://collector.test:7443" ]
 *	tls: { ca_file: ca.pem, certificate_file: c.pem, key_file: k.pem }
 *	spool: { path: spool.db, max_size: 1GiB, max_age: 7d }
 *	defaults: { interval: 30s, timeout: 5s, retry_interval: 1s, retries: 0 }
 *	probes:                           # at least one
 *	  - name: backend-env
 *	    service: backend
 *	    interval: 10s
 *	    env:
 *	      source: { command: "*gunicorn*" }
 *	      require:
 *	        - name: SECRET_KEY
 *	          min_length: 32
 *	      groups:
 *	        - name: database
 *	          alternatives:
 *	            - names: [ DATABASE_URL ]
 *	            - names: [ POSTGRES_HOST, POSTGRES_PORT, POSTGRES_DB ]
 *	      absent: [ DEBUG ]
 *	      watch: [ LOG_LEVEL ]
 *	  - name: db
 *	    service: database
 *	    postgres:
 *	      variables: { pidfile: /run/backend.pid }
 *	      query: select count(*) from orders
 *	      reference: { url: "@reference.url" }
 *	  - name: web
 *	    http: { url: "https://web.test/health", status: [ 200 ] }
 *	  - name: load
 *	    exec: { command: [ check_load, -w, 5, -c, 10 ] }
 *
 * Paths in the file are relative to its folder.
 */
#ifndef AGENT_CONFIG_H
#define AGENT_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/config_gcp.h"
#include "agent/config_journey.h"
#include "agent/config_settings.h"
#include "proto/base/err.h"
#include "proto/base/secret.h"
#include "proto/complaints.h"
#include "proto/result.h"

/* Where a set of environment variables is read; exactly one is given. */
struct variables_config {
	char *pidfile; /* of the process whose environment counts */
	char *command; /* shell pattern on the process's command line */
	char *unit;    /* of systemd: "backend" or "backend.service" */
	uint16_t port; /* it listens on; 0: not given */
	char *file;    /* NAME=value lines */
	bool self;     /* the agent's own */
};

/* A variable that must be there. */
struct variable_config {
	char *name;
	char *severity; /* "critical" (default) or "warning" */
	char *type;     /* "text" (default) "integer" "number" "boolean"
			   "url" "port" "path" */
	uint32_t min_length;
	char **not_placeholder; /* further placeholders than the known ones */
	uint32_t n_not_placeholder;
	char **aliases; /* other names it may have */
	uint32_t n_aliases;
	char **legacy; /* names it may have, but should not any more */
	uint32_t n_legacy;
	bool show; /* a typed value without secrecy: its value may be sent */

	enum outcome outcome; /* of severity */
};

/* All names of one of the alternatives must be there. */
struct group_config {
	char *name;
	char *severity;
	struct names {
		char **names;
		uint32_t n_names;
	} * alternatives;
	uint32_t n_alternatives;

	enum outcome outcome;
};

/* Two values that must be the same, or must not. */
struct relation_config {
	char *name, *with;               /* default: the same name */
	struct variables_config *source; /* of with; NULL: the same place */
	char *severity;

	enum outcome outcome;
};

struct env_config {
	struct variables_config source;
	struct variable_config *require;
	uint32_t n_require;
	struct group_config *groups;
	uint32_t n_groups;
	char **absent; /* must not be set */
	uint32_t n_absent;
	char **must_be_absent; /* the same, in the words of must_match */
	uint32_t n_must_be_absent;
	struct relation_config *must_match, *must_differ;
	uint32_t n_must_match, n_must_differ;
	char *file;   /* that the process was given its variables by */
	char **watch; /* neither required nor forbidden: facts only */
	uint32_t n_watch;
	char **compare; /* facts that are compared between environments */
	uint32_t n_compare;
};

/* How to reach a PostgreSQL.  url (postgres://...) or the parts, or, with
 * variables, what a service is given: DATABASE_URL or POSTGRES_HOST, _PORT,
 * _DB, _USER, _PASSWORD (PGHOST ... as well) read from there at each run. */
struct postgres_inputs {
	char *url; /* a secret: "${NAME}" or "@/file" too */
	char *host, *database, *user, *password; /* password: a secret */
	char *sslmode; /* libpq's words; default "prefer" */
	uint16_t port; /* 0: 5432 */
	struct variables_config *variables; /* NULL when not given */
};

/* Who holds the connections of a server, and who waits for whom. */
struct postgres_sessions_config {
	/* Percent of max_connections; NULL when not given [80, 95]. */
	uint32_t *warning, *critical;
	char *blocked_for; /* so long, and it is critical [5s] */
};

struct postgres_config {
	struct postgres_inputs inputs;
	struct postgres_inputs *reference; /* NULL: no reference run */
	char *query; /* default "select 1"; must return a row */
	bool write;  /* into a temporary table */
	struct postgres_sessions_config *sessions; /* NULL: not looked at */
};

struct tcp_config {
	char *host;
	uint16_t port;
};

struct dns_config {
	char *name;
	char *type;    /* "A" (default) "AAAA" "CNAME" "MX" "TXT" "SRV" */
	char *server;  /* address[:port]; NULL: those of the system */
	char **expect; /* answers that must be there; empty: any */
	uint32_t n_expect;
};

/* A property read from an answer and sent as a fact. */
struct http_fact_config {
	char *name;   /* "build" */
	char *header; /* one of header and json is given */
	char *json;   /* key of the body's JSON object, dots go deeper */
};

/* Something that must hold of an answer; one of header and json is given, and
 * at least one of the others. */
struct http_expect_config {
	char *header, *json;
	char *equals, *contains;
	char *at_least, *at_most;

	double low, high; /* of at_least and at_most; NaN: not given */
};

/* Who must answer; one of header and json is given. */
struct http_identity_config {
	char *header, *json;
	char *equals;
};

struct http_config {
	char *url;
	char *method; /* default "GET" */
	struct http_header {
		char *name, *value; /* value: a secret */
	} * headers;
	uint32_t n_headers;
	char *body;       /* a secret */
	uint16_t *status; /* that are ok; default 200 to 299 */
	uint32_t n_status;
	char *contains;                    /* text the body must hold */
	uint32_t max_bytes;                /* of the body; default 1 MiB */
	char *ca_file;                     /* default: the system's */
	char *certificate_file, *key_file; /* our own; default: none */
	bool follow;                       /* redirects, at most 5 */
	bool websocket;                    /* asks to go on as one; 101 is ok */
	struct http_expect_config *expect;
	uint32_t n_expect;
	struct http_identity_config *identity; /* NULL: anybody */
	struct http_fact_config *facts;
	uint32_t n_facts;
};

/* Looks at the certificate that is shown at a port. */
struct tls_probe_config {
	char *host;
	uint16_t port;      /* default 443 */
	char *server_name;  /* whom it must be for; default host */
	char *ca_file;      /* default: the system's */
	uint32_t warn_days; /* before the first of the chain expires [14] */
	char *starttls;     /* the protocol that begins in plain text; NULL */
	/* Our own certificate, to be shown; both or none. */
	char *certificate_file, *key_file;
};

/* How to reach a redis.  url (redis://..., rediss://...) or the parts, or, with
 * variables, what a service is given: REDIS_URL, or REDIS_HOST, _PORT, _DB,
 * _USERNAME, _PASSWORD read from there at each run. */
struct redis_inputs {
	char *url;                    /* a secret: "${NAME}" or "@/file" too */
	char *host, *user, *password; /* password: a secret */
	uint16_t port;                /* 0: 6379 */
	uint32_t database;
	bool tls;                           /* as rediss:// says as well */
	char *ca_file;                      /* default: the system's */
	struct variables_config *variables; /* NULL when not given */
};

struct redis_config {
	struct redis_inputs inputs;
	struct redis_inputs *reference; /* NULL: no reference run */
	char *role;  /* "primary" or "replica"; NULL: either */
	char *write; /* a key that is written; NULL: none */
};

/* Echo requests to a host. */
struct icmp_config {
	char *host;
	uint32_t count;       /* requests a run [3] */
	char *spacing, *wait; /* between two [200ms], for the last reply [1s] */
	uint32_t warning_loss;  /* in percent [1] */
	uint32_t critical_loss; /* [100] */
};

/* Shares that are used, in percent; 0: no limit. */
struct host_limits {
	uint32_t warning, critical;
};

/* How bad it is that the kernel kills a process for want of memory: critical,
 * warning, ignore. */
struct host_oom_kills {
	char *cgroup;   /* of the agent's control group [critical] */
	char *host;     /* elsewhere on the host [warning] */
	char *told_for; /* after it was found [10m] */
};

/* The host that the agent runs on, and the control group it is in. */
struct host_config {
	struct host_disk {
		char *path;
		bool mount;                /* it must be mounted there */
		struct host_limits limits; /* of bytes and of inodes [85, 95] */
	} * disks;                         /* default: that of / */
	uint32_t n_disks;
	struct host_limits memory;      /* [90, 95] */
	struct host_limits descriptors; /* [80, 95]; processes too */
	struct host_limits load; /* over 5 minutes, of the processors [0, 0] */
	struct host_oom_kills oom_kills;
	char *proc, *cgroup; /* [/proc] [/sys/fs/cgroup] */
};

/* Errors in a log that were not there before. */
struct log_config {
	char *file, *unit;       /* one of them is given; unit: of systemd */
	char **errors, **ignore; /* extended regular expressions, any case */
	uint32_t n_errors, n_ignore;
	char *severity;          /* of what is found [warning] */
	uint32_t max_per_minute; /* of errors that are known; 0: any */
	char *fresh_within;      /* something is written so often; NULL: no
				    matter */
};

/* A program that says what it found by exit code, text and performance data,
 * as plug-ins of Nagios do. */
struct exec_config {
	char **command; /* arguments, without a shell; the first is a path, or
			   a name that is looked for */
	uint32_t n_command;
	struct exec_variable {
		char *name, *value; /* value: a secret */
	} * environment; /* all that it is given, but PATH and HOME */
	uint32_t n_environment;
};

struct probe_config {
	char *name, *service;
	char *replica; /* which of several it looks at; NULL: the service */
	char *through; /* a proxy that it goes through; NULL: straight */
	char *interval, *timeout, *retry_interval;
	uint8_t retries; /* runs more before a failure counts */
	/* Exactly one of these says what kind it is. */
	struct env_config *env;
	struct postgres_config *postgres;
	struct tcp_config *tcp;
	struct dns_config *dns;
	struct http_config *http;
	struct gcp_config *gcp_run, *gcp_secret, *gcp_sql, *gcp_vpc_connector;
	struct journey_config *journey;
	struct settings_config *settings;
	struct tls_probe_config *tls;
	struct redis_config *redis;
	struct icmp_config *icmp;
	struct host_config *host;
	struct log_config *log;
	struct exec_config *exec;

	uint32_t interval_ms, timeout_ms, retry_interval_ms;
	const struct probe_kind *kind;
};

/* A proof that the agent stands where it says; exactly one of the forms. */
struct proof_config {
	char *variable, *equals; /* of the agent's environment */
	char *hostname;          /* shell pattern */
	char *address;           /* "10.77.1.0/24": one of ours is inside */
};

struct agent_config {
	char *agent, *environment;
	char *vantage; /* what the proofs prove; default "in_environment" */
	struct proof_config *identity; /* all must hold; empty: unproven */
	uint32_t n_identity;
	char **collectors; /* URLs, tried in turn */
	uint32_t n_collectors;
	bool insecure; /* tcp:// beyond the loopback */
	struct tls_config {
		char *ca_file, *certificate_file, *key_file;
		char *server_name;
	} * tls;
	struct spool_config {
		char *path;               /* default STATE/spool.db */
		char *max_size, *max_age; /* 1GiB, 7d */
		int64_t max_bytes, max_age_ms;
	} spool;
	char *state_directory; /* default /var/lib/vedette-agent */
	char *fingerprint_key; /* file; default STATE/fingerprint.key, made
				   when absent */
	char *fingerprint_fleet_key; /* file; NULL: there is none */
	char *fingerprint_overlap;   /* both keys are sent for so long [24h] */
	int64_t fingerprint_overlap_ms;
	char *heartbeat;      /* a batch at least this often [10s] */
	uint16_t concurrency; /* probes at a time [512] */
	struct defaults_config {
		char *interval, *timeout, *retry_interval; /* 30s 5s 1s */
		uint8_t retries;                           /* 0 */
	} defaults;
	struct probe_config *probes;
	uint32_t n_probes;

	uint32_t heartbeat_ms;
	enum vantage claimed; /* of vantage */
};

/* Reads, checks, fills in defaults.  *out is owned by the caller.  Errors
 * name file, line, column and key, and never quote a value. */
int config_load(struct agent_config **out, const char *path, struct err *err);

/* The same; adds everything that is wrong to *complaints, and err is the first
 * of it.  What has no place in a file is in err alone. */
int config_load_all(struct agent_config **out, const char *path,
    struct complaints *complaints, struct err *err);
void config_free(struct agent_config *config); /* NULL is allowed */

#endif
