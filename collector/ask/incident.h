/*
 * incident.h - regressions of one environment that belong together.
 *
 * A function of the regressions alone, so that the same history has the same
 * incidents: one joins an incident when it begins while another is open, or
 * within some minutes of its end; or when it failed there before for the
 * same reason and comes back within half an hour (RELAPSE_ANEW_MS).  An incident is open while one of its regressions
 * is, which only results of their own close, or while what came back twice may
 * come back again; late results may open it once more.  What was red for a day
 * before is a standing fault, an incident of its own.
 */
#ifndef COLLECTOR_ASK_INCIDENT_H
#define COLLECTOR_ASK_INCIDENT_H

#include "proto/base/err.h"
#include "proto/base/mem.h"
#include "storage/store.h"

/* Regressions this close together tell of one incident. */
#define INCIDENT_JOIN_MS INT64_C(600000)
/* Red for so long, it is a part of how things are. */
#define INCIDENT_STANDS_MS INT64_C(86400000)

struct incident {
	uint64_t id; /* of its first regression */
	const char *environment;
	int64_t from_ms;   /* first onset, the last good result before it */
	int64_t onset_ms;  /* first bad result */
	int64_t closed_ms; /* 0: open */
	/* When most was to be seen of it: now, or just before it recovered. */
	int64_t seen_ms;
	bool is_critical;
	bool is_late; /* known only afterwards */
	bool is_open;
	bool
	    is_silence; /* observers alone: nothing says that a target failed */
	const struct regression_row **rows; /* by onset */
	size_t n_rows;
	uint32_t n_returns;          /* how often one of them came back */
	int64_t newest_ms, ended_ms; /* the last onset, the last end */
};

struct incidents {
	struct incident *list; /* the newest onset first */
	size_t n;
};

/* Incidents of an environment ("" for all) with an onset in [from_ms,
 * at_ms], as they stood at at_ms.  In the arena. */
int
incidents_find(struct incidents *out, struct arena *arena, struct store *store,
    const char *environment, int64_t from_ms, int64_t at_ms, struct err *err);

#endif
