#include "tests/support/table.h"

#include <nng/nng.h>
#include <nng/protocol/pubsub0/sub.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/edge_caller.h"
#include "tests/support/edge_host.h"
#include "tests/support/folder.h"

static const struct edge_limits no_limits = { .frame_bytes = 0 };

/* --- stock nng peers ----------------------------------------------------- */

static const struct stock {
	const char *name;
	const char *url; /* NULL: ipc */
	const char *who; /* how its peer block begins */
} stocks[] = {
	{ "messages travel over tcp", "tcp://127.0.0.1:0",
	    "1 4294967295  127.0.0.1:" },
	{ "messages travel over ipv6", "tcp://[::1]:0",
	    "1 4294967295  [::1]:" },
	{ "messages travel over a unix socket", NULL, "0 %u  pid %d" },
};

static void
test_stock_req(void **state)
{
	const struct stock *row = *state;
	const size_t sizes[] = { 0, 1, 200, 4096, 20000, 65536, 262000 };
	struct edge_host host;
	struct folder folder;
	char url[256], who[64], *got;
	nng_socket req;
	size_t n;

	folder_open(&folder);
	host_open(&host, &no_limits, false);
	host_listen(url, &host, &folder, row->url);
	req = open_req(url);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		expect_echo(req, sizes[i]);
	assert_int_equal(nng_send(req, (void *)(uintptr_t) "who", 3, 0), 0);
	assert_int_equal(nng_recv(req, &got, &n, NNG_FLAG_ALLOC), 0);
	snprintf(who, sizeof(who), row->who, getuid(), (int)getpid());
	assert_int_equal(strncmp(got, who, strlen(who)), 0);
	nng_free(got, n);
	assert_int_equal(host_counts(&host).frames_in, 8);
	assert_int_equal(host_counts(&host).frames_out, 8);
	nng_close(req);
	host_close(&host);
	folder_close(&folder);
}

static void
test_stock_sub(void **state)
{
	const struct stock *row = *state;
	struct edge_host host;
	struct folder folder;
	nng_socket sub;
	char url[256], *got = NULL;
	size_t n;
	int rc;

	folder_open(&folder);
	host_open(&host, &no_limits, false);
	host_listen(url, &host, &folder, row->url);
	assert_int_equal(nng_sub0_open(&sub), 0);
	nng_socket_set(sub, NNG_OPT_SUB_SUBSCRIBE, "b", 1);
	nng_socket_set_ms(sub, NNG_OPT_RECVTIMEO, 50);
	assert_int_equal(nng_dial(sub, url, NULL, 0), 0);
	/* A publisher does not know when its subscribers are there. */
	for (int i = 0; i < PATIENCE_MS / 50; i++) {
		nng_send(host.pub, (void *)(uintptr_t) "apple", 5, 0);
		nng_send(host.pub, (void *)(uintptr_t) "berry", 5, 0);
		rc = nng_recv(sub, &got, &n, NNG_FLAG_ALLOC);
		if (rc != NNG_ETIMEDOUT)
			break;
	}
	assert_int_equal(rc, 0);
	assert_int_equal(n, 5);
	assert_memory_equal(got, "berry", 5);
	nng_free(got, n);
	nng_close(sub);
	host_close(&host);
	folder_close(&folder);
}

/* --- our own client ------------------------------------------------------- */

struct answers {
	nng_aio *aio;
	nng_ctx ctx;
	atomic_int *right; /* answers of all */
	uv_async_t *wake;
	bool is_receiving;
	uint32_t value;
};

/* Runs on a thread of nng. */
static void
on_answer(void *arg)
{
	struct answers *answers = arg;
	uint32_t value = 0;
	nng_msg *msg;

	if (nng_aio_result(answers->aio) != 0)
		return;
	answers->is_receiving = !answers->is_receiving;
	if (answers->is_receiving) {
		nng_ctx_recv(answers->ctx, answers->aio);
		return;
	}
	msg = nng_aio_get_msg(answers->aio);
	nng_msg_trim_u32(msg, &value);
	nng_msg_free(msg);
	if (value == answers->value)
		atomic_fetch_add(answers->right, 1);
	uv_async_send(answers->wake);
}

