#include "collector/detect/real.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#define LN_2 0.693147180559945309417

double
real_log(double x)
{
	uint64_t bits;
	double t, square, fourth, sum;
	int power;

	memcpy(&bits, &x, sizeof(bits));
	power = (int)(bits >> 52 & 0x7ff) - 1023;
	bits = (bits & 0xfffffffffffffULL) | 0x3ff0000000000000ULL;
	memcpy(&x, &bits, sizeof(x));
	if (x > 1.4142135623730951) {
		x /= 2;
		power++;
	}
	/* log(x) = 2 atanh((x - 1) / (x + 1)), |t| <= 0.172; the series is
	 * summed in pairs, as these need not wait for one another. */
	t = (x - 1) / (x + 1);
	square = t * t;
	fourth = square * square;
	sum = 1.0 / 17 + square * (1.0 / 19);
	sum = sum * fourth + (1.0 / 13 + square * (1.0 / 15));
	sum = sum * fourth + (1.0 / 9 + square * (1.0 / 11));
	sum = sum * fourth + (1.0 / 5 + square * (1.0 / 7));
	sum = sum * fourth + (1 + square * (1.0 / 3));
	return power * LN_2 + 2 * t * sum;
}

double
real_exp(double x)
{
	double sum = 1, term = 1;
	int halved = 0;

	if (x < -700)
		return 0;
	for (x = x > 700 ? 700 : x; x > 0.5 || x < -0.5; x /= 2)
		halved++;
	for (int i = 1; i < 16; i++) {
		term *= x / i;
		sum += term;
	}
	for (; halved > 0; halved--)
		sum *= sum;
	return sum;
}

double
real_score(double p)
{
	double t = sqrt(-2 * real_log(p));

	return t -
	    (2.515517 + t * (0.802853 + t * 0.010328)) /
	    (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)));
}
