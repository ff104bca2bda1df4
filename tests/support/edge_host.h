/*
 * edge_host.h - a listening edge on a thread of its own, with an echo inside.
 *
 * The test plays the network with blocking calls, while the edge runs as in a
 * program.  Inside, REP contexts answer each request with its own bytes;
 * "who" is answered with what the edge knows of the peer.
 */
#ifndef TESTS_SUPPORT_EDGE_HOST_H
#define TESTS_SUPPORT_EDGE_HOST_H

#include <nng/nng.h>
#include <nng/protocol/pubsub0/pub.h>
#include <nng/protocol/reqrep0/rep.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "proto/edge.h"
#include "tests/support/folder.h"

#define ECHO_CONTEXTS 64
#define HOST_ADDRESS  128

struct echo {
	nng_ctx ctx;
	nng_aio *aio;
	bool is_sending;
};

struct edge_host {
	uv_thread_t thread;
	uv_loop_t loop;
	uv_async_t call;
	uv_mutex_t lock;
	uv_cond_t changed;
	void (*fn)(struct edge_host *host, void *arg); /* to be called */
	void *arg;
	struct edge_server *server;
	nng_socket rep, pub;
	struct passage passage;
	struct echo echoes[ECHO_CONTEXTS];
	char rep_address[HOST_ADDRESS], pub_address[HOST_ADDRESS];
	char refusal[sizeof(((struct err *)NULL)->text)]; /* the last one */
	bool is_mute; /* requests are not answered yet */
};

/* Runs on a thread of nng. */
static inline void
host_echo(void *arg)
{
	struct echo *echo = arg;
	struct peer peer;
	struct err err;
	nng_msg *msg;
	char who[512];
	int n;

	if (nng_aio_result(echo->aio) != 0)
		return; /* the socket is closing */
	echo->is_sending = !echo->is_sending;
	if (!echo->is_sending) {
		nng_ctx_recv(echo->ctx, echo->aio);
		return;
	}
	msg = nng_aio_get_msg(echo->aio);
	n = peer_read(&peer, nng_msg_body(msg), nng_msg_len(msg), &err);
	if (n < 0)
		abort(); /* the edge puts the block there */
	nng_msg_trim(msg, (size_t)n);
	if (nng_msg_len(msg) == 3 && memcmp(nng_msg_body(msg), "who", 3) == 0) {
		snprintf(who, sizeof(who), "%d %u %s %s", (int)peer.transport,
		    peer.uid, peer.identity, peer.address);
		nng_msg_clear(msg);
		nng_msg_append(msg, who, strlen(who) + 1);
	}
	nng_aio_set_msg(echo->aio, msg);
	nng_ctx_send(echo->ctx, echo->aio);
}

/* The same through a passage: answers on the loop. */
static inline void
host_echo_back(void *arg, nng_msg *msg)
{
	struct edge_host *host = arg;
	struct peer peer;
	struct err err;
	int n = peer_read(&peer, nng_msg_body(msg), nng_msg_len(msg), &err);

	if (n < 0)
		abort(); /* the edge puts the block there */
	nng_msg_trim(msg, (size_t)n);
	passage_reply(&host->passage, msg);
}

/* --- on the edge's thread ------------------------------------------------ */

static inline void
host_on_call(uv_async_t *async)
{
	struct edge_host *host = async->data;

	uv_mutex_lock(&host->lock);
	if (host->fn != NULL)
		host->fn(host, host->arg);
	host->fn = NULL;
	uv_cond_signal(&host->changed);
	uv_mutex_unlock(&host->lock);
}

static inline void
host_on_refused(void *arg, const struct peer *peer, const struct err *why)
{
	struct edge_host *host = arg;

	(void)peer;
	memcpy(host->refusal, why->text, sizeof(why->text));
}

static inline void
host_run(void *arg)
{
	struct edge_host *host = arg;

	uv_run(&host->loop, UV_RUN_DEFAULT);
}

static inline void
host_on_closed(void *arg)
{
	struct edge_host *host = arg;

	uv_close((uv_handle_t *)&host->call, NULL);
}

static inline void
host_do_close(struct edge_host *host, void *arg)
{
	(void)arg;
	edge_server_close(host->server, host_on_closed, host);
}

/* --- on the test's thread ------------------------------------------------ */

/* Calls fn on the edge's thread and waits for its end. */
static inline void
host_call(struct edge_host *host, void (*fn)(struct edge_host *host, void *arg),
    void *arg)
{
	uv_mutex_lock(&host->lock);
	host->fn = fn;
	host->arg = arg;
	uv_async_send(&host->call);
	while (host->fn != NULL)
		uv_cond_wait(&host->changed, &host->lock);
	uv_mutex_unlock(&host->lock);
}

static inline void
host_fail(const char *why)
{
	fprintf(stderr, "edge_host: %s\n", why);
	abort();
}

