#include <stdlib.h>
#include <string.h>

#include "agent/probes/cloud_call.h"
#include "agent/probes/json_path.h"
#include "proto/base/mem.h"

#define ANSWER_MAX_BYTES (1024 * 1024)

struct cloud_call {
	struct probe *probe;
	struct http_client *client;
	bool is_asking;
	json_t *root;
};

struct cloud_call *
cloud_call_new(struct probe *probe, const char *ca_file)
{
	struct cloud_call *call = mem_zalloc(sizeof(*call));
	struct http_setup setup = {
		.ca_file = ca_file,
		.max_bytes = ANSWER_MAX_BYTES,
		.wants_body = true,
	};

	call->probe = probe;
	call->client = http_client_new(probe, &setup);
	if (call->client == NULL) {
		free(call);
		return NULL;
	}
	return call;
}

/* Whatever has ended the run: nothing is known of the resource. */
static enum turn
unknown(struct probe *p)
{
	char *why = mem_strdup(probe_message(p));

	probe_unknown(p, probe_reason(p), "%s", why);
	free(why);
	return TURN_STOP;
}

enum turn
cloud_call_authorise(struct cloud_call *call, cloud_token_fn *token, void *arg)
{
	char *bearer = NULL, *value;
	enum turn turn = token(call->probe, arg, call->client, &bearer);

	if (turn == TURN_STOP)
		return unknown(call->probe);
	if (turn == TURN_WAIT)
		return TURN_WAIT;
	probe_hide(call->probe, bearer);
	http_client_forget_headers(call->client);
	value = mem_printf("Bearer %s", bearer);
	http_client_add_header(call->client, "Authorization", value);
	explicit_bzero(value, strlen(value));
	explicit_bzero(bearer, strlen(bearer));
	free(value);
	free(bearer);
	return TURN_NEXT;
}

enum turn
cloud_call_try(struct cloud_call *call, const char *url)
{
	struct http_request request = { .url = url, .method = "GET" };
	enum turn turn;

	if (!call->is_asking) {
		json_decref(call->root);
		call->root = NULL;
		http_client_trust(call->client);
		if (http_client_ask(call->client, &request) < 0)
			return probe_unknown(call->probe, REASON_INTERNAL,
			    "the url cannot be used");
		call->is_asking = true;
	}
	turn = http_client_step(call->client);
	if (turn == TURN_WAIT)
		return TURN_WAIT;
	call->is_asking = false;
	if (turn == TURN_STOP)
		return unknown(call->probe);
	probe_number(call->probe, "status", (double)cloud_call_status(call));
	return TURN_NEXT;
}

/* The error's word for itself, "PERMISSION_DENIED"; owned by the caller. */
static char *
error_status(const json_t *root)
{
	char *text = json_path_text(root, "error.status");

	return text != NULL ? text : mem_strdup("no reason given");
}

static enum turn
refuse(struct cloud_call *call, const char *what)
{
	struct probe *p = call->probe;
	long status = cloud_call_status(call);
	char *word = error_status(call->root);
	enum turn turn;

	if (status == 404)
		turn = probe_fail(p, REASON_MISSING,
		    "%s does not exist (404 %s)", what, word);
	else if (status == 401 || status == 403)
		turn = probe_unknown(p, REASON_DENIED,
		    "the probe's own credential is refused (%ld %s); this says "
		    "nothing of %s",
		    status, word, what);
	else
		turn = probe_unknown(p, REASON_STATUS,
		    "the API answers with %ld (%s); this says nothing of %s",
		    status, word, what);
	free(word);
	return turn;
}

enum turn
cloud_call_get(struct cloud_call *call, const char *url, const char *what)
{
	enum turn turn = cloud_call_try(call, url);
	const char *body;
	size_t n;

	if (turn != TURN_NEXT)
		return turn;
	body = http_client_body(call->client, &n);
	call->root = json_loadb(body, n, 0, NULL);
	if (cloud_call_status(call) != 200)
		return refuse(call, what);
	if (json_is_object(call->root))
		return TURN_NEXT;
	return probe_unknown(call->probe, REASON_PROTOCOL,
	    "the API does not answer with JSON; this says nothing of %s", what);
}

long
cloud_call_status(const struct cloud_call *call)
{
	return http_client_status(call->client);
}

const char *
cloud_call_body(const struct cloud_call *call, size_t *out_n)
{
	return http_client_body(call->client, out_n);
}

const json_t *
cloud_call_root(const struct cloud_call *call)
{
	return call->root;
}

void
cloud_call_free(struct cloud_call *call)
{
	if (call == NULL)
		return;
	json_decref(call->root);
	http_client_free(call->client);
	free(call);
}
