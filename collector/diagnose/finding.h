/*
 * finding.h - what the scene says for and against each class.
 *
 * Each finding is a token with its weight, the object it is about, where it
 * was seen, and a sentence for people.  Ids ("E1") are given in an order that
 * depends on the scene alone.
 */
#ifndef COLLECTOR_DIAGNOSE_FINDING_H
#define COLLECTOR_DIAGNOSE_FINDING_H

#include "collector/diagnose/suspects.h"
#include "collector/diagnose/score.h"

#define FINDINGS_MAX 256

struct finding {
	const char *id;
	struct weight weight;
	const char *text;
	const struct scene_view *view;     /* NULL: not of a series */
	const struct scene_change *change; /* NULL: not of a change */
	const struct scene_agent *agent;   /* NULL: not of an agent */
	const struct scene_fact *fact;     /* NULL: not of a fact */
};

struct findings {
	struct finding *list;
	size_t n;
	/* Which separating tests and observations there were. */
	bool is_observed; /* every observer healthy */
	size_t n_silent;  /* agents of the environment */
	size_t n_gapped;  /* other environments silent since the same time */
	const struct scene_hole *hole; /* within what is looked back on; NULL */
	const struct scene_change *uncovered; /* a claim nobody can check */
};

/* Looks for every token.  What it points to is in the arena or the scene. */
void findings_collect(struct findings *out, struct arena *arena,
    const struct scene *scene, const struct chain *chain,
    const struct suspects *suspects);

/* The first finding with the token that is not entailed; NULL. */
const struct finding *
findings_get(const struct findings *findings, enum token token);

#endif
