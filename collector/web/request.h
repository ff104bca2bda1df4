/*
 * request.h - what the parameters of a request ask for.
 */
#ifndef COLLECTOR_WEB_REQUEST_H
#define COLLECTOR_WEB_REQUEST_H

#include "collector/web/http.h"
#include "proto/query.h"

/* Texts are borrowed from the call. */
struct web_request {
	struct query_document ask; /* at is its to_ms */
	const char *name;
	const char *by, *why; /* of an order */
	int64_t for_ms;
	bool open, results;
	int64_t since_ms; /* how far back from now; 0: not said */
	/* Where a list goes on: rows before before_ms, of which the first
	 * skip were given. */
	int64_t before_ms;
	uint32_t skip;
};

/* Reads the parameters, of which only those named in permitted (with spaces
 * between) may be there.  ERR_INVALID names the parameter. */
int web_request_read(struct web_request *out, const struct http_call *call,
    const char *permitted, int64_t now_ms, struct err *err);

#endif
