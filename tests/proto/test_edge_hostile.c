#include "tests/support/table.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proto/base/random.h"
#include "proto/edge_wire.h"
#include "tests/support/edge_host.h"
#include "tests/support/edge_rest.h"
#include "tests/support/folder.h"
#include "tests/support/raw_peer.h"

/* --- leaving at every byte ------------------------------------------------- */

static const struct edge_limits no_limits = { .frame_bytes = 0 };

static const struct leaver {
	const char *name;
	const char *url; /* NULL: ipc */
	bool is_reset;
	int rounds;
} leavers[] = {
	{ "a FIN at any byte over tcp harms nobody", "tcp://127.0.0.1:0", false,
	    50 },
	{ "a RST at any byte over tcp harms nobody", "tcp://127.0.0.1:0", true,
	    75 },
	{ "leaving at any byte of a unix socket harms nobody", NULL, false,
	    75 },
};

static void
test_leaver(void **state)
{
	const struct leaver *row = *state;
	unsigned char session[RAW_SESSION_MAX];
	size_t n = raw_session(session, row->url == NULL);
	struct edge_host host;
	struct folder folder;
	struct base base;
	char url[256];
	int left = 0;

	folder_open(&folder);
	host_open(&host, &no_limits, false);
	host_listen(url, &host, &folder, row->url);
	expect_answer(url);
	base = measure(&host);
	for (int round = 0; round < row->rounds; round++) {
		for (size_t cut = 0; cut <= n; cut++) {
			int fd = raw_connect(url);

			assert_true(fd >= 0);
			assert_true(raw_send(fd, session, cut));
			raw_close(fd, row->is_reset);
			if (++left % 1000 != 0)
				continue;
			expect_answer(url);
			expect_base(&host, &base);
		}
	}
	assert_true(left > 2000);
	expect_answer(url);
	expect_base(&host, &base);
	host_close(&host);
	folder_close(&folder);
}

/* --- those who do not go on ------------------------------------------------- */

#define SILENT 2000

static void
test_silent(void **state)
{
	static const struct edge_limits limits = { .handshake_ms = 2000,
		.handshaking = SILENT + 10 };
	static int fds[SILENT];
	struct edge_host host;
	struct edge_counts counts;
	struct folder folder;
	struct base base;
	char url[256];

	(void)state;
	folder_open(&folder);
	host_open(&host, &limits, false);
	host_listen(url, &host, &folder, "tcp://127.0.0.1:0");
	expect_answer(url);
	base = measure(&host);
	for (int i = 0; i < SILENT; i++) {
		fds[i] = raw_connect(url);
		assert_true(fds[i] >= 0);
	}
	expect_answer(url);
	for (int i = 0; i < SILENT; i++) {
		assert_true(raw_is_closed(fds[i]));
		close(fds[i]);
	}
	expect_base(&host, &base);
	counts = host_counts(&host);
	assert_int_equal(counts.handshakes_late, SILENT);
	assert_int_equal(counts.evicted, 0);
	expect_answer(url);
	host_close(&host);
	folder_close(&folder);
}

static void
test_evicted(void **state)
{
	static const struct edge_limits limits = { .handshaking = 16 };
	static int fds[100];
	struct edge_host host;
	struct folder folder;
	char url[256];

	(void)state;
	folder_open(&folder);
	host_open(&host, &limits, false);
	host_listen(url, &host, &folder, "tcp://127.0.0.1:0");
	for (int i = 0; i < 100; i++)
		assert_true((fds[i] = raw_connect(url)) >= 0);
	expect_open(&host, 16);
	assert_int_equal(host_counts(&host).evicted, 84);
	expect_answer(url);
	for (int i = 0; i < 100; i++)
		close(fds[i]);
	host_close(&host);
	folder_close(&folder);
}

