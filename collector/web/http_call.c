#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "collector/web/http_call.h"
#include "proto/base/mem.h"
#include "proto/base/text.h"

#define REQUEST_MAX_MS (HTTP_REQUEST_MAX_S * INT64_C(1000))

/* A connection. */
struct guest {
	struct list node; /* of guests */
	int fd;
	int64_t since_ms; /* since when a request is waited for */
	bool is_busy;     /* a request is being answered */
	bool has_asked;   /* one ever was */
	struct http_calls *calls;
	struct identity *identity; /* that it was shown; or NULL */
};

enum stage { READING, HANDLING, HELD, ANSWERED, TOO_LARGE, STREAMING };

struct http_call {
	struct list node; /* of held */
	struct http_calls *calls;
	struct MHD_Connection *connection;
	struct guest *guest;
	char *path;
	enum http_method method;
	enum stage stage;
	size_t n_body, body_max;
	bool wants_body;
	struct text body;
	struct MHD_Response *response;
	unsigned status;
	struct http_stream *stream;
};

struct http_stream {
	struct http_call *call;
	struct text waiting;
	size_t n_taken; /* of waiting */
	bool is_suspended;
	bool is_ended;
	void (*on_closed)(void *arg);
	void *arg;
};

void
http_calls_init(struct http_calls *calls, const struct http_setup *setup)
{
	calls->loop = setup->loop;
	calls->handle = setup->handle;
	calls->wants_body = setup->wants_body;
	calls->arg = setup->arg;
	list_init(&calls->guests);
	list_init(&calls->held);
}

/* --- connections -------------------------------------------------------- */

/* Ends a connection: the library finds it closed and lets it go. */
static void
show_out(struct guest *guest)
{
	shutdown(guest->fd, SHUT_RDWR);
	guest->is_busy = true; /* once is enough */
}

/* The longest idle one makes room for a new one. */
static void
evict(struct http_calls *calls)
{
	LIST_EACH (node, &calls->guests) {
		struct guest *guest = LIST_ITEM(node, struct guest, node);

		if (guest->is_busy)
			continue;
		calls->counts.evicted++;
		show_out(guest);
		return;
	}
}

static void
welcome(
    struct http_calls *calls, struct MHD_Connection *connection, void **context)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
	    connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct guest *guest = mem_zalloc(sizeof(*guest));

	calls->counts.accepted++;
	if (++calls->counts.open > HTTP_CONNECTIONS_MAX)
		evict(calls);
	guest->fd = info->connect_fd;
	guest->calls = calls;
	guest->since_ms = (int64_t)uv_now(calls->loop);
	list_push(&calls->guests, &guest->node);
	*context = guest;
}

void
http_call_on_connection(void *arg, struct MHD_Connection *connection,
    void **context, enum MHD_ConnectionNotificationCode code)
{
	struct http_calls *calls = arg;
	struct guest *guest = *context;

	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		welcome(calls, connection, context);
		return;
	}
	if (!guest->has_asked)
		calls->counts.unasked++;
	calls->counts.open--;
	list_remove(&guest->node);
	identity_drop(guest->identity);
	free(guest);
	*context = NULL;
}

/* The library's session carries its connection; that one carries ours. */
int
http_call_on_certificate(gnutls_session_t session, const gnutls_datum_t *names,
    int n_names, const gnutls_pk_algorithm_t *algorithms, int n_algorithms,
    gnutls_pcert_st **chain, unsigned *n_chain, gnutls_privkey_t *key)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(gnutls_session_get_ptr(session),
		MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct guest *guest = info->socket_context;

	(void)names;
	(void)n_names;
	(void)algorithms;
	(void)n_algorithms;
	if (guest->identity == NULL)
		guest->identity = identity_hold(guest->calls->identity);
	*chain = guest->identity->chain;
	*n_chain = guest->identity->n_chain;
	*key = guest->identity->key;
	return 0;
}

