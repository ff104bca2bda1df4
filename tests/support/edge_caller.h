/*
 * edge_caller.h - those who call an edge: stock nng sockets, and a dialling
 * edge on the test's own loop.
 */
#ifndef TESTS_SUPPORT_EDGE_CALLER_H
#define TESTS_SUPPORT_EDGE_CALLER_H

#include "tests/support/table.h"

#include <nng/nng.h>
#include <nng/protocol/reqrep0/req.h>
#include <stdio.h>
#include <string.h>
#include <uv.h>

#include "proto/edge.h"

#define PATIENCE_MS 20000

static inline nng_socket
open_req(const char *url)
{
	nng_socket req;

	assert_int_equal(nng_req0_open(&req), 0);
	nng_socket_set_ms(req, NNG_OPT_RECVTIMEO, PATIENCE_MS);
	nng_socket_set_ms(req, NNG_OPT_SENDTIMEO, PATIENCE_MS);
	nng_socket_set_ms(req, NNG_OPT_REQ_RESENDTIME, -1);
	nng_socket_set_size(req, NNG_OPT_RECVMAXSZ, 0);
	assert_int_equal(nng_dial(req, url, NULL, 0), 0);
	return req;
}

/* Sends n bytes and expects the same back. */
static inline void
expect_echo(nng_socket req, size_t n)
{
	unsigned char *bytes = malloc(n + 1), *back;
	size_t n_back;
	void *got;

	for (size_t i = 0; i < n; i++)
		bytes[i] = (unsigned char)(i * 7 + i / 251);
	assert_int_equal(nng_send(req, bytes, n, 0), 0);
	assert_int_equal(nng_recv(req, &got, &n_back, NNG_FLAG_ALLOC), 0);
	back = got;
	assert_int_equal(n_back, n);
	if (n > 0)
		assert_memory_equal(back, bytes, n);
	nng_free(got, n_back);
	free(bytes);
}

/* A dialling edge on the test's own loop. */
struct caller {
	uv_loop_t loop;
	struct edge_client *client;
	int ups, downs;
	uint32_t retry_ms;
	struct err why;
	char url[256]; /* of the last event */
	bool is_closed;
};

static inline void
caller_on_up(void *arg, const char *url)
{
	struct caller *caller = arg;

	caller->ups++;
	snprintf(caller->url, sizeof(caller->url), "%s", url);
}

static inline void
caller_on_down(
    void *arg, const char *url, const struct err *why, uint32_t retry_ms)
{
	struct caller *caller = arg;

	caller->downs++;
	caller->why = *why;
	caller->retry_ms = retry_ms;
	snprintf(caller->url, sizeof(caller->url), "%s", url);
}

/* Starts a client of which setup says pattern, inside_address and urls. */
static inline void
caller_open(struct caller *caller, struct edge_client_setup setup)
{
	struct err err;

	memset(caller, 0, sizeof(*caller));
	uv_loop_init(&caller->loop);
	setup.loop = &caller->loop;
	setup.clock = clock_system();
	setup.random = random_system();
	if (setup.retry_min_ms == 0) {
		setup.retry_min_ms = 10;
		setup.retry_max_ms = 40;
	}
	setup.on_up = caller_on_up;
	setup.on_down = caller_on_down;
	setup.arg = caller;
	if (edge_client_new(&caller->client, &setup, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(caller->ups + caller->downs, 0);
}

static inline void
caller_on_timeout(uv_timer_t *timer)
{
	(void)timer;
	fail_msg("nothing happened for %d ms", PATIENCE_MS);
}

static inline void
caller_run_until(struct caller *caller, const int *count, int wanted)
{
	uv_timer_t timer;

	uv_timer_init(&caller->loop, &timer);
	uv_timer_start(&timer, caller_on_timeout, PATIENCE_MS, 0);
	while (*count < wanted)
		uv_run(&caller->loop, UV_RUN_ONCE);
	uv_close((uv_handle_t *)&timer, NULL);
	uv_run(&caller->loop, UV_RUN_NOWAIT);
}

static inline void
caller_on_closed(void *arg)
{
	((struct caller *)arg)->is_closed = true;
}

static inline void
caller_close(struct caller *caller)
{
	edge_client_close(caller->client, caller_on_closed, caller);
	uv_run(&caller->loop, UV_RUN_DEFAULT);
	assert_true(caller->is_closed);
	assert_int_equal(uv_loop_close(&caller->loop), 0);
}

/* A request of a REQ socket inside, while the caller's loop runs. */
struct ask {
	nng_aio *aio;
	uv_async_t done;
	int n_done;
};

static inline void
ask_on_done(uv_async_t *async)
{
	((struct ask *)async->data)->n_done = 1;
}

/* Runs on a thread of nng. */
static inline void
ask_on_aio(void *arg)
{
	uv_async_send(&((struct ask *)arg)->done);
}

/* Sends n bytes and returns the answer; the caller frees it. */
static inline nng_msg *
caller_ask(struct caller *caller, nng_socket req, const void *bytes, size_t n)
{
	struct ask ask = { .n_done = 0 };
	nng_msg *msg;

	ask.done.data = &ask;
	uv_async_init(&caller->loop, &ask.done, ask_on_done);
	nng_msg_alloc(&msg, 0);
	nng_msg_append(msg, bytes, n);
	assert_int_equal(nng_sendmsg(req, msg, 0), 0);
	assert_int_equal(nng_aio_alloc(&ask.aio, ask_on_aio, &ask), 0);
	nng_recv_aio(req, ask.aio);
	caller_run_until(caller, &ask.n_done, 1);
	assert_int_equal(nng_aio_result(ask.aio), 0);
	msg = nng_aio_get_msg(ask.aio);
	nng_aio_free(ask.aio);
	uv_close((uv_handle_t *)&ask.done, NULL);
	uv_run(&caller->loop, UV_RUN_NOWAIT);
	return msg;
}

/* The other side knows the caller by this identity. */
static inline void
expect_who(struct caller *caller, nng_socket req, const char *identity)
{
	nng_msg *msg = caller_ask(caller, req, "who", 3);
	char expect[256];

	snprintf(
	    expect, sizeof(expect), "2 %u %s 127.0.0.1:", UINT32_MAX, identity);
	assert_int_equal(strncmp(nng_msg_body(msg), expect, strlen(expect)), 0);
	nng_msg_free(msg);
}

static inline void
expect_echo_by(struct caller *caller, nng_socket req, size_t n)
{
	unsigned char *bytes = malloc(n);
	nng_msg *msg;

	for (size_t i = 0; i < n; i++)
		bytes[i] = (unsigned char)(i * 7 + i / 251);
	msg = caller_ask(caller, req, bytes, n);
	assert_int_equal(nng_msg_len(msg), n);
	assert_memory_equal(nng_msg_body(msg), bytes, n);
	nng_msg_free(msg);
	free(bytes);
}

#endif
