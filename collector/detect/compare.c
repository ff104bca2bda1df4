#include "collector/detect/compare.h"

#include <math.h>

#include "collector/detect/real.h"

#define CLIP        3.0
#define CONSISTENT  1.4826 /* deviation of a normal over its median one */
#define LEAST_NOISE 0.02   /* of a logarithm */
#define RHO_MOST    0.9

/* Shell's, with the gaps of Knuth: no allocation, the same everywhere. */
static void
sort(double *values, size_t n)
{
	size_t gap = 1;

	while (gap < n / 3)
		gap = 3 * gap + 1;
	for (; gap > 0; gap /= 3)
		for (size_t i = gap; i < n; i++) {
			double x = values[i];
			size_t j = i;

			for (; j >= gap && values[j - gap] > x; j -= gap)
				values[j] = values[j - gap];
			values[j] = x;
		}
}

/* A sample of logarithms. */
struct sample {
	double middle, mean, variance; /* variance: of the mean */
};

static void
take_logarithms(double *values, size_t n)
{
	for (size_t i = 0; i < n; i++)
		values[i] = real_log(values[i] > 1e-3 ? values[i] : 1e-3);
}

/* Of neighbours; from 0 to RHO_MOST. */
static double
correlation(const double *values, size_t n, double middle, double limit)
{
	double product = 0, square = 0, before = 0;

	for (size_t i = 0; i < n; i++) {
		double x = real_clip(values[i] - middle, limit);

		if (i > 0)
			product += x * before;
		square += x * x;
		before = x;
	}
	if (!(square > 0) || product <= 0)
		return 0;
	return product / square < RHO_MOST ? product / square : RHO_MOST;
}

/* Sorts values: what depends on their order is looked at first, around the
 * mean of a first guess. */
static void
sample_of(struct sample *out, double *values, size_t n)
{
	double noise, rho, guess = 0, width = 0;

	for (size_t i = 0; i < n; i++)
		guess += values[i] / (double)n;
	for (size_t i = 0; i < n; i++)
		width += fabs(values[i] - guess) / (double)n;
	rho = correlation(values, n, guess, CLIP * width);
	sort(values, n);
	out->middle = (values[(n - 1) / 2] + values[n / 2]) / 2;
	/* The quartiles of a normal lie at .6745 deviations. */
	noise = CONSISTENT * (values[n - 1 - n / 4] - values[n / 4]) / 2;
	if (!(noise > LEAST_NOISE))
		noise = LEAST_NOISE;
	out->mean = 0;
	for (size_t i = 0; i < n; i++)
		out->mean += real_clip(values[i] - out->middle, CLIP * noise) /
		    (double)n;
	out->mean += out->middle;
	out->variance = noise * noise * (1 + rho) / (1 - rho) / (double)n;
}

void
compare_durations(struct compared *out, double *before, size_t n_before,
    double *after, size_t n_after)
{
	struct sample a, b;

	*out = (struct compared){ 0 };
	if (n_before < COMPARE_LEAST || n_after < COMPARE_LEAST)
		return;
	take_logarithms(before, n_before);
	take_logarithms(after, n_after);
	sample_of(&a, before, n_before);
	sample_of(&b, after, n_after);
	out->before = real_exp(a.middle);
	out->after = real_exp(b.middle);
	out->z = (b.mean - a.mean) / sqrt(a.variance + b.variance);
}

/* n ln share, of a share that may be 0. */
static double
nats_of(double n, double share)
{
	return n > 0 ? n * real_log(share) : 0;
}

static double
likelihood(double failed, double n, double share)
{
	return nats_of(failed, share) + nats_of(n - failed, 1 - share);
}

void
compare_failures(struct compared *out, size_t failed_before, size_t n_before,
    size_t failed_after, size_t n_after)
{
	double a = (double)failed_before, n = (double)n_before;
	double b = (double)failed_after, m = (double)n_after;
	double twice;

	*out = (struct compared){ 0 };
	if (n_before < COMPARE_LEAST || n_after < COMPARE_LEAST)
		return;
	out->before = a / n;
	out->after = b / m;
	twice = 2 *
	    (likelihood(a, n, a / n) + likelihood(b, m, b / m) -
		likelihood(a, n, (a + b) / (n + m)) -
		likelihood(b, m, (a + b) / (n + m)));
	out->z = twice > 0 ? sqrt(twice) : 0;
	if (out->after < out->before)
		out->z = -out->z;
}