static inline void
host_check(int rc)
{
	if (rc != 0)
		host_fail(nng_strerror(rc));
}

/* Answers what has come and what will come. */
static inline void
host_start_echo(struct edge_host *host)
{
	host->is_mute = false;
	for (size_t i = 0; i < ECHO_CONTEXTS; i++) {
		struct echo *echo = &host->echoes[i];

		host_check(nng_ctx_open(&echo->ctx, host->rep));
		host_check(nng_aio_alloc(&echo->aio, host_echo, echo));
		nng_ctx_recv(echo->ctx, echo->aio);
	}
}

static inline void
host_open_inside(struct edge_host *host)
{
	long long now_ns = clock_mono_ns(clock_system());

	/* Not used twice, even when a test before did not come to its end. */
	snprintf(host->rep_address, HOST_ADDRESS, "inproc://rep-%lld", now_ns);
	snprintf(host->pub_address, HOST_ADDRESS, "inproc://pub-%lld", now_ns);
	host_check(nng_rep0_open(&host->rep));
	host_check(nng_pub0_open(&host->pub));
	nng_socket_set_int(host->pub, NNG_OPT_SENDBUF, 4096);
	host_check(nng_listen(host->rep, host->rep_address, NULL, 0));
	host_check(nng_listen(host->pub, host->pub_address, NULL, 0));
	if (!host->is_mute)
		host_start_echo(host);
}

/* Opens an edge with these limits, which listens nowhere yet.  is_direct: what
 * echoes is on the edge's loop, as a collector's services are. */
static inline void
host_open_as(struct edge_host *host, const struct edge_limits *limits,
    bool is_mute, bool is_direct)
{
	struct edge_server_setup setup = { .loop = &host->loop,
		.clock = clock_system(),
		.limits = *limits,
		.rep_address = host->rep_address,
		.pub_address = host->pub_address,
		.on_refused = host_on_refused,
		.arg = host };
	struct err err;

	memset(host, 0, sizeof(*host));
	host->is_mute = is_mute;
	host_open_inside(host);
	if (is_direct) {
		host->passage.on_request = host_echo_back;
		host->passage.server = host;
		setup.passage = &host->passage;
	}
	uv_loop_init(&host->loop);
	uv_mutex_init(&host->lock);
	uv_cond_init(&host->changed);
	uv_async_init(&host->loop, &host->call, host_on_call);
	host->call.data = host;
	if (edge_server_new(&host->server, &setup, &err) < 0)
		host_fail(err.text);
	uv_thread_create(&host->thread, host_run, host);
}

static inline void
host_open(
    struct edge_host *host, const struct edge_limits *limits, bool is_mute)
{
	host_open_as(host, limits, is_mute, false);
}

struct host_door {
	const char *url;
	bool insecure;
	const struct edge_tls *tls;
	struct err err;
	int rc;
	char out[256];
};

static inline void
host_do_listen(struct edge_host *host, void *arg)
{
	struct host_door *job = arg;

	job->rc = edge_server_listen(
	    host->server, job->url, job->insecure, job->tls, &job->err);
	if (job->rc == 0)
		snprintf(job->out, sizeof(job->out), "%s",
		    edge_server_url(host->server));
}

/* Listens at url, or at a socket in folder when it is NULL. */
static inline void
host_listen(char out[256], struct edge_host *host, const struct folder *folder,
    const char *url)
{
	char path[FOLDER_PATH_BYTES], ipc[FOLDER_PATH_BYTES + 8];
	struct host_door job = { .url = url };

	if (url == NULL) {
		folder_path(path, folder, "edge.sock");
		snprintf(ipc, sizeof(ipc), "ipc://%s", path);
		job.url = ipc;
	}
	host_call(host, host_do_listen, &job);
	if (job.rc < 0)
		host_fail(job.err.text);
	snprintf(out, 256, "%s", job.out);
}

static inline void
host_do_counts(struct edge_host *host, void *arg)
{
	*(struct edge_counts *)arg = *edge_server_counts(host->server);
}

static inline struct edge_counts
host_counts(struct edge_host *host)
{
	struct edge_counts counts;

	host_call(host, host_do_counts, &counts);
	return counts;
}

static inline void
host_do_refusal(struct edge_host *host, void *arg)
{
	memcpy(arg, host->refusal, sizeof(host->refusal));
}

static inline void
host_close(struct edge_host *host)
{
	host_call(host, host_do_close, NULL);
	uv_thread_join(&host->thread);
	if (uv_loop_close(&host->loop) != 0)
		abort(); /* the edge left a handle behind */
	uv_mutex_destroy(&host->lock);
	uv_cond_destroy(&host->changed);
	nng_close(host->rep);
	nng_close(host->pub);
	for (size_t i = 0; i < ECHO_CONTEXTS && !host->is_mute; i++)
		nng_aio_free(host->echoes[i].aio);
}

#endif
