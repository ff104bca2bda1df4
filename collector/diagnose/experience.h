/*
 * experience.h - what closed incidents of this installation taught.
 *
 * People say afterwards what an incident was; counting that moves the shipped
 * numbers.  A prior is worth 20 incidents, P(token | class) is worth 8 of the
 * class (docs/diagnosis.md): few labels change little, many outweigh the
 * literature.  Counts in, integers out.
 */
#ifndef COLLECTOR_DIAGNOSE_EXPERIENCE_H
#define COLLECTOR_DIAGNOSE_EXPERIENCE_H

#include <stdint.h>

#include "collector/diagnose/token.h"

#define EXPERIENCE_MAX 10000 /* incidents; more are not counted */

/* Starts as { 0 }: nothing was learnt yet. */
struct experience {
	uint32_t labelled[BLAME_COUNT]; /* incidents that were of the class */
	/* Of these, the ones of which the findings were kept as well, and
	 * those that had a token. */
	uint32_t told[BLAME_COUNT];
	uint32_t seen[TOKEN_COUNT][BLAME_COUNT];
};

uint32_t experience_labelled(const struct experience *experience);
uint32_t experience_told(const struct experience *experience);

/* One more incident, known to be of this class. */
void experience_add(struct experience *experience, enum blame blame);
/* And the findings that it had, as token_row() calls them, with a space
 * between; others and repeated ones do not count. */
void experience_add_findings(
    struct experience *experience, enum blame blame, const char *ids);

/* (20 p + n_class) / (20 + n), in permyriad and in tenths of a decibel. */
void experience_prior(
    int out_permyriad[BLAME_COUNT], const struct experience *experience);
void experience_prior_db10(
    int out_db10[BLAME_COUNT], const struct experience *experience);

/* P(token | class) = (n_token + 8 p) / (n_class + 8), in permyriad; and as a
 * weight of evidence in tenths of a decibel: ten times its decimal logarithm,
 * less the mean of that over the classes, between -150 and 150 (I. J. Good,
 * "Weight of evidence", 1985). */
void experience_row(int out_permyriad[BLAME_COUNT],
    const struct experience *experience, enum token token);
void experience_row_db10(int out_db10[BLAME_COUNT],
    const struct experience *experience, enum token token);

#endif