void
http_calls_sweep(struct http_calls *calls)
{
	int64_t now_ms = (int64_t)uv_now(calls->loop);

	LIST_EACH (node, &calls->guests) {
		struct guest *guest = LIST_ITEM(node, struct guest, node);

		if (guest->is_busy)
			continue;
		if (now_ms - guest->since_ms < REQUEST_MAX_MS)
			return; /* those behind it came later */
		calls->counts.late++;
		show_out(guest);
	}
}

/* --- a request ---------------------------------------------------------- */

static enum http_method
method_of(const char *name)
{
	if (strcmp(name, MHD_HTTP_METHOD_GET) == 0)
		return HTTP_GET;
	if (strcmp(name, MHD_HTTP_METHOD_HEAD) == 0)
		return HTTP_HEAD;
	if (strcmp(name, MHD_HTTP_METHOD_POST) == 0)
		return HTTP_POST;
	return HTTP_OTHER;
}

static struct http_call *
begin(struct http_calls *calls, struct MHD_Connection *connection,
    const char *url, const char *method)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
	    connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct http_call *call = mem_zalloc(sizeof(*call));

	calls->counts.requests++;
	call->calls = calls;
	call->connection = connection;
	call->guest = info->socket_context;
	call->guest->has_asked = true;
	call->path = mem_strdup(url);
	call->method = method_of(method);
	list_init(&call->node);
	call->wants_body =
	    calls->wants_body != NULL && calls->wants_body(calls->arg, call);
	call->body_max =
	    call->wants_body ? HTTP_WANT_MAX_BYTES : HTTP_BODY_MAX_BYTES;
	return call;
}

static enum MHD_Result
deliver(struct http_call *call)
{
	enum MHD_Result rc =
	    MHD_queue_response(call->connection, call->status, call->response);

	call->calls->counts.answered++;
	call->calls->counts.wrong += call->status / 100 == 4;
	call->calls->counts.failed += call->status / 100 == 5;
	MHD_destroy_response(call->response);
	call->response = NULL;
	return rc;
}

/* The request is whole. */
static enum MHD_Result
handle(struct http_call *call)
{
	call->stage = HANDLING;
	call->guest->is_busy = true;
	call->calls->handle(call->calls->arg, call);
	if (call->stage != HANDLING)
		return deliver(call);
	call->stage = HELD;
	list_push(&call->calls->held, &call->node);
	MHD_suspend_connection(call->connection);
	return MHD_YES;
}

static enum MHD_Result
refuse_body(struct http_call *call)
{
	char text[96];

	call->calls->counts.oversize++;
	call->guest->is_busy = true;
	snprintf(text, sizeof(text),
	    "{\"error\":\"too_large\",\"message\":\"a body of more than %zu "
	    "KiB\"}\n",
	    call->body_max / 1024);
	http_answer(call,
	    &(struct http_answer){ .status = MHD_HTTP_CONTENT_TOO_LARGE,
		.type = "application/json",
		.body = text,
		.n = strlen(text) });
	return deliver(call);
}

/* Does the request announce more than is read?  Then it is answered before
 * it is sent. */
static bool
is_too_large(const struct http_call *call)
{
	const char *length = http_header(call, MHD_HTTP_HEADER_CONTENT_LENGTH);

	return length != NULL && strtoull(length, NULL, 10) > call->body_max;
}

enum MHD_Result
http_call_on_access(void *arg, struct MHD_Connection *connection,
    const char *url, const char *method, const char *version, const char *bytes,
    size_t *n, void **context)
{
	struct http_call *call = *context;

	(void)version;
	if (call == NULL) {
		call = begin(arg, connection, url, method);
		*context = call;
		return is_too_large(call) ? refuse_body(call) : MHD_YES;
	}
	if (*n > 0) {
		call->n_body += *n;
		if (call->wants_body && call->n_body <= call->body_max)
			text_add_bytes(&call->body, bytes, *n);
		*n = 0;
		if (call->n_body <= call->body_max)
			return MHD_YES;
		call->calls->counts.oversize++;
		return MHD_NO; /* in the midst of it only closing helps */
	}
	if (call->stage == ANSWERED)
		return deliver(call);
	return handle(call);
}

