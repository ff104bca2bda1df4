/* What a server does with frames that are not right, and a client with
 * replies that are not. */
#include "tests/support/table.h"

#include <stdio.h>
#include <string.h>

#include "proto/base/crc32c.h"
#include "proto/base/mem.h"
#include "proto/base/random.h"
#include "proto/envelope.pb-c.h"
#include "proto/publish.h"
#include "proto/publish.pb-c.h"
#include "tests/support/bridge.h"
#include "tests/support/loop.h"

#define ADDRESS      "inproc://test/frames"
#define RANDOM_TIMES 3000

/* --- asking a server with bytes of any kind --------------------------------- */

struct scene {
	uv_loop_t loop;
	struct clock_fake clock;
	struct rpc_server *server;
	struct publish_service *service;
	nng_socket req;
	nng_aio *aio;
	uv_async_t replied;
	bool has_reply, closed, holds;
	struct rpc_call *held;
};

static const struct peer peer = { TRANSPORT_IPC, 1000, 7, "", "pid 4711" };

static void
on_send(void *arg, const struct envelope *envelope, struct rpc_call *call)
{
	struct scene *scene = arg;

	if (scene->holds && scene->held == NULL)
		scene->held = call;
	else
		publish_ack(call, envelope->sequence, false);
}

static void
on_aio(void *arg)
{
	uv_async_send(&((struct scene *)arg)->replied);
}

static void
on_replied(uv_async_t *async)
{
	((struct scene *)async->data)->has_reply = true;
}

static void
scene_open(struct scene *scene)
{
	struct rpc_server_setup setup = { .loop = &scene->loop,
		.clock = &scene->clock.clock,
		.address = ADDRESS,
		.contexts = 1,
		.queue = 2 };
	struct err err;

	memset(scene, 0, sizeof(*scene));
	clock_fake_init(&scene->clock, 1000);
	uv_loop_init(&scene->loop);
	uv_async_init(&scene->loop, &scene->replied, on_replied);
	scene->replied.data = scene;
	assert_int_equal(rpc_server_new(&scene->server, &setup, &err), 0);
	scene->service = publish_service_new(scene->server, on_send, scene);
	assert_int_equal(nng_req0_open(&scene->req), 0);
	nng_socket_set_ms(
	    scene->req, NNG_OPT_REQ_RESENDTIME, NNG_DURATION_INFINITE);
	assert_int_equal(nng_dial(scene->req, ADDRESS, NULL, 0), 0);
	assert_int_equal(nng_aio_alloc(&scene->aio, on_aio, scene), 0);
}

static void
scene_close(struct scene *scene)
{
	nng_aio_free(scene->aio);
	nng_close(scene->req);
	uv_close((uv_handle_t *)&scene->replied, NULL);
	rpc_server_close(scene->server, loop_on_done, &scene->closed);
	loop_drain(&scene->loop);
	publish_service_free(scene->service);
}

static void
raw_send(struct scene *scene, const void *head, size_t n_head,
    const void *bytes, size_t n)
{
	nng_msg *msg;

	assert_int_equal(nng_msg_alloc(&msg, 0), 0);
	nng_msg_append(msg, head, n_head);
	nng_msg_append(msg, bytes, n);
	assert_int_equal(nng_sendmsg(scene->req, msg, 0), 0);
}

/* Sends a frame after a peer's block and returns what came back. */
static Vedette__Reply *
ask(struct scene *scene, const void *bytes, size_t n)
{
	unsigned char block[PEER_BLOCK_MAX_BYTES];
	Vedette__Reply *reply;
	nng_msg *msg;

	raw_send(scene, block, peer_write(block, &peer), bytes, n);
	scene->has_reply = false;
	nng_recv_aio(scene->req, scene->aio);
	loop_until(&scene->loop, scene->has_reply);
	assert_int_equal(nng_aio_result(scene->aio), 0);
	msg = nng_aio_get_msg(scene->aio);
	reply =
	    vedette__reply__unpack(NULL, nng_msg_len(msg), nng_msg_body(msg));
	assert_non_null(reply);
	nng_msg_free(msg);
	return reply;
}

/* Packs a Call of Publish.Send, right in everything. */
static size_t
good_frame(unsigned char out[512], const char *method, uint32_t deadline_ms)
{
	static const unsigned char content[] = "abc";
	Vedette__Batch batch = VEDETTE__BATCH__INIT;
	Vedette__Call call = VEDETTE__CALL__INIT;
	unsigned char payload[256];

	batch.environment = "staging";
	batch.agent = "stg-1";
	batch.version = "0.1.0";
	batch.stream = 42;
	batch.sequence = 3;
	batch.wall_ms = 1;
	batch.content.data = (unsigned char *)(uintptr_t)content;
	batch.content.len = 3;
	batch.crc32c = crc32c(0, content, 3);
	call.id = 77;
	call.method = (char *)(uintptr_t)method;
	call.deadline_ms = deadline_ms;
	call.payload.data = payload;
	call.payload.len = vedette__batch__pack(&batch, payload);
	return vedette__call__pack(&call, out);
}

