/*
 * scribe.h - one piece of work at a time, done beside the loop.
 *
 * For what waits for a disk: the loop goes on meanwhile.  The work runs on a
 * thread of libuv's pool, what follows from it on the loop; so whoever uses
 * this needs no locks, as long as each of the two keeps to its own things.
 */
#ifndef COLLECTOR_SCRIBE_H
#define COLLECTOR_SCRIBE_H

#include <stdbool.h>
#include <uv.h>

/* Embedded by its user; read only. */
struct scribe {
	uv_loop_t *loop;
	uv_work_t request;
	uv_sem_t written;
	bool is_busy;   /* work was started and done() not called yet */
	bool is_queued; /* libuv has the request */
	void (*work)(void *arg);
	void (*done)(void *arg);
	void *arg;
	void (*closed)(void *arg);
};

/* work: on another thread; done: on the loop, once after each. */
void scribe_init(struct scribe *scribe, uv_loop_t *loop,
    void (*work)(void *arg), void (*done)(void *arg), void *arg);

/* Starts the work; it must not be busy, nor have been waited for. */
void scribe_start(struct scribe *scribe);

/* Waits for work under way and calls done() before it returns: for the end,
 * and for what must not change below the work. */
void scribe_wait(struct scribe *scribe);

/* Does work and done() here and now; it must not be busy. */
void scribe_do(struct scribe *scribe);

/* When it is not busy.  closed is called when libuv has let go of it, which may
 * be now. */
void scribe_close(struct scribe *scribe, void (*closed)(void *arg));

#endif
