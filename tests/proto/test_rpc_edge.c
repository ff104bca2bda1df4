/* Calls and events between two edges, over sockets of the kernel. */
#include "tests/support/table.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "proto/base/crc32c.h"
#include "proto/edge.h"
#include "proto/publish.h"
#include "tests/support/folder.h"
#include "tests/support/loop.h"

#define SERVED  "inproc://test/edge/served"
#define EVENTS  "inproc://test/edge/events"
#define CALLING "inproc://test/edge/calling"
#define HEARING "inproc://test/edge/hearing"
#define CALLS   16          /* what an edge lets through at a time */
#define HELD    (4 * CALLS) /* of calls that nobody waits for any more */
#define TICK_MS 5
#define ROUNDS  100

struct told {
	int times;
	enum rpc_code code;
	uint64_t sequence;
};

struct scene {
	uv_loop_t loop;
	char url[200];
	/* the collector's side */
	bool is_direct; /* a passage leads from edge to server */
	struct passage passage;
	struct rpc_server *server;
	struct publish_service *service;
	struct rpc_publisher *publisher;
	struct edge_server *listening;
	bool holds;
	struct rpc_call *held[HELD];
	uint64_t held_sequence[HELD];
	size_t n_held;
	struct peer peer;
	/* the caller's side */
	struct edge_client *dialling, *hearing;
	struct rpc_client *rpc;
	struct publish_client *client;
	struct rpc_subscriber *subscriber;
	struct told told[CALLS + 1];
	int up, down, events;
	bool closed[6];
};

static void
on_send(void *arg, const struct envelope *envelope, struct rpc_call *call)
{
	struct scene *scene = arg;

	scene->peer = *rpc_call_peer(call);
	if (!scene->holds || scene->n_held == HELD) {
		publish_ack(call, envelope->sequence, false);
		return;
	}
	scene->held_sequence[scene->n_held] = envelope->sequence;
	scene->held[scene->n_held++] = call;
}

static void
on_up(void *arg, const char *url)
{
	struct scene *scene = arg;

	(void)url;
	scene->up++;
}

static void
on_down(void *arg, const char *url, const struct err *why, uint32_t retry_ms)
{
	struct scene *scene = arg;

	(void)url;
	(void)retry_ms;
	scene->down++;
	rpc_client_fail_all(scene->rpc, why->text);
}

static void
on_told(void *arg, const struct rpc_status *status, uint64_t sequence,
    bool repeated)
{
	struct told *told = arg;

	(void)repeated;
	told->times++;
	told->code = status->code;
	told->sequence = sequence;
}

static void
on_event(void *arg, const char *topic, const void *payload, size_t n)
{
	struct scene *scene = arg;

	assert_string_equal(topic, "staging/result/web/port");
	assert_int_equal(n, 3);
	assert_memory_equal(payload, "\0\1\2", 3);
	scene->events++;
}

/* --- both sides ------------------------------------------------------------- */

static void
open_server(struct scene *scene, const char *url)
{
	struct rpc_server_setup rpc = { .loop = &scene->loop,
		.clock = clock_system(),
		.address = SERVED,
		.contexts = CALLS,
		.queue = CALLS };
	struct edge_server_setup edge = { .loop = &scene->loop,
		.clock = clock_system(),
		.rep_address = SERVED,
		.pub_address = EVENTS };
	struct err err;

	if (scene->is_direct)
		rpc.passage = edge.passage = &scene->passage;
	assert_int_equal(rpc_server_new(&scene->server, &rpc, &err), 0);
	scene->service = publish_service_new(scene->server, on_send, scene);
	assert_int_equal(rpc_publisher_new(&scene->publisher, EVENTS, &err), 0);
	assert_int_equal(edge_server_new(&scene->listening, &edge, &err), 0);
	assert_int_equal(
	    edge_server_listen(scene->listening, url, false, NULL, &err), 0);
	snprintf(scene->url, sizeof(scene->url), "%s",
	    edge_server_url(scene->listening));
}

static void
open_client(struct scene *scene)
{
	const char *url = scene->url;
	struct edge_client_setup edge = { .loop = &scene->loop,
		.clock = clock_system(),
		.random = random_system(),
		.pattern = EDGE_REQ,
		.inside_address = CALLING,
		.urls = &url,
		.n_urls = 1,
		.retry_min_ms = 1,
		.retry_max_ms = 20,
		.on_up = on_up,
		.on_down = on_down,
		.arg = scene };
	struct rpc_client_setup rpc = { .loop = &scene->loop,
		.clock = clock_system(),
		.address = CALLING };
	struct err err;

	assert_int_equal(edge_client_new(&scene->dialling, &edge, &err), 0);
	assert_int_equal(rpc_client_new(&scene->rpc, &rpc, &err), 0);
	scene->client = publish_client_new(scene->rpc);
	loop_until(&scene->loop, scene->up == 1);
}

