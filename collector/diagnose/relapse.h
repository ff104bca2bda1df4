/*
 * relapse.h - what fails again and again, and looks well in between.
 *
 * An episode is what fails of one target at about the same time, whichever
 * check sees it, and the killing of its processes.  One that a release brings
 * along by itself, because it restarts what it replaces, is none; one failure
 * that nothing else confirms is none either.
 *
 * A target relapses after three episodes that are alike, because what fails at
 * their bottom fails for the same reason, or two in which a process of it
 * died, and until nothing was seen of it for twice the longest time from one
 * to the next: earlier nobody can say that it is over.  After half an hour
 * without one, the next is the first again.
 */
#ifndef COLLECTOR_DIAGNOSE_RELAPSE_H
#define COLLECTOR_DIAGNOSE_RELAPSE_H

#include "collector/diagnose/node.h"
#include "proto/base/mem.h"

/* What stays away for longer does not come back, it comes anew. */
#define RELAPSE_ANEW_MS INT64_C(1800000)

struct relapse {
	const char *environment, *target;
	int64_t good_ms;        /* before the first episode */
	int64_t from_ms, to_ms; /* the first began, the last ended */
	/* Of what fails at the bottom; where processes die, the first. */
	enum layer layer;
	size_t n;        /* episodes */
	size_t n_killed; /* in which a process was killed */
};

/* The relapse of a target in the environment that the scene is about; NULL. */
const struct relapse *relapse_of(const struct scene *scene, const char *target);

/* A rise of the count of processes that were killed for want of memory, of
 * a fact of this name. */
bool
relapse_is_kill(const struct scene *scene, const struct scene_change *change);

/* The scene with its relapses, in which every check that took part in one is
 * failing since its first episode.  In the arena; points into scene. */
const struct scene *
relapse_mark(struct arena *arena, const struct scene *scene);

#endif
