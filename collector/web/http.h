/*
 * http.h - HTTP/1.1 on the collector's loop: libmicrohttpd without a thread.
 *
 * It knows nothing of what is asked.  Each request is handed over as a call,
 * which is answered once, now or later; or becomes a stream.  What a client
 * may cost is bounded here: connections (the longest idle one makes room for
 * a new one), the size of a head and of a body, and the time until a request
 * is whole and until an answer was taken.
 */
#ifndef COLLECTOR_WEB_HTTP_H
#define COLLECTOR_WEB_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "proto/base/err.h"

#define HTTP_CONNECTIONS_MAX  1024
#define HTTP_HEAD_MAX_BYTES   16384 /* line and headers together */
#define HTTP_BODY_MAX_BYTES   65536
#define HTTP_WANT_MAX_BYTES   (256 * 1024) /* of a body that is wanted */
#define HTTP_REQUEST_MAX_S    10 /* from its first byte, or idle before it */
#define HTTP_STALL_MAX_S      30 /* nothing of an answer was taken */
#define HTTP_STREAM_MAX_BYTES (256 * 1024) /* waiting for one client */

struct http;
struct identity; /* identity.h */
struct http_call;
struct http_stream;

/* Answers the call, now or later, or makes it a stream. */
typedef void http_handle_fn(void *arg, struct http_call *call);

struct http_setup {
	uv_loop_t *loop;
	const char *listen; /* "127.0.0.1:8080" "[::1]:0" "localhost:80" */
	/* PEM files, or NULL for plain HTTP. */
	const char *certificate_file, *key_file;
	http_handle_fn *handle;
	/* Is the body of this call, whose head is there, worth keeping?  NULL:
	 * never.  Others are read and forgotten. */
	bool (*wants_body)(void *arg, const struct http_call *call);
	void *arg;
};

/* Only ever grow, but for the last two. */
struct http_counts {
	uint64_t accepted, requests, answered;
	uint64_t evicted;  /* idle ones that made room */
	uint64_t late;     /* requests that did not become whole in time */
	uint64_t oversize; /* bodies beyond the limit */
	uint64_t unasked;  /* connections that ended without a request that
			      could be read */
	uint64_t wrong;    /* answered with 4xx */
	uint64_t failed;   /* answered with 5xx */
	uint64_t open, streams;
};

int
http_open(struct http **out, const struct http_setup *setup, struct err *err);

/* Takes identity: who connects from now on is shown it.  Of one that was
 * opened with a certificate only. */
void http_set_identity(struct http *http, struct identity *identity);

/* Where it listens: "127.0.0.1:8080". */
const char *http_address(const struct http *http);

const struct http_counts *http_counts(const struct http *http);

/* Nothing is handled any more, and no call may be answered; closed is called
 * from the loop, and the server is gone. */
void http_close(struct http *http, void (*closed)(void *arg), void *arg);

/* --- a call ------------------------------------------------------------- */

enum http_method { HTTP_GET, HTTP_HEAD, HTTP_POST, HTTP_OTHER };

enum http_method http_method(const struct http_call *call);
const char *http_path(const struct http_call *call); /* decoded */
/* NULL when there is none. */
const char *http_header(const struct http_call *call, const char *name);
const char *http_query(const struct http_call *call, const char *name);

/* What was kept of it, ending with NUL; "" when nothing was. */
const char *http_body(const struct http_call *call, size_t *out_n);

/* Calls each with every query parameter, value "" when it has none. */
typedef void http_each_fn(void *arg, const char *name, const char *value);
void http_queries(const struct http_call *call, http_each_fn *each, void *arg);

struct http_answer {
	unsigned status;
	const char *type; /* Content-Type */
	const void *body; /* copied, unless there is a release */
	size_t n;
	/* Then it is lent until this is called, once, with owner. */
	void (*release)(void *owner);
	void *owner;
	const char *encoding;     /* of the body, or NULL */
	const char *etag;         /* quoted, or NULL */
	const char *cache;        /* Cache-Control; NULL: no-store */
	const char *allow;        /* of 405, or NULL */
	const char *authenticate; /* of 401, or NULL */
	unsigned retry_s;         /* of 503: not before; 0 is not said */
};

void http_answer(struct http_call *call, const struct http_answer *answer);

/* --- a stream ----------------------------------------------------------- */

/* Makes the call an answer without an end.  on_closed is called when the
 * client went, or the server does; the stream is gone then. */
struct http_stream *http_stream(struct http_call *call, const char *type,
    void (*on_closed)(void *arg), void *arg);

/* Copies, or refuses what would not fit beside what waits already. */
bool http_stream_send(struct http_stream *stream, const void *bytes, size_t n);

#endif