static void
test_full(void **state)
{
	static const struct edge_limits limits = { .connections = 4 };
	unsigned char hello[8], answer[8];
	struct edge_host host;
	struct folder folder;
	char url[256];
	int fds[6];

	(void)state;
	raw_hello(hello, 0x30);
	folder_open(&folder);
	host_open(&host, &limits, false);
	host_listen(url, &host, &folder, "tcp://127.0.0.1:0");
	/* Three in good standing, one that shakes hands and gives way. */
	for (int i = 0; i < 3; i++) {
		assert_true((fds[i] = raw_connect(url)) >= 0);
		assert_true(raw_send(fds[i], hello, 8));
		assert_true(raw_receive(fds[i], answer, 8));
	}
	assert_true((fds[3] = raw_connect(url)) >= 0);
	expect_open(&host, 4);
	assert_true((fds[4] = raw_connect(url)) >= 0);
	assert_true(raw_send(fds[4], hello, 8));
	assert_true(raw_receive(fds[4], answer, 8));
	assert_true(raw_is_closed(fds[3]));
	assert_int_equal(host_counts(&host).evicted, 1);
	/* Now nobody gives way any more. */
	assert_true((fds[5] = raw_connect(url)) >= 0);
	assert_true(raw_is_closed(fds[5]));
	assert_int_equal(host_counts(&host).open, 4);
	assert_int_equal(host_counts(&host).handshakes_refused, 1);
	for (int i = 0; i < 6; i++)
		close(fds[i]);
	expect_open(&host, 0);
	expect_answer(url);
	host_close(&host);
	folder_close(&folder);
}

/* One byte now and then: of a hello, or of a frame. */
static const struct dribbler {
	const char *name;
	size_t at_once; /* sent before the dribble */
	bool is_late;   /* its handshake is; else its frame stalls */
} dribblers[] = {
	{ "a hello byte by byte is late", 0, true },
	{ "a frame byte by byte stalls", 8, false },
	{ "a length byte by byte stalls", 10, false },
};

#define DRIBBLERS 50

static void
test_dribbler(void **state)
{
	static const struct edge_limits limits = { .handshake_ms = 400,
		.progress_ms = 400 };
	const struct dribbler *row = *state;
	unsigned char session[RAW_SESSION_MAX];
	struct pollfd fds[DRIBBLERS];
	struct edge_host host;
	struct edge_counts counts;
	struct folder folder;
	size_t at = row->at_once, last = raw_session(session, false) - 1;
	int open = DRIBBLERS;
	char url[256];

	if (row->is_late)
		last = WIRE_HELLO_BYTES - 1;
	folder_open(&folder);
	host_open(&host, &limits, false);
	host_listen(url, &host, &folder, "tcp://127.0.0.1:0");
	for (int i = 0; i < DRIBBLERS; i++) {
		fds[i].fd = raw_connect(url);
		fds[i].events = POLLRDHUP;
		assert_true(raw_send(fds[i].fd, session, row->at_once));
	}
	while (open > 0) {
		/* The time between two bytes, unless somebody is closed. */
		poll(fds, DRIBBLERS, 70);
		for (int i = 0; i < DRIBBLERS; i++) {
			if (fds[i].fd < 0)
				continue;
			if (fds[i].revents != 0) {
				close(fds[i].fd);
				fds[i].fd = -1;
				open--;
			} else if (at < last) {
				raw_send(fds[i].fd, session + at, 1);
			}
		}
		at++;
		ask(url);
	}
	assert_int_equal(open, 0);
	counts = host_counts(&host);
	assert_int_equal(counts.handshakes_late, row->is_late ? DRIBBLERS : 0);
	assert_int_equal(counts.stalled_closed, row->is_late ? 0 : DRIBBLERS);
	host_close(&host);
	folder_close(&folder);
}

/* Asks for much and reads nothing: its answers stall, the others' do not. */
static void
test_deaf(void **state)
{
	static const struct edge_limits limits = { .progress_ms = 500 };
	unsigned char head[RAW_SESSION_MAX], *body;
	const size_t n_body = 256 * 1024 - 4;
	struct edge_host host;
	struct folder folder;
	struct base base;
	char url[256];
	size_t n;
	int fd, small = 4096;

	(void)state;
	body = calloc(1, n_body);
	folder_open(&folder);
	host_open(&host, &limits, false);
	host_listen(url, &host, &folder, "tcp://127.0.0.1:0");
	expect_answer(url);
	base = measure(&host);
	fd = raw_connect(url);
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	assert_true(raw_send(fd, head, raw_hello(head, 0x30)));
	n = raw_request_head(head, false, n_body);
	for (int i = 0; i < 1000; i++) {
		if (!raw_send(fd, head, n) || !raw_send(fd, body, n_body))
			break; /* closed, as it should be */
	}
	assert_true(raw_is_closed(fd));
	close(fd);
	assert_int_equal(host_counts(&host).stalled_closed, 1);
	expect_answer(url);
	expect_base(&host, &base);
	host_close(&host);
	folder_close(&folder);
	free(body);
}

