/*
 * stream.h - seeded series for tests: the same numbers on every machine.
 */
#ifndef TESTS_COLLECTOR_DETECT_STREAM_H
#define TESTS_COLLECTOR_DETECT_STREAM_H

#include <math.h>
#include <stdint.h>

/* splitmix64 */
static inline double
stream_uniform(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	z ^= z >> 31;
	return ((double)(z >> 11) + 0.5) * 0x1p-53;
}

static inline double
stream_normal(uint64_t *state)
{
	double a = stream_uniform(state), b = stream_uniform(state);

	return sqrt(-2 * log(a)) * cos(2 * 3.141592653589793 * b);
}

#endif
