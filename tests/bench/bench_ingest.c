/*
 * bench_ingest URL DIRECTORY [RESULTS [RATE]] - durable ingest, whole path
 * against plain rows.
 *
 * Sends batches of 100 results to a collector at URL through stock nng
 * sockets, AGENTS of them at a time, each waiting for its acknowledgement;
 * then inserts the same results, one row each, into a SQLite table with key
 * (series, time), and into one without a key, synchronous=FULL, as many per
 * transaction as had waited together.  Prints one line of JSON.  With a RATE
 * it sends so many results a second, if they are taken, and compares nothing.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <nng/nng.h>
#include <nng/protocol/reqrep0/req.h>
#include <nng/supplemental/util/platform.h>

#include "proto/base/clock.h"
#include "proto/base/crc32c.h"
#include "proto/base/mem.h"
#include "proto/base/random.h"
#include "proto/envelope.pb-c.h"
#include "proto/publish.h"
#include "proto/publish.pb-c.h"
#include "tests/bench/workload.h"

#define SOCKETS       8
#define DEFAULT_TOTAL 400000

struct sender {
	nng_socket *socket;
	nng_ctx context;
	nng_aio *aio;
	char name[32];
	uint64_t stream, sequence, last;
	uint64_t refused;
	/* Every batch, encoded beforehand: [0] is of sequence 1. */
	struct request {
		unsigned char *bytes;
		size_t n;
	} * requests;
	enum { SENDING, RECEIVING, PAUSING, DONE } phase;
	int64_t start_ns, every_ns; /* one batch each; 0: as fast as can be */
	struct gate *gate;
};

/* How many senders are not done yet. */
struct gate {
	nng_mtx *lock;
	nng_cv *changed;
	int open;
};

static void
check(int rc, const char *what)
{
	if (rc == 0)
		return;
	fprintf(stderr, "bench_ingest: %s: %s\n", what, nng_strerror(rc));
	exit(1);
}

/* Packs a batch of a sender into its request. */
static void
encode_request(
    struct request *out, const struct sender *sender, uint64_t sequence)
{
	Vedette__Batch batch = VEDETTE__BATCH__INIT;
	Vedette__Call call = VEDETTE__CALL__INIT;
	unsigned char *content = NULL;

	content =
	    workload_content(&batch.content.len, sender->stream, sequence);
	batch.content.data = content;
	batch.crc32c = crc32c(0, content, batch.content.len);
	batch.environment = "bench";
	batch.agent = (char *)(uintptr_t)sender->name;
	batch.stream = sender->stream;
	batch.sequence = sequence;
	batch.wall_ms = clock_wall_ms(clock_system());
	batch.mono_ms = clock_mono_ms(clock_system());
	batch.heartbeat_ms = 10000;
	batch.vantage = VANTAGE_IN_SERVICE;
	batch.version = "bench";
	call.id = sequence;
	call.method = "vedette.Publish/Send";
	call.deadline_ms = 30000;
	call.payload.len = vedette__batch__get_packed_size(&batch);
	call.payload.data = mem_zalloc(call.payload.len);
	vedette__batch__pack(&batch, call.payload.data);
	out->n = vedette__call__get_packed_size(&call);
	out->bytes = mem_zalloc(out->n);
	vedette__call__pack(&call, out->bytes);
	free(call.payload.data);
	free(content);
}

static void
send_request(struct sender *sender)
{
	const struct request *request = &sender->requests[sender->sequence - 1];
	nng_msg *message;

	check(nng_msg_alloc(&message, 0), "message");
	check(nng_msg_append(message, request->bytes, request->n), "message");
	nng_aio_set_msg(sender->aio, message);
	sender->phase = SENDING;
	nng_ctx_send(sender->context, sender->aio);
}

static void
finish(struct sender *sender)
{
	nng_mtx_lock(sender->gate->lock);
	sender->phase = DONE;
	sender->gate->open--;
	nng_cv_wake(sender->gate->changed);
	nng_mtx_unlock(sender->gate->lock);
}

/* Takes the reply: on to the next batch, or the same again when busy. */
static void
take_reply(struct sender *sender)
{
	nng_msg *message = nng_aio_get_msg(sender->aio);
	Vedette__Reply *reply = vedette__reply__unpack(
	    NULL, nng_msg_len(message), nng_msg_body(message));

	if (reply == NULL) {
		fprintf(stderr, "bench_ingest: malformed reply\n");
		exit(1);
	}
	if (reply->status == RPC_UNAVAILABLE) {
		sender->refused++;
	} else if (reply->status != RPC_OK) {
		fprintf(stderr, "bench_ingest: %s\n", reply->message);
		exit(1);
	} else {
		sender->sequence++;
	}
	vedette__reply__free_unpacked(reply, NULL);
	nng_msg_free(message);
}

