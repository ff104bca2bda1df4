#include "collector/detect/tail.h"

#include <math.h>

#include "collector/detect/real.h"

#define FIRST  2.0                 /* deviations where the tail begins */
#define BEYOND 0.02275             /* what a normal value exceeds it with */
#define WIDER  0.22314355131420976 /* log 1.25 */
#define WIDEST 2500.0              /* within the last bin */
#define PRIOR  20                  /* values that the power law is worth */
#define MEMORY 20000               /* then all is halved */

void
tail_init(struct tail *tail)
{
	*tail = (struct tail){ .n = 0 };
}

/* The bin of a size between FIRST and WIDEST, and how far into it that is. */
static int
place(double *out_part, double size)
{
	double at;

	at = real_log(size / FIRST) / WIDER;
	if (at > TAIL_BINS - 1e-9)
		at = TAIL_BINS - 1e-9;
	*out_part = at - (int)at;
	return (int)at;
}

void
tail_add(struct tail *tail, double z)
{
	float *bins = z < 0 ? tail->below : tail->above;
	double size = fmin(fabs(z), WIDEST), part;

	tail->n++;
	if (size >= FIRST)
		bins[place(&part, size)]++;
	if (tail->n <= MEMORY)
		return;
	tail->n /= 2;
	for (int i = 0; i < TAIL_BINS; i++) {
		tail->above[i] /= 2;
		tail->below[i] /= 2;
	}
}

double
tail_score(const struct tail *tail, double z, double limit)
{
	const float *bins = z < 0 ? tail->below : tail->above;
	double size = fmin(fabs(z), WIDEST), part, beyond, square, p, score;
	int bin;

	if (size < FIRST)
		return z;
	bin = place(&part, size);
	beyond = (double)bins[bin] * (1 - part);
	for (int i = bin + 1; i < TAIL_BINS; i++)
		beyond += (double)bins[i];
	square = FIRST / size * (FIRST / size);
	p = (beyond + PRIOR * BEYOND * square * square) /
	    ((double)tail->n + PRIOR);
	if (p > BEYOND)
		p = BEYOND;
	score = real_score(p);
	if (score > size)
		score = size; /* never rarer than in a normal distribution */
	if (score > limit)
		score = limit;
	return z < 0 ? -score : score;
}
