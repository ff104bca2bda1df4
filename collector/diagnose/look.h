/*
 * look.h - what every search for findings is given, and how it reports one.
 *
 * For finding*.c alone.
 */
#ifndef COLLECTOR_DIAGNOSE_LOOK_H
#define COLLECTOR_DIAGNOSE_LOOK_H

#include "collector/diagnose/finding.h"
#include "collector/diagnose/note.h"

struct look {
	struct findings *out;
	struct arena *arena;
	const struct scene *scene;
	const struct chain *chain;
	const struct suspects *suspects;
	const struct node *break_; /* NULL: nothing fails */
	/* A direct request that passes where a proxy fails; NULL: none. */
	const struct scene_view *direct;
	/* The same check of another replica, which passes; NULL: none. */
	const struct scene_view *sibling;
};

/* Adds a finding, whose source the caller fills in; percent is cut to 0 to
 * 100.  Past FINDINGS_MAX, what is returned is read by nobody. */
struct finding *look_add(
    const struct look *look, enum token token, int percent, const char *text);

/* "backend/db (stg-1, in_service)" */
const char *look_place(const struct look *look, const struct scene_view *view);

/* "ok, 3.2 ms", "connect.timeout: no answer from ..." */
const char *
look_outcome(const struct look *look, const struct scene_view *view);

bool look_holds(const char *text, const char *word);

/* The newest kill for want of memory since it began to fail; NULL: none. */
const struct scene_change *look_at_kills(const struct look *look);

/* A host whose memory, disk or descriptors run short; NULL: none. */
const struct node *look_at_host(const struct look *look);

/* The fact that the break goes where a hosts file sends it; NULL: it does
 * not. */
const struct scene_fact *look_at_override(const struct look *look);

/* The searches, by what they look at. */
void look_at_tests(const struct look *look);  /* of a break */
void look_at_traces(const struct look *look); /* of a break */
void look_at_owner(const struct look *look);  /* of what ran out */

#endif
