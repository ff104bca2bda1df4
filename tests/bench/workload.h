/*
 * workload.h - the results the benchmarks are about, and the plain tables
 * they are compared with.
 */
#ifndef TESTS_BENCH_WORKLOAD_H
#define TESTS_BENCH_WORKLOAD_H

#include <stddef.h>
#include <stdint.h>

#define AGENTS        64
#define SERIES        20 /* of each agent */
#define BATCH_RESULTS 100
#define FIRST_MS      INT64_C(1767607200000)
#define INTERVAL_MS   30000

/* A result of an agent, from its place alone: its time, and its duration,
 * lognormal around 3 ms. */
int64_t workload_at_ms(uint64_t sequence, int i);
int64_t workload_duration_us(uint64_t agent, uint64_t sequence, int i);

/* The content of a batch; owned by the caller. */
unsigned char *
workload_content(size_t *out_n, uint64_t agent, uint64_t sequence);

/* Results [from, to) of one series, "db", as the content of one batch; owned
 * by the caller. */
unsigned char *workload_line(size_t *out_n, int64_t from, int64_t to);

/* Inserts the results of so many batches of each agent into a SQLite table of
 * rows, one transaction taking a batch of every agent, synchronous=FULL;
 * create defines table result.  Returns the seconds it took. */
#define WORKLOAD_APPEND                                                   \
	"create table result (series int, at int, duration int, outcome " \
	"int, sequence int, limit_ms int)"
#define WORKLOAD_KEYED                                                    \
	"create table result (series int, at int, duration int, outcome " \
	"int, sequence int, limit_ms int, primary key (series, at)) "     \
	"without rowid"
double workload_rows(const char *path, const char *create, uint64_t batches);

#endif
