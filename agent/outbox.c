#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "agent/memory.h"
#include "agent/outbox.h"
#include "proto/base/list.h"
#include "proto/base/mem.h"
#include "proto/publish.h"

/* One run adds at most this much before the sizes are looked at again. */
#define RUN_MAX_BYTES (80 * 1024)
#define FULL_BYTES    (BATCH_MAX_BYTES - RUN_MAX_BYTES)

/* A gap that waits behind many batches may be dropped with its own batch. */
#define GAP_MAX_WAITING 8

/* An encoded batch on its way to the spool. */
struct parcel {
	struct list node;
	struct spool_entry entry; /* its content is ours */
	struct gap reported;      /* of the spool; why is NULL for none */
	struct gap lost;          /* of ours; why is NULL for none */
};

struct outbox {
	uv_timer_t timer;
	struct outbox_setup setup;
	struct batch *batch; /* what is being collected */
	struct memory *memory;
	struct list parcels; /* the oldest first */
	size_t kept_bytes;
	struct gap lost;   /* dropped parcels, not reported yet */
	bool is_stuck;     /* people were told so */
	int64_t pushed_ms; /* monotonic */
	int64_t due_ms;    /* of the timer; 0 when it is not set */
	struct outbox_counts counts;
	void (*closed)(void *arg);
	void *closed_arg;
};

/* --- what is lost ------------------------------------------------------------ */

/* Makes one gap of two; why of what was lost is NULL when there is none. */
static void
widen(struct gap *lost, int64_t from_ms, int64_t to_ms, uint64_t n_results)
{
	if (lost->why == NULL || from_ms < lost->from_ms)
		lost->from_ms = from_ms;
	if (lost->why == NULL || to_ms > lost->to_ms)
		lost->to_ms = to_ms;
	lost->n_results += n_results;
	lost->why = "no room on disk";
}

static void
parcel_free(struct outbox *outbox, struct parcel *parcel)
{
	list_remove(&parcel->node);
	outbox->kept_bytes -= parcel->entry.n_content;
	outbox->counts.kept--;
	free((void *)(uintptr_t)parcel->entry.content);
	free(parcel);
}

/* Drops a parcel and puts it on record, with the gap it would have told. */
static void
lose(struct outbox *outbox, struct parcel *parcel)
{
	const struct gap *older = &parcel->lost;

	outbox->counts.dropped_results += parcel->entry.n_results;
	widen(&outbox->lost, parcel->entry.from_ms, parcel->entry.to_ms,
	    parcel->entry.n_results);
	if (older->why != NULL)
		widen(&outbox->lost, older->from_ms, older->to_ms,
		    older->n_results);
	memory_distrust(outbox->memory);
	parcel_free(outbox, parcel);
}

/* --- parcels ------------------------------------------------------------------ */

/* Adds the gaps that the collector was not told of yet. */
static void
add_gaps(struct outbox *outbox, struct parcel *parcel)
{
	int found = 0;

	if (outbox->lost.why != NULL) {
		parcel->lost = outbox->lost;
		outbox->lost = (struct gap){ 0 };
		batch_add_gap(outbox->batch, &parcel->lost);
	}
	if (spool_gap(outbox->setup.spool, &found, &parcel->reported, NULL) <
		0 ||
	    !found) {
		parcel->reported.why = NULL;
		return;
	}
	batch_add_gap(outbox->batch, &parcel->reported);
	memory_distrust(outbox->memory);
}

/* Encodes what was collected, and puts it at the end of the parcels. */
static void
pack(struct outbox *outbox, struct parcel *parcel)
{
	struct spool_entry *entry = &parcel->entry;
	unsigned char *content;

	entry->n_results = (uint32_t)outbox->batch->n_results;
	batch_span(&entry->from_ms, &entry->to_ms, outbox->batch);
	if (entry->from_ms == 0)
		entry->from_ms = entry->to_ms =
		    clock_wall_ms(outbox->setup.clock);
	batch_encode(&content, &entry->n_content, outbox->batch);
	entry->content = content;
	batch_free(outbox->batch);
	outbox->batch = batch_new();
	list_push(&outbox->parcels, &parcel->node);
	outbox->kept_bytes += entry->n_content;
	outbox->counts.kept++;
}

/* Pushes the parcels to the spool, the oldest first, as far as it goes. */
static int
drain(struct outbox *outbox, struct err *err)
{
	struct parcel *parcel;
	struct err why;
	int rc;

	while (!list_is_empty(&outbox->parcels)) {
		parcel = LIST_ITEM(outbox->parcels.next, struct parcel, node);
		rc = spool_push(outbox->setup.spool, &parcel->entry, &why);
		if (rc < 0 && why.code != ERR_LIMIT)
			return err_set(err, why.code, "%s", why.text);
		if (rc < 0) { /* it never will be taken */
			lose(outbox, parcel);
			continue;
		}
		outbox->counts.batches++;
		outbox->pushed_ms = clock_mono_ms(outbox->setup.clock);
		if (parcel->reported.why != NULL)
			spool_gap_reported(
			    outbox->setup.spool, &parcel->reported, NULL);
		parcel_free(outbox, parcel);
	}
	return 0;
}

static void
tell(struct outbox *outbox, bool is_stuck, const char *text)
{
	if (is_stuck != outbox->is_stuck)
		outbox->setup.on_news(outbox->setup.arg, is_stuck, text);
	outbox->is_stuck = is_stuck;
}

