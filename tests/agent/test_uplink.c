#include "tests/support/folder.h"
#include "tests/support/loop.h"
#include "tests/support/table.h"

#include <stdio.h>
#include <string.h>

#include "agent/uplink.h"
#include "proto/edge.h"
#include "proto/publish.h"

#define REP_ADDRESS "inproc://test-uplink"
#define ENTRIES     3

/* What a collector answers, a letter for each call: 'o' OK, 'r' OK and stored
 * before, 'u' UNAVAILABLE for a moment, 'U' the same without saying for how
 * long, 'a' ABORTED, 'i' INVALID_ARGUMENT, 'x' RESOURCE_EXHAUSTED, 'p'
 * PERMISSION_DENIED, 'n' UNAUTHENTICATED, 'l' DATA_LOSS, 'w' OK for
 * another batch.  When there are none
 * left, it is OK. */
static const struct story {
	const char *name;
	const char *answers;
	const char *calls; /* the sequences sent, in order */
	unsigned streams;  /* that were seen */
	uint64_t repeated, postponed, refused;
	unsigned bad_news;
} stories[] = {
	{ "what waits is brought, the oldest first", "", "1 2 3 ", 1, 0, 0, 0,
	    0 },
	{ "what was stored before is forgotten as well", "rr", "1 2 3 ", 1, 2,
	    0, 0, 0 },
	{ "who is busy is asked again when it said", "ouu", "1 2 2 2 3 ", 1, 0,
	    2, 0, 0 },
	{ "who is busy without saying so is asked later", "oU", "1 2 2 3 ", 1,
	    0, 1, 0, 0 },
	{ "a stream used twice is renewed, and nothing sent twice", "oa",
	    "1 2 1 2 ", 2, 0, 0, 0, 1 },
	{ "what no collector will take is set aside", "oi", "1 2 3 ", 1, 0, 0,
	    1, 1 },
	{ "what is too large for a collector is set aside", "x", "1 2 3 ", 1, 0,
	    0, 1, 1 },
	{ "who may not publish says so, and tries again", "p", "1 1 2 3 ", 1, 0,
	    0, 0, 1 },
	{ "who is not known says so, and tries again", "n", "1 1 2 3 ", 1, 0, 0,
	    0, 1 },
	{ "an acknowledgement of another batch is none", "w", "1 1 2 3 ", 1, 0,
	    0, 0, 1 },
	{ "what was damaged on its way is sent again", "l", "1 1 2 3 ", 1, 0, 1,
	    0, 1 },
};

/* A collector's inside, and the agent's, on one loop. */
struct stage {
	uv_loop_t loop;
	struct folder folder;
	const char *answers;
	char calls[128];
	uint64_t stream;
	unsigned streams, bad_news;
	struct rpc_server *rpc;
	struct publish_service *service;
	struct edge_server *edge;
	struct spool *spool;
	struct uplink *uplink;
};

static void
answer(
    struct stage *stage, const struct envelope *envelope, struct rpc_call *call)
{
	char letter = *stage->answers != '\0' ? *stage->answers++ : 'o';

	switch (letter) {
	case 'u':
		rpc_call_fail(call, RPC_UNAVAILABLE, 1, "busy");
		break;
	case 'U':
		rpc_call_fail(call, RPC_UNAVAILABLE, 0, "busy");
		break;
	case 'a':
		rpc_call_fail(call, RPC_ABORTED, 0, "used by two agents");
		break;
	case 'i':
		rpc_call_fail(call, RPC_INVALID_ARGUMENT, 0, "malformed");
		break;
	case 'x':
		rpc_call_fail(call, RPC_RESOURCE_EXHAUSTED, 0, "too large");
		break;
	case 'p':
		rpc_call_fail(call, RPC_PERMISSION_DENIED, 0, "another agent");
		break;
	case 'n':
		rpc_call_fail(call, RPC_UNAUTHENTICATED, 0, "who are you?");
		break;
	case 'l':
		rpc_call_fail(call, RPC_DATA_LOSS, 0, "damaged");
		break;
	case 'w':
		publish_ack(call, envelope->sequence + 1, false);
		break;
	default:
		publish_ack(call, envelope->sequence, letter == 'r');
	}
}

static void
on_send(void *arg, const struct envelope *envelope, struct rpc_call *call)
{
	struct stage *stage = arg;
	size_t n = strlen(stage->calls);

	assert_string_equal(envelope->environment, "staging");
	assert_string_equal(envelope->agent, "stg-1");
	assert_int_equal(envelope->heartbeat_ms, 10000);
	assert_int_equal(envelope->vantage, VANTAGE_IN_SERVICE);
	assert_string_equal(envelope->version, VEDETTE_VERSION);
	/* Those behind it: this one is not waiting. */
	assert_int_equal(envelope->waiting, spool_waiting(stage->spool) - 1);
	if (envelope->stream != stage->stream)
		stage->streams++;
	stage->stream = envelope->stream;
	snprintf(stage->calls + n, sizeof(stage->calls) - n, "%d ",
	    (int)envelope->sequence);
	answer(stage, envelope, call);
}

