#include "collector/detect/spread.h"

#include "collector/detect/real.h"

#define VALUE_LIMIT  3.5   /* a burst says nothing about the wandering */
#define BLOCK_LIMIT  9     /* the same for a block: 3 deviations, squared */
#define LIMITED      1.02  /* what that cuts off a normal variance */
#define PRIOR_BLOCKS 30    /* worth of the next shorter scale */
#define MEMORY       20000 /* values that an estimate reaches back */
#define MANY         64    /* values in a sum */

void
spread_init(struct spread *spread)
{
	*spread = (struct spread){ .n = 0 };
	for (int i = 0; i < SPREAD_SCALES; i++)
		spread->variance[i] = 1;
}

/* Blocks seen of 2^scale values, as far as an estimate reaches back. */
static double
blocks_of(const struct spread *spread, int scale)
{
	uint32_t n = spread->n >> scale, most = ((MEMORY - 1) >> scale) + 1;

	return n < most ? n : most;
}

void
spread_add(struct spread *spread, double value)
{
	double sum = real_clip(value, VALUE_LIMIT), share = 1;

	spread->n++;
	for (int i = 0; i < SPREAD_SCALES; i++, share /= 2) {
		double square = sum * sum * share;
		double blocks = blocks_of(spread, i);
		double variance = (double)spread->variance[i];

		if (i > 0 && blocks <= 1)
			variance = (double)spread->variance[i - 1];
		if (square > BLOCK_LIMIT * variance)
			square = BLOCK_LIMIT * variance;
		variance +=
		    (square * LIMITED - variance) / (blocks + PRIOR_BLOCKS);
		spread->variance[i] = (float)variance;
		if ((spread->n >> i & 1) != 0) {
			spread->part[i] = (float)sum;
			return;
		}
		sum += (double)spread->part[i];
	}
}

double
spread_of(const struct spread *spread, uint32_t n)
{
	int i = 31 - __builtin_clz(n);
	double v, part, least = n > MANY ? SPREAD_LEAST : 1;

	if (i >= SPREAD_SCALES - 1) {
		v = (double)spread->variance[SPREAD_SCALES - 1];
		return v > least ? v : least;
	}
	v = (double)spread->variance[i];
	part = (double)(n - (1U << i)) / (1U << i);
	v += ((double)spread->variance[i + 1] - v) * part;
	return v > least ? v : least;
}
