/*
 * edge_rest.h - is an edge undisturbed, and at rest when all have left?
 */
#ifndef TESTS_SUPPORT_EDGE_REST_H
#define TESTS_SUPPORT_EDGE_REST_H

#include "tests/support/table.h"

#include <dirent.h>
#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

#include "proto/base/clock.h"
#include "tests/support/edge_host.h"
#include "tests/support/raw_peer.h"

#define REST_PATIENCE_MS 20000

/* A good peer is answered within this, in the best of a few tries: a busy
 * machine may disturb one of them, a disturbed edge does all. */
#define ANSWER_MS    100
#define ANSWER_TRIES 10

/* malloc() counts as used what each thread keeps at hand to use again, up to
 * a quarter of a MiB; a leak of one connection in two thousand sessions would
 * be several. */
#define SPARE_BYTES (512 * 1024)

/* --- the good peer, and the edge at rest ---------------------------------- */

/* Connects, asks, and is answered; returns how long it took. */
static inline int64_t
ask(const char *url)
{
	int64_t start_ms = clock_mono_ms(clock_system());
	bool is_ipc = strncmp(url, "ipc", 3) == 0;
	unsigned char session[RAW_SESSION_MAX], answer[RAW_SESSION_MAX];
	size_t n = raw_session(session, is_ipc);
	int fd = raw_connect(url);

	assert_true(fd >= 0);
	assert_true(raw_send(fd, session, n));
	assert_true(raw_receive(fd, answer, n));
	assert_int_equal(answer[5], 0x31);
	assert_memory_equal(answer + 8, session + 8, n - 8);
	close(fd);
	return clock_mono_ms(clock_system()) - start_ms;
}

static inline void
expect_answer(const char *url)
{
	int64_t best_ms = INT64_MAX, took_ms;

	for (int i = 0; i < ANSWER_TRIES && best_ms > ANSWER_MS; i++) {
		took_ms = ask(url);
		if (took_ms < best_ms)
			best_ms = took_ms;
	}
	assert_in_range(best_ms, 0, ANSWER_MS);
}

/* Waits until so many connections are open. */
static inline void
expect_open(struct edge_host *host, uint64_t wanted)
{
	int64_t end_ms = clock_mono_ms(clock_system()) + REST_PATIENCE_MS;
	uint64_t open;

	do
		open = host_counts(host).open;
	while (open != wanted && clock_mono_ms(clock_system()) < end_ms);
	assert_int_equal(open, wanted);
}

static inline size_t
count_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	size_t n = 0;

	while (readdir(dir) != NULL)
		n++;
	closedir(dir);
	return n;
}

/* What the process holds when no peer is there. */
struct base {
	size_t descriptors, bytes;
};

static inline void
do_nothing(struct edge_host *host, void *arg)
{
	(void)host;
	(void)arg;
}

static inline struct base
measure(struct edge_host *host)
{
	expect_open(host, 0);
	/* What closed in one turn of the loop is freed in the next. */
	for (int i = 0; i < 3; i++)
		host_call(host, do_nothing, NULL);
	return (struct base){ count_descriptors(), mallinfo2().uordblks };
}

/* What the last peers asked may still be on its way inside. */
static inline void
expect_base(struct edge_host *host, const struct base *base)
{
	int64_t end_ms = clock_mono_ms(clock_system()) + REST_PATIENCE_MS;
	struct base now;

	do
		now = measure(host);
	while (now.bytes > base->bytes + SPARE_BYTES &&
	    clock_mono_ms(clock_system()) < end_ms);
	assert_int_equal(now.descriptors, base->descriptors);
	assert_in_range(now.bytes, 0, base->bytes + SPARE_BYTES);
}

/* For main(): mallinfo2() sees one arena only, and many descriptors are
 * needed. */
static inline void
rest_prepare(void)
{
	struct rlimit files;

	mallopt(M_ARENA_MAX, 1);
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
}

#endif
