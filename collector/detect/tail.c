#include "collector/detect/tail.h"

#include <math.h>
#include <string.h>

#include "collector/detect/real.h"

#define FIRST          2.0     /* deviations where the tail begins */
#define BEYOND         0.02275 /* what a normal value exceeds it with */
#define STEP           1.25    /* of the bins */
#define WIDER          0.22314355131420976 /* its logarithm */
#define WIDEST         2500.0              /* within the last bin */
#define PRIOR          10    /* values that the power law is worth */
#define FAR_BIN        3     /* beyond 3.9 deviations */
#define FAR_LEAST      40    /* values there that show a tail of this series */
#define EXPONENT       4.0   /* of the power law where nothing is known, */
#define EXPONENT_PRIOR 10    /* worth so many values beyond FAR_BIN */
#define MEMORY         20000 /* then all is halved */
#define ONE            8     /* value, in TAIL_PART */

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

/* A bin that holds thousands need not count more. */
static void
add(uint16_t *bin, uint32_t parts)
{
	uint32_t sum = *bin + parts;

	*bin = sum < UINT16_MAX ? (uint16_t)sum : UINT16_MAX;
}

static void
count(struct tail *tail, double z)
{
	uint16_t *bins = z < 0 ? tail->below : tail->above;
	double size = fabs(z), part;

	tail->n++;
	if (size >= FIRST)
		add(&bins[place(&part, size < WIDEST ? size : WIDEST)], ONE);
	if (tail->n <= MEMORY)
		return;
	tail->n /= 2;
	for (int i = 0; i < TAIL_BINS; i++) {
		tail->above[i] /= 2;
		tail->below[i] /= 2;
	}
}

void
tail_add(struct tail *tail, double z)
{
	float *late = &tail->late[tail->added % TAIL_LATE];

	if (tail->added >= TAIL_LATE)
		count(tail, (double)*late);
	*late = (float)z;
	tail->added++;
}

static void
rescale(struct tail *tail, double by)
{
	tail->unit = (float)((double)tail->unit / by);
	for (int i = 0; i < TAIL_LATE; i++)
		tail->late[i] = (float)((double)tail->late[i] * by);
	for (int i = 0; i < TAIL_ALARMS; i++)
		tail->alarms[i] = (float)((double)tail->alarms[i] * by);
}

/* All sizes are a bin larger. */
static void
move_up(uint16_t *bins)
{
	add(&bins[TAIL_BINS - 1], bins[TAIL_BINS - 2]);
	memmove(&bins[1], &bins[0], (TAIL_BINS - 2) * sizeof(bins[0]));
	bins[0] = 0;
}

static void
move_down(uint16_t *bins)
{
	memmove(&bins[0], &bins[1], (TAIL_BINS - 1) * sizeof(bins[0]));
	bins[TAIL_BINS - 1] = 0;
}

void
tail_follow(struct tail *tail, double unit)
{
	if (!(tail->unit > 0))
		tail->unit = (float)unit;
	/* One step a value is enough, as scales move slowly. */
	if (unit * STEP < (double)tail->unit) {
		rescale(tail, STEP);
		move_up(tail->above);
		move_up(tail->below);
	} else if (unit > STEP * (double)tail->unit) {
		rescale(tail, 1 / STEP);
		move_down(tail->above);
		move_down(tail->below);
	}
}

void
tail_alarm(struct tail *tail, double z)
{
	double oldest = (double)tail->alarms[0];

	memmove(&tail->alarms[0], &tail->alarms[1],
	    (TAIL_ALARMS - 1) * sizeof(tail->alarms[0]));
	tail->alarms[TAIL_ALARMS - 1] = (float)z;
	if (oldest != 0)
		tail_add(tail, oldest);
}

/* The share of values beyond a size that is itself far out: a power law whose
 * exponent is learned from those beyond FAR_BIN, where few are seen and none
 * is the last. */
static double
extrapolated(const uint16_t *bins, double n, double size)
{
	double logs = 0, far = 0, exponent, ratio;

	for (int i = FAR_BIN; i < TAIL_BINS; i++) {
		far += bins[i] * TAIL_PART;
		logs += bins[i] * TAIL_PART * (i - FAR_BIN + 0.5) * WIDER;
	}
	if (far < FAR_LEAST)
		return 0;
	exponent = (far + EXPONENT_PRIOR) / (logs + EXPONENT_PRIOR / EXPONENT);
	ratio = real_log(size / FIRST) - FAR_BIN * WIDER;
	return far / n * real_exp(-exponent * ratio);
}

double
tail_score(const struct tail *tail, double z, double limit)
{
	const uint16_t *bins = z < 0 ? tail->below : tail->above;
	double size = fabs(z), n = (double)tail->n + PRIOR;
	double part, beyond, square, p, score;
	int bin;

	if (size < FIRST)
		return z;
	size = size < WIDEST ? size : WIDEST;
	bin = place(&part, size);
	/* All that is in the last bin counts as equally far. */
	if (bin == TAIL_BINS - 1)
		part = 0;
	beyond = bins[bin] * (1 - part);
	for (int i = bin + 1; i < TAIL_BINS; i++)
		beyond += bins[i];
	beyond *= TAIL_PART;
	square = FIRST / size * (FIRST / size);
	p = (beyond + PRIOR * BEYOND * square * square) / n;
	if (bin >= FAR_BIN)
		p = fmax(p, extrapolated(bins, n, size));
	score = real_score(fmin(p, BEYOND));
	score = fmin(score, size); /* never rarer than in a normal one */
	score = fmin(score, limit);
	return z < 0 ? -score : score;
}
