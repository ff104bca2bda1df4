#include <time.h>

#include "proto/base/clock.h"

static int64_t
read_ns(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int64_t
system_wall_us(void *arg)
{
	(void)arg;
	return read_ns(CLOCK_REALTIME) / 1000;
}

static int64_t
system_mono_ns(void *arg)
{
	(void)arg;
	return read_ns(CLOCK_MONOTONIC);
}

const struct clock *
clock_system(void)
{
	static const struct clock clock = { system_wall_us, system_mono_ns,
		NULL };

	return &clock;
}

int64_t
clock_wall_us(const struct clock *clock)
{
	return clock->wall_us(clock->arg);
}

int64_t
clock_wall_ms(const struct clock *clock)
{
	return clock->wall_us(clock->arg) / 1000;
}

int64_t
clock_mono_ns(const struct clock *clock)
{
	return clock->mono_ns(clock->arg);
}

int64_t
clock_mono_ms(const struct clock *clock)
{
	return clock->mono_ns(clock->arg) / 1000000;
}

static int64_t
fake_wall_us(void *arg)
{
	const struct clock_fake *fake = arg;

	return fake->wall_us;
}

static int64_t
fake_mono_ns(void *arg)
{
	const struct clock_fake *fake = arg;

	return fake->mono_ns;
}

void
clock_fake_init(struct clock_fake *fake, int64_t wall_ms)
{
	fake->clock.wall_us = fake_wall_us;
	fake->clock.mono_ns = fake_mono_ns;
	fake->clock.arg = fake;
	fake->wall_us = wall_ms * 1000;
	fake->mono_ns = 0;
}

void
clock_fake_advance(struct clock_fake *fake, int64_t ms)
{
	fake->wall_us += ms * 1000;
	fake->mono_ns += ms * 1000000;
}

void
clock_fake_step(struct clock_fake *fake, int64_t ms)
{
	fake->wall_us += ms * 1000;
}
