/*
 * random.h - numbers nobody can foresee, or, from a seed, the same ones again.
 *
 * Stream ids, jitter and back-off take their numbers from a struct random, so
 * that a simulation can repeat a run from its seed.  Not for keys.
 */
#ifndef PROTO_BASE_RANDOM_H
#define PROTO_BASE_RANDOM_H

#include <stdint.h>

struct random {
	uint64_t (*next)(void *arg);
	void *arg;
};

/* The generator of the kernel; borrowed for ever. */
const struct random *random_system(void);

uint64_t random_u64(const struct random *random);

/* Uniform in [0, limit); limit 0 gives 0. */
uint64_t random_below(const struct random *random, uint64_t limit);

/* SplitMix64 (Steele, Lea, Flood 2014).  Hand out &seeded.random. */
struct random_seeded {
	struct random random; /* arg is the struct itself */
	uint64_t state;
};

void random_seeded_init(struct random_seeded *seeded, uint64_t seed);

#endif
