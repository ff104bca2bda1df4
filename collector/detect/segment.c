#include "collector/detect/segment.h"

#include <math.h>
#include <string.h>

#include "collector/detect/real.h"

#define CORRELATION 0.99 /* the highest believed */
#define EXACT       1e-9 /* of the values: smaller steps are rounding */
#define NOISELESS   1e-6 /* of the variance between: the least within */

void
segment_init(struct segment *segment)
{
	*segment = (struct segment){ .n = 0 };
}

/* How much further a split lies to the left of the line from its
 * predecessor to its successor; <= 0 inside the lower hull. */
static double
turn(const struct split *a, const struct split *b, const struct split *c)
{
	return ((double)b->n - a->n) * (c->sum - a->sum) -
	    (b->sum - a->sum) * ((double)c->n - a->n);
}

/* sign 1: lower hull, -1: upper. */
static void
hull_add(struct hull *hull, const struct split *split, int sign)
{
	struct split *splits = hull->splits;

	while (hull->count >= 2 &&
	    sign *
		    turn(&splits[hull->count - 2], &splits[hull->count - 1],
			split) <=
		0)
		hull->count--;
	/* Long segments have few corners, about the logarithm of their
	 * length; should there be more, the oldest are the best spread. */
	if (hull->count == SEGMENT_HULL) {
		hull->count--;
		memmove(&splits[1], &splits[2],
		    (hull->count - 1) * sizeof(*splits));
	}
	splits[hull->count++] = *split;
}

static void
search(double *best, struct split *out, const struct segment *segment,
    const struct hull *hull)
{
	double m = segment->n;

	for (uint32_t i = 0; i < hull->count; i++) {
		double n = hull->splits[i].n;
		double apart = hull->splits[i].sum - segment->sum * n / m;
		double between = apart * apart * m / (n * (m - n));

		if (between > *best) {
			*best = between;
			*out = hull->splits[i];
		}
	}
}

/* The correlation of neighbours that two levels leave; the values next to the
 * split are taken for their means. */
static double
remaining(
    const struct segment *segment, const struct split *split, double within)
{
	double n1 = split->n, n2 = segment->n - n1;
	double m1 = split->sum / n1, m2 = (segment->sum - split->sum) / n2;
	double rho = (segment->product - m1 * m2 - n1 * m1 * m1 - n2 * m2 * m2 +
			 m1 * segment->first + m2 * segment->last) /
	    within;

	return rho > CORRELATION ? CORRELATION : rho < 0 ? 0 : rho;
}

/* Begins anew with the values after the split. */
static void
cut(struct segment *segment, const struct split *split, double variance,
    double rho)
{
	double n = segment->n - split->n;
	double mean = (segment->sum - split->sum) / n;
	double recent[SEGMENT_LEAST];

	segment->lower.count = segment->upper.count = 0;
	for (uint32_t i = 0; i < SEGMENT_LEAST; i++)
		recent[i] = segment->recent[(i + split->n) % SEGMENT_LEAST] -
		    split->sum;
	memcpy(segment->recent, recent, sizeof(recent));
	segment->n -= split->n;
	segment->sum -= split->sum;
	segment->square = n * (mean * mean + variance);
	segment->product = (n - 1) * (mean * mean + rho * variance);
	segment->first = mean;
}

static void
append(struct segment *segment, double value)
{
	struct split split;
	double x;

	if (segment->n == 0) {
		segment->origin = value;
		segment->first = 0;
	}
	x = value - segment->origin;
	if (segment->n > 0)
		segment->product += x * segment->last;
	segment->last = x;
	segment->sum += x;
	segment->square += x * x;
	segment->n++;
	split.n = segment->n - SEGMENT_LEAST;
	split.sum = segment->recent[segment->n % SEGMENT_LEAST];
	segment->recent[segment->n % SEGMENT_LEAST] = segment->sum;
	if (segment->n < 2 * SEGMENT_LEAST)
		return;
	hull_add(&segment->lower, &split, 1);
	hull_add(&segment->upper, &split, -1);
}

bool
segment_add(
    struct step *out, struct segment *segment, double value, double limit)
{
	struct split split = { .n = 0 };
	double between = 0, within, variance, rho, m1, m2, n;

	append(segment, value);
	search(&between, &split, segment, &segment->lower);
	search(&between, &split, segment, &segment->upper);
	if (split.n == 0)
		return false;
	n = segment->n;
	within = segment->square - segment->sum * segment->sum / n - between;
	if (within < NOISELESS * between)
		within = NOISELESS * between;
	rho = remaining(segment, &split, within);
	variance = within / (n - 2);
	out->nats = between / (2 * variance) * (1 - rho) / (1 + rho);
	m1 = split.sum / split.n;
	m2 = (segment->sum - split.sum) / (n - split.n);
	out->n = segment->n - split.n;
	out->before = segment->origin + m1;
	out->after = segment->origin + m2;
	if (out->nats <= limit ||
	    fabs(m1 - m2) < EXACT * (fabs(out->before) + fabs(out->after)))
		return false;
	cut(segment, &split, variance, rho);
	return true;
}