static void
close_server(struct scene *scene)
{
	if (scene->server == NULL)
		return;
	edge_server_close(scene->listening, loop_on_done, &scene->closed[0]);
	loop_until(&scene->loop, scene->closed[0]);
	rpc_server_close(scene->server, loop_on_done, &scene->closed[1]);
	loop_until(&scene->loop, scene->closed[1]);
	rpc_publisher_close(scene->publisher);
	publish_service_free(scene->service);
	scene->closed[0] = scene->closed[1] = false;
	scene->server = NULL;
	scene->n_held = 0;
}

static void
close_client(struct scene *scene)
{
	publish_client_free(scene->client);
	rpc_client_close(scene->rpc, loop_on_done, &scene->closed[2]);
	loop_until(&scene->loop, scene->closed[2]);
	edge_client_close(scene->dialling, loop_on_done, &scene->closed[3]);
	loop_until(&scene->loop, scene->closed[3]);
}

static void
send_one(struct scene *scene, uint64_t sequence)
{
	struct envelope envelope = { .environment = "staging",
		.agent = "stg-1",
		.stream = 42,
		.sequence = sequence,
		.wall_ms = 1,
		.version = "",
		.content = (const unsigned char *)"abc",
		.n_content = 3,
		.crc32c = crc32c(0, "abc", 3) };

	publish_send(scene->client, &envelope, on_told, &scene->told[sequence]);
}

/* --- stories ---------------------------------------------------------------- */

static void
out_of_order(struct scene *scene)
{
	scene->holds = true;
	for (uint64_t i = 1; i <= CALLS; i++)
		send_one(scene, i);
	loop_until(&scene->loop, scene->n_held == CALLS);
	for (size_t i = CALLS; i-- > 0;)
		publish_ack(scene->held[i], scene->held_sequence[i], false);
	for (size_t i = 1; i <= CALLS; i++) {
		loop_until(&scene->loop, scene->told[i].times == 1);
		assert_int_equal(scene->told[i].code, RPC_OK);
		assert_int_equal(scene->told[i].sequence, i);
	}
}

static void
known_peer(struct scene *scene)
{
	bool ipc = strncmp(scene->url, "ipc:", 4) == 0;

	send_one(scene, 1);
	loop_until(&scene->loop, scene->told[1].times == 1);
	assert_int_equal(
	    scene->peer.transport, ipc ? TRANSPORT_IPC : TRANSPORT_TCP);
	assert_int_equal(scene->peer.uid, ipc ? getuid() : UINT32_MAX);
	assert_string_equal(scene->peer.identity, "");
	assert_int_not_equal(scene->peer.connection, 0);
}

/* The collector goes away with calls under way, and comes again. */
static void
server_restarts(struct scene *scene)
{
	char url[sizeof(scene->url)];

	scene->holds = true;
	send_one(scene, 1);
	send_one(scene, 2);
	loop_until(&scene->loop, scene->n_held == 2);
	memcpy(url, scene->url, sizeof(url));
	close_server(scene);
	loop_until(&scene->loop, scene->told[2].times == 1);
	assert_int_equal(scene->told[1].code, RPC_UNAVAILABLE);
	assert_int_equal(scene->told[2].code, RPC_UNAVAILABLE);
	scene->holds = false;
	open_server(scene, url);
	loop_until(&scene->loop, scene->up == 2);
	send_one(scene, 3);
	loop_until(&scene->loop, scene->told[3].times == 1);
	assert_int_equal(scene->told[3].code, RPC_OK);
}

static void
on_tick(uv_timer_t *timer)
{
	struct scene *scene = timer->data;

	rpc_publisher_send(
	    scene->publisher, "production/result/web/port", "\0\1\2", 3);
	rpc_publisher_send(
	    scene->publisher, "staging/result/web/port", "\0\1\2", 3);
}

