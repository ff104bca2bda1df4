/* The Publish service of publish.h, both sides. */
#include <stdlib.h>
#include <string.h>

#include "proto/base/crc32c.h"
#include "proto/base/list.h"
#include "proto/base/text.h"
#include "proto/label.h"
#include "proto/publish.h"
#include "proto/result_codec.h"

#define VERSION_MAX_BYTES 64

/* --- calling ---------------------------------------------------------------- */

struct publish_client {
	struct rpc_client *rpc;
	ProtobufCService *stub;
	struct list under_way;
};

struct sending {
	struct list node;
	struct publish_client *client; /* NULL once it was freed */
	publish_done_fn *done;
	void *arg;
};

struct publish_client *
publish_client_new(struct rpc_client *rpc)
{
	struct publish_client *client = mem_zalloc(sizeof(*client));

	client->rpc = rpc;
	client->stub = rpc_stub_new(rpc, &vedette__publish__descriptor);
	list_init(&client->under_way);
	return client;
}

static void
on_ack(const Vedette__Ack *ack, void *arg)
{
	struct sending *sending = arg;

	if (sending->client != NULL) {
		list_remove(&sending->node);
		sending->done(sending->arg,
		    rpc_client_status(sending->client->rpc),
		    ack != NULL ? ack->sequence : 0,
		    ack != NULL && ack->repeated_before);
	}
	free(sending);
}

void
publish_send(struct publish_client *client, const struct envelope *envelope,
    publish_done_fn *done, void *arg)
{
	Vedette__Batch batch = VEDETTE__BATCH__INIT;
	struct sending *sending = mem_zalloc(sizeof(*sending));

	sending->client = client;
	sending->done = done;
	sending->arg = arg;
	list_push(&client->under_way, &sending->node);
	batch.environment = codec_lend(envelope->environment);
	batch.agent = codec_lend(envelope->agent);
	batch.stream = envelope->stream;
	batch.sequence = envelope->sequence;
	batch.wall_ms = envelope->wall_ms;
	batch.mono_ms = envelope->mono_ms;
	batch.heartbeat_ms = envelope->heartbeat_ms;
	batch.waiting = envelope->waiting;
	batch.vantage = envelope->vantage;
	batch.version = codec_lend(envelope->version);
	batch.content.data = (unsigned char *)(uintptr_t)envelope->content;
	batch.content.len = envelope->n_content;
	batch.crc32c = envelope->crc32c;
	vedette__publish__send(client->stub, &batch, on_ack, sending);
}

void
publish_client_free(struct publish_client *client)
{
	if (client == NULL)
		return;
	LIST_EACH (node, &client->under_way) {
		list_remove(node);
		LIST_ITEM(node, struct sending, node)->client = NULL;
	}
	rpc_stub_free(client->stub);
	free(client);
}

/* --- serving ---------------------------------------------------------------- */

struct publish_service {
	Vedette__Publish_Service base;
	publish_on_send_fn *on_send;
	void *arg;
};

static int
check_names(const Vedette__Batch *batch, struct err *err)
{
	if (!label_is_environment(batch->environment) ||
	    !label_is(batch->agent))
		return err_set(err, ERR_INVALID,
		    "a batch without a proper environment and agent");
	if (strlen(batch->version) > VERSION_MAX_BYTES)
		return err_set(err, ERR_INVALID,
		    "a version of more than %d bytes", VERSION_MAX_BYTES);
	if (batch->stream == 0 || batch->sequence == 0)
		return err_set(
		    err, ERR_INVALID, "a batch without stream or sequence");
	return 0;
}

/* An agent's clock may be wrong by years, and is still told apart from
 * numbers that would overflow. */
static int
check_numbers(const Vedette__Batch *batch, struct err *err)
{
	if (batch->vantage > VANTAGE_EXTERNAL)
		return err_set(err, ERR_INVALID, "vantage %u is not known",
		    batch->vantage);
	if (batch->wall_ms < CODEC_AT_MIN_MS ||
	    batch->wall_ms > CODEC_AT_MAX_MS || batch->mono_ms < 0)
		return err_set(
		    err, ERR_INVALID, "a clock outside 1970 to 2200");
	return 0;
}

/* The status that refuses the batch; RPC_OK when nothing is wrong. */
static enum rpc_code
check(const Vedette__Batch *batch, struct err *err)
{
	if (check_names(batch, err) < 0 || check_numbers(batch, err) < 0)
		return RPC_INVALID_ARGUMENT;
	if (batch->content.len > BATCH_MAX_BYTES) {
		err_set(err, ERR_LIMIT, "a batch of %zu bytes, limit %d",
		    batch->content.len, BATCH_MAX_BYTES);
		return RPC_RESOURCE_EXHAUSTED;
	}
	if (crc32c(0, batch->content.data, batch->content.len) !=
	    batch->crc32c) {
		err_set(err, ERR_CORRUPT, "a batch damaged on its way");
		return RPC_DATA_LOSS;
	}
	return RPC_OK;
}

static void
on_send(Vedette__Publish_Service *base, const Vedette__Batch *batch,
    Vedette__Ack_Closure closure, void *closure_data)
{
	struct publish_service *service = (struct publish_service *)base;
	struct rpc_call *call = closure_data;
	struct envelope *envelope;
	struct err err;
	enum rpc_code code = check(batch, &err);

	(void)closure; /* publish_ack() answers */
	if (code != RPC_OK) {
		rpc_call_fail(call, code, 0, "%s", err.text);
		return;
	}
	envelope = rpc_call_zalloc(call, sizeof(*envelope));
	envelope->environment = batch->environment;
	envelope->agent = batch->agent;
	envelope->stream = batch->stream;
	envelope->sequence = batch->sequence;
	envelope->wall_ms = batch->wall_ms;
	envelope->mono_ms = batch->mono_ms;
	envelope->heartbeat_ms = batch->heartbeat_ms;
	envelope->waiting = batch->waiting;
	envelope->vantage = (enum vantage)batch->vantage;
	envelope->version = batch->version;
	envelope->content = batch->content.data;
	envelope->n_content = batch->content.len;
	envelope->crc32c = batch->crc32c;
	service->on_send(service->arg, envelope, call);
}

struct publish_service *
publish_service_new(
    struct rpc_server *server, publish_on_send_fn *on_send_fn, void *arg)
{
	struct publish_service *service = mem_zalloc(sizeof(*service));

	vedette__publish__init(&service->base, NULL);
	service->base.send = on_send;
	service->on_send = on_send_fn;
	service->arg = arg;
	rpc_server_add(server, &service->base.base);
	return service;
}

void
publish_ack(struct rpc_call *call, uint64_t sequence, bool repeated)
{
	Vedette__Ack ack = VEDETTE__ACK__INIT;

	ack.sequence = sequence;
	ack.repeated_before = repeated;
	rpc_call_answer(call, &ack.base);
}

void
publish_service_free(struct publish_service *service)
{
	free(service);
}
