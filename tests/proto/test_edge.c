#include "tests/support/table.h"

#include <nng/nng.h>
#include <nng/protocol/pubsub0/sub.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/edge_caller.h"
#include "tests/support/edge_host.h"
#include "tests/support/edge_rest.h"
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

/* --- where a client does not get anywhere ---------------------------------- */

static const struct blind_alley {
	const char *name, *url, *why;
} blind_alleys[] = {
	{ "nobody listens at a port", "tcp://127.0.0.1:1",
	    "connect: connection refused" },
	{ "nobody listens at a path", "ipc:///nowhere/edge.sock",
	    "connect: no such file or directory" },
	{ "plain tcp to another host must be allowed", "tcp://192.0.2.1:7000",
	    "anybody on the way could read along and answer; use tls+tcp://, "
	    "or allow it with insecure: true" },
};

static void
test_blind_alley(void **state)
{
	const struct blind_alley *row = *state;
	struct caller caller;

	caller_open(&caller,
	    (struct edge_client_setup){ .inside_address = "inproc://alley",
		.urls = &row->url,
		.n_urls = 1 });
	caller_run_until(&caller, &caller.downs, 2);
	assert_string_equal(caller.why.text, row->why);
	assert_string_equal(caller.url, row->url);
	caller_close(&caller);
}

static void
test_client_hurries(void **state)
{
	const char *url = "tcp://127.0.0.1:1";
	struct caller caller;

	(void)state;
	caller_open(&caller,
	    (struct edge_client_setup){ .inside_address = "inproc://hurry",
		.urls = &url,
		.n_urls = 1,
		.retry_min_ms = 3600000,
		.retry_max_ms = 3600000 });
	caller_run_until(&caller, &caller.downs, 1);
	edge_client_hurry(caller.client);
	caller_run_until(&caller, &caller.downs, 2);
	caller_close(&caller);
}

static void
test_client_waits(void **state)
{
	const char *url = "tcp://127.0.0.1:1";
	struct caller caller;
	uint64_t start_ms;

	(void)state;
	caller_open(&caller,
	    (struct edge_client_setup){ .inside_address = "inproc://waits",
		.urls = &url,
		.n_urls = 1,
		.retry_min_ms = 2,
		.retry_max_ms = 3600000 });
	start_ms = uv_now(&caller.loop);
	for (int i = 1; i <= 12; i++) {
		uint64_t absent_ms;

		caller_run_until(&caller, &caller.downs, i);
		absent_ms = uv_now(&caller.loop) - start_ms;
		assert_in_range(
		    caller.retry_ms, 1, absent_ms > 2 ? absent_ms : 2);
	}
	caller_close(&caller);
}

/* A host that takes everything and says nothing. */
static void
test_client_unanswered(void **state)
{
	struct edge_host host;
	struct folder folder;
	struct caller caller;
	nng_socket req;
	char text[256];
	const char *url = text;

	(void)state;
	folder_open(&folder);
	host_open(&host, &no_limits, true);
	host_listen(text, &host, &folder, NULL);
	caller_open(&caller,
	    (struct edge_client_setup){ .inside_address = "inproc://mute",
		.urls = &url,
		.n_urls = 1,
		.limits = { .idle_ms = 100 } });
	req = open_req("inproc://mute");
	assert_int_equal(nng_send(req, text, 1, 0), 0);
	caller_run_until(&caller, &caller.downs, 1);
	assert_string_equal(caller.why.text, "nothing came for 100 ms");
	assert_int_equal(edge_client_counts(caller.client)->idle_closed, 1);
	nng_close(req);
	caller_close(&caller);
	host_close(&host);
	folder_close(&folder);
}

/* /etc/hosts knows no case; of its addresses, one is the right one. */
static void
test_client_looks_up(void **state)
{
	struct edge_host host;
	struct folder folder;
	struct caller caller;
	char text[256];
	const char *url = text;

	(void)state;
	folder_open(&folder);
	host_open(&host, &no_limits, false);
	host_listen(text, &host, &folder, "tcp://127.0.0.1:0");
	snprintf(
	    text, sizeof(text), "tcp://LocalHost:%s", strrchr(text, ':') + 1);
	caller_open(&caller,
	    (struct edge_client_setup){
		.inside_address = "inproc://name", .urls = &url, .n_urls = 1 });
	caller_run_until(&caller, &caller.ups, 1);
	assert_int_equal(caller.downs, 0);
	caller_close(&caller);
	host_close(&host);
	folder_close(&folder);
}