/* --- those who ask for too much --------------------------------------------- */

static void
test_in_flight(void **state)
{
	static const struct edge_limits limits = { .in_flight = 5 };
	unsigned char session[RAW_SESSION_MAX];
	size_t n = raw_session(session, false);
	struct edge_host host;
	struct folder folder;
	char url[256];
	int fd;

	(void)state;
	folder_open(&folder);
	host_open(&host, &limits, true);
	host_listen(url, &host, &folder, "tcp://127.0.0.1:0");
	fd = raw_connect(url);
	assert_true(raw_send(fd, session, n));
	for (int i = 0; i < 999; i++)
		assert_true(raw_send(fd, session + 8, n - 8));
	assert_true(raw_receive(fd, session, 8));
	while (host_counts(&host).frames_in < 5)
		assert_int_equal(host_counts(&host).open, 1);
	for (int i = 0; i < 20; i++)
		assert_int_equal(host_counts(&host).frames_in, 5);
	/* A peer that is not read from is still seen leaving. */
	raw_close(fd, true);
	expect_open(&host, 0);
	assert_int_equal(host_counts(&host).frames_in, 5);
	host_close(&host);
	folder_close(&folder);
}

/* More requests at once than may be in flight: all are answered, in turn. */
static void
test_pipelined(void **state)
{
	static const struct edge_limits limits = { .in_flight = 3 };
	unsigned char session[RAW_SESSION_MAX], answer[RAW_SESSION_MAX];
	size_t n = raw_session(session, true);
	struct edge_host host;
	struct folder folder;
	char url[256];
	int fd;

	(void)state;
	folder_open(&folder);
	host_open(&host, &limits, false);
	host_listen(url, &host, &folder, NULL);
	fd = raw_connect(url);
	assert_true(raw_send(fd, session, n));
	for (int i = 0; i < 499; i++)
		assert_true(raw_send(fd, session + 8, n - 8));
	assert_true(raw_receive(fd, answer, 8));
	for (int i = 0; i < 500; i++) {
		assert_true(raw_receive(fd, answer, n - 8));
		assert_memory_equal(answer, session + 8, n - 8);
	}
	close(fd);
	host_close(&host);
	folder_close(&folder);
}

#define CROWD    150
#define ALL_SENT 2400 /* more than there is room for inside */

/* Nobody inside takes requests: they wait where they came from, and are all
 * answered later. */
static void
test_no_room(void **state)
{
	unsigned char session[RAW_SESSION_MAX], answer[RAW_SESSION_MAX];
	size_t n = raw_session(session, false);
	uint64_t before = 0, now = 1;
	struct edge_host host;
	struct folder folder;
	int fds[CROWD];
	char url[256];

	(void)state;
	folder_open(&folder);
	host_open(&host, &no_limits, true);
	host_listen(url, &host, &folder, "tcp://127.0.0.1:0");
	for (int i = 0; i < CROWD; i++) {
		fds[i] = raw_connect(url);
		assert_true(raw_send(fds[i], session, n));
		assert_true(raw_receive(fds[i], answer, 8));
		for (int more = 1; more < ALL_SENT / CROWD; more++)
			assert_true(raw_send(fds[i], session + 8, n - 8));
	}
	while (now > before) {
		before = now;
		for (int i = 0; i < CROWD; i++)
			now = host_counts(&host).frames_in;
	}
	assert_in_range(now, 1000, ALL_SENT - 100);
	host_start_echo(&host);
	for (int i = 0; i < CROWD; i++) {
		for (int more = 0; more < ALL_SENT / CROWD; more++)
			assert_true(raw_receive(fds[i], answer, n - 8));
		close(fds[i]);
	}
	assert_int_equal(host_counts(&host).frames_in, ALL_SENT);
	host_close(&host);
	folder_close(&folder);
}

static const struct monster {
	const char *name;
	const char *bytes;
	size_t n;
	uint64_t too_large, malformed, refused;
} monsters[] = {
	{ "eight gigabytes are refused", "\0SP\0\0\x30\0\0\0\0\0\2\0\0\0\0", 16,
	    1, 0, 0 },
	{ "a request without an id is refused",
	    "\0SP\0\0\x30\0\0\0\0\0\0\0\0\0\4aaaa", 20, 0, 1, 0 },
	{ "an empty request is refused", "\0SP\0\0\x30\0\0\0\0\0\0\0\0\0\0", 16,
	    0, 1, 0 },
	{ "a subscriber that speaks is refused",
	    "\0SP\0\0\x21\0\0\0\0\0\0\0\0\0\4\x80\0\0\1", 20, 0, 1, 0 },
	{ "a replier is refused", "\0SP\0\0\x31\0\0", 8, 0, 0, 1 },
	{ "HTTP is refused", "GET / HTTP/1.1\r\n\r\n", 18, 0, 0, 1 },
};

