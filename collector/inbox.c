#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/admission.h"
#include "collector/inbox.h"
#include "proto/base/random.h"
#include "proto/report.h"

#define EXPIRE_EVERY_MS 60000
#define SEAL_EVERY_MS   5000
#define KEY_STREAM      1  /* the same in every life of ours */
#define SEAL_AT_ONCE_MS 20 /* then whatever waits has its turn */

struct inbox {
	struct inbox_setup setup;
	struct publish_service *service;
	struct report_service *reports;
	struct list queue;
	uint32_t n_waiting;
	size_t n_bytes;
	uint64_t stream, sequence; /* of pushes without a key */
	/* check runs after everything that has arrived was taken in; idle
	 * keeps the loop from sleeping before it. */
	uv_check_t check;
	uv_idle_t idle;
	int open_handles;
	struct inbox_counts counts;
	bool is_broken;    /* the store took nothing at the last try */
	bool must_abandon; /* ... and the picture is not restored yet */
	int64_t retry_ms;  /* not before, monotonic */
	int64_t expire_ms, seal_ms;
	bool is_sealing; /* there is more to seal */
	bool is_stopping;
	void (*closed)(void *arg);
	void *closed_arg;
};

struct moment
inbox_now(const struct inbox *inbox)
{
	return (struct moment){ clock_wall_ms(inbox->setup.clock),
		clock_mono_ms(inbox->setup.clock) };
}

static void
tell(const struct inbox *inbox, bool is_bad, const char *text)
{
	inbox->setup.on_news(inbox->setup.arg, is_bad, text);
}

/* --- the store fails, and works again ----------------------------------- */

static void
break_down(struct inbox *inbox, const struct err *why)
{
	char text[sizeof(why->text) + 128];

	inbox->counts.failures++;
	inbox->is_broken = true;
	inbox->retry_ms = inbox_now(inbox).mono_ms + INBOX_BROKEN_MS;
	snprintf(text, sizeof(text), "%s%s", why->text,
	    why->code == ERR_FULL
		? "; agents keep their results until then"
		: "; agents keep their results until it works again");
	tell(inbox, true, text);
}

/* Rolls back; on success the picture is what the store says. */
static void
abandon(struct inbox *inbox)
{
	struct err err = { 0 };

	inbox->must_abandon =
	    pipeline_abandon(inbox->setup.pipeline, inbox_now(inbox), &err) < 0;
	if (inbox->must_abandon)
		break_down(inbox, &err);
}

static bool
may_try(struct inbox *inbox)
{
	if (!inbox->is_broken)
		return true;
	if (inbox_now(inbox).mono_ms < inbox->retry_ms)
		return false;
	if (inbox->must_abandon)
		abandon(inbox);
	return !inbox->must_abandon;
}

static void
work_again(struct inbox *inbox)
{
	if (!inbox->is_broken)
		return;
	inbox->is_broken = false;
	tell(inbox, false, "store: takes batches again");
}

/* --- transactions ------------------------------------------------------- */

static void
drop(struct inbox *inbox, struct waiting *waiting)
{
	list_remove(&waiting->node);
	inbox->n_waiting--;
	inbox->n_bytes -= waiting->n_bytes;
	waiting_free(waiting);
}

static void
answer(struct inbox *inbox, struct waiting *waiting)
{
	const struct envelope *envelope = waiting->envelope;
	char text[512];

	if (waiting->mark != NULL) {
		inbox->counts.marks++;
		waiting_ack(waiting, false);
		return;
	}
	switch (waiting->put) {
	case STORE_NEW:
		inbox->counts.stored++;
		waiting_ack(waiting, false);
		break;
	case STORE_REPEAT:
		inbox->counts.repeated++;
		waiting_ack(waiting, true);
		break;
	default:
		inbox->counts.conflicts++;
		snprintf(text, sizeof(text),
		    "agent %s/%s sent another batch under a number that is "
		    "taken: is its spool a copy of another agent's? it was "
		    "told to begin a new stream",
		    envelope->environment, envelope->agent);
		tell(inbox, true, text);
		waiting_fail(waiting, RPC_ABORTED, 0,
		    "sequence %llu of this stream is stored with other "
		    "content: two agents use one stream; begin a new one",
		    (unsigned long long)envelope->sequence);
	}
}