static void
on_news(void *arg, int is_bad, const char *text)
{
	struct stage *stage = arg;

	assert_non_null(strstr(text, "uplink: "));
	stage->bad_news += is_bad != 0;
}

static void
open_collector(struct stage *stage)
{
	struct rpc_server_setup rpc = { .loop = &stage->loop,
		.clock = clock_system(),
		.address = REP_ADDRESS };
	struct edge_server_setup edge = { .loop = &stage->loop,
		.clock = clock_system(),
		.rep_address = REP_ADDRESS };
	struct err err;

	if (rpc_server_new(&stage->rpc, &rpc, &err) < 0)
		fail_msg("%s", err.text);
	stage->service = publish_service_new(stage->rpc, on_send, stage);
	if (edge_server_new(&stage->edge, &edge, &err) < 0 ||
	    edge_server_listen(
		stage->edge, "tcp://127.0.0.1:0", false, NULL, &err) < 0)
		fail_msg("%s", err.text);
}

static void
open_spool(struct stage *stage)
{
	char path[FOLDER_PATH_BYTES], *salvaged;
	struct spool_setup setup = { .clock = clock_system(),
		.random = random_system(),
		.max_bytes = 1 << 20,
		.max_age_ms = 3600000 };
	struct spool_entry entry = { .from_ms = 1, .to_ms = 2, .n_results = 7 };
	struct err err;

	setup.path = folder_path(path, &stage->folder, "spool.db");
	if (spool_open(&stage->spool, &salvaged, &setup, &err) < 0)
		fail_msg("%s", err.text);
	for (int i = 0; i < ENTRIES; i++) {
		entry.content = (const unsigned char *)"content";
		entry.n_content = 7;
		assert_int_equal(spool_push(stage->spool, &entry, &err), 0);
	}
}

static void
close_stage(struct stage *stage)
{
	bool closed[3] = { false };

	uplink_close(stage->uplink, loop_on_done, &closed[0]);
	assert_false(closed[0]); /* never from inside */
	loop_until(&stage->loop, closed[0]);
	edge_server_close(stage->edge, loop_on_done, &closed[1]);
	loop_until(&stage->loop, closed[1]);
	rpc_server_close(stage->rpc, loop_on_done, &closed[2]);
	loop_until(&stage->loop, closed[2]);
	publish_service_free(stage->service);
	spool_close(stage->spool);
	loop_drain(&stage->loop);
	folder_close(&stage->folder);
}

/* The refused batches are on record, and nothing else is. */
static void
check_gaps(struct stage *stage, uint64_t refused)
{
	struct gap gap;
	int found;

	assert_int_equal(spool_gap(stage->spool, &found, &gap, NULL), 0);
	assert_int_equal(found, refused > 0);
	if (!found)
		return;
	assert_string_equal(gap.why, "refused by the collector");
	assert_int_equal(gap.n_results, 7 * refused);
}

static void
test_story(void **state)
{
	const struct story *row = *state;
	struct stage stage = { .answers = row->answers };
	const struct uplink_counts *counts;
	char *url, agent[] = "stg-1", environment[] = "staging";
	struct agent_config config = { .agent = agent,
		.environment = environment,
		.collectors = &url,
		.n_collectors = 1,
		.heartbeat_ms = 10000 };
	struct uplink_setup setup = { .loop = &stage.loop,
		.clock = clock_system(),
		.random = random_system(),
		.config = &config,
		.on_news = on_news,
		.arg = &stage };
	struct err err;

	folder_open(&stage.folder);
	assert_int_equal(uv_loop_init(&stage.loop), 0);
	open_collector(&stage);
	open_spool(&stage);
	setup.spool = stage.spool;
	url = (char *)(uintptr_t)edge_server_url(stage.edge);
	if (uplink_new(&stage.uplink, &setup, &err) < 0)
		fail_msg("%s", err.text);
	uplink_set_vantage(stage.uplink, VANTAGE_IN_SERVICE);
	counts = uplink_counts(stage.uplink);
	loop_until(&stage.loop, spool_waiting(stage.spool) == 0);
	assert_string_equal(stage.calls, row->calls);
	assert_int_equal(stage.streams, row->streams);
	assert_int_equal(counts->repeated, row->repeated);
	assert_int_equal(counts->postponed, row->postponed);
	assert_int_equal(counts->refused, row->refused);
	assert_int_equal(counts->acknowledged + counts->refused, ENTRIES);
	assert_int_equal(stage.bad_news, row->bad_news);
	check_gaps(&stage, row->refused);
	close_stage(&stage);
}

int
main(void)
{
	return TABLE_RUN(stories, test_story);
}