/* Pushes what there is; an empty batch only when it is a heartbeat. */
static int
push(struct outbox *outbox, bool is_heartbeat, struct err *err)
{
	struct parcel *parcel = mem_zalloc(sizeof(*parcel));
	uint64_t pushed = outbox->counts.batches;
	struct err why;
	int rc;

	list_init(&parcel->node);
	if (list_is_empty(&outbox->parcels) &&
	    spool_waiting(outbox->setup.spool) <= GAP_MAX_WAITING)
		add_gaps(outbox, parcel);
	is_heartbeat = is_heartbeat && batch_is_empty(outbox->batch);
	if (is_heartbeat || !batch_is_empty(outbox->batch))
		pack(outbox, parcel);
	else
		free(parcel);
	rc = drain(outbox, &why);
	while (outbox->kept_bytes > OUTBOX_KEPT_BYTES)
		lose(outbox,
		    LIST_ITEM(outbox->parcels.next, struct parcel, node));
	tell(outbox, rc < 0, rc < 0 ? why.text : "spool: there is room again");
	if (pushed != outbox->counts.batches) {
		outbox->counts.heartbeats += is_heartbeat && rc == 0;
		outbox->setup.on_pushed(outbox->setup.arg);
	}
	return rc < 0 ? err_set(err, why.code, "%s", why.text) : 0;
}

int
outbox_flush(struct outbox *outbox, struct err *err)
{
	return push(outbox, false, err);
}

/* --- time --------------------------------------------------------------------- */

/* The timer sets itself again. */
static void arm(struct outbox *outbox);

static void
on_time(uv_timer_t *timer)
{
	struct outbox *outbox = timer->data;
	int64_t now_ms = clock_mono_ms(outbox->setup.clock);
	bool is_silent =
	    now_ms - outbox->pushed_ms >= outbox->setup.heartbeat_ms;

	outbox->due_ms = 0;
	if (is_silent)
		outbox->pushed_ms = now_ms;
	/* What waits in the spool will speak for us once it can. */
	push(outbox,
	    is_silent && list_is_empty(&outbox->parcels) &&
		spool_waiting(outbox->setup.spool) == 0,
	    NULL);
	arm(outbox);
}

/* Sets the timer for what comes first: the end of the window, another try,
 * or the heartbeat. */
static void
arm(struct outbox *outbox)
{
	int64_t now_ms = clock_mono_ms(outbox->setup.clock);
	int64_t due_ms = outbox->pushed_ms + outbox->setup.heartbeat_ms;

	if (outbox->is_stuck) {
		due_ms = now_ms + OUTBOX_RETRY_MS;
	} else if (!batch_is_empty(outbox->batch) &&
	    due_ms > now_ms + OUTBOX_WINDOW_MS) {
		due_ms = now_ms + OUTBOX_WINDOW_MS;
	}
	if (outbox->closed != NULL ||
	    (outbox->due_ms != 0 && outbox->due_ms <= due_ms))
		return;
	outbox->due_ms = due_ms;
	uv_update_time(outbox->setup.loop);
	uv_timer_start(&outbox->timer, on_time,
	    due_ms > now_ms ? (uint64_t)(due_ms - now_ms) : 0, 0);
}

/* --- use ------------------------------------------------------------------------ */

static bool
is_full(const struct batch *batch)
{
	return batch_size_bytes(batch) > FULL_BYTES ||
	    batch->n_results >= BATCH_MAX_RESULTS ||
	    batch->n_series >= BATCH_MAX_SERIES ||
	    batch->n_facts >= BATCH_MAX_FACTS;
}

void
outbox_add(struct outbox *outbox, const struct series *series,
    const struct result *result, const struct fact *facts, size_t n_facts)
{
	struct fact fact;

	batch_add_result(outbox->batch, series, result);
	for (size_t i = 0; i < n_facts; i++) {
		if (!memory_observe(outbox->memory, &fact, &facts[i]))
			continue;
		if (is_full(outbox->batch))
			push(outbox, false, NULL);
		batch_add_fact(outbox->batch, &fact);
	}
	if (is_full(outbox->batch))
		push(outbox, false, NULL);
	arm(outbox);
}

void
outbox_set_heartbeat(struct outbox *outbox, uint32_t heartbeat_ms)
{
	outbox->setup.heartbeat_ms = heartbeat_ms;
	arm(outbox);
}

const struct outbox_counts *
outbox_counts(const struct outbox *outbox)
{
	return &outbox->counts;
}

struct outbox *
outbox_new(const struct outbox_setup *setup)
{
	struct outbox *outbox = mem_zalloc(sizeof(*outbox));

	outbox->setup = *setup;
	uv_timer_init(setup->loop, &outbox->timer);
	outbox->timer.data = outbox;
	outbox->batch = batch_new();
	outbox->memory = memory_new();
	list_init(&outbox->parcels);
	outbox->pushed_ms = clock_mono_ms(setup->clock);
	arm(outbox);
	return outbox;
}

static void
on_closed(uv_handle_t *handle)
{
	struct outbox *outbox = handle->data;
	void (*closed)(void *arg) = outbox->closed;
	void *arg = outbox->closed_arg;

	LIST_EACH (node, &outbox->parcels) {
		parcel_free(outbox, LIST_ITEM(node, struct parcel, node));
	}
	batch_free(outbox->batch);
	memory_free(outbox->memory);
	free(outbox);
	closed(arg);
}

void
outbox_close(struct outbox *outbox, void (*closed)(void *arg), void *arg)
{
	outbox->closed = closed;
	outbox->closed_arg = arg;
	uv_close((uv_handle_t *)&outbox->timer, on_closed);
}