/* Envelopes live in their calls: what borrows from them goes first. */
static void
finish(struct inbox *inbox, struct list *taken)
{
	struct pipeline *pipeline = inbox->setup.pipeline;
	const struct event *events;
	size_t n;

	events = pipeline_events(pipeline, &n);
	inbox->setup.on_events(inbox->setup.arg, events, n);
	pipeline_forget(pipeline);
	LIST_EACH (node, taken) {
		struct waiting *waiting = LIST_ITEM(node, struct waiting, node);

		answer(inbox, waiting);
		drop(inbox, waiting);
	}
}

static void
refuse(struct inbox *inbox, struct list *taken)
{
	pipeline_forget(inbox->setup.pipeline);
	LIST_EACH (node, taken) {
		struct waiting *waiting = LIST_ITEM(node, struct waiting, node);
		const struct envelope *envelope = waiting->envelope;

		if (envelope != NULL)
			pipeline_heard(inbox->setup.pipeline,
			    envelope->environment, envelope->agent,
			    inbox_now(inbox));
		inbox->counts.busy++;
		waiting_fail(waiting, RPC_UNAVAILABLE, INBOX_RETRY_MS,
		    "the store cannot take anything now");
		drop(inbox, waiting);
	}
}

static int
write_one(struct inbox *inbox, struct waiting *waiting, struct moment now,
    struct err *err)
{
	struct arrived arrived = { waiting->envelope, waiting->batch };

	if (waiting->mark != NULL)
		return pipeline_mark(inbox->setup.pipeline, waiting->mark, err);
	return pipeline_take(
	    inbox->setup.pipeline, &waiting->put, &arrived, now, err);
}

static int
write_all(struct inbox *inbox, struct list *taken, struct err *err)
{
	struct pipeline *pipeline = inbox->setup.pipeline;
	struct moment now = inbox_now(inbox);

	if (inbox->setup.is_watched != NULL)
		pipeline_set_watched(
		    pipeline, inbox->setup.is_watched(inbox->setup.arg));
	if (pipeline_begin(pipeline, err) < 0)
		return -1;
	LIST_EACH (node, taken)
		if (write_one(inbox, LIST_ITEM(node, struct waiting, node), now,
			err) < 0)
			return -1;
	if (pipeline_tick(pipeline, now, err) < 0)
		return -1;
	return pipeline_commit(pipeline, err);
}

/* Takes the oldest out of the queue. */
static void
take(struct inbox *inbox, struct list *out)
{
	list_init(out);
	for (int i = 0; i < INBOX_AT_ONCE && !list_is_empty(&inbox->queue); i++)
		list_push(out, list_pop(&inbox->queue));
}

static void
run_transaction(struct inbox *inbox)
{
	struct list taken;
	struct err err = { 0 };

	take(inbox, &taken);
	if (!may_try(inbox)) {
		refuse(inbox, &taken);
		return;
	}
	if (write_all(inbox, &taken, &err) == 0) {
		inbox->counts.transactions++;
		work_again(inbox);
		finish(inbox, &taken);
		return;
	}
	break_down(inbox, &err);
	pipeline_forget(inbox->setup.pipeline);
	abandon(inbox);
	refuse(inbox, &taken);
}

/* Moves what has waited long enough into chunks, a slice of it. */
static void
seal(struct inbox *inbox)
{
	struct pipeline *pipeline = inbox->setup.pipeline;
	struct moment start = inbox_now(inbox);
	struct err err = { 0 };
	uint64_t n = 0;
	int rc;

	rc = pipeline_begin(pipeline, &err);
	do {
		if (rc == 0)
			rc = pipeline_seal(pipeline, &n, start, &err);
	} while (rc == 0 && n > 0 &&
	    inbox_now(inbox).mono_ms < start.mono_ms + SEAL_AT_ONCE_MS);
	if (rc == 0)
		rc = pipeline_commit(pipeline, &err);
	inbox->is_sealing = rc == 0 && n > 0;
	inbox->seal_ms = inbox_now(inbox).mono_ms + SEAL_EVERY_MS;
	if (rc < 0) {
		break_down(inbox, &err);
		abandon(inbox);
	}
}

static void
on_check(uv_check_t *check)
{
	struct inbox *inbox = check->data;

	if (!list_is_empty(&inbox->queue))
		run_transaction(inbox);
	else if (inbox->is_sealing)
		seal(inbox);
	if (!list_is_empty(&inbox->queue) || inbox->is_sealing)
		return;
	uv_check_stop(&inbox->check);
	uv_idle_stop(&inbox->idle);
}

static void
on_idle(uv_idle_t *idle)
{
	(void)idle; /* it is enough that it is there */
}

