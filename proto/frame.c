#include <string.h>

#include "proto/frame.h"
#include "proto/message.h"

#define ID_TAG          0x08 /* field 1, a varint (envelope.proto) */
#define VARINT_MAX      10
#define VARINT_PAYLOAD  7
#define VARINT_CONTINUE 0x80

Vedette__Call *
frame_call_read(
    struct arena *arena, const void *bytes, size_t n, struct err *err)
{
	char service[FRAME_METHOD_MAX];
	Vedette__Call *call =
	    message_unpack(&vedette__call__descriptor, arena, bytes, n, err);

	if (call == NULL)
		return NULL;
	if (call->n_metadata > FRAME_METADATA_MAX) {
		err_set(err, ERR_LIMIT, "a Call with %zu pairs of metadata",
		    call->n_metadata);
		return NULL;
	}
	if (frame_method(service, call->method) == NULL) {
		err_set(err, ERR_INVALID,
		    "a Call whose method is not package.Service/Method");
		return NULL;
	}
	return call;
}

uint64_t
frame_call_id(const void *bytes, size_t n)
{
	const unsigned char *at = bytes;
	uint64_t id = 0;

	if (n == 0 || at[0] != ID_TAG)
		return 0;
	for (size_t i = 1; i < n && i <= VARINT_MAX; i++) {
		id |= (uint64_t)(at[i] & ~VARINT_CONTINUE)
		    << VARINT_PAYLOAD * (i - 1);
		if ((at[i] & VARINT_CONTINUE) == 0)
			return id;
	}
	return 0;
}

const char *
frame_method(char out_service[FRAME_METHOD_MAX], const char *method)
{
	const char *slash = strchr(method, '/');
	size_t n = slash == NULL ? 0 : (size_t)(slash - method);

	if (n == 0 || n >= FRAME_METHOD_MAX || slash[1] == '\0' ||
	    strlen(slash + 1) >= FRAME_METHOD_MAX)
		return NULL;
	memcpy(out_service, method, n);
	out_service[n] = '\0';
	return slash + 1;
}

Vedette__Reply *
frame_reply_read(
    struct arena *arena, const void *bytes, size_t n, struct err *err)
{
	return message_unpack(
	    &vedette__reply__descriptor, arena, bytes, n, err);
}
