/* Calls from a client through a server and back, on real sockets of nng. */
#include "tests/support/table.h"

#include <stdio.h>
#include <string.h>

#include "proto/base/crc32c.h"
#include "proto/publish.h"
#include "tests/support/bridge.h"
#include "tests/support/loop.h"

#define OUTSIDE  "inproc://test/outside"
#define INSIDE   "inproc://test/inside"
#define CALLS    64
#define PEER_URI "vedette://staging/stg-1"

/* What came back of one call. */
struct told {
	int times;
	struct rpc_status status;
	uint64_t sequence;
	bool repeated;
};

struct scene {
	uv_loop_t loop;
	struct rpc_server *server;
	struct publish_service *service;
	struct bridge bridge;
	struct rpc_client *rpc;
	struct publish_client *client;
	bool holds; /* the service keeps calls instead of answering */
	struct rpc_call *held[CALLS];
	uint64_t held_sequence[CALLS];
	size_t n_held;
	struct peer peer; /* of the last call */
	int64_t left_ms;
	size_t bytes;
	struct told told[CALLS];
	bool server_closed, client_closed;
};

static void
on_send(void *arg, const struct envelope *envelope, struct rpc_call *call)
{
	struct scene *scene = arg;

	scene->peer = *rpc_call_peer(call);
	scene->left_ms = rpc_call_left_ms(call);
	scene->bytes = rpc_call_bytes(call);
	if (scene->holds) {
		scene->held_sequence[scene->n_held] = envelope->sequence;
		scene->held[scene->n_held++] = call;
		return;
	}
	if (envelope->waiting == 99)
		rpc_call_fail(
		    call, RPC_ABORTED, 7, "stream %s", "used by two agents");
	else
		publish_ack(call, envelope->sequence, envelope->waiting == 1);
}

static void
on_told(void *arg, const struct rpc_status *status, uint64_t sequence,
    bool repeated)
{
	struct told *told = arg;

	told->times++;
	told->status = *status;
	told->sequence = sequence;
	told->repeated = repeated;
}

static void
scene_open(struct scene *scene, uint32_t contexts, uint32_t queue)
{
	static const struct peer peer = { TRANSPORT_TLS, UINT32_MAX, 7,
		PEER_URI, "10.0.0.7:41822" };
	struct rpc_server_setup server = { .loop = &scene->loop,
		.clock = clock_system(),
		.address = INSIDE,
		.contexts = contexts,
		.queue = queue,
		.busy_retry_ms = 123 };
	struct rpc_client_setup client = { .loop = &scene->loop,
		.clock = clock_system(),
		.address = OUTSIDE };
	struct err err;

	memset(scene, 0, sizeof(*scene));
	uv_loop_init(&scene->loop);
	assert_int_equal(rpc_server_new(&scene->server, &server, &err), 0);
	scene->service = publish_service_new(scene->server, on_send, scene);
	bridge_open(&scene->bridge, OUTSIDE, INSIDE, &peer);
	assert_int_equal(rpc_client_new(&scene->rpc, &client, &err), 0);
	scene->client = publish_client_new(scene->rpc);
}

static void
scene_close(struct scene *scene)
{
	publish_client_free(scene->client);
	if (scene->rpc != NULL)
		rpc_client_close(
		    scene->rpc, loop_on_done, &scene->client_closed);
	if (scene->server != NULL)
		rpc_server_close(
		    scene->server, loop_on_done, &scene->server_closed);
	loop_drain(&scene->loop);
	assert_true(scene->client_closed && scene->server_closed);
	bridge_close(&scene->bridge);
	publish_service_free(scene->service);
}

/* Sends a batch of this content; what is told goes to told[sequence]. */
static void
send_content(struct scene *scene, uint64_t sequence, uint64_t waiting,
    const unsigned char *content, size_t n)
{
	struct envelope envelope = { .environment = "staging",
		.agent = "stg-1",
		.stream = 42,
		.sequence = sequence,
		.wall_ms = 1,
		.version = "0.1.0",
		.waiting = waiting,
		.content = content,
		.n_content = n,
		.crc32c = crc32c(0, content, n) };

	publish_send(scene->client, &envelope, on_told, &scene->told[sequence]);
	assert_int_equal(scene->told[sequence].times, 0);
}

static void
send_one(struct scene *scene, uint64_t sequence, uint64_t waiting)
{
	send_content(scene, sequence, waiting, (const unsigned char *)"abc", 3);
}

