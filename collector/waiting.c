#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "collector/waiting.h"
#include "proto/base/crc32c.h"
#include "proto/report.h"

/* Pushes promise nothing: nobody misses the next one. */
#define NEVER_DUE_MS UINT32_MAX

int
waiting_of_push(struct waiting *out, const struct push *push,
    const struct envelope *at, struct err *err)
{
	unsigned char *content = NULL;
	struct arena *arena = NULL;
	struct envelope *envelope;
	size_t n;

	batch_encode(&content, &n, push->batch);
	if (n > BATCH_MAX_BYTES) {
		free(content);
		return err_set(err, ERR_LIMIT,
		    "%zu bytes of results, limit %d; push them in parts", n,
		    BATCH_MAX_BYTES);
	}
	if (batch_decode(&out->batch, content, n, push->environment,
		push->agent, err) < 0) {
		free(content);
		return -1;
	}
	arena = arena_new(0);
	envelope = arena_zalloc(arena, sizeof(*envelope));
	*envelope = *at;
	envelope->environment = arena_strdup(arena, push->environment);
	envelope->agent = arena_strdup(arena, push->agent);
	envelope->version = "";
	envelope->vantage = push->vantage;
	envelope->heartbeat_ms = NEVER_DUE_MS;
	envelope->crc32c = crc32c(0, content, n);
	envelope->content = (const unsigned char *)arena_strndup(
	    arena, (const char *)content, n);
	envelope->n_content = n;
	free(content);
	out->envelope = envelope;
	out->arena = arena;
	out->n_bytes = n;
	return 0;
}

void
waiting_free(struct waiting *waiting)
{
	batch_free(waiting->batch);
	arena_free(waiting->arena);
	free(waiting);
}

void
waiting_ack(const struct waiting *waiting, bool repeated)
{
	static const struct rpc_status ok = { .code = RPC_OK };

	if (waiting->mark != NULL)
		report_ack(
		    waiting->call, waiting->mark->at_ms, waiting->replaced);
	else if (waiting->call != NULL)
		publish_ack(
		    waiting->call, waiting->envelope->sequence, repeated);
	else
		waiting->pushed(waiting->arg, &ok, repeated);
}

void
waiting_fail(const struct waiting *waiting, enum rpc_code code,
    uint32_t retry_ms, const char *format, ...)
{
	struct rpc_status status = { .code = code, .retry_ms = retry_ms };
	va_list args;

	va_start(args, format);
	vsnprintf(status.message, sizeof(status.message), format, args);
	va_end(args);
	if (waiting->call != NULL)
		rpc_call_fail(
		    waiting->call, code, retry_ms, "%s", status.message);
	else
		waiting->pushed(waiting->arg, &status, false);
}
