#include <assert.h>

#include "collector/scribe.h"

/* Runs on a thread of libuv's pool, and touches what the work owns. */
static void
on_work(uv_work_t *request)
{
	struct scribe *scribe = request->data;

	scribe->work(scribe->arg);
	uv_sem_post(&scribe->written);
}

static void
finish(struct scribe *scribe)
{
	uv_sem_wait(&scribe->written);
	scribe->is_busy = false;
	scribe->done(scribe->arg);
}

static void
on_after(uv_work_t *request, int status)
{
	struct scribe *scribe = request->data;

	(void)status; /* it is never cancelled */
	scribe->is_queued = false;
	if (scribe->is_busy)
		finish(scribe);
	if (scribe->closed != NULL)
		scribe_close(scribe, scribe->closed);
}

void
scribe_init(struct scribe *scribe, uv_loop_t *loop, void (*work)(void *arg),
    void (*done)(void *arg), void *arg)
{
	*scribe = (struct scribe){
		.loop = loop, .work = work, .done = done, .arg = arg
	};
	scribe->request.data = scribe;
	uv_sem_init(&scribe->written, 0);
}

void
scribe_start(struct scribe *scribe)
{
	assert(!scribe->is_busy && !scribe->is_queued);
	scribe->is_busy = scribe->is_queued = true;
	uv_queue_work(scribe->loop, &scribe->request, on_work, on_after);
}

void
scribe_wait(struct scribe *scribe)
{
	if (scribe->is_busy)
		finish(scribe);
}

void
scribe_do(struct scribe *scribe)
{
	assert(!scribe->is_busy);
	scribe->work(scribe->arg);
	scribe->done(scribe->arg);
}

void
scribe_close(struct scribe *scribe, void (*closed)(void *arg))
{
	assert(!scribe->is_busy);
	scribe->closed = closed;
	if (scribe->is_queued)
		return; /* on_after() comes back here */
	uv_sem_destroy(&scribe->written);
	closed(scribe->arg);
}
