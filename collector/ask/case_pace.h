/*
 * case_pace.h - how long the results of a series take, and took.
 */
#ifndef COLLECTOR_ASK_CASE_PACE_H
#define COLLECTOR_ASK_CASE_PACE_H

#include "collector/diagnose/scene.h"

/* The newest results, the newest first, and how long ok ones before took. */
struct case_pace {
	const struct series *series;
	const struct result *results;
	size_t n_results;
	const int64_t *older_us, *older_connect_us;
	size_t n_older; /* at most CASE_PACE_OLDER */
};

#define CASE_PACE_OLDER 240

/* How long connecting took; 0: nobody said. */
int64_t
case_pace_connect_us(const struct series *series, const struct result *result);

/* Sorts the values; 0 for none. */
int64_t case_pace_median(int64_t *values, size_t n);

/* Sets what was usual, what is recent, since when it is late, and how many
 * connects were tried again. */
void case_pace_set(struct scene_view *view, const struct case_pace *pace);

#endif
