#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "agent/schedule.h"
#include "agent/schema.h"
#include "proto/base/map.h"
#include "proto/base/mem.h"

/* Phases are multiples of this, so that many probes share a turn of the loop:
 * waking up costs as much as half a tcp probe. */
#define GRID_MS 10

/* One probe's place in the schedule. */
struct slot {
	struct probe_config *probe;
	char *name;
	int64_t due_ms;
	uint32_t interval_ms; /* that due_ms was reckoned with */
	bool is_running;
	bool is_listed; /* while the list is being changed */
};

struct schedule {
	uv_timer_t timer;
	const struct clock *clock;
	schedule_run_fn *run;
	void *arg;
	struct map *slots;  /* by name */
	struct slot **heap; /* the next one due is the first */
	size_t n;
	uint64_t skipped;
	void (*closed)(void *arg);
	void *closed_arg;
};

/* FNV-1a (Fowler, Noll, Vo), finished as in MurmurHash3 so that the low bits,
 * which the remainder keeps, depend on the whole name. */
static uint64_t
hash_of(const char *name)
{
	uint64_t hash = UINT64_C(14695981039346656037);

	for (; *name != '\0'; name++)
		hash = (hash ^ (unsigned char)*name) * UINT64_C(1099511628211);
	hash ^= hash >> 33;
	hash *= UINT64_C(0xff51afd7ed558ccd);
	return hash ^ (hash >> 33);
}

/* The first due time at or after not_before_ms. */
static int64_t
aligned(const struct slot *slot, int64_t not_before_ms)
{
	int64_t interval_ms = slot->interval_ms;
	int64_t phase_ms =
	    (int64_t)(hash_of(slot->name) % (uint64_t)interval_ms) / GRID_MS *
	    GRID_MS;
	int64_t past_ms = (not_before_ms - phase_ms) % interval_ms;

	if (past_ms < 0)
		past_ms += interval_ms;
	return past_ms == 0 ? not_before_ms
			    : not_before_ms - past_ms + interval_ms;
}

/* --- the heap --------------------------------------------------------------- */

static void
sink(struct schedule *schedule, size_t at)
{
	struct slot **heap = schedule->heap, *slot = heap[at];
	size_t child;

	while ((child = 2 * at + 1) < schedule->n) {
		if (child + 1 < schedule->n &&
		    heap[child + 1]->due_ms < heap[child]->due_ms)
			child++;
		if (heap[child]->due_ms >= slot->due_ms)
			break;
		heap[at] = heap[child];
		at = child;
	}
	heap[at] = slot;
}

static void
order(struct schedule *schedule)
{
	for (size_t at = schedule->n / 2; at-- > 0;)
		sink(schedule, at);
}

int64_t
schedule_next_ms(const struct schedule *schedule)
{
	return schedule->n > 0 ? schedule->heap[0]->due_ms : INT64_MAX;
}

/* --- running ------------------------------------------------------------------ */

/* Moves a slot that is due on to its next due time. */
static void
advance(struct schedule *schedule, struct slot *slot, int64_t now_ms)
{
	int64_t next_ms;

	/* After a first run out of turn, the next due time may be near. */
	next_ms = aligned(slot, slot->due_ms + slot->interval_ms / 2 + 1);
	if (next_ms <= now_ms) {
		schedule->skipped +=
		    (uint64_t)((now_ms - next_ms) / slot->interval_ms + 1);
		next_ms = aligned(slot, now_ms + 1);
	}
	slot->due_ms = next_ms;
	sink(schedule, 0);
}

static void
on_due(uv_timer_t *timer)
{
	schedule_run_due(timer->data);
}

static void
arm(struct schedule *schedule)
{
	int64_t left_ms;

	if (schedule->n == 0 || schedule->closed != NULL) {
		uv_timer_stop(&schedule->timer);
		return;
	}
	left_ms = schedule_next_ms(schedule) - clock_mono_ms(schedule->clock);
	uv_update_time(schedule->timer.loop);
	uv_timer_start(
	    &schedule->timer, on_due, left_ms > 0 ? (uint64_t)left_ms : 0, 0);
}