static void
end_stream(struct http_stream *stream)
{
	stream->call->calls->counts.streams--;
	stream->on_closed(stream->arg);
	text_fini(&stream->waiting);
	free(stream);
}

void
http_call_on_completed(void *arg, struct MHD_Connection *connection,
    void **context, enum MHD_RequestTerminationCode code)
{
	struct http_call *call = *context;
	struct http_calls *calls = arg;

	(void)connection;
	(void)code;
	if (call == NULL)
		return;
	*context = NULL;
	if (call->stream != NULL)
		end_stream(call->stream);
	if (call->response != NULL)
		MHD_destroy_response(call->response);
	list_remove(&call->node);
	call->guest->is_busy = false;
	call->guest->since_ms = (int64_t)uv_now(calls->loop);
	list_remove(&call->guest->node);
	list_push(&calls->guests, &call->guest->node);
	text_fini(&call->body);
	free(call->path);
	free(call);
}

/* --- what a call says --------------------------------------------------- */

enum http_method
http_method(const struct http_call *call)
{
	return call->method;
}

const char *
http_path(const struct http_call *call)
{
	return call->path;
}

const char *
http_header(const struct http_call *call, const char *name)
{
	return MHD_lookup_connection_value(
	    call->connection, MHD_HEADER_KIND, name);
}

const char *
http_body(const struct http_call *call, size_t *out_n)
{
	*out_n = call->body.n;
	return call->body.bytes != NULL ? call->body.bytes : "";
}

const char *
http_query(const struct http_call *call, const char *name)
{
	return MHD_lookup_connection_value(
	    call->connection, MHD_GET_ARGUMENT_KIND, name);
}

/* What a walk over the parameters carries. */
struct walk {
	http_each_fn *each;
	void *arg;
};

static enum MHD_Result
on_query(
    void *arg, enum MHD_ValueKind kind, const char *name, const char *value)
{
	const struct walk *walk = arg;

	(void)kind;
	walk->each(walk->arg, name, value != NULL ? value : "");
	return MHD_YES;
}

void
http_queries(const struct http_call *call, http_each_fn *each, void *arg)
{
	struct walk walk = { each, arg };

	MHD_get_connection_values(
	    call->connection, MHD_GET_ARGUMENT_KIND, on_query, &walk);
}

/* --- answering ---------------------------------------------------------- */

/* For every answer, whoever asks: nothing is guessed, framed, or fetched from
 * elsewhere. */
static const char *const headers[][2] = {
	{ "X-Content-Type-Options", "nosniff" },
	{ "Referrer-Policy", "no-referrer" },
	{ "Cross-Origin-Resource-Policy", "same-origin" },
	{ "Cross-Origin-Opener-Policy", "same-origin" },
	{ "Content-Security-Policy",
	    "default-src 'none'; script-src 'self'; style-src 'self'; img-src "
	    "'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
	    "frame-ancestors 'none'" },
	{ "Vary", "Accept-Encoding, Authorization" },
};

static void
add(struct MHD_Response *response, const char *name, const char *value)
{
	if (value != NULL)
		MHD_add_response_header(response, name, value);
}

static void
add_headers(struct MHD_Response *response, const struct http_answer *answer)
{
	char retry[16];

	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
		add(response, headers[i][0], headers[i][1]);
	add(response, MHD_HTTP_HEADER_CONTENT_TYPE, answer->type);
	add(response, MHD_HTTP_HEADER_CONTENT_ENCODING, answer->encoding);
	add(response, MHD_HTTP_HEADER_ETAG, answer->etag);
	add(response, MHD_HTTP_HEADER_CACHE_CONTROL,
	    answer->cache != NULL ? answer->cache : "no-store");
	add(response, MHD_HTTP_HEADER_ALLOW, answer->allow);
	add(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE, answer->authenticate);
	snprintf(retry, sizeof(retry), "%u", answer->retry_s);
	add(response, MHD_HTTP_HEADER_RETRY_AFTER,
	    answer->retry_s > 0 ? retry : NULL);
}

