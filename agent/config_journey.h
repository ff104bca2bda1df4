/*
 * config_journey.h - what a configuration says of a way through a service, as
 * a user goes it.
 *
 *	journey:
 *	  base: https://app.test
 *	  variables: [ { name: password, value: "@password" } ]
 *	  steps:
 *	    - name: login
 *	      method: POST
 *	      url: /api/login
 *	      body: '{"user": "probe", "password": "${password}"}'
 *	      capture: [ { name: token, json: token } ]
 *	    - name: items
 *	      url: /api/items
 *	      headers: [ { name: Authorization, value: "Bearer ${token}" } ]
 *	      expect: [ { json: 0.name, equals: chair } ]
 *
 * For agent/config.h.
 */
#ifndef AGENT_CONFIG_JOURNEY_H
#define AGENT_CONFIG_JOURNEY_H

#include <stdint.h>

struct http_header;
struct http_expect_config;

/* Something for later steps; one of json, header and cookie is given. */
struct journey_capture_config {
	char *name;
	char *json, *header, *cookie;
};

/* "${NAME}" in url, headers, body, contains and equals is what was captured
 * before under this name, or a variable of the journey. */
struct journey_step_config {
	char *name;
	char *url; /* or a path, behind base */
	char *method;
	struct http_header *headers;
	uint32_t n_headers;
	char *body;
	uint16_t *status;
	uint32_t n_status;
	char *contains;
	struct http_expect_config *expect;
	uint32_t n_expect;
	struct journey_capture_config *capture;
	uint32_t n_capture;
};

struct journey_variable_config {
	char *name, *value; /* value: a secret */
};

struct journey_config {
	char *base;
	char *ca_file, *certificate_file, *key_file;
	uint32_t max_bytes; /* of each body; default 1 MiB */
	struct journey_variable_config *variables;
	uint32_t n_variables;
	struct journey_step_config *steps;
	uint32_t n_steps;
};

#endif
