#include "proto/edge_deadline.h"

void
deadline_init(struct deadline *deadline)
{
	list_init(&deadline->node);
}

bool
deadline_is_running(const struct deadline *deadline)
{
	return !list_is_empty(&deadline->node);
}

void
deadline_cancel(struct deadline *deadline)
{
	/* The timer may ring for nothing; that is cheaper than moving it. */
	list_remove(&deadline->node);
}

static struct deadline *
first_of(struct list *queue)
{
	return LIST_ITEM(queue->next, struct deadline, node);
}

/* Sets the timer to ring at the earliest deadline. */
static void
set_timer(struct deadlines *deadlines, uv_timer_cb ring)
{
	uint64_t now_ms = uv_now(deadlines->timer.loop), due_ms = UINT64_MAX;

	for (int i = 0; i < DEADLINE_KINDS; i++) {
		struct list *queue = &deadlines->queues[i];

		if (!list_is_empty(queue) && first_of(queue)->due_ms < due_ms)
			due_ms = first_of(queue)->due_ms;
	}
	if (due_ms == UINT64_MAX)
		return;
	uv_timer_start(
	    &deadlines->timer, ring, due_ms > now_ms ? due_ms - now_ms : 0, 0);
}

static void
on_timer(uv_timer_t *timer)
{
	struct deadlines *deadlines = timer->data;
	uint64_t now_ms = uv_now(timer->loop);

	for (int i = 0; i < DEADLINE_KINDS; i++) {
		struct list *queue = &deadlines->queues[i];

		while (!list_is_empty(queue) &&
		    first_of(queue)->due_ms <= now_ms) {
			struct deadline *due = first_of(queue);

			list_remove(&due->node);
			deadlines->on_due(deadlines->arg, due);
		}
	}
	set_timer(deadlines, on_timer);
}

void
deadlines_init(struct deadlines *deadlines, uv_loop_t *loop,
    deadline_due_fn *on_due, void *arg)
{
	for (int i = 0; i < DEADLINE_KINDS; i++)
		list_init(&deadlines->queues[i]);
	deadlines->on_due = on_due;
	deadlines->arg = arg;
	uv_timer_init(loop, &deadlines->timer);
	uv_unref((uv_handle_t *)&deadlines->timer);
	deadlines->timer.data = deadlines;
}

void
deadlines_close(struct deadlines *deadlines, uv_close_cb closed)
{
	uv_close((uv_handle_t *)&deadlines->timer, closed);
}

void
deadline_start(struct deadlines *deadlines, struct deadline *deadline,
    enum deadline_kind kind)
{
	uv_timer_t *timer = &deadlines->timer;
	uint32_t duration_ms = deadlines->duration_ms[kind];

	list_remove(&deadline->node);
	deadline->kind = kind;
	deadline->due_ms = uv_now(timer->loop) + duration_ms;
	list_push(&deadlines->queues[kind], &deadline->node);
	if (!uv_is_active((uv_handle_t *)timer) ||
	    uv_timer_get_due_in(timer) > duration_ms)
		uv_timer_start(timer, on_timer, duration_ms, 0);
}
