/*
 * score.h - weighs evidence: from findings to a probability of each class.
 *
 * Naive Bayes in tenths of a decibel with two corrections for dependence:
 * entailed findings weigh nothing, and within a family the strongest finding
 * counts fully, the second half, others not at all.  Integers throughout, so
 * that every machine gives the same bits.
 */
#ifndef COLLECTOR_DIAGNOSE_SCORE_H
#define COLLECTOR_DIAGNOSE_SCORE_H

#include <stddef.h>

#include "collector/diagnose/experience.h"

/* A finding to be weighed. */
struct weight {
	enum token token;
	/* Share of the token's weight that it has in this case, 0 to 100: a
	 * change long before the onset tells less than one just before. */
	int percent;
	bool entailed; /* explained by another finding */
	/* Set by score(): what its token says for each class, and what of
	 * that counts beside the others. */
	int row[BLAME_COUNT]; /* P(token | class) in permyriad, */
	int full[BLAME_COUNT], db10[BLAME_COUNT];
};

struct score {
	int prior[BLAME_COUNT];     /* in permyriad */
	int db10[BLAME_COUNT];      /* prior and all weights */
	int permyriad[BLAME_COUNT]; /* probabilities; their sum is 10000 +-6 */
	enum blame first, second;   /* the two most probable */
	bool decisive; /* a separating test is among the findings */
};

/* Fills in row, full and db10 of each weight, and the score.  n may be 0. */
void score(struct score *out, struct weight *weights, size_t n,
    const struct experience *experience);

/* Probabilities of sums of weights, with the floor for observer error:
 * 0.95 p + 0.05 / 6. */
void score_probabilities(
    int out_permyriad[BLAME_COUNT], const int db10[BLAME_COUNT]);

#endif
