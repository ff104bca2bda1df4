/*
 * pushed_json.h - what the body of a push says, as batches.
 *
 * The body holds results and facts, one object after the other or in lists,
 * each with the fields of docs/formats.md, section 1.  What an object leaves
 * out is the pusher's: its agent, its vantage, its environment if it has but
 * one, and now.
 */
#ifndef COLLECTOR_WEB_PUSHED_JSON_H
#define COLLECTOR_WEB_PUSHED_JSON_H

#include "collector/web/access.h"
#include "proto/publish.h"

#define PUSHED_AHEAD_MS 300000 /* a clock that is ahead of ours by minutes */

struct pushed {
	struct batch **batches; /* by the pusher's environment; or NULL */
	uint32_t n;
	size_t n_results, n_facts;
};

/* Of n bytes and a NUL.  Owned by the caller.  ERR_INVALID names item and
 * field; ERR_DENIED: for an environment that is not the pusher's; ERR_LIMIT:
 * too many. */
int pushed_json_read(struct pushed *out, const struct pusher *pusher,
    int64_t now_ms, const char *bytes, size_t n, struct err *err);

void pushed_fini(struct pushed *pushed); /* may be zeroed */

#endif
