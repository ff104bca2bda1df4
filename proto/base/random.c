#include <stdlib.h>
#include <sys/random.h>

#include "proto/base/random.h"

static uint64_t
system_next(void *arg)
{
	uint64_t value;

	(void)arg;
	if (getrandom(&value, sizeof(value), 0) != sizeof(value))
		abort(); /* cannot be: eight bytes never come short */
	return value;
}

const struct random *
random_system(void)
{
	static const struct random random = { system_next, NULL };

	return &random;
}

uint64_t
random_u64(const struct random *random)
{
	return random->next(random->arg);
}

uint64_t
random_below(const struct random *random, uint64_t limit)
{
	/* Lemire's multiplication; the bias is below limit / 2^64. */
	return (
	    uint64_t)(((unsigned __int128)random_u64(random) * limit) >> 64);
}

static uint64_t
seeded_next(void *arg)
{
	struct random_seeded *seeded = arg;
	uint64_t z = seeded->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

void
random_seeded_init(struct random_seeded *seeded, uint64_t seed)
{
	seeded->random.next = seeded_next;
	seeded->random.arg = seeded;
	seeded->state = seed;
}