/* --- where a server may listen ---------------------------------------------- */

static const struct door {
	const char *name;
	const char *url; /* with %s for the folder */
	bool insecure;
	const char *why; /* how it is refused; NULL: it is not */
} doors[] = {
	{ "a new socket file is made", "ipc://%s/new.sock", false, NULL },
	{ "a stale socket file is replaced", "ipc://%s/stale.sock", false,
	    NULL },
	{ "a socket file that is served is not", "ipc://%s/served.sock", false,
	    "is served by another process" },
	{ "a file of another kind is not", "ipc://%s/file", false,
	    "exists and is not a socket" },
	{ "a folder must exist", "ipc://%s/no/such.sock", false,
	    "listen: no such file or directory" },
	{ "plain tcp stays on this host", "tcp://0.0.0.0:0", false,
	    "or allow it with insecure: true" },
	{ "plain tcp beyond may be allowed", "tcp://0.0.0.0:0", true, NULL },
	{ "a name is no address to listen at", "tcp://collector:7000", false,
	    "collector is a name, not an address" },
};

/* Leaves a socket file without a server. */
static void
make_stale(const struct folder *folder)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	char path[FOLDER_PATH_BYTES];
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(un.sun_path, sizeof(un.sun_path), "%s",
	    folder_path(path, folder, "stale.sock"));
	assert_int_equal(bind(fd, (void *)&un, sizeof(un)), 0);
	close(fd);
}

static void
test_door(void **state)
{
	const struct door *row = *state;
	char url[512], path[FOLDER_PATH_BYTES], served[512];
	struct host_door door = { .url = url, .insecure = row->insecure };
	struct edge_host host, other;
	struct folder folder;
	struct stat st;

	folder_open(&folder);
	folder_write(path, &folder, "file", "x", 1);
	make_stale(&folder);
	host_open(&other, &no_limits, false);
	snprintf(served, sizeof(served), "ipc://%s/served.sock", folder.path);
	host_listen(url, &other, &folder, served);
	host_open(&host, &no_limits, false);
	snprintf(url, sizeof(url), row->url, folder.path);
	host_call(&host, host_do_listen, &door);
	if (row->why != NULL) {
		assert_int_equal(door.rc, -1);
		if (strstr(door.err.text, row->why) == NULL)
			fail_msg("%s", door.err.text);
	} else {
		assert_int_equal(door.rc, 0);
		if (strncmp(url, "ipc://", 6) == 0) {
			assert_int_equal(stat(url + 6, &st), 0);
			assert_int_equal(st.st_mode & 0777, 0660);
		}
		ask(door.out);
	}
	host_close(&host);
	if (row->why == NULL)
		assert_int_equal(stat(url + 6, &st), -1);
	ask(served);
	host_close(&other);
	folder_close(&folder);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		{ "a client goes from one url to the next and comes back",
		    test_client_retries, NULL, NULL, NULL },
		{ "a client never waits longer than it has been without",
		    test_client_waits, NULL, NULL, NULL },
		{ "a client does not wait when told to hurry",
		    test_client_hurries, NULL, NULL, NULL },
		{ "a client leaves who answers nothing", test_client_unanswered,
		    NULL, NULL, NULL },
		{ "a client looks names up", test_client_looks_up, NULL, NULL,
		    NULL },
	};

	return TABLE_RUN(stocks, test_stock_req) +
	    TABLE_RUN(stocks, test_stock_sub) +
	    TABLE_RUN(stocks, test_client_req) +
	    TABLE_RUN(blind_alleys, test_blind_alley) +
	    TABLE_RUN(doors, test_door) +
	    cmocka_run_group_tests(tests, NULL, NULL);
}
