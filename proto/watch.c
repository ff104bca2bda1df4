#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>

#include "proto/watch.h"
#include "proto/base/mem.h"

struct watch {
	uv_poll_t poll;
	int fd, events;
	bool is_closed;
	watch_fn *ready;
	void *arg;
};

static void
on_closed(uv_handle_t *handle)
{
	free(handle->data);
}

static void
on_ready(uv_poll_t *poll, int status, int events)
{
	struct watch *watch = poll->data;

	if (status < 0)
		events = UV_READABLE | UV_WRITABLE;
	watch->ready(watch->arg, watch->fd, events);
	/* libuv has stopped the handle when it saw an error. */
	if (status < 0 && !watch->is_closed)
		watch_set(watch, watch->events);
}

int
watch_open(struct watch **out, uv_loop_t *loop, int fd, watch_fn *ready,
    void *arg, struct err *err)
{
	struct watch *watch = mem_zalloc(sizeof(*watch));
	int rc = uv_poll_init(loop, &watch->poll, fd);

	if (rc < 0) {
		free(watch); /* the loop has not heard of it */
		return err_set(
		    err, ERR_IO, "watch %d: %s", fd, uv_strerror(rc));
	}
	watch->poll.data = watch;
	watch->fd = fd;
	watch->ready = ready;
	watch->arg = arg;
	*out = watch;
	return 0;
}

void
watch_set(struct watch *watch, int events)
{
	watch->events = events;
	if (events == 0)
		uv_poll_stop(&watch->poll);
	else
		uv_poll_start(&watch->poll, events, on_ready);
}

void
watch_close(struct watch *watch)
{
	if (watch == NULL)
		return;
	assert(!watch->is_closed);
	watch->is_closed = true;
	uv_close((uv_handle_t *)&watch->poll, on_closed);
}