void
schedule_run_due(struct schedule *schedule)
{
	int64_t now_ms = clock_mono_ms(schedule->clock);
	struct slot *slot;

	while (schedule_next_ms(schedule) <= now_ms) {
		slot = schedule->heap[0];
		advance(schedule, slot, now_ms);
		if (slot->is_running) {
			schedule->skipped++;
			continue;
		}
		slot->is_running = true;
		schedule->run(schedule->arg, slot->probe);
	}
	arm(schedule);
}

void
schedule_ended(struct schedule *schedule, const char *name)
{
	struct slot *slot = map_get(schedule->slots, name);

	if (slot != NULL)
		slot->is_running = false;
}

uint64_t
schedule_skipped(const struct schedule *schedule)
{
	return schedule->skipped;
}

/* --- the list of probes ------------------------------------------------------- */

static void
slot_free(struct slot *slot)
{
	free(slot->name);
	free(slot);
}

static void
place(struct schedule *schedule, struct probe_config *probe,
    uint32_t first_run_ms)
{
	struct slot *slot = map_get(schedule->slots, probe->name);
	uint32_t spread_ms = probe->interval_ms < first_run_ms
	    ? probe->interval_ms
	    : first_run_ms;
	bool is_new = slot == NULL;

	if (is_new) {
		slot = mem_zalloc(sizeof(*slot));
		slot->name = mem_strdup(probe->name);
		map_put(schedule->slots, slot->name, slot);
	}
	slot->is_listed = true;
	if (is_new || !schema_same_probe(slot->probe, probe)) {
		slot->interval_ms = probe->interval_ms;
		slot->due_ms = clock_mono_ms(schedule->clock);
		if (spread_ms > 0)
			slot->due_ms += (int64_t)(hash_of(slot->name) %
			    (uint64_t)spread_ms);
	}
	slot->probe = probe;
}

void
schedule_set(struct schedule *schedule, struct probe_config *probes,
    size_t n_probes, uint32_t first_run_ms)
{
	MAP_EACH (struct slot, slot, schedule->slots) {
		slot->is_listed = false;
	}
	for (size_t i = 0; i < n_probes; i++)
		place(schedule, &probes[i], first_run_ms);
	schedule->heap =
	    mem_resize(schedule->heap, n_probes, sizeof(*schedule->heap));
	schedule->n = 0;
	MAP_EACH (struct slot, slot, schedule->slots) {
		if (slot->is_listed) {
			schedule->heap[schedule->n++] = slot;
			continue;
		}
		map_remove(schedule->slots, slot->name);
		slot_free(slot);
	}
	order(schedule);
	arm(schedule);
}

/* --- its life ------------------------------------------------------------------ */

struct schedule *
schedule_new(
    uv_loop_t *loop, const struct clock *clock, schedule_run_fn *run, void *arg)
{
	struct schedule *schedule = mem_zalloc(sizeof(*schedule));

	uv_timer_init(loop, &schedule->timer);
	schedule->timer.data = schedule;
	schedule->clock = clock;
	schedule->run = run;
	schedule->arg = arg;
	schedule->slots = map_new();
	return schedule;
}

static void
on_closed(uv_handle_t *handle)
{
	struct schedule *schedule = handle->data;
	void (*closed)(void *arg) = schedule->closed;
	void *arg = schedule->closed_arg;

	MAP_EACH (struct slot, slot, schedule->slots) {
		slot_free(slot);
	}
	map_free(schedule->slots);
	free(schedule->heap);
	free(schedule);
	closed(arg);
}

void
schedule_close(struct schedule *schedule, void (*closed)(void *arg), void *arg)
{
	schedule->closed = closed;
	schedule->closed_arg = arg;
	uv_close((uv_handle_t *)&schedule->timer, on_closed);
}