static void
expect_good(struct scene *scene)
{
	unsigned char frame[512];
	size_t n = good_frame(frame, "vedette.Publish/Send", 0);
	Vedette__Reply *reply = ask(scene, frame, n);

	assert_int_equal(reply->status, RPC_OK);
	assert_int_equal(reply->id, 77);
	vedette__reply__free_unpacked(reply, NULL);
}

/* --- frames that are not right ---------------------------------------------- */

static const struct frame {
	const char *name;
	const char *bytes; /* NULL: a good frame with this method */
	size_t n;
	const char *method;
	uint64_t id;
	enum rpc_code code;
	const char *says;
} frames[] = {
	{ "an empty frame is malformed", "", 0, NULL, 0, RPC_INVALID_ARGUMENT,
	    "package.Service/Method" },
	{ "a frame that ends within a field keeps its id", "\x08\x4d\x12\x40v",
	    5, NULL, 77, RPC_INVALID_ARGUMENT, "malformed Call" },
	{ "a frame that begins with something else has no id", "\xff\xff\xff",
	    3, NULL, 0, RPC_INVALID_ARGUMENT, "malformed Call" },
	{ "an id without an end is no id",
	    "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 12, NULL, 0,
	    RPC_INVALID_ARGUMENT, "malformed Call" },
	{ "a method that is not UTF-8 is refused", "\x08\x4d\x12\x04\xff\xfe/a",
	    8, NULL, 77, RPC_INVALID_ARGUMENT, "not UTF-8" },
	{ "a payload that is no such message is refused",
	    "\x08\x4d\x12\x14vedette.Publish/Send\x2a\x02\x0a\x40", 28, NULL,
	    77, RPC_INVALID_ARGUMENT, "malformed Batch" },
	{ "a batch without anything in it is refused",
	    "\x08\x4d\x12\x14vedette.Publish/Send", 24, NULL, 77,
	    RPC_INVALID_ARGUMENT, "environment and agent" },
	{ "a method without a service is refused", NULL, 0, "/Send", 77,
	    RPC_INVALID_ARGUMENT, "package.Service/Method" },
	{ "a method without a name is refused", NULL, 0, "vedette.Publish/", 77,
	    RPC_INVALID_ARGUMENT, "package.Service/Method" },
	{ "an unknown service is unimplemented", NULL, 0, "vedette.Nobody/Send",
	    77, RPC_UNIMPLEMENTED, "vedette.Nobody/Send is not known" },
	{ "an unknown method is unimplemented", NULL, 0, "vedette.Publish/Burn",
	    77, RPC_UNIMPLEMENTED, "vedette.Publish/Burn is not known" },
};

static void
test_frame(void **state)
{
	const struct frame *row = *state;
	struct scene scene;
	unsigned char good[512];
	const void *bytes =
	    row->bytes != NULL ? (const void *)row->bytes : good;
	size_t n =
	    row->bytes != NULL ? row->n : good_frame(good, row->method, 0);
	Vedette__Reply *reply;

	scene_open(&scene);
	reply = ask(&scene, bytes, n);
	assert_int_equal(reply->status, row->code);
	assert_int_equal(reply->id, row->id);
	assert_non_null(strstr(reply->message, row->says));
	vedette__reply__free_unpacked(reply, NULL);
	expect_good(&scene);
	assert_int_equal(rpc_server_counts(scene.server)->answered, 2);
	scene_close(&scene);
}

static void
cut_everywhere(struct scene *scene)
{
	unsigned char frame[512];
	size_t n = good_frame(frame, "vedette.Publish/Send", 0);

	for (size_t cut = 0; cut < n; cut++) {
		Vedette__Reply *reply = ask(scene, frame, cut);

		assert_int_equal(reply->status, RPC_INVALID_ARGUMENT);
		vedette__reply__free_unpacked(reply, NULL);
	}
	assert_int_equal(rpc_server_counts(scene->server)->answered, n);
}

