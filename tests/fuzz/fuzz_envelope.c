/* What a server and a client do with a frame before any service sees it. */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "proto/base/text.h"
#include "proto/frame.h"
#include "proto/message.h"
#include "proto/peer.h"
#include "proto/publish.pb-c.h"
#include "proto/query.pb-c.h"

#define SPARE_BYTES 4096 /* of message_arena() */

static const ProtobufCServiceDescriptor *const services[] = {
	&vedette__publish__descriptor,
	&vedette__query__descriptor,
};

/* The memory that foreign bytes may take is bounded by their number. */
static void
check_arena(const struct arena *arena, size_t n, size_t factor)
{
	assert(arena_bytes(arena) <= n * factor + SPARE_BYTES);
}

static void
unpack_payload(const Vedette__Call *call, struct arena *arena)
{
	char name[FRAME_METHOD_MAX];
	const char *method = frame_method(name, call->method);

	assert(method != NULL && text_is_utf8(method, strlen(method)));
	for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++) {
		const ProtobufCMethodDescriptor *found =
		    protobuf_c_service_descriptor_get_method_by_name(
			services[i], method);

		if (found != NULL && strcmp(services[i]->name, name) == 0)
			message_unpack(found->input, arena, call->payload.data,
			    call->payload.len, NULL);
	}
}

static void
read_call(const uint8_t *bytes, size_t n)
{
	struct arena *arena = message_arena(n, MESSAGE_REQUEST_FACTOR);
	Vedette__Call *call = frame_call_read(arena, bytes, n, NULL);

	frame_call_id(bytes, n);
	if (call != NULL)
		unpack_payload(call, arena);
	check_arena(arena, n, MESSAGE_REQUEST_FACTOR);
	arena_free(arena);
}

static void
read_reply(const uint8_t *bytes, size_t n)
{
	struct arena *arena = message_arena(n, MESSAGE_ANSWER_FACTOR);
	Vedette__Reply *reply = frame_reply_read(arena, bytes, n, NULL);

	if (reply != NULL)
		assert(text_is_utf8(reply->message, strlen(reply->message)));
	check_arena(arena, n, MESSAGE_ANSWER_FACTOR);
	arena_free(arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct peer peer;
	int block = peer_read(&peer, bytes, n, NULL);

	read_call(bytes, n);
	read_reply(bytes, n);
	if (block >= 0)
		read_call(bytes + block, n - (size_t)block);
	return 0;
}