/* Published until heard: the two need a moment to meet. */
static void
events_arrive(struct scene *scene)
{
	const char *url = scene->url;
	struct edge_client_setup edge = { .loop = &scene->loop,
		.clock = clock_system(),
		.random = random_system(),
		.pattern = EDGE_SUB,
		.inside_address = HEARING,
		.urls = &url,
		.n_urls = 1 };
	uv_timer_t tick = { .data = scene };
	struct err err;

	assert_int_equal(edge_client_new(&scene->hearing, &edge, &err), 0);
	assert_int_equal(rpc_subscriber_new(&scene->subscriber, &scene->loop,
			     HEARING, "staging/", on_event, scene, &err),
	    0);
	uv_timer_init(&scene->loop, &tick);
	uv_timer_start(&tick, on_tick, 0, TICK_MS);
	loop_until(&scene->loop, scene->events >= 3);
	uv_close((uv_handle_t *)&tick, NULL);
	rpc_subscriber_close(
	    scene->subscriber, loop_on_done, &scene->closed[4]);
	edge_client_close(scene->hearing, loop_on_done, &scene->closed[5]);
	loop_until(&scene->loop, scene->closed[4] && scene->closed[5]);
}

/* Deadlines of a few milliseconds, answers that come too late or never, and
 * connections given up meanwhile: every call still ends, and only once. */
static void
churn(struct scene *scene)
{
	struct random_seeded seeded;
	const struct random *random = &seeded.random;
	uint64_t seed = random_u64(random_system());

	print_message("seed %#llx\n", (unsigned long long)seed);
	random_seeded_init(&seeded, seed);
	for (int round = 0; round < ROUNDS; round++) {
		memset(scene->told, 0, sizeof(scene->told));
		scene->holds = random_below(random, 2) == 0;
		rpc_client_set_deadline(
		    scene->rpc, (uint32_t)random_below(random, 5) + 1);
		for (uint64_t i = 1; i <= CALLS; i++)
			send_one(scene, i);
		if (random_below(random, 4) == 0)
			edge_client_skip(scene->dialling);
		for (size_t i = 1; i <= CALLS; i++)
			loop_until(&scene->loop, scene->told[i].times == 1);
		while (scene->n_held > 0)
			publish_ack(scene->held[--scene->n_held], 1, false);
	}
	scene->holds = false;
	rpc_client_set_deadline(scene->rpc, 30000);
	memset(scene->told, 0, sizeof(scene->told));
	loop_until(&scene->loop, edge_client_is_up(scene->dialling));
	send_one(scene, 1);
	loop_until(&scene->loop, scene->told[1].times == 1);
	assert_int_equal(scene->told[1].code, RPC_OK);
}

static const struct story {
	const char *name;
	const char *scheme;
	void (*play)(struct scene *scene);
} stories[] = {
	{ "over TCP and a passage, 16 calls are answered last to first", "tcp",
	    out_of_order },
	{ "over IPC, 16 calls are answered last to first", "ipc",
	    out_of_order },
	{ "over TCP and a passage, the service knows the transport", "tcp",
	    known_peer },
	{ "over IPC, the service knows the caller's uid", "ipc", known_peer },
	{ "over TCP and a passage, calls end with a lost connection, which "
	  "comes back",
	    "tcp", server_restarts },
	{ "over IPC, calls end with a lost connection, which comes back", "ipc",
	    server_restarts },
	{ "over TCP and a passage, calls that are cut short end once each",
	    "tcp", churn },
	{ "over IPC, calls that are cut short end once each", "ipc", churn },
	{ "over TCP and a passage, events of the wanted environment arrive",
	    "tcp", events_arrive },
	{ "over IPC, events of the wanted environment arrive", "ipc",
	    events_arrive },
};

static void
test_story(void **state)
{
	const struct story *row = *state;
	struct scene scene = { 0 };
	struct folder folder;
	char url[FOLDER_PATH_BYTES + 8] = "tcp://127.0.0.1:0";
	char path[FOLDER_PATH_BYTES];

	folder_open(&folder);
	scene.is_direct = strcmp(row->scheme, "tcp") == 0;
	if (strcmp(row->scheme, "ipc") == 0)
		snprintf(url, sizeof(url), "ipc://%s",
		    folder_path(path, &folder, "socket"));
	uv_loop_init(&scene.loop);
	open_server(&scene, url);
	open_client(&scene);
	row->play(&scene);
	close_client(&scene);
	close_server(&scene);
	loop_drain(&scene.loop);
	folder_close(&folder);
}

int
main(void)
{
	return TABLE_RUN(stories, test_story);
}
