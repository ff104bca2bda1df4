/*
 * cloud_call.h - asks the control plane of a cloud about a resource.
 *
 * What keeps us from an answer says nothing of the resource: no connection, a
 * refused credential, too many requests and garbage are unknown.  Only an
 * answer counts, and that there is no such resource.  How a token is come by
 * is the cloud's business: another cloud is another cloud_token_fn.
 */
#ifndef AGENT_PROBES_CLOUD_CALL_H
#define AGENT_PROBES_CLOUD_CALL_H

#include <jansson.h>
#include <stdbool.h>

#include "agent/probe.h"
#include "agent/probes/http_client.h"

struct cloud_call;

/* Goes on getting a token with the client: TURN_NEXT when *out is one, owned
 * by the caller. */
typedef enum turn cloud_token_fn(
    struct probe *probe, void *arg, struct http_client *client, char **out);

/* NULL when libcurl cannot start.  ca_file as in struct http_setup. */
struct cloud_call *cloud_call_new(struct probe *probe, const char *ca_file);

/* Goes on getting a token for the calls that follow. */
enum turn
cloud_call_authorise(struct cloud_call *call, cloud_token_fn *token, void *arg);

/* Goes on asking; begins when it was not asking.  TURN_NEXT when the cloud has
 * answered with 200 and JSON.  what names the resource for people. */
enum turn
cloud_call_get(struct cloud_call *call, const char *url, const char *what);

/* The same, for a status of any kind and without looking at the body. */
enum turn cloud_call_try(struct cloud_call *call, const char *url);
long cloud_call_status(const struct cloud_call *call);
const char *cloud_call_body(const struct cloud_call *call, size_t *out_n);

/* The answer, borrowed until the next call. */
const json_t *cloud_call_root(const struct cloud_call *call);

void cloud_call_free(struct cloud_call *call); /* NULL is allowed */

#endif
