#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "collector/web/parts.h"
#include "collector/web/pushed_json.h"
#include "proto/base/mem.h"
#include "proto/base/text.h"

#define KEY_MAX_BYTES 255

/* A push under way: one batch for each environment. */
struct web_push {
	struct list node;       /* of pushes */
	struct http_call *call; /* NULL once nobody waits for the answer */
	unsigned n_left;
	bool is_repeated; /* all of them so far */
	struct rpc_status status;
	size_t n_results, n_facts;
};

/* --- what a key is ------------------------------------------------------ */

/* 0 without a key; the number of equal keys is equal.  Of SHA-256, so that
 * nobody meets two that differ. */
static int
read_key(uint64_t *out, const struct http_call *call, struct err *err)
{
	const char *key = http_header(call, "Idempotency-Key");
	unsigned char digest[EVP_MAX_MD_SIZE];
	size_t n = key != NULL ? strlen(key) : 0;

	*out = 0;
	if (key == NULL)
		return 0;
	if (n == 0 || n > KEY_MAX_BYTES)
		return err_set(err, ERR_INVALID,
		    "header Idempotency-Key: must have from 1 to %d bytes",
		    KEY_MAX_BYTES);
	EVP_Digest(key, n, digest, NULL, EVP_sha256(), NULL);
	memcpy(out, digest, sizeof(*out));
	*out |= UINT64_C(1) << 63; /* never 0 */
	return 0;
}

/* --- answering ---------------------------------------------------------- */

static void
reply_pushed(const struct web_push *push)
{
	struct text text = { 0 };
	size_t n;

	if (push->status.code != RPC_OK) {
		reply_status(push->call, &push->status);
		return;
	}
	text_addf(&text,
	    "{\"results\": %zu, \"facts\": %zu, \"repeated\": %s}\n",
	    push->n_results, push->n_facts,
	    push->is_repeated ? "true" : "false");
	n = text.n;
	reply_once(push->call, "application/json", text_take(&text), n);
}

static void
on_pushed(void *arg, const struct rpc_status *status, bool repeated)
{
	struct web_push *push = arg;

	push->is_repeated = push->is_repeated && repeated;
	if (status->code != RPC_OK)
		push->status = *status;
	if (--push->n_left > 0)
		return;
	if (push->call != NULL)
		reply_pushed(push);
	list_remove(&push->node);
	free(push);
}

void
push_forget_all(struct web *web)
{
	LIST_EACH (node, &web->pushes) {
		LIST_ITEM(node, struct web_push, node)->call = NULL;
		list_remove(node);
		list_init(node);
	}
}

static struct web_push *
push_new(struct web *web, struct http_call *call)
{
	struct web_push *push = mem_zalloc(sizeof(*push));

	list_push(&web->pushes, &push->node);
	push->call = call;
	push->is_repeated = true;
	return push;
}

/* --- results and facts -------------------------------------------------- */

/* Hands all over, or as many as are taken: then err says why no more. */
static int
hand_over(struct web *web, struct web_push *push, const struct pusher *pusher,
    const struct pushed *pushed, uint64_t key, struct err *err)
{
	for (uint32_t i = 0; i < pushed->n; i++) {
		const struct push one = { pusher->environments[i],
			pusher->agent, pusher->vantage, key,
			pushed->batches[i] };

		if (one.batch == NULL)
			continue;
		if (web->setup.push(
			web->setup.arg, &one, on_pushed, push, err) < 0)
			return -1;
		push->n_left++;
	}
	return 0;
}

/* What was taken of it is stored; the same key sends the rest again. */
static void
fail(struct web_push *push, const struct err *err)
{
	push->status = (struct rpc_status){ .code = RPC_UNAVAILABLE };
	snprintf(push->status.message, sizeof(push->status.message), "%s",
	    err->text);
	if (push->n_left > 0)
		return;
	reply_err(push->call, err);
	list_remove(&push->node);
	free(push);
}