struct tally {
	atomic_int right;
	int total; /* the same, seen by the loop */
};

static void
on_wake(uv_async_t *async)
{
	struct tally *tally = async->data;

	tally->total = atomic_load(&tally->right);
}

#define CALLS 500

static void
test_client_req(void **state)
{
	const struct stock *row = *state;
	static struct answers answers[CALLS];
	const char *urls[1];
	struct edge_host host;
	struct folder folder;
	struct caller caller;
	uv_async_t wake;
	nng_socket req;
	struct tally tally = { .total = 0 };
	char url[256];

	folder_open(&folder);
	host_open(&host, &no_limits, false);
	host_listen(url, &host, &folder, row->url);
	urls[0] = url;
	caller_open(&caller,
	    (struct edge_client_setup){ .inside_address = "inproc://calls",
		.urls = urls,
		.n_urls = 1 });
	uv_async_init(&caller.loop, &wake, on_wake);
	wake.data = &tally;
	req = open_req("inproc://calls");
	for (uint32_t i = 0; i < CALLS; i++) {
		nng_msg *msg;

		answers[i] = (struct answers){
			.right = &tally.right, .wake = &wake, .value = i
		};
		nng_ctx_open(&answers[i].ctx, req);
		nng_ctx_set_ms(answers[i].ctx, NNG_OPT_REQ_RESENDTIME, -1);
		nng_aio_alloc(&answers[i].aio, on_answer, &answers[i]);
		nng_msg_alloc(&msg, 0);
		nng_msg_append_u32(msg, i);
		nng_aio_set_msg(answers[i].aio, msg);
		nng_ctx_send(answers[i].ctx, answers[i].aio);
	}
	caller_run_until(&caller, &tally.total, CALLS);
	assert_int_equal(caller.ups, 1);
	assert_string_equal(caller.url, url);
	assert_true(edge_client_is_up(caller.client));
	nng_close(req);
	for (size_t i = 0; i < CALLS; i++)
		nng_aio_free(answers[i].aio);
	uv_close((uv_handle_t *)&wake, NULL);
	caller_close(&caller);
	host_close(&host);
	folder_close(&folder);
}

static void
test_client_retries(void **state)
{
	struct edge_host host;
	struct folder folder;
	struct caller caller;
	char url[256], dead[FOLDER_PATH_BYTES + 8], path[FOLDER_PATH_BYTES];
	const char *urls[2];

	(void)state;
	folder_open(&folder);
	snprintf(dead, sizeof(dead), "ipc://%s",
	    folder_path(path, &folder, "nobody.sock"));
	host_open(&host, &no_limits, false);
	host_listen(url, &host, &folder, NULL);
	urls[0] = dead;
	urls[1] = url;
	caller_open(&caller,
	    (struct edge_client_setup){ .inside_address = "inproc://retries",
		.urls = urls,
		.n_urls = 2 });
	caller_run_until(&caller, &caller.ups, 1);
	assert_int_equal(caller.downs, 1);
	assert_string_equal(
	    caller.why.text, "connect: no such file or directory");
	assert_in_range(caller.retry_ms, 1, 10);
	assert_string_equal(caller.url, url);
	/* The server leaves: the client notices and goes on trying both. */
	host_close(&host);
	caller_run_until(&caller, &caller.downs, 6);
	assert_false(edge_client_is_up(caller.client));
	assert_in_range(caller.retry_ms, 1, 40);
	host_open(&host, &no_limits, false);
	host_listen(url, &host, &folder, NULL);
	caller_run_until(&caller, &caller.ups, 2);
	/* And when told to, it gives a working connection up. */
	edge_client_skip(caller.client);
	caller_run_until(&caller, &caller.ups, 3);
	caller_close(&caller);
	host_close(&host);
	folder_close(&folder);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		{ "a client goes from one url to the next and comes back",
		    test_client_retries, NULL, NULL, NULL },
	};

	return TABLE_RUN(stocks, test_stock_req) +
	    TABLE_RUN(stocks, test_stock_sub) +
	    TABLE_RUN(stocks, test_client_req) +
	    cmocka_run_group_tests(tests, NULL, NULL);
}
