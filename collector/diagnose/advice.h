/*
 * advice.h - what to do next: what separates, what restores, what to look at.
 */
#ifndef COLLECTOR_DIAGNOSE_ADVICE_H
#define COLLECTOR_DIAGNOSE_ADVICE_H

#include "collector/diagnose/verdict.h"

/* A verdict that has its class, subject and findings, and what it stands on. */
struct work {
	struct verdict *out;
	struct arena *arena;
	const struct scene *scene;
	const struct chain *chain;
	const struct suspects *suspects;
	const struct node *node; /* the break; NULL */
	const char *uncovered;   /* the path of a claim; "" */
};

/* Did build and inputs change together, with nothing to tell them apart? */
bool advice_are_twins(const struct work *work);

/* Fills in the actions, the separating test first. */
void advice_add(const struct work *work);

#endif
