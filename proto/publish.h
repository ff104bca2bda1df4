/*
 * publish.h - batches of results and facts, from agent to collector.
 *
 * A batch owns everything it points to.  The agent fills one, encodes its
 * content once, spools those bytes and sends them; the collector stores the
 * same bytes.  Generated messages stay inside the .c files of this folder.
 */
#ifndef PROTO_PUBLISH_H
#define PROTO_PUBLISH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/result.h"
#include "proto/rpc.h"

#define BATCH_MAX_BYTES   (200 * 1024) /* of content on the wire */
#define BATCH_MAX_RESULTS 1000
#define BATCH_MAX_SERIES  1000
#define BATCH_MAX_FACTS   1000
#define BATCH_MAX_GAPS    100

struct batch {
	const struct series *series;
	const struct result *results;
	const struct fact *facts;
	const struct gap *gaps;
	size_t n_series, n_results, n_facts, n_gaps;
};

/* --- filling (agent, tests) --------------------------------------------- */

struct batch *batch_new(void);

/* Deep copies.  The series of a result is given beside it and listed once.
 * Too long messages and texts are cut at a whole UTF-8 character; text that
 * is not UTF-8 is sanitised.  environment and agent of series are ignored:
 * they are those of the envelope. */
void batch_add_result(struct batch *batch, const struct series *series,
    const struct result *result);
void batch_add_fact(struct batch *batch, const struct fact *fact);
void batch_add_gap(struct batch *batch, const struct gap *gap);

/* A bound from above for the bytes of its content. */
size_t batch_size_bytes(const struct batch *batch);
bool batch_is_empty(const struct batch *batch);
void batch_free(struct batch *batch); /* NULL is allowed */

/* Smallest and largest time of its results, facts and gaps; 0, 0 if empty. */
void
batch_span(int64_t *out_from_ms, int64_t *out_to_ms, const struct batch *batch);

/* --- the bytes ----------------------------------------------------------- */

/* Encodes to *out_bytes, owned by the caller. */
void batch_encode(
    unsigned char **out_bytes, size_t *out_n, const struct batch *batch);

/* Decodes and checks every field: names, enums, limits, UTF-8, indices.
 * Unknown enum values are an error.  environment and agent are copied into
 * each series.  Allocates at most 16 times n and, for the arrays that the
 * counts above bound, 512 KiB.  *out is owned by the caller. */
int batch_decode(struct batch **out, const void *bytes, size_t n,
    const char *environment, const char *agent, struct err *err);

/* --- calling (agent) ----------------------------------------------------- */

/* What goes around the content of a batch. */
struct envelope {
	const char *environment, *agent;
	uint64_t stream, sequence;
	int64_t wall_ms, mono_ms;
	uint32_t heartbeat_ms;
	uint64_t waiting;
	enum vantage vantage;
	const char *version;
	const unsigned char *content; /* borrowed */
	size_t n_content;
	uint32_t crc32c;
};

struct publish_client;

/* status is borrowed for the call; sequence and repeated only when OK. */
typedef void publish_done_fn(void *arg, const struct rpc_status *status,
    uint64_t sequence, bool repeated);

struct publish_client *publish_client_new(struct rpc_client *rpc);

/* Sends; done is called once, from the loop. */
void publish_send(struct publish_client *client,
    const struct envelope *envelope, publish_done_fn *done, void *arg);

/* Before the rpc_client is closed.  done of sends under way is not called any
 * more.  NULL is allowed. */
void publish_client_free(struct publish_client *client);

/* --- within one process --------------------------------------------------- */

/* Results that did not come by a call. */
struct push {
	const char *environment, *agent;
	enum vantage vantage;
	/* Equal ones of one agent are stored once; 0: always stored. */
	uint64_t key;
	const struct batch *batch;
};

/* What became of a push; status is borrowed for the call. */
typedef void
pushed_fn(void *arg, const struct rpc_status *status, bool repeated);

/* --- serving (collector) ------------------------------------------------- */

struct publish_service;

/* Takes the call over: publish_ack() or rpc_call_fail() must follow, now or
 * later.  The envelope is borrowed until then.  It was checked: names valid,
 * stream and sequence not 0, content within its limit and its CRC right (else
 * DATA_LOSS: the bytes in the spool may still be good), clocks within range;
 * whether the peer may speak for that agent was not. */
typedef void publish_on_send_fn(
    void *arg, const struct envelope *envelope, struct rpc_call *call);

struct publish_service *publish_service_new(
    struct rpc_server *server, publish_on_send_fn *on_send, void *arg);

/* Answers OK.  Call is gone afterwards. */
void publish_ack(struct rpc_call *call, uint64_t sequence, bool repeated);

/* After the server was closed. */
void publish_service_free(struct publish_service *service);

#endif
