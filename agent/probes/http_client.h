/*
 * http_client.h - asks HTTP servers, one request after the other, in the time
 * of a probe's run.
 *
 * HTTP/1.1, each request on a fresh connection, never through a proxy; names
 * are looked up by the probe.  It follows no redirect: http_client_redirect()
 * tells where one leads.  A body that is larger than it may be, and a server
 * that cannot be reached, end the run, as probe_fail() does.
 */
#ifndef AGENT_PROBES_HTTP_CLIENT_H
#define AGENT_PROBES_HTTP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

#include "agent/probe.h"

enum http_phase {
	HTTP_RESOLVE,
	HTTP_CONNECT,
	HTTP_TLS,
	HTTP_FIRST_BYTE,
	HTTP_TRANSFER,
	HTTP_PHASES
};
extern const char *const http_phases[]; /* ends with NULL */

/* Texts are borrowed until the client is freed. */
struct http_setup {
	const char *ca_file; /* NULL: the system's authorities */
	const char *certificate_file, *key_file; /* NULL: none */
	size_t max_bytes;                        /* of a body */
	bool wants_body;                         /* keeps it */
	bool keeps_cookies;                      /* from one to the next */
	bool has_phases; /* the run's phases are http_phases */
	/* A line of the answer's head, as it came, not ended by NUL.  May be
	 * NULL. */
	void (*on_line)(void *arg, const char *line, size_t n);
	void *arg;
};

struct http_client;

/* Returns NULL when libcurl cannot start. */
struct http_client *
http_client_new(struct probe *probe, const struct http_setup *setup);

/* Adds a header to all requests from now on; the value may be a secret. */
void http_client_add_header(
    struct http_client *client, const char *name, const char *value);
void http_client_forget_headers(struct http_client *client);

/* Copied. */
struct http_request {
	const char *url, *method;
	const char *body; /* NULL: none */
	bool is_upgrade;  /* a status of 101 is the end of the answer */
};

/* Prepares a request; http_client_step() makes it.  -1 when the URL is not one
 * of HTTP.  Headers go to the server of the first request only, unless
 * http_client_trust() is called before. */
int
http_client_ask(struct http_client *client, const struct http_request *request);

/* From now on the headers are for the server of the next request. */
void http_client_trust(struct http_client *client);

/* Goes on: TURN_WAIT, TURN_NEXT when there is an answer, TURN_STOP when the run
 * has ended. */
enum turn http_client_step(struct http_client *client);

/* The limit was reached: reports the phases and says what there was no answer
 * to. */
void http_client_expire(struct http_client *client);

/* --- of the last answer ------------------------------------------------------- */

long http_client_status(const struct http_client *client);
size_t http_client_received(const struct http_client *client); /* bytes */
const char *http_client_body(const struct http_client *client, size_t *out_n);

/* "https://HOST:PORT/PATH", without user and query. */
const char *http_client_target(const struct http_client *client);

/* Where it leads, borrowed until the next http_client_ask(); NULL when it does
 * not. */
const char *http_client_redirect(const struct http_client *client);

/* Reports the phases of all requests, and the attribute "server". */
void http_client_report(struct http_client *client);

void http_client_free(struct http_client *client); /* NULL is allowed */

#endif
