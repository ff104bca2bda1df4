/*
 * scene.h - everything a verdict may know, at one moment.
 *
 * Plain structs, filled by whoever has the history (collector/case).  Nothing
 * in it is later than at_ms.  The engine sees no clock, file or store, so the
 * same scene gives the same verdict on every machine and on every day.
 * Strings are borrowed from the owner of the scene; absent text is "".
 */
#ifndef COLLECTOR_DIAGNOSE_SCENE_H
#define COLLECTOR_DIAGNOSE_SCENE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base/mem.h"
#include "proto/mark.h"
#include "proto/result.h"

/* How many results back "recently" reaches, per series. */
#define SCENE_RECENT 20

/* And "the newest few". */
#define SCENE_FEW 5

/* Limits of a probe that were reached while it failed. */
#define SCENE_LIMITS 6

/* Stretches of failures that are remembered, per series. */
#define SCENE_SPELLS 8

/* Critical results without a good one in between. */
struct scene_spell {
	int64_t good_ms;        /* the newest good one before; 0: unknown */
	int64_t from_ms, to_ms; /* the first and the last of them */
	uint32_t n;
	const struct result *told; /* the last */
};

/* Texts of trouble that are remembered, per series. */
#define SCENE_SAID 64

/* A text of trouble that a log said, once or over and over; told is as if the
 * first of the results that say it had failed, with that text for a message. */
struct scene_said {
	int64_t from_ms, to_ms; /* the first and the last of them */
	const struct result *told;
};

/* Who has how many connections of a server, as a check counts them. */
struct scene_holder {
	const char *name;   /* an application or a role; "": the role that the
	                     check itself logs in as */
	int32_t usual, now; /* by the oldest and by the newest count */
	int64_t grew_ms;    /* clearly more since; 0: not */
};

/* One series as it stood. */
struct scene_view {
	const struct series *series;
	const struct result *last; /* the newest */
	/* What the series says when it is asked how it is: the newest
	 * critical one while it fails, if only now and then; else last. */
	const struct result *told;
	int64_t first_ms;    /* the oldest result known */
	int64_t good_ms;     /* newest ok or warning before bad_from_ms, or of
			        all when it is not failing; 0: never */
	int64_t bad_from_ms; /* first critical of those that followed; 0: not
			        failing */
	uint32_t n_bad;      /* critical results without an ok in between */
	uint32_t n_good;     /* ok results since the last critical */
	uint32_t n_recent, n_recent_bad; /* of the last SCENE_RECENT */
	uint32_t n_flips;       /* from good to bad or back, among these */
	uint32_t n_episode;     /* results since bad_from_ms; 0: not failing */
	uint32_t n_episode_bad; /* critical ones among these */
	/* How long results that are ok or warn used to take, and the newest
	 * few; 0: unknown. */
	int64_t usual_us, recent_us;
	int64_t usual_connect_us, recent_connect_us;
	/* Most of the newest few came late, since; and the newest in time
	 * before.  0: they do not, never. */
	int64_t late_from_ms, late_good_ms;
	/* Of the recent, connects for which a packet was sent again. */
	uint32_t n_again;
	/* The failure before this one of the same run of failures, when its
	 * text is another one; NULL. */
	const struct result *masked;
	bool text_is_new; /* this failure's text was never seen before */
	uint32_t limits_ms[SCENE_LIMITS];
	size_t n_limits; /* two or more: the failures follow the limit */
	/* All that is known of, the newest first: of the last minutes, however
	 * many results these were. */
	struct scene_spell spells[SCENE_SPELLS];
	size_t n_spells;
	const struct scene_said *said; /* the newest first */
	size_t n_said;
	const struct scene_holder *holders;
	size_t n_holders;
	bool is_relapsing;  /* set by relapse.h: well now, and not for long */
	bool is_testifying; /* set by testimony.h */
	bool is_late;       /* set by late.h: passes, and keeps users waiting */
};

struct scene_agent {
	const char *environment, *agent;
	enum vantage vantage;
	int64_t heard_ms;     /* newest batch or heartbeat */
	int64_t heartbeat_ms; /* one is due within this */
	int64_t clock_offset_ms;
	uint64_t n_lost; /* results known to be lost */
	int64_t lost_from_ms, lost_to_ms;
};

/* A fact as it was in force. */
struct scene_fact {
	const char *environment, *service, *name;
	const char *value;       /* "" when a fingerprint or absent */
	const char *fingerprint; /* "" when a value or absent */
	enum source source;
	int64_t at_ms;
};

/* A difference between two observations, or a mark. */
struct scene_change {
	const char *environment, *service;
	const char *name; /* of the fact; the subject of a mark */
	const char *before, *after;
	const char *summary; /* of a mark */
	bool is_mark;
	enum mark_kind kind;    /* of a mark */
	enum source source;     /* of a fact */
	int64_t from_ms, to_ms; /* between these; equal for a mark */
	bool first_seen;        /* there was no observation before: no change */
	/* How many of its kind this environment had in span_ms before. */
	uint32_t n_before;
	int64_t span_ms;
};

struct scene_service {
	const char *name, *kind; /* kind "" when not declared */
	const char *const *depends_on;
	size_t n_depends_on;
	const char *const *optional;
	size_t n_optional;
	const char *const *journeys; /* probes whose failure is impact */
	size_t n_journeys;
};

struct scene_environment {
	const char *name;
	const char *const *compare_with;
	size_t n_compare_with;
};

/* What an expectation or guard said at the moment. */
struct scene_guard {
	const char *environment, *service, *name; /* of the setting or fact */
	const char *rule;                         /* "at least 35" */
	const char *issue;
	bool known, held; /* not known: nobody could see it */
	bool
	    is_drift; /* no rule: it left the value it had while all was well */
	int64_t since_ms; /* broken since */
};

/* What a value has to do with those of other environments. */
enum peer_rule { PEER_FREE, PEER_MATCH, PEER_DIFFER };

/* What people said of it; in the order of their words. */
struct scene_rule {
	const char *environment, *service, *name; /* service "": of any */
	enum peer_rule rule;
};

/* A span of which nobody's results exist, though all were there before and
 * after: the collector did not keep them. */
struct scene_hole {
	int64_t from_ms, to_ms;
	const char *why; /* what the collector said of it; "" */
};

struct relapse;    /* relapse.h */
struct experience; /* experience.h */

struct scene {
	int64_t at_ms;
	const char *environment; /* asked about */
	const struct scene_environment *environments;
	const struct scene_service *services;
	const struct scene_view *views; /* of all environments */
	const struct scene_agent *agents;
	const struct scene_fact *facts;
	const struct scene_change *changes; /* by to_ms, oldest first */
	const struct scene_guard *guards;
	const struct scene_rule *rules;
	const struct scene_hole *holes; /* of the environment, oldest first */
	size_t n_environments, n_services, n_views, n_agents, n_facts,
	    n_changes, n_guards, n_rules, n_holes;
	const struct experience *experience; /* NULL: nothing was learnt */
	/* Set by relapse.h. */
	const struct relapse *relapses;
	size_t n_relapses;
};

/* The same scene with views of its own, *out_views, for who marks them. */
struct scene *scene_copy(struct scene_view **out_views, struct arena *arena,
    const struct scene *scene);

/* The fact as it is in force; NULL: nobody told it. */
const struct scene_fact *scene_find_fact(const struct scene *scene,
    const char *environment, const char *service, const char *name);

#endif
