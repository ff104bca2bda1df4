#include "collector/detect/segment.h"

#include <math.h>
#include <string.h>

#include "collector/detect/real.h"

#define CORRELATION 0.99 /* the highest believed */
#define EXACT       1e-9 /* of the values: smaller steps are rounding */
#define NOISELESS   1e-6 /* of the variance between: the least within */
#define FEW         4    /* values that make the limit twice as high */

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
	double ab = (double)b->sum - (double)a->sum;
	double ac = (double)c->sum - (double)a->sum;

	return ((double)b->n - a->n) * ac - ab * ((double)c->n - a->n);
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
		double apart =
		    (double)hull->splits[i].sum - segment->sum * n / m;
		double between = apart * apart * m / (n * (m - n));

		if (between > *best) {
			*best = between;
			*out = hull->splits[i];
		}
	}
}

/* The value so many before the end; 1: the last. */
static float
recent(const struct segment *segment, uint32_t back)
{
	uint32_t i = segment->n + SEGMENT_RECENT - back + 1;

	return segment->recent[i % SEGMENT_RECENT];
}

/* The value of this number, from 1; its level once it is forgotten, as one of
 * so many hardly matters. */
static double
beside(const struct segment *segment, uint32_t number, double level)
{
	uint32_t back = segment->n - number + 1;

	return back <= SEGMENT_RECENT ? (double)recent(segment, back) : level;
}

/* The correlation of neighbours that two levels leave: the sum of (x - mean)
 * (next - its mean) over all pairs, that across the split among them. */
static double
remaining(
    const struct segment *segment, const struct split *split, double within)
{
	double n1 = split->n, n2 = segment->n - n1;
	double s1 = (double)split->sum, s2 = segment->sum - s1;
	double m1 = s1 / n1, m2 = s2 / n2;
	double last = beside(segment, split->n, m1);
	double next = beside(segment, split->n + 1, m2);
	double rho = segment->product - m1 * (2 * s1 - segment->first - last) +
	    (n1 - 1) * m1 * m1 - m2 * (2 * s2 - next - segment->last) +
	    (n2 - 1) * m2 * m2 - next * m1 - last * m2 + m1 * m2;

	rho /= within;
	return rho > CORRELATION ? CORRELATION : rho < 0 ? 0 : rho;
}

/* The sum of squares that a straight line leaves of total. */
static double
beside_line(const struct segment *segment, double total)
{
	double n = segment->n;
	double slope = segment->moment - segment->sum * (n - 1) / 2;

	return total - slope * slope * 12 / (n * (n * n - 1));
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
	segment->moment += x * segment->n;
	segment->n++;
	segment->recent[segment->n % SEGMENT_RECENT] = (float)x;
	split.n = segment->n - SEGMENT_LEAST;
	split.sum = (float)segment->waiting[segment->n % SEGMENT_LEAST];
	segment->waiting[segment->n % SEGMENT_LEAST] = segment->sum;
	if (segment->n < 2 * SEGMENT_LEAST)
		return;
	hull_add(&segment->lower, &split, 1);
	hull_add(&segment->upper, &split, -1);
}

/* Begins anew with the values after the split: those themselves while they
 * are remembered, else what is known of their sums. */
static void
cut(struct segment *segment, const struct split *split, double variance,
    double rho)
{
	struct segment fresh = { .n = 0 };
	double n = segment->n - split->n;
	double sum = segment->sum - (double)split->sum, mean = sum / n;

	if (n <= SEGMENT_RECENT) {
		for (uint32_t i = segment->n - split->n; i > 0; i--)
			append(&fresh,
			    segment->origin + (double)recent(segment, i));
		*segment = fresh;
		return;
	}
	fresh = *segment;
	fresh.lower.count = fresh.upper.count = 0;
	fresh.n = segment->n - split->n;
	for (uint32_t i = 0; i < SEGMENT_LEAST; i++)
		fresh.waiting[i] =
		    segment->waiting[(i + split->n) % SEGMENT_LEAST] -
		    (double)split->sum;
	for (uint32_t i = 0; i < SEGMENT_RECENT; i++)
		fresh.recent[i] =
		    segment->recent[(i + split->n) % SEGMENT_RECENT];
	fresh.sum = sum;
	fresh.square = n * (mean * mean + variance);
	fresh.product = (n - 1) * (mean * mean + rho * variance);
	fresh.first = mean;
	/* The trend since is not known. */
	fresh.moment = fresh.sum * (n - 1) / 2;
	*segment = fresh;
}

bool
segment_add(
    struct step *out, struct segment *segment, double value, double limit)
{
	struct split split = { .n = 0 };
	double between = 0, total, within, variance, rho, m1, m2, n;

	append(segment, value);
	search(&between, &split, segment, &segment->lower);
	search(&between, &split, segment, &segment->upper);
	if (split.n == 0)
		return false;
	n = segment->n;
	total = segment->square - segment->sum * segment->sum / n;
	within = total - between;
	if (within > beside_line(segment, total))
		return false;
	if (within < NOISELESS * between)
		within = NOISELESS * between;
	rho = remaining(segment, &split, within);
	variance = within / (n - 2);
	out->nats = between / (2 * variance) * (1 - rho) / (1 + rho);
	m1 = (double)split.sum / split.n;
	m2 = (segment->sum - (double)split.sum) / (n - split.n);
	out->n = segment->n - split.n;
	out->before = segment->origin + m1;
	out->after = segment->origin + m2;
	/* At the last place allowed, the true one may be still to come. */
	if (!(out->nats > limit * (1 + FEW / n)) || out->n == SEGMENT_LEAST ||
	    fabs(m1 - m2) < EXACT * (fabs(out->before) + fabs(out->after)))
		return false;
	cut(segment, &split, variance, rho);
	return true;
}