void
push_results(struct web *web, struct http_call *call,
    const struct web_request *request, const char *rest)
{
	const struct pusher *pusher = access_pusher(web->access, call);
	int64_t now_ms = web->setup.now_ms(web->setup.arg);
	struct web_push *push;
	struct pushed pushed;
	const char *body;
	struct err err;
	uint64_t key;
	size_t n;

	(void)request;
	(void)rest;
	body = http_body(call, &n);
	if (read_key(&key, call, &err) < 0 ||
	    pushed_json_read(&pushed, pusher, now_ms, body, n, &err) < 0) {
		web->n_push_refused++;
		reply_err(call, &err);
		return;
	}
	push = push_new(web, call);
	push->n_results = pushed.n_results;
	push->n_facts = pushed.n_facts;
	if (hand_over(web, push, pusher, &pushed, key, &err) < 0)
		fail(push, &err);
	pushed_fini(&pushed);
}

/* --- signs of life ------------------------------------------------------- */

/* "start", "success", "failure", or an exit code; NULL is success. */
static int
read_signal(struct web_signal *out, const char *word, struct err *err)
{
	char *end;
	long code;

	out->exit_code = -1;
	out->kind = WEB_SIGNAL_SUCCESS;
	if (word == NULL || strcmp(word, "success") == 0)
		return 0;
	out->kind = WEB_SIGNAL_START;
	if (strcmp(word, "start") == 0)
		return 0;
	out->kind = WEB_SIGNAL_FAILURE;
	if (strcmp(word, "failure") == 0)
		return 0;
	code = strtol(word, &end, 10);
	if (word[0] < '0' || word[0] > '9' || *end != '\0' || code > 255)
		return err_set(err, ERR_NOT_FOUND,
		    "write start, success, failure or an exit code from 0 to "
		    "255 after the name");
	out->exit_code = (int)code;
	if (code == 0)
		out->kind = WEB_SIGNAL_SUCCESS;
	return 0;
}

/* ENVIRONMENT/NAME or ENVIRONMENT/NAME/WORD; cuts path into its parts. */
static int
read_signal_path(struct web_signal *out, char *path, struct err *err)
{
	char *name = strchr(path, '/'), *word;

	if (name == NULL)
		return err_set(err, ERR_NOT_FOUND,
		    "write /api/v1/heartbeat/ENVIRONMENT/NAME");
	*name++ = '\0';
	word = strchr(name, '/');
	if (word != NULL)
		*word++ = '\0';
	out->environment = path;
	out->name = name;
	return read_signal(out, word, err);
}

static int
take_signal(struct web *web, struct http_call *call, char *path,
    struct web_push *push, struct err *err)
{
	const struct pusher *pusher = access_pusher(web->access, call);
	struct web_signal signal;
	size_t n;

	signal.message = http_body(call, &n);
	if (read_key(&signal.key, call, err) < 0 ||
	    read_signal_path(&signal, path, err) < 0)
		return -1;
	if (!pusher_speaks_for(pusher, signal.environment))
		return err_set(err, ERR_DENIED,
		    "this token may not speak for %.64s", signal.environment);
	push->n_results = signal.kind != WEB_SIGNAL_START;
	return web->setup.signal(
	    web->setup.heartbeats, &signal, on_pushed, push, err);
}

/* A start is noted at once. */
void
push_signal(struct web *web, struct http_call *call,
    const struct web_request *request, const char *rest)
{
	static const struct rpc_status ok = { .code = RPC_OK };
	struct web_push *push = push_new(web, call);
	char *path = mem_strdup(rest);
	struct err err;
	int rc;

	(void)request;
	push->n_left = 1;
	rc = take_signal(web, call, path, push, &err);
	free(path);
	if (rc == 1)
		on_pushed(push, &ok, false);
	if (rc >= 0)
		return;
	web->n_push_refused++;
	push->n_left = 0;
	fail(push, &err);
}
