/*
 * suspects.h - what changed, and how much that says.
 *
 * A change that ended d before the onset weighs 10 log10(f(d) / lambda): lambda
 * is how often such changes happen here, f the density of delays between
 * causes and failures: 60 % within 5 minutes, 25 % up to 30, 15 % log-uniform
 * up to a day.  A change after the onset cannot be the cause; where intervals
 * overlap, no order is claimed and the change stays a suspect.
 */
#ifndef COLLECTOR_DIAGNOSE_SUSPECTS_H
#define COLLECTOR_DIAGNOSE_SUSPECTS_H

#include "collector/diagnose/chain.h"

enum change_class {
	CHANGE_RELEASE,  /* build, image, revision */
	CHANGE_INPUT,    /* variable, file, setting, secret, flag */
	CHANGE_PLATFORM, /* server, limit, managed resource, certificate */
	CHANGE_PATH,     /* names, routes, filters, proxies */
	CHANGE_OTHER,    /* restarts, scaling, claims */
	CHANGE_CLASSES
};

struct suspect {
	const struct scene_change *change;
	enum change_class class;
	int db10;       /* -150 to 150 */
	bool is_used;   /* by the layer that broke, or below it */
	bool is_before; /* not after the onset */
	bool overlaps;  /* its interval and the onset's: no order is claimed */
};

struct suspects {
	struct suspect *list; /* the heaviest first */
	size_t n;
};

enum change_class suspect_class(const struct scene_change *change);

/* Does its name say how many of something there may be: connections, workers,
 * replicas? */
bool suspect_is_size(const char *name);

/* Is it a setting of a server that others use, and no input of theirs? */
bool suspect_is_server_setting(const struct scene_change *change);

/* The changes of the environment in the day before the onset, and since. */
void suspects_build(struct suspects *out, struct arena *arena,
    const struct scene *scene, const struct chain *chain);

/* The heaviest suspect of a class that is used, not after the onset and
 * heavier than nothing; NULL. */
const struct suspect *
suspects_find(const struct suspects *suspects, enum change_class class);

/* Does what fails at a node use this fact?  Names of facts: "env/NAME",
 * "setting/NAME", "file/NAME" ... */
bool suspect_uses(
    const struct scene *scene, const struct node *node, const char *name);

/* Does a run to a node's target, with the inputs of the service, put this one
 * to the test?  What it never reads may be wrong all the while it passes. */
bool suspect_is_exercised(
    const struct scene *scene, const struct node *node, const char *name);

/* Of all inputs that are suspected? */
bool suspects_are_exercised(const struct suspects *suspects,
    const struct scene *scene, const struct node *node);

/* The weight of a change that ended before_ms before the onset, when
 * n_before of its kind were seen in span_ms; in tenths of a decibel. */
int suspect_weight(enum change_class class, int64_t before_ms,
    uint32_t n_before, int64_t span_ms);

#endif