static void
resume(struct http_call *call)
{
	MHD_resume_connection(call->connection);
	call->calls->on_resumed(call->calls);
}

/* Of a call that was held, the connection goes on. */
static void
set_answer(
    struct http_call *call, unsigned status, struct MHD_Response *response)
{
	bool was_held = call->stage == HELD;

	call->status = status;
	call->response = response;
	call->stage = ANSWERED;
	if (!was_held)
		return;
	list_remove(&call->node);
	list_init(&call->node);
	resume(call);
}

void
http_answer(struct http_call *call, const struct http_answer *answer)
{
	void *body = (void *)(uintptr_t)answer->body;
	struct MHD_Response *response = answer->release != NULL
	    ? MHD_create_response_from_buffer_with_free_callback_cls(
		  answer->n, body, answer->release, answer->owner)
	    : MHD_create_response_from_buffer(
		  answer->n, body, MHD_RESPMEM_MUST_COPY);

	add_headers(response, answer);
	set_answer(call, answer->status, response);
}

/* --- streams ------------------------------------------------------------ */

/* The library asks for more; when there is none, it is not to ask again
 * before there is. */
static ssize_t
on_more(void *arg, uint64_t position, char *room, size_t n_room)
{
	struct http_stream *stream = arg;
	size_t n = stream->waiting.n - stream->n_taken;

	(void)position;
	if (n == 0 && stream->is_ended)
		return MHD_CONTENT_READER_END_OF_STREAM;
	if (n == 0) {
		stream->is_suspended = true;
		MHD_suspend_connection(stream->call->connection);
		return 0;
	}
	if (n > n_room)
		n = n_room;
	memcpy(room, stream->waiting.bytes + stream->n_taken, n);
	stream->n_taken += n;
	if (stream->n_taken == stream->waiting.n)
		stream->n_taken = stream->waiting.n = 0;
	return (ssize_t)n;
}

struct http_stream *
http_stream(struct http_call *call, const char *type,
    void (*on_closed)(void *arg), void *arg)
{
	struct http_stream *stream = mem_zalloc(sizeof(*stream));
	const struct http_answer answer = { .type = type };
	struct MHD_Response *response = MHD_create_response_from_callback(
	    MHD_SIZE_UNKNOWN, 4096, on_more, stream, NULL);

	stream->call = call;
	stream->on_closed = on_closed;
	stream->arg = arg;
	call->stream = stream;
	call->calls->counts.streams++;
	add_headers(response, &answer);
	set_answer(call, MHD_HTTP_OK, response);
	list_push(&call->calls->held, &call->node);
	return stream;
}

static void
wake(struct http_stream *stream)
{
	if (!stream->is_suspended)
		return;
	stream->is_suspended = false;
	resume(stream->call);
}

bool
http_stream_send(struct http_stream *stream, const void *bytes, size_t n)
{
	struct text *waiting = &stream->waiting;

	if (waiting->n - stream->n_taken + n > HTTP_STREAM_MAX_BYTES)
		return false;
	if (stream->n_taken > 0) {
		memmove(waiting->bytes, waiting->bytes + stream->n_taken,
		    waiting->n - stream->n_taken);
		waiting->n -= stream->n_taken;
		stream->n_taken = 0;
	}
	text_add_bytes(waiting, bytes, n);
	wake(stream);
	return true;
}

void
http_calls_release(struct http_calls *calls)
{
	static const char text[] = "{\"error\":\"unavailable\",\"message\":"
				   "\"the collector stops\"}\n";
	const struct http_answer stopping = {
		.status = MHD_HTTP_SERVICE_UNAVAILABLE,
		.type = "application/json",
		.body = text,
		.n = sizeof(text) - 1,
	};

	calls->is_closing = true;
	LIST_EACH (node, &calls->held) {
		struct http_call *call =
		    LIST_ITEM(node, struct http_call, node);

		if (call->stream != NULL) {
			call->stream->is_ended = true;
			wake(call->stream);
		} else {
			http_answer(call, &stopping);
		}
	}
}