static void
test_monster(void **state)
{
	const struct monster *row = *state;
	struct edge_host host;
	struct edge_counts counts;
	struct folder folder;
	struct base base;
	char url[256], refusal[sizeof(host.refusal)];
	int fd;

	folder_open(&folder);
	host_open(&host, &no_limits, false);
	host_listen(url, &host, &folder, "tcp://127.0.0.1:0");
	expect_answer(url);
	base = measure(&host);
	fd = raw_connect(url);
	assert_true(raw_send(fd, row->bytes, row->n));
	assert_true(raw_is_closed(fd));
	close(fd);
	expect_base(&host, &base);
	counts = host_counts(&host);
	assert_int_equal(counts.frames_too_large, row->too_large);
	assert_int_equal(counts.frames_malformed, row->malformed);
	assert_int_equal(counts.handshakes_refused, row->refused);
	host_call(&host, host_do_refusal, refusal);
	assert_string_not_equal(refusal, "");
	host_close(&host);
	folder_close(&folder);
}

static void
test_random(void **state)
{
	unsigned char bytes[512];
	struct random_seeded seeded;
	struct edge_host host;
	struct folder folder;
	struct base base;
	char url[256];
	uint64_t seed = random_u64(random_system());

	(void)state;
	print_message("seed %llu\n", (unsigned long long)seed);
	random_seeded_init(&seeded, seed);
	folder_open(&folder);
	host_open(&host, &no_limits, false);
	host_listen(url, &host, &folder, NULL);
	expect_answer(url);
	base = measure(&host);
	for (int i = 1; i <= 2000; i++) {
		size_t n = (size_t)random_below(&seeded.random, sizeof(bytes));
		size_t from = 0;
		int fd = raw_connect(url);

		assert_true(fd >= 0);
		/* Half of them get past the hello, some past the length. */
		if (random_below(&seeded.random, 2) == 0)
			from = raw_hello(bytes, 0x30);
		if (from > 0 && random_below(&seeded.random, 2) == 0)
			from += raw_request_head(bytes + from, true,
			    (size_t)random_below(&seeded.random, 400));
		for (size_t at = from; at < n; at++)
			bytes[at] = (unsigned char)random_u64(&seeded.random);
		raw_send(fd, bytes, n);
		raw_close(fd, false);
		if (i % 1000 != 0)
			continue;
		expect_answer(url);
		expect_base(&host, &base);
	}
	host_close(&host);
	folder_close(&folder);
}

/* --- those who die, idle or do not keep up ----------------------------------- */

#define MOB       500
#define MOB_KILLS 5

/* 500 connections that ask and ask, until killed.  A forked child with
 * threads behind it: system calls only. */
static void
run_mob(const char *url, const unsigned char *session, size_t n, int ready)
{
	static int fds[MOB];
	unsigned char waste[4096];

	for (int i = 0; i < MOB; i++) {
		fds[i] = raw_connect(url);
		if (fds[i] < 0 || !raw_send(fds[i], session, n))
			_exit(1);
	}
	raw_send(ready, "r", 1);
	for (;;) {
		for (int i = 0; i < MOB; i++) {
			send(fds[i], session + 8, n - 8,
			    MSG_NOSIGNAL | MSG_DONTWAIT);
			recv(fds[i], waste, sizeof(waste), MSG_DONTWAIT);
		}
	}
}

