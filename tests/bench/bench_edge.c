/*
 * bench_edge CONNECTIONS MILLISECONDS - round trips through the edge against
 * those through a listening nng socket.
 *
 * The same clients, one request of 200 bytes in flight each, over tcp on the
 * loopback; behind both is what answers with what it got: the loop of the edge,
 * as in a collector, and 64 REP contexts on nng's threads.  Both run in a
 * process of their own, so that memory per connection is theirs.
 * Prints one line of JSON.
 */
#include <nng/nng.h>
#include <nng/protocol/reqrep0/rep.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proto/base/clock.h"
#include "proto/base/mem.h"
#include "proto/edge_wire.h"
#include "tests/support/edge_host.h"
#include "tests/support/raw_peer.h"

#define BODY_BYTES  200
#define EVENTS_MAX  256
#define WAIT_MAX_MS 1000

static void
check(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "bench_edge: %s\n", what);
	exit(1);
}

/* --- the two servers ------------------------------------------------------- */

/* Runs on a thread of nng. */
static void
on_nng(void *arg)
{
	struct echo *echo = arg;

	if (nng_aio_result(echo->aio) != 0)
		return;
	echo->is_sending = !echo->is_sending;
	if (echo->is_sending)
		nng_ctx_send(echo->ctx, echo->aio);
	else
		nng_ctx_recv(echo->ctx, echo->aio);
}

static void
serve_nng(char out[256])
{
	static struct echo echoes[ECHO_CONTEXTS];
	nng_listener listener;
	nng_socket rep;
	int port = 0;

	check(nng_rep0_open(&rep) == 0, "socket");
	check(
	    nng_listen(rep, "tcp://127.0.0.1:0", &listener, 0) == 0, "listen");
	nng_listener_get_int(listener, NNG_OPT_TCP_BOUND_PORT, &port);
	snprintf(out, 256, "tcp://127.0.0.1:%d", port);
	for (int i = 0; i < ECHO_CONTEXTS; i++) {
		check(nng_ctx_open(&echoes[i].ctx, rep) == 0, "context");
		check(nng_aio_alloc(&echoes[i].aio, on_nng, &echoes[i]) == 0,
		    "aio");
		nng_ctx_recv(echoes[i].ctx, echoes[i].aio);
	}
}

static void
serve_edge(char out[256])
{
	static const struct edge_limits limits = { .handshaking = 100000 };
	static struct edge_host host;

	host_open_as(&host, &limits, false, true);
	host_listen(out, &host, NULL, "tcp://127.0.0.1:0");
}

/* Starts a server in a child, which ends with us. */
static pid_t
start(char out[256], void (*serve)(char out[256]))
{
	int pair[2];
	pid_t pid;
	char byte;

	check(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0, "socketpair");
	pid = fork();
	check(pid >= 0, "fork");
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		serve(out);
		raw_send(pair[0], out, 256);
		recv(pair[0], &byte, 1, 0); /* until we are killed */
		_exit(0);
	}
	check(raw_receive(pair[1], out, 256), "start a server");
	return pid;
}

static long
resident_kib(pid_t pid)
{
	char path[64];
	long pages = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/statm", (int)pid);
	file = fopen(path, "r");
	check(file != NULL && fscanf(file, "%*d %ld", &pages) == 1, path);
	fclose(file);
	return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

/* --- the clients ------------------------------------------------------------ */

struct client {
	int fd;
	size_t got; /* of the answer */
};

struct clients {
	int n, poll;
	struct client *all;
	unsigned char session[RAW_SESSION_MAX + BODY_BYTES];
	size_t n_session;
};

static void
connect_all(struct clients *clients, const char *url)
{
	unsigned char hello[WIRE_HELLO_BYTES];

	for (int i = 0; i < clients->n; i++) {
		clients->all[i].fd = raw_connect(url);
		check(clients->all[i].fd >= 0, "connect");
		raw_send(
		    clients->all[i].fd, clients->session, WIRE_HELLO_BYTES);
	}
	for (int i = 0; i < clients->n; i++)
		check(raw_receive(clients->all[i].fd, hello, sizeof(hello)),
		    "hello");
}

static void
ask(struct clients *clients, struct client *client)
{
	check(raw_send(client->fd, clients->session + WIRE_HELLO_BYTES,
		  clients->n_session - WIRE_HELLO_BYTES),
	    "send");
}

/* Returns round trips per second. */
static double
run(struct clients *clients, int64_t for_ms)
{
	int64_t start_ns = clock_mono_ns(clock_system()), now_ns;
	size_t n_answer = clients->n_session - WIRE_HELLO_BYTES;
	struct epoll_event events[EVENTS_MAX];
	unsigned char waste[4096];
	uint64_t done = 0;

	for (int i = 0; i < clients->n; i++)
		ask(clients, &clients->all[i]);
	do {
		int n =
		    epoll_wait(clients->poll, events, EVENTS_MAX, WAIT_MAX_MS);

		check(n > 0, "nobody answers");
		for (int i = 0; i < n; i++) {
			struct client *client = events[i].data.ptr;
			ssize_t got = recv(client->fd, waste, sizeof(waste), 0);

			check(got > 0, "receive");
			client->got += (size_t)got;
			if (client->got < n_answer)
				continue;
			client->got = 0;
			done++;
			ask(clients, client);
		}
		now_ns = clock_mono_ns(clock_system());
	} while (now_ns - start_ns < for_ms * 1000000);
	return (double)done * 1e9 / (double)(now_ns - start_ns);
}

static void
measure(const char *name, void (*serve)(char out[256]), int n, int64_t for_ms)
{
	struct clients clients = { .n = n, .poll = epoll_create1(0) };
	char url[256];
	pid_t pid = start(url, serve);
	long before_kib, after_kib;
	double per_s;

	clients.all = mem_calloc((size_t)n, sizeof(struct client));
	clients.n_session = raw_hello(clients.session, 0x30);
	clients.n_session += raw_request_head(
	    clients.session + clients.n_session, false, BODY_BYTES);
	clients.n_session += BODY_BYTES;
	before_kib = resident_kib(pid);
	connect_all(&clients, url);
	after_kib = resident_kib(pid);
	for (int i = 0; i < n; i++) {
		struct epoll_event event = { .events = EPOLLIN,
			.data.ptr = &clients.all[i] };

		epoll_ctl(
		    clients.poll, EPOLL_CTL_ADD, clients.all[i].fd, &event);
	}
	per_s = run(&clients, for_ms);
	printf("\"%s\": {\"per_s\": %.0f, \"kib_per_connection\": %.2f}", name,
	    per_s, (double)(after_kib - before_kib) / n);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	for (int i = 0; i < n; i++)
		close(clients.all[i].fd);
	close(clients.poll);
	free(clients.all);
}

int
main(int argc, char **argv)
{
	struct rlimit files;

	check(argc == 3, "usage: bench_edge CONNECTIONS MILLISECONDS");
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	printf("{");
	fflush(stdout); /* once, not by each child */
	measure("edge", serve_edge, atoi(argv[1]), atoll(argv[2]));
	printf(", ");
	fflush(stdout);
	measure("nng", serve_nng, atoi(argv[1]), atoll(argv[2]));
	printf("}\n");
	return 0;
}