/* The loop comes round without waiting, until on_check() has nothing to do. */
static void
keep_going(struct inbox *inbox)
{
	uv_check_start(&inbox->check, on_check);
	uv_idle_start(&inbox->idle, on_idle);
}

/* --- taking in ---------------------------------------------------------- */

static int
check_queue(struct inbox *inbox, size_t n_bytes, struct err *err)
{
	if (!inbox->is_stopping && inbox->n_waiting < INBOX_QUEUE_MAX &&
	    inbox->n_bytes + n_bytes <= INBOX_QUEUE_MAX_BYTES)
		return 0;
	inbox->counts.busy++;
	return err_set(err, ERR_BUSY, "%s",
	    inbox->is_stopping ? "the collector stops"
			       : "too many batches wait already");
}

/* Returns 0, or -1 when the call was answered. */
static int
queue_call(struct inbox *inbox, size_t n_bytes, struct rpc_call *call)
{
	struct err err;

	if (check_queue(inbox, n_bytes, &err) == 0)
		return 0;
	rpc_call_fail(call, RPC_UNAVAILABLE, INBOX_RETRY_MS, "%s", err.text);
	return -1;
}

static void
enqueue(struct inbox *inbox, const struct waiting *waiting)
{
	struct waiting *copy = mem_dup(waiting, sizeof(*waiting));

	list_push(&inbox->queue, &copy->node);
	inbox->n_waiting++;
	inbox->n_bytes += copy->n_bytes;
	keep_going(inbox);
}

/* Returns 0, or -1 when the call was answered. */
static int
admit(
    struct inbox *inbox, const struct envelope *envelope, struct rpc_call *call)
{
	struct err err = { 0 };

	if (admission_of_sender(
		inbox->setup.config, envelope, rpc_call_peer(call), &err) < 0) {
		inbox->counts.denied++;
		tell(inbox, true, err.text);
		rpc_call_fail(call, RPC_PERMISSION_DENIED, 0, "%s", err.text);
		return -1;
	}
	return queue_call(inbox, envelope->n_content, call);
}

/* Returns 0, or -1 when the call was answered. */
static int
open_up(struct inbox *inbox, struct batch **out,
    const struct envelope *envelope, struct rpc_call *call)
{
	enum rpc_code code = RPC_INVALID_ARGUMENT;
	struct err err = { 0 };

	if (batch_decode(out, envelope->content, envelope->n_content,
		envelope->environment, envelope->agent, &err) == 0) {
		if (admission_of_things(pipeline_fleet(inbox->setup.pipeline),
			envelope, *out, &err) == 0)
			return 0;
		code = RPC_RESOURCE_EXHAUSTED;
		batch_free(*out);
	}
	inbox->counts.malformed++;
	err_wrap(&err, "agent %s/%s", envelope->environment, envelope->agent);
	tell(inbox, true, err.text);
	rpc_call_fail(call, code, 0, "%s", err.text);
	return -1;
}

static void
on_send(void *arg, const struct envelope *envelope, struct rpc_call *call)
{
	struct inbox *inbox = arg;
	struct waiting waiting = { .call = call,
		.envelope = envelope,
		.n_bytes = envelope->n_content };

	if (admit(inbox, envelope, call) < 0 ||
	    open_up(inbox, &waiting.batch, envelope, call) < 0)
		return;
	enqueue(inbox, &waiting);
}

int
inbox_push(struct inbox *inbox, const struct push *push, pushed_fn *pushed,
    void *arg, struct err *err)
{
	struct moment now = inbox_now(inbox);
	struct envelope at = { .wall_ms = now.wall_ms, .mono_ms = now.mono_ms };
	struct waiting waiting = { .pushed = pushed, .arg = arg };

	at.stream = push->key != 0 ? KEY_STREAM : inbox->stream;
	at.sequence =
	    push->key != 0 ? STORE_BY_KEY | push->key >> 2 : ++inbox->sequence;
	if (config_check_environment(
		inbox->setup.config, push->environment, err) < 0 ||
	    check_queue(inbox, batch_size_bytes(push->batch), err) < 0 ||
	    waiting_of_push(&waiting, push, &at, err) < 0)
		return -1;
	if (admission_of_things(pipeline_fleet(inbox->setup.pipeline),
		waiting.envelope, waiting.batch, err) < 0) {
		waiting_free(mem_dup(&waiting, sizeof(waiting)));
		return -1;
	}
	enqueue(inbox, &waiting);
	return 0;
}