/* Is it time for the next batch?  Otherwise it waits until then. */
static bool
is_due(struct sender *sender)
{
	int64_t early_ns = sender->start_ns +
	    (int64_t)(sender->sequence - 1) * sender->every_ns -
	    clock_mono_ns(clock_system());

	if (sender->every_ns == 0 || early_ns < 1000000)
		return true;
	sender->phase = PAUSING;
	nng_sleep_aio((nng_duration)(early_ns / 1000000), sender->aio);
	return false;
}

/* Runs on a thread of nng. */
static void
on_done(void *arg)
{
	struct sender *sender = arg;

	check(nng_aio_result(sender->aio), "call");
	if (sender->phase == SENDING) {
		sender->phase = RECEIVING;
		nng_ctx_recv(sender->context, sender->aio);
		return;
	}
	if (sender->phase == RECEIVING)
		take_reply(sender);
	if (sender->sequence > sender->last) {
		finish(sender);
		return;
	}
	if (sender->phase == RECEIVING && !is_due(sender))
		return;
	send_request(sender);
}

/* Returns the seconds it took until everything was acknowledged. */
static double
through_collector(
    const char *url, uint64_t batches, uint64_t rate, uint64_t *out_refused)
{
	struct sender senders[AGENTS] = { 0 };
	nng_socket sockets[SOCKETS];
	struct gate gate = { .open = AGENTS };
	int64_t start;

	check(nng_mtx_alloc(&gate.lock), "lock");
	check(nng_cv_alloc(&gate.changed, gate.lock), "condition");
	for (int i = 0; i < SOCKETS; i++) {
		check(nng_req0_open(&sockets[i]), "socket");
		check(nng_dial(sockets[i], url, NULL, 0), url);
	}
	for (int i = 0; i < AGENTS; i++) {
		struct sender *sender = &senders[i];

		sender->gate = &gate;
		sender->stream = random_u64(random_system()) | 1;
		sender->sequence = 1;
		sender->last = batches;
		snprintf(sender->name, sizeof(sender->name), "bench-%02d", i);
		check(nng_ctx_open(&sender->context, sockets[i % SOCKETS]),
		    "context");
		check(nng_ctx_set_ms(sender->context, "req:resend-time", -1),
		    "resend");
		check(nng_aio_alloc(&sender->aio, on_done, sender), "aio");
		sender->requests =
		    mem_calloc(batches, sizeof(*sender->requests));
		for (uint64_t j = 0; j < batches; j++)
			encode_request(&sender->requests[j], sender, j + 1);
	}
	start = clock_mono_ns(clock_system());
	for (int i = 0; i < AGENTS; i++) {
		if (rate > 0)
			senders[i].every_ns = INT64_C(1000000000) * AGENTS *
			    BATCH_RESULTS / (int64_t)rate;
		senders[i].start_ns = start + senders[i].every_ns * i / AGENTS;
		send_request(&senders[i]);
	}
	nng_mtx_lock(gate.lock);
	while (gate.open > 0)
		nng_cv_wait(gate.changed);
	nng_mtx_unlock(gate.lock);
	start = clock_mono_ns(clock_system()) - start;
	for (int i = 0; i < AGENTS; i++) {
		*out_refused += senders[i].refused;
		nng_aio_free(senders[i].aio);
	}
	for (int i = 0; i < SOCKETS; i++)
		nng_close(sockets[i]);
	nng_cv_free(gate.changed);
	nng_mtx_free(gate.lock);
	return (double)start / 1e9;
}

int
main(int argc, char **argv)
{
	uint64_t total = DEFAULT_TOTAL, rate = 0, batches, refused = 0;
	double whole, keyed, append;
	char *keyed_path, *append_path;

	if (argc < 3) {
		fprintf(stderr,
		    "usage: bench_ingest URL DIRECTORY [RESULTS [RATE]]\n");
		return 2;
	}
	if (argc > 3)
		total = strtoull(argv[3], NULL, 10);
	if (argc > 4)
		rate = strtoull(argv[4], NULL, 10);
	batches = total / (AGENTS * BATCH_RESULTS);
	if (batches == 0)
		batches = 1;
	total = batches * AGENTS * BATCH_RESULTS;
	whole = through_collector(argv[1], batches, rate, &refused);
	if (rate > 0) {
		printf("{\"results\": %" PRIu64 ", \"busy\": %" PRIu64
		       ", \"whole_path_per_s\": %.0f}\n",
		    total, refused, (double)total / whole);
		return 0;
	}
	keyed_path = mem_printf("%s/keyed.db", argv[2]);
	append_path = mem_printf("%s/append.db", argv[2]);
	keyed = workload_rows(keyed_path, WORKLOAD_KEYED, batches);
	append = workload_rows(append_path, WORKLOAD_APPEND, batches);
	printf("{\"results\": %" PRIu64 ", \"busy\": %" PRIu64
	       ", \"whole_path_per_s\": %.0f, \"keyed_rows_per_s\": %.0f, "
	       "\"append_rows_per_s\": %.0f}\n",
	    total, refused, (double)total / whole, (double)total / keyed,
	    (double)total / append);
	free(keyed_path);
	free(append_path);
	return 0;
}
