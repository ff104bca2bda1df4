/*
 * fleet.h - the picture in memory: every series, fact and agent, and the
 * regressions that are open.
 *
 * A function of the stored batches and of the times at which they came; who
 * changes it is collector/pipeline, who asks it is collector/answer.  All
 * walks are in the order in which things were first seen.
 */
#ifndef COLLECTOR_PIPELINE_FLEET_H
#define COLLECTOR_PIPELINE_FLEET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collector/detect/drift.h"
#include "collector/detect/failing.h"
#include "collector/detect/silence.h"
#include "collector/detect/slower.h"
#include "collector/detect/state.h"
#include "collector/detect/times.h"
#include "proto/base/map.h"
#include "proto/publish.h"
#include "proto/query.h"
#include "proto/result.h"

/* Both clocks at once.  Where only data's time counts, both are that. */
struct moment {
	int64_t wall_ms, mono_ms;
};

/* A service in an environment, as one agent sees it: the facts of a place
 * are proven by the results of the same place. */
struct fleet_place {
	char *key; /* "staging/stg-1/backend" */
	struct fleet_series **series;
	struct fleet_fact **facts;
	size_t n_series, n_facts;
};

/* What the detectors know of a series.  As it lies in memory it is kept in a
 * snapshot: no pointers. */
struct fleet_course {
	struct times times; /* of the results that the others count */
	struct slower slower;
	struct failing failing;
	double phase_us[PHASES_MAX]; /* usual duration of each; 0: none yet */
};

struct fleet_series {
	char *key; /* "staging/stg-1/backend/db" */
	struct fleet_place *place;
	struct series series; /* as last described; texts are owned */
	struct result last;   /* the newest; what it points to is owned */
	struct state_watch watch;
	struct drift_proof proof;
	uint64_t n_results; /* since the collector knows it */
	bool counts;        /* the newest was from a vantage that counts */
	bool counted;       /* one ever was; last is then of such a one */
	int64_t since_ms;   /* first result of the outcome of last */
	int64_t fresh_ms;   /* end of last by the collector's wall clock */
	int64_t mono_ms;    /* the same by its monotonic one */
	int64_t good_us;    /* duration of the last ok result; -1: none */
	uint64_t open;      /* id of its state regression; 0: none */
	uint64_t open_slower, open_failing; /* latency and error rate */
	struct fleet_course *course;        /* NULL until a result counted */
	bool is_dirty;                      /* differs from its snapshot */
};

struct fleet_fact {
	char *key; /* "staging/stg-1/backend/process/env/POSTGRES_HOST" */
	struct fleet_place *place;
	char *environment, *agent, *service, *name;
	enum source source;
	char *shown;     /* "v1", "fingerprint k1:9f2c", "absent" */
	int64_t seen_ms; /* when it was last reported */
	struct drift drift;
	char *known;     /* how the known good value is shown; NULL: none */
	int64_t good_ms; /* last time it was known to be good; 0: never */
	uint64_t open;   /* id of its drift regression; 0: none */
	bool is_dirty;
};

struct fleet_agent {
	char *key; /* "staging/stg-1" */
	char *environment, *agent, *version;
	enum vantage vantage;
	int64_t seen_ms; /* last batch, the collector's wall clock */
	struct silence silence;
	int64_t clock_offset_ms; /* agent's minus ours */
	uint64_t waiting;
	uint64_t lost_results;
	int64_t lost_from_ms, lost_to_ms;
	uint64_t open; /* id of its silence regression; 0: none */
	bool is_dirty;
};

struct fleet {
	struct map *places, *series, *facts, *agents;
	struct map *open; /* struct fleet_regression by id */
};

/* An open regression. */
struct fleet_regression {
	struct regression_row row; /* texts are owned */
};

struct fleet *fleet_new(void);
void fleet_free(struct fleet *fleet); /* NULL is allowed */

/* --- finding, adding what is new ---------------------------------------- */

struct fleet_series *
fleet_series_of(struct fleet *fleet, const struct series *series);

/* The one that is known, or NULL. */
const struct fleet_series *
fleet_series_find(const struct fleet *fleet, const struct series *series);

/* fact's value does not matter. */
struct fleet_fact *fleet_fact_of(struct fleet *fleet, const char *environment,
    const char *agent, const struct fact *fact);

struct fleet_agent *
fleet_agent_of(struct fleet *fleet, const char *environment, const char *agent);

/* How many of the series and facts of this agent's batch are not known yet. */
size_t fleet_count_new(const struct fleet *fleet, const char *environment,
    const char *agent, const struct batch *batch);

/* How many series and facts of this agent are known. */
size_t fleet_count(
    const struct fleet *fleet, const char *environment, const char *agent);

/* --- keeping ------------------------------------------------------------ */

/* Copies what is described when it differs from what is known. */
void
fleet_series_describe(struct fleet_series *of, const struct series *series);

/* The course of a series, begun if need be. */
struct fleet_course *fleet_course_of(struct fleet_series *series);

/* Copies the result deeply over the last one. */
void fleet_series_keep(struct fleet_series *of, const struct result *result);

/* Replaces an owned text. */
void fleet_text(char **of, const char *text);

/* --- regressions -------------------------------------------------------- */

/* Copies; a row of the same id is replaced. */
void fleet_open(struct fleet *fleet, const struct regression_row *row);

/* The open one of this id, or NULL.  Its numbers may be changed. */
struct fleet_regression *
fleet_regression(const struct fleet *fleet, uint64_t id);

void fleet_close(struct fleet *fleet, uint64_t id);

#endif
