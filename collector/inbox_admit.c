/* Who may publish, and what: the way into the queue. */
#include <stdlib.h>
#include <string.h>

#include "collector/admission.h"
#include "collector/inbox_inside.h"
#include "proto/redact.h"

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

	copy->came = inbox_now(inbox);
	list_push(&inbox->queue, &copy->node);
	inbox->n_waiting++;
	inbox->n_bytes += copy->n_bytes;
	inbox_go_on(inbox);
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
		inbox_tell(inbox, true, err.text);
		rpc_call_fail(call, RPC_PERMISSION_DENIED, 0, "%s", err.text);
		return -1;
	}
	return queue_call(inbox, envelope->n_content, call);
}

/* How many things of an agent wait to be known. */
static size_t
count_coming(const struct inbox *inbox, const struct envelope *envelope)
{
	size_t n = backlog_count_new(
	    &inbox->backlog, envelope->environment, envelope->agent);
	const struct list *lists[] = { &inbox->queue, &inbox->taken };

	for (int i = 0; i < 2; i++)
		LIST_EACH (node, lists[i]) {
			const struct waiting *waiting =
			    LIST_ITEM(node, struct waiting, node);

			if (waiting->n_new > 0 &&
			    strcmp(waiting->envelope->agent, envelope->agent) ==
				0 &&
			    strcmp(waiting->envelope->environment,
				envelope->environment) == 0)
				n += waiting->n_new;
		}
	return n;
}

static int
check_things(
    const struct inbox *inbox, struct waiting *waiting, struct err *err)
{
	const struct fleet *fleet = pipeline_fleet(inbox->setup.pipeline);
	const struct envelope *envelope = waiting->envelope;

	waiting->n_new = fleet_count_new(
	    fleet, envelope->environment, envelope->agent, waiting->batch);
	return admission_of_things(fleet, envelope, waiting->n_new,
	    waiting->n_new > 0 ? count_coming(inbox, envelope) : 0, err);
}

static void
turn_away(struct inbox *inbox, const struct waiting *waiting, struct err *err)
{
	const struct envelope *envelope = waiting->envelope;

	if (err->code == ERR_BUSY) {
		inbox->counts.busy++;
		rpc_call_fail(waiting->call, RPC_UNAVAILABLE, INBOX_RETRY_MS,
		    "%s", err->text);
		return;
	}
	inbox->counts.malformed++;
	err_wrap(err, "agent %s/%s", envelope->environment, envelope->agent);
	inbox_tell(inbox, true, err->text);
	rpc_call_fail(waiting->call,
	    waiting->batch != NULL ? RPC_RESOURCE_EXHAUSTED
				   : RPC_INVALID_ARGUMENT,
	    0, "%s", err->text);
}

/* Returns 0, or -1 when the call was answered. */
static int
open_up(struct inbox *inbox, struct waiting *waiting)
{
	const struct envelope *envelope = waiting->envelope;
	struct err err = { 0 };

	if (batch_decode(&waiting->batch, envelope->content,
		envelope->n_content, envelope->environment, envelope->agent,
		&err) == 0 &&
	    check_things(inbox, waiting, &err) == 0)
		return 0;
	turn_away(inbox, waiting, &err);
	batch_free(waiting->batch);
	return -1;
}

void
inbox_on_send(void *arg, const struct envelope *envelope, struct rpc_call *call)
{
	struct inbox *inbox = arg;
	struct waiting waiting = { .call = call,
		.envelope = envelope,
		.n_bytes = envelope->n_content };

	if (admit(inbox, envelope, call) < 0 || open_up(inbox, &waiting) < 0)
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
	if (check_things(inbox, &waiting, err) < 0) {
		waiting_free(mem_dup(&waiting, sizeof(waiting)));
		return -1;
	}
	enqueue(inbox, &waiting);
	return 0;
}

/* A place or a guard that we do not know is no fault of the command line. */
static enum rpc_code
code_of(const struct err *err)
{
	if (err->code == ERR_DENIED)
		return RPC_PERMISSION_DENIED;
	return err->code == ERR_NOT_FOUND ? RPC_NOT_FOUND
					  : RPC_INVALID_ARGUMENT;
}

void
inbox_on_mark(void *arg, struct mark *mark, struct rpc_call *call)
{
	struct inbox *inbox = arg;
	struct waiting waiting = {
		.call = call, .mark = mark, .n_bytes = rpc_call_bytes(call)
	};
	const char *replaced;
	struct err err = { 0 };
	char *summary;

	if (admission_of_mark(inbox->setup.config,
		pipeline_guards(inbox->setup.pipeline), mark,
		inbox_now(inbox).wall_ms, &err) < 0) {
		rpc_call_fail(call, code_of(&err), 0, "%s", err.text);
		return;
	}
	if (queue_call(inbox, waiting.n_bytes, call) < 0)
		return;
	/* People quote what they saw, whatever was in it. */
	summary = redact(mark->summary);
	mark->summary = arena_strdup(rpc_call_arena(call), summary);
	free(summary);
	replaced =
	    guards_replaced(pipeline_guards(inbox->setup.pipeline), mark);
	if (replaced != NULL)
		waiting.replaced = arena_strdup(rpc_call_arena(call), replaced);
	if (mark->at_ms == 0)
		mark->at_ms = inbox_now(inbox).wall_ms;
	enqueue(inbox, &waiting);
}
