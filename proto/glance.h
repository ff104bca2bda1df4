/*
 * glance.h - looks through the bytes of a batch without unpacking it.
 *
 * For questions that read very many batches and want of each result only how
 * it went.  The bytes are a Content of publish.proto that was decoded once
 * before; bytes that are anything else give -1 and never harm.  Nothing is
 * allocated.
 */
#ifndef PROTO_GLANCE_H
#define PROTO_GLANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/publish.h"
#include "proto/result.h"

struct glance_name {
	const char *bytes; /* borrowed, without a NUL at the end */
	size_t n;
};

struct glance_series {
	size_t index; /* as results name it */
	struct glance_name service, probe;
	uint32_t interval_ms;
};

struct glance_result {
	size_t series;
	int64_t at_ms, duration_us;
	enum outcome outcome;
	enum reason reason;
	bool censored;
};

/* Called for each series, and then for each result. */
struct glance {
	void (*on_series)(void *arg, const struct glance_series *series);
	void (*on_result)(void *arg, const struct glance_result *result);
	void *arg;
};

/* -1: malformed; some may have been told by then. */
int batch_glance(const struct glance *glance, const void *bytes, size_t n);

#endif