static void
on_mark(void *arg, struct mark *mark, struct rpc_call *call)
{
	struct inbox *inbox = arg;
	struct waiting waiting = {
		.call = call, .mark = mark, .n_bytes = rpc_call_bytes(call)
	};
	struct err err = { 0 };

	if (admission_of_mark(inbox->setup.config, mark,
		inbox_now(inbox).wall_ms, &err) < 0) {
		rpc_call_fail(call, RPC_INVALID_ARGUMENT, 0, "%s", err.text);
		return;
	}
	if (queue_call(inbox, waiting.n_bytes, call) < 0)
		return;
	if (mark->at_ms == 0)
		mark->at_ms = inbox_now(inbox).wall_ms;
	enqueue(inbox, &waiting);
}

/* --- what no batch brings about ----------------------------------------- */

static void
expire(struct inbox *inbox)
{
	struct pipeline *pipeline = inbox->setup.pipeline;
	struct moment now = inbox_now(inbox);
	struct err err = { 0 };
	uint64_t n = 0;

	if (pipeline_begin(pipeline, &err) < 0 ||
	    pipeline_expire(pipeline, &n, now, &err) < 0 ||
	    pipeline_commit(pipeline, &err) < 0) {
		break_down(inbox, &err);
		abandon(inbox);
		return;
	}
	/* As long as there is more, the next tick goes on. */
	if (n == 0)
		inbox->expire_ms = now.mono_ms + EXPIRE_EVERY_MS;
}

void
inbox_tick(struct inbox *inbox)
{
	struct moment now = inbox_now(inbox);

	if (!list_is_empty(&inbox->queue) || !may_try(inbox))
		return; /* the transaction to come will tick */
	if (inbox->is_broken || pipeline_is_due(inbox->setup.pipeline, now))
		run_transaction(inbox);
	else if (now.mono_ms >= inbox->expire_ms)
		expire(inbox);
	if (now.mono_ms < inbox->seal_ms || inbox->is_broken ||
	    inbox->is_stopping)
		return;
	inbox->is_sealing = true;
	keep_going(inbox);
}

uint32_t
inbox_waiting(const struct inbox *inbox)
{
	return inbox->n_waiting;
}

bool
inbox_is_broken(const struct inbox *inbox)
{
	return inbox->is_broken;
}

const struct inbox_counts *
inbox_counts(const struct inbox *inbox)
{
	return &inbox->counts;
}

void
inbox_set_config(struct inbox *inbox, const struct collector_config *config)
{
	inbox->setup.config = config;
}

/* --- from beginning to end ---------------------------------------------- */

struct inbox *
inbox_new(const struct inbox_setup *setup)
{
	struct inbox *inbox = mem_zalloc(sizeof(*inbox));

	inbox->setup = *setup;
	inbox->stream = random_u64(random_system()) | 2; /* not KEY_STREAM */
	list_init(&inbox->queue);
	uv_check_init(setup->loop, &inbox->check);
	uv_idle_init(setup->loop, &inbox->idle);
	inbox->check.data = inbox;
	inbox->idle.data = inbox;
	inbox->open_handles = 2;
	inbox->expire_ms = inbox_now(inbox).mono_ms + EXPIRE_EVERY_MS;
	inbox->seal_ms = inbox_now(inbox).mono_ms + SEAL_EVERY_MS;
	inbox->service = publish_service_new(setup->server, on_send, inbox);
	inbox->reports = report_service_new(setup->server, on_mark, inbox);
	return inbox;
}

static void
on_handle_closed(uv_handle_t *handle)
{
	struct inbox *inbox = handle->data;

	if (--inbox->open_handles > 0)
		return;
	inbox->closed(inbox->closed_arg);
	free(inbox);
}

void
inbox_stop(struct inbox *inbox)
{
	inbox->is_stopping = true;
	inbox->is_sealing = false; /* the next start goes on */
	pipeline_checkpoint(inbox->setup.pipeline);
	do
		run_transaction(inbox);
	while (!list_is_empty(&inbox->queue));
}

void
inbox_close(struct inbox *inbox, void (*closed)(void *arg), void *arg)
{
	inbox->closed = closed;
	inbox->closed_arg = arg;
	publish_service_free(inbox->service);
	report_service_free(inbox->reports);
	uv_close((uv_handle_t *)&inbox->check, on_handle_closed);
	uv_close((uv_handle_t *)&inbox->idle, on_handle_closed);
}
