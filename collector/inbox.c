#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/inbox_inside.h"
#include "proto/base/random.h"

#define EXPIRE_EVERY_MS 60000
#define SEAL_EVERY_MS   5000
#define SEAL_AT_ONCE_MS 20 /* then whatever waits has its turn */
#define JUDGE_AT_ONCE   8  /* batches; then the network has its turn */

struct moment
inbox_now(const struct inbox *inbox)
{
	return (struct moment){ clock_wall_ms(inbox->setup.clock),
		clock_mono_ms(inbox->setup.clock) };
}

void
inbox_tell(const struct inbox *inbox, bool is_bad, const char *text)
{
	inbox->setup.on_news(inbox->setup.arg, is_bad, text);
}

/* --- the store fails, and works again ----------------------------------- */

static void
break_down(struct inbox *inbox, const struct err *why)
{
	char text[sizeof(why->text) + 128];

	inbox->counts.failures++;
	inbox_unstored_begin(inbox, why->text);
	inbox->is_broken = true;
	inbox->retry_ms = inbox_now(inbox).mono_ms + INBOX_BROKEN_MS;
	snprintf(text, sizeof(text), "%s%s", why->text,
	    why->code == ERR_FULL
		? "; agents keep their results until then"
		: "; agents keep their results until it works again");
	inbox_tell(inbox, true, text);
}

/* Rolls back; on success the picture is what the store says. */
static void
abandon(struct inbox *inbox)
{
	struct err err = { 0 };

	inbox->n_judged += inbox->backlog.n;
	inbox->n_written = inbox->n_gathered;
	backlog_drop(&inbox->backlog);
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
	inbox_unstored_end(inbox);
	inbox_tell(inbox, false, "store: takes batches again");
}

/* --- a transaction has ended -------------------------------------------- */

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
	switch (waiting->stored.put) {
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
		inbox_tell(inbox, true, text);
		waiting_fail(waiting, RPC_ABORTED, 0,
		    "sequence %llu of this stream is stored with other "
		    "content: two agents use one stream; begin a new one",
		    (unsigned long long)envelope->sequence);
	}
}

static void
tell_events(void *arg, const struct event *events, size_t n)
{
	struct inbox *inbox = arg;

	if (n > 0)
		inbox->setup.on_events(inbox->setup.arg, events, n);
}

/* What was told, found and reported is durable now. */
static void
tell_written(struct inbox *inbox)
{
	const struct event *events;
	size_t n;

	events = pipeline_told(inbox->setup.pipeline, &n);
	tell_events(inbox, events, n);
	pipeline_forget(inbox->setup.pipeline);
	LIST_EACH (node, &inbox->taken) {
		const struct mark *mark =
		    LIST_ITEM(node, struct waiting, node)->mark;
		struct event event = { .kind = EVENT_MARK };

		if (mark == NULL)
			continue;
		inbox->must_tick |= pipeline_learn(inbox->setup.pipeline, mark);
		event.at_ms = mark->at_ms;
		event.mark = *mark;
		tell_events(inbox, &event, 1);
	}
}

/* Envelopes live in their calls: what is still needed is copied first. */
static void
finish(struct inbox *inbox)
{
	tell_written(inbox);
	LIST_EACH (node, &inbox->taken) {
		struct waiting *waiting = LIST_ITEM(node, struct waiting, node);

		if (waiting->batch != NULL)
			backlog_add(&inbox->backlog, &waiting->stored,
			    waiting->envelope, waiting->batch, waiting->n_new);
		waiting->batch = NULL; /* the backlog's */
		answer(inbox, waiting);
		drop(inbox, waiting);
	}
}

