/*
 * verdict.h - whose fault it is, how sure that is, and why.
 *
 * A pure function of a scene: gates, then the weighing of evidence, then caps
 * (docs/diagnosis.md).  Integers throughout.  Everything that contradicts the
 * verdict and everything that could not be seen is part of it.
 */
#ifndef COLLECTOR_DIAGNOSE_VERDICT_H
#define COLLECTOR_DIAGNOSE_VERDICT_H

#include "collector/diagnose/finding.h"
#include "collector/diagnose/severity.h"

#define VERDICT_VERSION 1

/* A named thing and a sentence about it. */
struct remark {
	const char *subject;
	enum blame blame; /* where it says one */
	const char *text;
	const char *evidence; /* an id, or "" */
};

struct remarks {
	struct remark *list;
	size_t n;
};

struct service_state {
	const char *service;
	const char *state; /* "ok" "degraded" "down" "unknown" */
	int64_t from_ms, to_ms;
};

struct alternative {
	enum blame blame;
	const char *subject;
	int permyriad;
};

struct action {
	const char *command, *expect, *if_not, *risk;
};

struct trigger {
	const char *kind; /* "deploy", "env_change", ...; "" for none known */
	const char *subject;
	int64_t from_ms, to_ms;
	bool by_mark;
};

struct verdict {
	const char *environment;
	int64_t at_ms;
	enum blame blame; /* or BLAME_UNDETERMINED */
	enum severity severity;
	const char *subject; /* "" when undetermined or none */
	int permyriad;       /* confidence in it */
	const char *word;    /* "very likely" "probable" "undetermined" */
	const char *cap;     /* why it is not more; "" */
	int coverage_permyriad;
	size_t n_layers, n_layers_seen;
	size_t n_views; /* of the environment, fresh or not; 0: no evidence */
	int64_t onset_from_ms, onset_to_ms, good_ms; /* 0: none, never */
	struct trigger trigger;
	const struct scene_change *silent; /* what nobody feels; NULL */
	/* Earlier incidents of which it is known what they were, and of how
	 * many their findings: both moved the prior and the rows. */
	uint32_t n_labelled, n_told;
	struct score score;
	struct alternative alternatives[BLAME_COUNT];
	size_t n_alternatives;
	struct findings findings; /* with what each weighs */
	struct service_state *states;
	size_t n_states;
	struct remarks cleared, entailed, masked, secondary, standing, refuted,
	    blind_spots, claims, withheld;
	struct action *actions;
	size_t n_actions;
};

/* *out and all it points to is in the arena or in the scene. */
void verdict_reach(
    struct verdict *out, struct arena *arena, const struct scene *scene);

#endif