/* --- what comes back -------------------------------------------------------- */

static const struct answer {
	const char *name;
	uint64_t waiting;
	enum rpc_code code;
	uint32_t retry_ms;
	uint64_t sequence;
	bool repeated;
	const char *message;
} answers[] = {
	{ "a batch is acknowledged with its sequence", 0, RPC_OK, 0, 5, false,
	    "" },
	{ "a batch that was stored before says so", 1, RPC_OK, 0, 5, true, "" },
	{ "a refusal brings its code, retry delay and words", 99, RPC_ABORTED,
	    7, 0, false, "stream used by two agents" },
};

static void
test_answer(void **state)
{
	const struct answer *row = *state;
	struct scene scene;

	scene_open(&scene, 4, 4);
	send_one(&scene, 5, row->waiting);
	loop_until(&scene.loop, scene.told[5].times == 1);
	assert_int_equal(scene.told[5].status.code, row->code);
	assert_int_equal(scene.told[5].status.retry_ms, row->retry_ms);
	assert_string_equal(scene.told[5].status.message, row->message);
	assert_int_equal(scene.told[5].sequence, row->sequence);
	assert_int_equal(scene.told[5].repeated, row->repeated);
	assert_string_equal(scene.peer.identity, PEER_URI);
	assert_int_equal(scene.peer.connection, 7);
	assert_in_range(scene.left_ms, 1, 30000);
	assert_in_range(scene.bytes, 10, 200);
	scene_close(&scene);
}

/* --- many calls, and what disturbs them ------------------------------------- */

/* Waits until the service holds n calls, sequences first to first + n - 1. */
static void
hold(struct scene *scene, uint64_t first, size_t n)
{
	scene->holds = true;
	for (size_t i = 0; i < n; i++)
		send_one(scene, first + i, 0);
	loop_until(&scene->loop, scene->n_held == n);
}

static void
out_of_order(struct scene *scene)
{
	hold(scene, 1, 32);
	for (size_t i = 32; i-- > 0;)
		publish_ack(scene->held[i], scene->held_sequence[i], false);
	for (size_t i = 1; i <= 32; i++) {
		loop_until(&scene->loop, scene->told[i].times == 1);
		assert_int_equal(scene->told[i].status.code, RPC_OK);
		assert_int_equal(scene->told[i].sequence, i);
	}
	assert_int_equal(rpc_server_counts(scene->server)->answered, 32);
}

static void
in_time_or_never(struct scene *scene)
{
	rpc_client_set_deadline(scene->rpc, 40);
	hold(scene, 1, 1);
	loop_until(&scene->loop, scene->told[1].times == 1);
	assert_int_equal(scene->told[1].status.code, RPC_DEADLINE_EXCEEDED);
	publish_ack(scene->held[0], 1, false); /* into the void */
	scene->holds = false;
	rpc_client_set_deadline(scene->rpc, 30000);
	send_one(scene, 2, 0);
	loop_until(&scene->loop, scene->told[2].times == 1);
	assert_int_equal(scene->told[2].status.code, RPC_OK);
	assert_int_equal(scene->told[1].times, 1);
}

static void
connection_lost(struct scene *scene)
{
	hold(scene, 1, 3);
	rpc_client_fail_all(scene->rpc, "tcp://collector:7000: reset by peer");
	for (size_t i = 1; i <= 3; i++)
		assert_int_equal(scene->told[i].times, 0);
	for (size_t i = 1; i <= 3; i++) {
		loop_until(&scene->loop, scene->told[i].times == 1);
		assert_int_equal(scene->told[i].status.code, RPC_UNAVAILABLE);
		assert_string_equal(scene->told[i].status.message,
		    "tcp://collector:7000: reset by peer");
	}
	for (size_t i = 0; i < 3; i++)
		publish_ack(scene->held[i], i, false);
	scene->holds = false;
	send_one(scene, 4, 0);
	loop_until(&scene->loop, scene->told[4].times == 1);
	assert_int_equal(scene->told[4].status.code, RPC_OK);
}

