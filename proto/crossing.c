#include "proto/crossing.h"

static void
on_wake(uv_async_t *wake)
{
	struct crossing *crossing = wake->data;

	crossing->on_arrival(crossing->arg);
}

int
crossing_init(struct crossing *crossing, uv_loop_t *loop,
    void (*on_arrival)(void *arg), void *arg)
{
	list_init(&crossing->arrived);
	crossing->on_arrival = on_arrival;
	crossing->arg = arg;
	if (uv_mutex_init(&crossing->mutex) < 0)
		return -1;
	if (uv_async_init(loop, &crossing->wake, on_wake) < 0) {
		uv_mutex_destroy(&crossing->mutex);
		return -1;
	}
	crossing->wake.data = crossing;
	return 0;
}

void
crossing_push(struct crossing *crossing, struct list *node)
{
	uv_mutex_lock(&crossing->mutex);
	list_push(&crossing->arrived, node);
	uv_mutex_unlock(&crossing->mutex);
	uv_async_send(&crossing->wake);
}

void
crossing_wake(struct crossing *crossing)
{
	uv_async_send(&crossing->wake);
}

struct list *
crossing_pop(struct crossing *crossing)
{
	struct list *node;

	uv_mutex_lock(&crossing->mutex);
	node = list_pop(&crossing->arrived);
	uv_mutex_unlock(&crossing->mutex);
	return node;
}

static void
on_closed(uv_handle_t *handle)
{
	struct crossing *crossing = handle->data;

	uv_mutex_destroy(&crossing->mutex);
	crossing->closed(crossing->arg);
}

void
crossing_close(struct crossing *crossing, void (*closed)(void *arg))
{
	crossing->closed = closed;
	uv_close((uv_handle_t *)&crossing->wake, on_closed);
}