static void
random_bytes(struct scene *scene)
{
	struct random_seeded random;
	unsigned char bytes[600];
	uint64_t seed = random_u64(random_system());

	print_message("seed %#llx\n", (unsigned long long)seed);
	random_seeded_init(&random, seed);
	for (int i = 0; i < RANDOM_TIMES; i++) {
		Vedette__Reply *reply;
		size_t n = good_frame(bytes, "vedette.Publish/Send", 0);

		if (i % 2 == 0) /* noise alone */
			n = random_below(&random.random, sizeof(bytes));
		for (size_t at = 0; i % 2 == 0 && at < n; at++)
			bytes[at] = (unsigned char)random_u64(&random.random);
		for (int flip = 0; i % 2 == 1 && flip < 3; flip++)
			bytes[random_below(&random.random, n)] =
			    (unsigned char)random_u64(&random.random);
		reply = ask(scene, bytes, n);
		vedette__reply__free_unpacked(reply, NULL);
	}
	assert_int_equal(
	    rpc_server_counts(scene->server)->answered, RANDOM_TIMES);
}

static void
huge(struct scene *scene)
{
	size_t n = 256 * 1024 + 1;
	unsigned char *bytes = mem_zalloc(n);
	Vedette__Reply *reply;

	memcpy(bytes, "\x08\x4d", 2);
	reply = ask(scene, bytes, n);
	assert_int_equal(reply->status, RPC_RESOURCE_EXHAUSTED);
	assert_int_equal(reply->id, 77);
	vedette__reply__free_unpacked(reply, NULL);
	free(bytes);
}

/* 200 KiB of empty pairs would take 16 MiB. */
static void
swelling(struct scene *scene)
{
	size_t n = 200 * 1024;
	unsigned char *bytes = mem_zalloc(n);
	Vedette__Reply *reply;

	for (size_t i = 0; i < n; i += 2)
		bytes[i] = 0x22; /* metadata, of 0 bytes */
	reply = ask(scene, bytes, n);
	assert_int_equal(reply->status, RPC_RESOURCE_EXHAUSTED);
	assert_non_null(strstr(reply->message, "unpacks too large"));
	vedette__reply__free_unpacked(reply, NULL);
	free(bytes);
}

static void
without_block(struct scene *scene)
{
	raw_send(scene, "\0\x05", 2, "zzz", 3);
	scene->has_reply = false;
	nng_recv_aio(scene->req, scene->aio);
	loop_until(&scene->loop, scene->has_reply);
	assert_int_equal(nng_aio_result(scene->aio), 0);
	nng_msg_free(nng_aio_get_msg(scene->aio));
	assert_int_equal(rpc_server_counts(scene->server)->malformed, 1);
}

/* Its turn comes when its caller has stopped waiting.  A second socket asks,
 * because one socket of REQ forgets its call when it makes another. */
static void
too_late(struct scene *scene)
{
	unsigned char block[PEER_BLOCK_MAX_BYTES], frame[512];
	size_t n_block = peer_write(block, &peer);
	size_t n = good_frame(frame, "vedette.Publish/Send", 5000);
	nng_socket first = scene->req;
	Vedette__Reply *reply;
	nng_msg *msg;

	scene->holds = true;
	raw_send(scene, block, n_block, frame, n);
	loop_until(&scene->loop, scene->held != NULL);
	assert_int_equal(nng_req0_open(&scene->req), 0);
	assert_int_equal(nng_dial(scene->req, ADDRESS, NULL, 0), 0);
	raw_send(scene, block, n_block, frame, n);
	loop_until(&scene->loop, rpc_server_counts(scene->server)->calls == 2);
	clock_fake_advance(&scene->clock, 5001);
	assert_int_equal(rpc_call_left_ms(scene->held), -1);
	publish_ack(scene->held, 3, false);
	scene->has_reply = false;
	nng_recv_aio(scene->req, scene->aio);
	loop_until(&scene->loop, scene->has_reply);
	msg = nng_aio_get_msg(scene->aio);
	reply =
	    vedette__reply__unpack(NULL, nng_msg_len(msg), nng_msg_body(msg));
	assert_int_equal(reply->status, RPC_DEADLINE_EXCEEDED);
	assert_int_equal(rpc_server_counts(scene->server)->late, 1);
	vedette__reply__free_unpacked(reply, NULL);
	nng_msg_free(msg);
	nng_close(first);
}

static const struct story {
	const char *name;
	void (*play)(struct scene *scene);
} stories[] = {
	{ "a frame cut anywhere is answered as malformed", cut_everywhere },
	{ "3000 random frames are all answered", random_bytes },
	{ "a frame above the limit is refused unread", huge },
	{ "a frame that swells when unpacked is refused", swelling },
	{ "a message without a peer's block is answered", without_block },
	{ "a call whose turn comes too late is told so", too_late },
};

