#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "collector/web/reply.h"
#include "proto/base/crc32c.h"
#include "proto/base/mem.h"
#include "proto/base/text.h"

#define GZIP_MIN_BYTES 1024      /* fewer are not worth it */
#define GZIP_WINDOW    (15 + 16) /* zlib's way to say gzip */
#define GZIP_LEVEL     4
#define GZIP_MEMORY    8
#define MESSAGE_BYTES  600

/* --- packing ------------------------------------------------------------ */

struct packed *
packed_new(const char *type, char *bytes, size_t n)
{
	struct packed *packed = mem_zalloc(sizeof(*packed));

	packed->n_held = 1; /* by the caller */
	packed->type = type;
	packed->bytes = bytes;
	packed->n = n;
	snprintf(packed->etag, sizeof(packed->etag), "W/\"%08x%08x-%zx\"",
	    crc32c(0, bytes, n), crc32c(~UINT32_C(0), bytes, n / 2), n);
	return packed;
}

void
packed_free(struct packed *packed)
{
	if (packed == NULL || --packed->n_held > 0)
		return;
	free(packed->bytes);
	free(packed->gzip);
	free(packed);
}

static void
release(void *packed)
{
	packed_free(packed);
}

void
packed_compress(struct packed *packed)
{
	z_stream stream = { 0 };

	if (packed->gzip != NULL || packed->n < GZIP_MIN_BYTES ||
	    packed->n > UINT32_MAX / 2)
		return;
	if (deflateInit2(&stream, GZIP_LEVEL, Z_DEFLATED, GZIP_WINDOW,
		GZIP_MEMORY, Z_DEFAULT_STRATEGY) != Z_OK)
		return;
	packed->n_gzip = deflateBound(&stream, packed->n);
	packed->gzip = mem_zalloc(packed->n_gzip);
	stream.next_in = (unsigned char *)packed->bytes;
	stream.avail_in = (uInt)packed->n;
	stream.next_out = (unsigned char *)packed->gzip;
	stream.avail_out = (uInt)packed->n_gzip;
	if (deflate(&stream, Z_FINISH) == Z_STREAM_END) {
		packed->n_gzip = stream.total_out;
	} else {
		free(packed->gzip);
		packed->gzip = NULL;
	}
	deflateEnd(&stream);
}

bool
reply_takes_gzip(const struct http_call *call)
{
	const char *accepts = http_header(call, "Accept-Encoding");
	const char *at = accepts != NULL ? strstr(accepts, "gzip") : NULL;

	return at != NULL && strncmp(at + 4, ";q=0", 4) != 0;
}

void
reply_packed(struct http_call *call, struct packed *packed)
{
	const char *has = http_header(call, "If-None-Match");
	struct http_answer answer = {
		.status = 200,
		.type = packed->type,
		.body = packed->bytes,
		.n = packed->n,
		.etag = packed->etag,
		.cache = packed->cache,
		.release = release,
		.owner = packed,
	};

	if (has != NULL && strstr(has, packed->etag) != NULL) {
		answer.status = 304;
		answer.n = 0;
	} else if (reply_takes_gzip(call)) {
		packed_compress(packed);
		if (packed->gzip != NULL) {
			answer.body = packed->gzip;
			answer.n = packed->n_gzip;
			answer.encoding = "gzip";
		}
	}
	packed->n_held++;
	http_answer(call, &answer);
}

void
reply_once(struct http_call *call, const char *type, char *bytes, size_t n)
{
	struct packed *packed = packed_new(type, bytes, n);

	packed->cache = "private, no-cache";
	reply_packed(call, packed);
	packed_free(packed);
}

/* --- errors ------------------------------------------------------------- */

static const struct {
	unsigned status;
	const char *word;
} words[] = {
	{ 400, "invalid" },
	{ 401, "unauthenticated" },
	{ 403, "denied" },
	{ 404, "not_found" },
	{ 405, "method_not_allowed" },
	{ 409, "conflict" },
	{ 413, "too_large" },
	{ 421, "misdirected" },
	{ 429, "too_many" },
	{ 500, "internal" },
	{ 503, "unavailable" },
};

static const char *
word_of(unsigned status)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (words[i].status == status)
			return words[i].word;
	return "internal";
}

static void
refuse(struct http_call *call, struct http_answer *answer, const char *message)
{
	json_t *object = json_pack(
	    "{s:s, s:s}", "error", word_of(answer->status), "message", message);
	char *text = json_dumps(object, JSON_ENSURE_ASCII);

	answer->type = "application/json";
	answer->body = text;
	answer->n = strlen(text);
	http_answer(call, answer);
	free(text);
	json_decref(object);
}

void
reply_error(struct http_call *call, unsigned status, const char *format, ...)
{
	struct http_answer answer = { .status = status,
		.authenticate = status == 401 ? "Bearer" : NULL,
		.retry_s = status == 503 ? 1 : 0 };
	char message[MESSAGE_BYTES];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	text_sanitise(message, strlen(message));
	refuse(call, &answer, message);
}

void
reply_not_allowed(struct http_call *call, const char *allow)
{
	struct http_answer answer = { .status = 405, .allow = allow };

	refuse(call, &answer, "not with this method");
}

void
reply_status(struct http_call *call, const struct rpc_status *status)
{
	unsigned number = 500;

	if (status->code == RPC_INVALID_ARGUMENT)
		number = 400;
	else if (status->code == RPC_NOT_FOUND)
		number = 404;
	else if (status->code == RPC_ABORTED)
		number = 409;
	else if (status->code == RPC_UNAVAILABLE ||
	    status->code == RPC_RESOURCE_EXHAUSTED ||
	    status->code == RPC_DEADLINE_EXCEEDED ||
	    status->code == RPC_CANCELLED)
		number = 503;
	reply_error(call, number, "%s", status->message);
}

void
reply_err(struct http_call *call, const struct err *err)
{
	static const struct {
		enum err_code code;
		unsigned status;
	} statuses[] = {
		{ ERR_INVALID, 400 },
		{ ERR_DENIED, 403 },
		{ ERR_NOT_FOUND, 404 },
		{ ERR_LIMIT, 413 },
		{ ERR_BUSY, 503 },
	};
	unsigned status = 500;

	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
		if (statuses[i].code == err->code)
			status = statuses[i].status;
	reply_error(call, status, "%s", err->text);
}