static void
client_closes(struct scene *scene)
{
	hold(scene, 1, 3);
	rpc_client_close(scene->rpc, loop_on_done, &scene->client_closed);
	scene->rpc = NULL;
	for (size_t i = 1; i <= 3; i++) {
		assert_int_equal(scene->told[i].times, 1);
		assert_int_equal(scene->told[i].status.code, RPC_CANCELLED);
	}
	loop_until(&scene->loop, scene->client_closed);
	for (size_t i = 0; i < 3; i++)
		publish_ack(scene->held[i], i, false);
}

static void
caller_forgets(struct scene *scene)
{
	hold(scene, 1, 2);
	publish_client_free(scene->client);
	scene->client = NULL;
	publish_ack(scene->held[0], 1, false);
	rpc_client_close(scene->rpc, loop_on_done, &scene->client_closed);
	scene->rpc = NULL;
	loop_until(&scene->loop, scene->client_closed);
	assert_int_equal(scene->told[1].times + scene->told[2].times, 0);
	publish_ack(scene->held[1], 2, false);
}

static void
server_closes(struct scene *scene)
{
	hold(scene, 1, 2);
	rpc_server_close(scene->server, loop_on_done, &scene->server_closed);
	scene->server = NULL;
	loop_until(&scene->loop, scene->server_closed);
	rpc_client_fail_all(scene->rpc, "gone");
	loop_until(&scene->loop,
	    scene->told[1].times == 1 && scene->told[2].times == 1);
	assert_int_equal(scene->told[2].status.code, RPC_UNAVAILABLE);
}

/* Four are served, four wait, and the rest is told to come again. */
static void
busy(struct scene *scene)
{
	size_t refused = 0, answered = 0;

	scene->holds = true;
	for (uint64_t i = 1; i <= 20; i++)
		send_one(scene, i, 0);
	loop_until(
	    &scene->loop, rpc_server_counts(scene->server)->refused_busy == 12);
	assert_int_equal(scene->n_held, 4);
	while (answered < 8) {
		loop_until(&scene->loop, scene->n_held > answered);
		publish_ack(scene->held[answered],
		    scene->held_sequence[answered], false);
		answered++;
	}
	for (size_t i = 1; i <= 20; i++) {
		loop_until(&scene->loop, scene->told[i].times == 1);
		if (scene->told[i].status.code == RPC_OK)
			continue;
		assert_int_equal(scene->told[i].status.code, RPC_UNAVAILABLE);
		assert_int_equal(scene->told[i].status.retry_ms, 123);
		refused++;
	}
	assert_int_equal(refused, 12);
}

static void
too_large(struct scene *scene)
{
	static unsigned char content[300 * 1024];

	send_content(scene, 1, 0, content, sizeof(content));
	loop_until(&scene->loop, scene->told[1].times == 1);
	assert_int_equal(scene->told[1].status.code, RPC_RESOURCE_EXHAUSTED);
	assert_int_equal(rpc_server_counts(scene->server)->calls, 0);
	send_content(scene, 2, 0, content, BATCH_MAX_BYTES + 1);
	send_content(scene, 3, 0, content, BATCH_MAX_BYTES);
	loop_until(&scene->loop, scene->told[2].times == 1);
	loop_until(&scene->loop, scene->told[3].times == 1);
	assert_int_equal(scene->told[2].status.code, RPC_RESOURCE_EXHAUSTED);
	assert_int_equal(scene->told[3].status.code, RPC_OK);
}

static const struct story {
	const char *name;
	void (*play)(struct scene *scene);
	uint32_t contexts, queue;
} stories[] = {
	{ "32 calls in flight are answered last to first", out_of_order, 32,
	    32 },
	{ "a call ends at its deadline, and a late answer harms nobody",
	    in_time_or_never, 4, 4 },
	{ "a lost connection ends all calls, and the next one works",
	    connection_lost, 4, 4 },
	{ "a client that closes tells every caller at once", client_closes, 4,
	    4 },
	{ "who frees the typed client is told nothing any more", caller_forgets,
	    4, 4 },
	{ "a server that closes forgets calls under way", server_closes, 4, 4 },
	{ "who finds no room is told to come again", busy, 4, 4 },
	{ "a request that is too large is refused on either side", too_large, 4,
	    4 },
};

static void
test_story(void **state)
{
	const struct story *row = *state;
	struct scene scene;

	scene_open(&scene, row->contexts, row->queue);
	row->play(&scene);
	scene_close(&scene);
}

int
main(void)
{
	return TABLE_RUN(answers, test_answer) + TABLE_RUN(stories, test_story);
}