/* After each of them the server still answers a good call. */
static void
test_story(void **state)
{
	const struct story *row = *state;
	struct scene scene;

	scene_open(&scene);
	row->play(&scene);
	expect_good(&scene);
	scene_close(&scene);
}

/* --- replies that are not right --------------------------------------------- */

/* A server that answers every call with the same bytes. */
struct parrot {
	nng_socket rep;
	nng_aio *aio;
	const char *bytes;
	size_t n;
	bool is_sending;
};

static void
on_parrot(void *arg)
{
	struct parrot *parrot = arg;
	nng_msg *msg;

	if (nng_aio_result(parrot->aio) != 0)
		return;
	if (!parrot->is_sending) {
		nng_msg_free(nng_aio_get_msg(parrot->aio));
		nng_msg_alloc(&msg, 0);
		nng_msg_append(msg, parrot->bytes, parrot->n);
		parrot->is_sending = true;
		nng_aio_set_msg(parrot->aio, msg);
		nng_send_aio(parrot->rep, parrot->aio);
		return;
	}
	parrot->is_sending = false;
	nng_recv_aio(parrot->rep, parrot->aio);
}

static char too_long[4097];

static const struct reply {
	const char *name;
	const char *bytes;
	size_t n;
	enum rpc_code code;
	const char *says;
} replies[] = {
	{ "a reply of noise is malformed", "\xff\xff\xff", 3, RPC_INTERNAL,
	    "malformed Reply" },
	{ "a reply to another call is not taken", "\x08\x09", 2, RPC_INTERNAL,
	    "another call" },
	{ "a reply without an id that refuses is taken", "\x10\x03\x1a\x02no",
	    6, RPC_INVALID_ARGUMENT, "no" },
	{ "a reply without an id that agrees is not", "", 0, RPC_INTERNAL,
	    "another call" },
	{ "a status from the future is unknown", "\x08\x01\x10\x63", 4,
	    RPC_UNKNOWN, "" },
	{ "an answer of noise is malformed", "\x08\x01\x2a\x02\x08\xff", 6,
	    RPC_INTERNAL, "malformed Ack" },
	{ "words that are not UTF-8 are not shown",
	    "\x08\x01\x10\x03\x1a\x02\xff\xfe", 8, RPC_INTERNAL, "UTF-8" },
	{ "a reply above the limit is not unpacked", too_long, sizeof(too_long),
	    RPC_RESOURCE_EXHAUSTED, "limit 4096" },
	{ "an empty answer is an answer", "\x08\x01", 2, RPC_OK, "" },
};

struct told {
	int times;
	struct rpc_status status;
};

static void
on_told(void *arg, const struct rpc_status *status, uint64_t sequence,
    bool repeated)
{
	struct told *told = arg;

	(void)sequence;
	(void)repeated;
	told->times++;
	told->status = *status;
}

static void
test_reply(void **state)
{
	const struct reply *row = *state;
	struct parrot parrot = { .bytes = row->bytes, .n = row->n };
	uv_loop_t loop;
	struct rpc_client_setup setup = { .loop = &loop,
		.clock = clock_system(),
		.address = ADDRESS,
		.reply_bytes = 4096 };
	struct envelope envelope = { .environment = "staging",
		.agent = "stg-1",
		.version = "",
		.content = (const unsigned char *)"" };
	struct told told = { 0 };
	struct publish_client *client;
	struct rpc_client *rpc;
	struct err err;
	bool closed = false;

	uv_loop_init(&loop);
	assert_int_equal(nng_rep0_open(&parrot.rep), 0);
	assert_int_equal(nng_aio_alloc(&parrot.aio, on_parrot, &parrot), 0);
	assert_int_equal(nng_listen(parrot.rep, ADDRESS, NULL, 0), 0);
	nng_recv_aio(parrot.rep, parrot.aio);
	assert_int_equal(rpc_client_new(&rpc, &setup, &err), 0);
	client = publish_client_new(rpc);
	publish_send(client, &envelope, on_told, &told);
	loop_until(&loop, told.times == 1);
	assert_int_equal(told.status.code, row->code);
	assert_non_null(strstr(told.status.message, row->says));
	publish_client_free(client);
	rpc_client_close(rpc, loop_on_done, &closed);
	loop_drain(&loop);
	nng_aio_stop(parrot.aio);
	nng_close(parrot.rep);
	nng_aio_free(parrot.aio);
}

int
main(void)
{
	return TABLE_RUN(frames, test_frame) + TABLE_RUN(stories, test_story) +
	    TABLE_RUN(replies, test_reply);
}
