/*
 * clock.h - what time it is, for people and for deadlines.
 *
 * Everything that needs the time is given a struct clock, so that a test or a
 * simulation can be the one who decides.  Wall clock is for people and for
 * the data; every difference and every deadline is monotonic.
 */
#ifndef PROTO_BASE_CLOCK_H
#define PROTO_BASE_CLOCK_H

#include <stdint.h>

struct clock {
	int64_t (*wall_us)(void *arg); /* since 1970-01-01 UTC */
	int64_t (*mono_ns)(void *arg); /* never goes back */
	void *arg;
};

/* The clocks of the system; borrowed for ever. */
const struct clock *clock_system(void);

int64_t clock_wall_us(const struct clock *clock);
int64_t clock_wall_ms(const struct clock *clock);
int64_t clock_mono_ns(const struct clock *clock);
int64_t clock_mono_ms(const struct clock *clock);

/* A clock that moves only when told to.  Copyable; for tests and replays. */
struct clock_fake {
	struct clock clock; /* hand out &fake.clock; arg is the fake itself */
	int64_t wall_us, mono_ns;
};

void clock_fake_init(struct clock_fake *fake, int64_t wall_ms);
void clock_fake_advance(struct clock_fake *fake, int64_t ms); /* both */
void clock_fake_step(struct clock_fake *fake, int64_t ms);    /* wall only */

#endif
