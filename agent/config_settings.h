/*
 * config_settings.h - what a configuration says of the settings of a service:
 * where they are read, and what they should be.
 *
 *	settings:
 *	  sources:
 *	    - { name: process, variables: { pidfile: /run/backend.pid } }
 *	    - { name: file, file: /etc/backend.yaml }
 *	    - { name: health, url: "http://127.0.0.1:8000/settings" }
 *	    - { name: server, postgres: { url: "@monitor.url" } }
 *	  register:
 *	    - name: connection_timeout
 *	      type: number
 *	      declared: { source: file, key: database.connection_timeout }
 *	      effective: { source: health, key: connection_timeout }
 *	      guards: [ { since: "1263", at_least: "35" } ]
 *	  invariants:
 *	    - name: timeouts
 *	      rule: pool_timeout <= connection_timeout < initialization_timeout
 *
 * For agent/config.h.
 */
#ifndef AGENT_CONFIG_SETTINGS_H
#define AGENT_CONFIG_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/result.h"

/* Where settings are read; one of variables, file, url and postgres. */
struct setting_source_config {
	char *name;
	struct variables_config *variables; /* keys are their names */
	char *file;
	char *format; /* "env" "yaml" "json" "ini"; default: as the file's
			 name ends */
	char *url;    /* answers JSON */
	char *ca_file;
	struct postgres_inputs *postgres; /* keys are what SHOW takes */
};

/* A setting in a source. */
struct setting_place_config {
	char *source, *key;

	uint32_t index; /* of the source */
};

struct setting_bounds_config {
	char *at_least, *at_most, *equals;

	double low, high; /* of the former two; NaN: not given */
};

/* A fix that must stay in force. */
struct setting_guard_config {
	char *since; /* the issue it was made for */
	struct setting_bounds_config bounds;
};

struct setting_config {
	char *name;
	char *type; /* "text" (default) "integer" "number" "duration"
		       "boolean" */
	char *severity;
	bool show;    /* a text without secrecy: its value may be sent */
	bool compare; /* between environments, by the fleet's key */
	struct setting_place_config *declared, *effective; /* or both */
	struct setting_bounds_config bounds;
	char *known_good;
	struct setting_guard_config *guards;
	uint32_t n_guards;

	int value_type; /* an enum value_type */
	enum outcome outcome;
};

/* "a <= b < 60": names of settings, and numbers. */
struct setting_invariant_config {
	char *name, *rule;
	char *severity;
	char *since; /* makes it a guard */

	enum outcome outcome;
};

struct settings_config {
	struct setting_source_config *sources;
	uint32_t n_sources;
	struct setting_config *settings; /* the key "register" */
	uint32_t n_settings;
	struct setting_invariant_config *invariants;
	uint32_t n_invariants;
};

#endif