static void
test_mob(void **state)
{
	unsigned char session[RAW_SESSION_MAX];
	size_t n = raw_session(session, false);
	struct edge_host host;
	struct folder folder;
	struct base base;
	char url[256], byte;
	int pair[2], status;
	uint64_t before;
	pid_t pid;

	(void)state;
	folder_open(&folder);
	host_open(&host, &no_limits, false);
	host_listen(url, &host, &folder, "tcp://127.0.0.1:0");
	expect_answer(url);
	base = measure(&host);
	for (int i = 0; i < MOB_KILLS; i++) {
		before = host_counts(&host).frames_in;
		assert_int_equal(
		    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair),
		    0);
		pid = fork();
		if (pid == 0)
			run_mob(url, session, n, pair[1]);
		close(pair[1]);
		assert_true(raw_receive(pair[0], &byte, 1));
		close(pair[0]);
		/* Under load: a while's worth of requests. */
		while (host_counts(&host).frames_in < before + 5000 + 777 * i)
			ask(url);
		kill(pid, SIGKILL);
		expect_answer(url);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status));
		expect_base(&host, &base);
	}
	assert_int_equal(host_counts(&host).frames_malformed, 0);
	host_close(&host);
	folder_close(&folder);
}

static void
test_idle(void **state)
{
	static const struct edge_limits limits = { .idle_ms = 100 };
	unsigned char session[RAW_SESSION_MAX];
	size_t n = raw_session(session, false);
	struct edge_host host;
	struct folder folder;
	char url[256];
	int req, sub;

	(void)state;
	folder_open(&folder);
	host_open(&host, &limits, false);
	host_listen(url, &host, &folder, "tcp://127.0.0.1:0");
	sub = raw_connect(url);
	raw_hello(session, 0x21);
	assert_true(raw_send(sub, session, 8));
	assert_true(raw_receive(sub, session, 8));
	raw_session(session, false);
	req = raw_connect(url);
	assert_true(raw_send(req, session, n));
	assert_true(raw_receive(req, session, n));
	assert_true(raw_is_closed(req));
	assert_int_equal(host_counts(&host).idle_closed, 1);
	assert_int_equal(host_counts(&host).open, 1); /* who only listens */
	close(req);
	close(sub);
	host_close(&host);
	folder_close(&folder);
}

/* A subscriber that does not read costs no more than its queue. */
static void
test_slow_subscriber(void **state)
{
	static const struct edge_limits limits = { .queue_bytes = 100000 };
	static unsigned char event[60000];
	unsigned char bytes[8];
	struct edge_host host;
	struct folder folder;
	char url[256];
	int slow, quick;

	(void)state;
	folder_open(&folder);
	host_open(&host, &limits, false);
	host_listen(url, &host, &folder, "tcp://127.0.0.1:0");
	raw_hello(bytes, 0x21);
	slow = raw_connect(url);
	quick = raw_connect(url);
	assert_true(raw_send(slow, bytes, 8) && raw_send(quick, bytes, 8));
	assert_true(raw_receive(slow, bytes, 8));
	assert_true(raw_receive(quick, bytes, 8));
	for (int i = 0; i < 10000; i++) {
		assert_int_equal(
		    nng_send(host.pub, event, sizeof(event), 0), 0);
		assert_true(raw_receive(quick, bytes, 8));
		assert_int_equal(bytes[6] << 8 | bytes[7], sizeof(event));
		assert_true(raw_receive(quick, event, sizeof(event)));
		if (host_counts(&host).dropped_events > 10)
			break;
	}
	assert_true(host_counts(&host).dropped_events > 10);
	close(slow);
	close(quick);
	host_close(&host);
	folder_close(&folder);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		{ "two thousand silent peers end by themselves", test_silent,
		    NULL, NULL, NULL },
		{ "the oldest of one address gives way", test_evicted, NULL,
		    NULL, NULL },
		{ "a full edge keeps those in good standing", test_full, NULL,
		    NULL, NULL },
		{ "a peer that reads nothing stalls alone", test_deaf, NULL,
		    NULL, NULL },
		{ "requests in flight have a limit", test_in_flight, NULL, NULL,
		    NULL },
		{ "requests that find no room inside wait outside",
		    test_no_room, NULL, NULL, NULL },
		{ "requests past the limit wait for their turn", test_pipelined,
		    NULL, NULL, NULL },
		{ "random bytes harm nobody", test_random, NULL, NULL, NULL },
		{ "five hundred peers killed under load harm nobody", test_mob,
		    NULL, NULL, NULL },
		{ "an idle requester is closed, a subscriber is not", test_idle,
		    NULL, NULL, NULL },
		{ "a slow subscriber loses events alone", test_slow_subscriber,
		    NULL, NULL, NULL },
	};

	rest_prepare();
	return TABLE_RUN(leavers, test_leaver) +
	    TABLE_RUN(dribblers, test_dribbler) +
	    TABLE_RUN(monsters, test_monster) +
	    cmocka_run_group_tests(tests, NULL, NULL);
}