static void
refuse(struct inbox *inbox)
{
	LIST_EACH (node, &inbox->taken) {
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

static void
note_done(struct inbox *inbox)
{
	int64_t now_ms = inbox_now(inbox).mono_ms;

	switch (inbox->purpose) {
	case PURPOSE_TAKE:
		inbox_unstored_drop(inbox);
		inbox->counts.transactions++;
		inbox->n_written = inbox->n_gathered;
		pipeline_written(inbox->setup.pipeline, &inbox->writing);
		break;
	case PURPOSE_SEAL:
		inbox->is_sealing = inbox->n_done > 0 && !inbox->is_stopping;
		inbox->seal_ms = now_ms + SEAL_EVERY_MS;
		break;
	case PURPOSE_EXPIRE:
		/* As long as there is more, the next tick goes on. */
		if (inbox->n_done == 0)
			inbox->expire_ms = now_ms + EXPIRE_EVERY_MS;
	}
}

/* Back on the loop. */
static void
on_done(void *arg)
{
	struct inbox *inbox = arg;

	inbox_pieces_done(inbox, inbox->rc == 0);
	if (inbox->rc == 0) {
		note_done(inbox);
		work_again(inbox);
		finish(inbox);
	} else {
		entries_free(inbox->writing.entries);
		inbox->writing.entries = NULL;
		inbox->is_sealing = false;
		break_down(inbox, &inbox->err);
		abandon(inbox);
		refuse(inbox);
	}
	inbox_settle_some(inbox);
	inbox_go_on(inbox);
}

/* --- a transaction, beside the loop ------------------------------------- */

static int
take_all(struct inbox *inbox, struct err *err)
{
	struct pipeline *pipeline = inbox->setup.pipeline;
	int rc = 0;

	LIST_EACH (node, &inbox->taken) {
		struct waiting *waiting = LIST_ITEM(node, struct waiting, node);
		struct arrived arrived = { waiting->envelope, waiting->batch };

		rc = waiting->mark != NULL
		    ? pipeline_mark(pipeline, waiting->mark, err)
		    : pipeline_store(pipeline, &waiting->stored, &arrived,
			  inbox->now, err);
		if (rc < 0)
			return -1;
	}
	if (inbox_pieces_write(inbox, err) < 0 ||
	    inbox_unstored_write(inbox, err) < 0 ||
	    pipeline_write(pipeline, &inbox->writing, err) < 0)
		return -1;
	return pipeline_end(pipeline, err);
}

/* A slice of what waits. */
static int
seal_some(struct inbox *inbox, struct err *err)
{
	struct pipeline *pipeline = inbox->setup.pipeline;

	do
		if (pipeline_seal(pipeline, &inbox->n_done, inbox->now, err) <
		    0)
			return -1;
	while (inbox->n_done > 0 &&
	    inbox_now(inbox).mono_ms < inbox->now.mono_ms + SEAL_AT_ONCE_MS);
	return pipeline_end(pipeline, err);
}

static int
expire_some(struct inbox *inbox, struct err *err)
{
	struct pipeline *pipeline = inbox->setup.pipeline;

	if (pipeline_expire(pipeline, &inbox->n_done, inbox->now, err) < 0)
		return -1;
	return pipeline_commit(pipeline, err);
}

/* The scribe's work. */
static void
on_work(void *arg)
{
	static int (*const purposes[])(
	    struct inbox * inbox, struct err * err) = {
		[PURPOSE_TAKE] = take_all,
		[PURPOSE_SEAL] = seal_some,
		[PURPOSE_EXPIRE] = expire_some,
	};
	struct inbox *inbox = arg;

	inbox->rc = pipeline_begin(inbox->setup.pipeline, &inbox->err);
	if (inbox->rc == 0)
		inbox->rc = purposes[inbox->purpose](inbox, &inbox->err);
}

/* May nothing be judged now, because the picture is being written? */
static bool
is_frozen(const struct inbox *inbox)
{
	return inbox->must_abandon ||
	    (inbox->scribe.is_busy &&
		(inbox->purpose == PURPOSE_EXPIRE ||
		    (inbox->purpose == PURPOSE_TAKE &&
			inbox->writing.with_picture)));
}

/* Takes the oldest out of the queue, and what was found along. */
static void
prepare(struct inbox *inbox, enum purpose purpose)
{
	inbox->purpose = purpose;
	inbox->now = inbox_now(inbox);
	inbox->n_done = 0;
	inbox->writing = (struct writing){ 0 };
	if (purpose != PURPOSE_TAKE)
		return;
	inbox->must_write = false;
	inbox_pieces_gather(inbox);
	for (int i = 0; i < INBOX_AT_ONCE && !list_is_empty(&inbox->queue) &&
	     !backlog_is_full(&inbox->backlog);
	     i++)
		list_push(&inbox->taken, list_pop(&inbox->queue));
	inbox->n_gathered++;
	pipeline_gather(inbox->setup.pipeline, &inbox->writing);
}

/* Is there anything for a transaction, and what first? */
static bool
choose(const struct inbox *inbox, enum purpose *out)
{
	int64_t now_ms = inbox_now(inbox).mono_ms;

	*out = PURPOSE_TAKE;
	if (!list_is_empty(&inbox->queue) && !backlog_is_full(&inbox->backlog))
		return true;
	if (inbox->must_write || pipeline_has_found(inbox->setup.pipeline))
		return true;
	if (inbox->is_broken)
		return false;
	*out = PURPOSE_SEAL;
	if (inbox->is_sealing)
		return true;
	*out = PURPOSE_EXPIRE;
	return now_ms >= inbox->expire_ms && inbox->backlog.n == 0;
}

/* Returns whether one was started. */
static bool
start(struct inbox *inbox)
{
	enum purpose purpose;

	if (inbox->scribe.is_busy || inbox->scribe.is_queued ||
	    !choose(inbox, &purpose))
		return false;
	if (!may_try(inbox)) {
		while (!list_is_empty(&inbox->queue))
			list_push(&inbox->taken, list_pop(&inbox->queue));
		refuse(inbox);
		inbox->must_write = false;
		return false;
	}
	if (inbox->is_stopping)
		return false; /* inbox_stop() does what is left */
	if (inbox->setup.is_watched != NULL)
		pipeline_set_watched(inbox->setup.pipeline,
		    inbox->setup.is_watched(inbox->setup.arg));
	prepare(inbox, purpose);
	scribe_start(&inbox->scribe);
	return true;
}

/* Up to when everything that came has been judged: nobody was silent whose
 * batch is still to be looked at. */
static struct moment
judged_until(const struct inbox *inbox)
{
	const struct list *oldest =
	    !list_is_empty(&inbox->taken) ? &inbox->taken : &inbox->queue;

	if (inbox->backlog.n > 0)
		return backlog_since(&inbox->backlog);
	if (!list_is_empty(oldest))
		return LIST_ITEM(oldest->next, struct waiting, node)->came;
	return inbox_now(inbox);
}

/* Judges what no batch brings about. */
static void
tick(struct inbox *inbox)
{
	struct pipeline *pipeline = inbox->setup.pipeline;
	struct moment until = judged_until(inbox);

	inbox->must_tick = false;
	if (!pipeline_is_due(pipeline, until))
		return;
	pipeline_tick(pipeline, until);
	inbox->must_write = true;
}

static void
judge_some(struct inbox *inbox)
{
	for (int i = 0; i < JUDGE_AT_ONCE && inbox->backlog.n > 0; i++) {
		backlog_judge(&inbox->backlog, tell_events, inbox);
		inbox->n_judged++;
	}
	inbox_settle_some(inbox);
}

static void
on_check(uv_check_t *check)
{
	struct inbox *inbox = check->data;

	start(inbox);
	if (!is_frozen(inbox)) {
		judge_some(inbox);
		if (inbox->must_tick)
			tick(inbox);
	}
	/* What that found is not kept waiting. */
	start(inbox);
	if (inbox->backlog.n > 0 && !is_frozen(inbox))
		return;
	uv_check_stop(&inbox->check);
	uv_idle_stop(&inbox->idle);
}

static void
on_idle(uv_idle_t *idle)
{
	(void)idle; /* it is enough that it is there */
}

void
inbox_go_on(struct inbox *inbox)
{
	if (uv_is_closing((uv_handle_t *)&inbox->check))
		return;
	uv_check_start(&inbox->check, on_check);
	uv_idle_start(&inbox->idle, on_idle);
}

/* --- what no batch brings about ----------------------------------------- */

void
inbox_tick(struct inbox *inbox)
{
	inbox_go_on(inbox);
	if (is_frozen(inbox) || inbox->is_stopping)
		return;
	tick(inbox);
	if (inbox->is_broken)
		inbox->must_write = true; /* does it work again? */
	if (inbox_now(inbox).mono_ms >= inbox->seal_ms && !inbox->is_broken)
		inbox->is_sealing = true;
}

uint32_t
inbox_waiting(const struct inbox *inbox)
{
	return inbox->n_waiting;
}

uint32_t
inbox_unjudged(const struct inbox *inbox)
{
	return inbox->backlog.n;
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
	/* The one before may be freed: nobody reads it any more. */
	scribe_wait(&inbox->scribe);
	inbox->setup.config = config;
}

/* --- from beginning to end ---------------------------------------------- */

struct inbox *
inbox_new(const struct inbox_setup *setup)
{
	struct inbox *inbox = mem_zalloc(sizeof(*inbox));

	inbox->setup = *setup;
	inbox->stream = random_u64(random_system()) | 2; /* no KEY_STREAM */
	list_init(&inbox->queue);
	list_init(&inbox->taken);
	list_init(&inbox->pieces);
	list_init(&inbox->settling);
	list_init(&inbox->unstored);
	backlog_init(&inbox->backlog, setup->pipeline);
	scribe_init(&inbox->scribe, setup->loop, on_work, on_done, inbox);
	uv_check_init(setup->loop, &inbox->check);
	uv_idle_init(setup->loop, &inbox->idle);
	inbox->check.data = inbox;
	inbox->idle.data = inbox;
	inbox->open_handles = 3;
	inbox->expire_ms = inbox_now(inbox).mono_ms + EXPIRE_EVERY_MS;
	inbox->seal_ms = inbox_now(inbox).mono_ms + SEAL_EVERY_MS;
	inbox->service =
	    publish_service_new(setup->server, inbox_on_send, inbox);
	inbox->reports =
	    report_service_new(setup->server, inbox_on_mark, inbox);
	return inbox;
}

static void
on_part_closed(void *arg)
{
	struct inbox *inbox = arg;

	if (--inbox->open_handles > 0)
		return;
	inbox->closed(inbox->closed_arg);
	backlog_drop(&inbox->backlog);
	inbox_unstored_drop(inbox);
	free(inbox->broken_why);
	free(inbox);
}

static void
on_handle_closed(uv_handle_t *handle)
{
	on_part_closed(handle->data);
}

/* One transaction, here and now. */
static void
run(struct inbox *inbox)
{
	if (!may_try(inbox)) {
		while (!list_is_empty(&inbox->queue))
			list_push(&inbox->taken, list_pop(&inbox->queue));
		refuse(inbox);
		return;
	}
	prepare(inbox, PURPOSE_TAKE);
	scribe_do(&inbox->scribe);
}

void
inbox_stop(struct inbox *inbox)
{
	inbox->is_stopping = true;
	scribe_wait(&inbox->scribe);
	do {
		run(inbox);
		while (inbox->backlog.n > 0)
			judge_some(inbox);
	} while (!list_is_empty(&inbox->queue));
	pipeline_checkpoint(inbox->setup.pipeline);
	run(inbox);
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
	scribe_close(&inbox->scribe, on_part_closed);
}
