/*
 * sqlite_subject.h - the series a question is about, for storage/sqlite_*.c.
 *
 * Those that have chunks and those that are in the inbox alone, in the order
 * of their names (environment, agent, service, probe), each with what the
 * inbox holds of it.
 */
#ifndef STORAGE_SQLITE_SUBJECT_H
#define STORAGE_SQLITE_SUBJECT_H

#include "proto/base/mem.h"
#include "storage/sqlite.h"

/* A result in the inbox, without its texts. */
struct point {
	int64_t at_ms, duration_us;
	enum outcome outcome;
	enum reason reason;
	bool censored;
	uint32_t interval_ms;
};

/* By time; of equal times by what was found, as chunks are sorted. */
int point_compare(const void *left, const void *right);

struct subject {
	struct series key;    /* its names alone */
	int64_t id;           /* of the series; 0: it has no chunks */
	struct point *points; /* in the order of time */
	size_t n_points, room;
};

struct subjects {
	struct subject **list;
	size_t n, room;
	struct arena *arena; /* holds the names */
};

/* Names "" are any; the points are those in [from_ms, to_ms).  To be called
 * while the database is held.  Free it with subjects_fini(), in any case. */
int subjects_find(struct subjects *out, struct sqlite *s,
    const struct query_history *request, struct err *err);
void subjects_fini(struct subjects *subjects);

#endif
