/*
 * reply.h - how answers leave: compressed, tagged, or as an error.
 */
#ifndef COLLECTOR_WEB_REPLY_H
#define COLLECTOR_WEB_REPLY_H

#include "collector/web/http.h"
#include "proto/rpc.h"

/* Bytes that may be given out several times. */
struct packed {
	const char *type;  /* borrowed for ever */
	const char *cache; /* Cache-Control; NULL: no-store */
	char *bytes;
	size_t n;
	char *gzip; /* made when first asked for */
	size_t n_gzip;
	char etag[32];
	int64_t made_ms; /* for whoever keeps it */
	unsigned n_held; /* by whom it is being given out */
};

/* Takes bytes. */
struct packed *packed_new(const char *type, char *bytes, size_t n);
/* Frees it once nobody is being given it.  NULL is allowed. */
void packed_free(struct packed *packed);
/* Now, and not when somebody asks for it; on any thread. */
void packed_compress(struct packed *packed);

bool reply_takes_gzip(const struct http_call *call);

/* 200, or 304 when the client has it. */
void reply_packed(struct http_call *call, struct packed *packed);

/* The same, once.  Takes bytes. */
void
reply_once(struct http_call *call, const char *type, char *bytes, size_t n);

/* {"error": WORD, "message": TEXT} */
void reply_error(struct http_call *call, unsigned status, const char *format,
    ...) __attribute__((format(printf, 3, 4)));

/* The same of a failure, with the status that its code means. */
void reply_err(struct http_call *call, const struct err *err);

/* 405 with what is allowed instead. */
void reply_not_allowed(struct http_call *call, const char *allow);

/* What a question came to, if not to an answer. */
void reply_status(struct http_call *call, const struct rpc_status *status);

#endif
