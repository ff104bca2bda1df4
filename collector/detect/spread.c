#include "collector/detect/spread.h"

#include "collector/detect/real.h"

#define VALUE_LIMIT  3.5   /* a burst says nothing about the wandering */
#define BLOCK_LIMIT  9     /* the same for a block: 3 deviations, squared */
#define LIMITED      1.02  /* what that cuts off a normal variance */
#define PRIOR_BLOCKS 30    /* worth of the next shorter scale */
#define MEMORY       20000 /* values that an estimate reaches back */

void
spread_init(struct spread *spread)
{
	*spread = (struct spread){ .n = 0 };
	for (int i = 0; i < SPREAD_SCALES; i++)
		spread->variance[i] = 1;
}

void
spread_add(struct spread *spread, double value)
{
	double sum = real_clip(value, VALUE_LIMIT), length = 1;

	spread->n++;
	for (int i = 0; i < SPREAD_SCALES; i++, length *= 2) {
		double square = sum * sum / length, blocks;

		if (spread->blocks[i] < MEMORY / length)
			spread->blocks[i]++;
		if (i > 0 && spread->blocks[i] <= 1)
			spread->variance[i] = spread->variance[i - 1];
		if (square > BLOCK_LIMIT * (double)spread->variance[i])
			square = BLOCK_LIMIT * (double)spread->variance[i];
		blocks = (double)spread->blocks[i] + PRIOR_BLOCKS;
		spread->variance[i] +=
		    (float)((square * LIMITED - (double)spread->variance[i]) /
			blocks);
		if ((spread->n >> i & 1) != 0) {
			spread->part[i] = (float)sum;
			return;
		}
		sum += (double)spread->part[i];
	}
}

double
spread_of(const void *arg, double n)
{
	const struct spread *spread = arg;
	double length = 1, part, v;
	int i = 0;

	while (2 * length <= n && i < SPREAD_SCALES - 1) {
		length *= 2;
		i++;
	}
	v = (double)spread->variance[i];
	if (i < SPREAD_SCALES - 1) {
		part = n < 2 * length ? n / length - 1 : 1;
		v += ((double)spread->variance[i + 1] - v) * part;
	}
	return v > 1 ? v : 1;
}
