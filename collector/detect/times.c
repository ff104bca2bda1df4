#include "collector/detect/times.h"

#include <assert.h>
#include <stdbool.h>

#define STRIDE_BITS 2 /* each level keeps one of four of the one before */

static uint64_t
stride_of(int level)
{
	return UINT64_C(1) << STRIDE_BITS * level;
}

static int64_t *
slot_of(struct times *times, int level, uint64_t number)
{
	return &times->at_ms[level][number / stride_of(level) % TIMES_EACH];
}

void
times_add(struct times *times, int64_t at_ms)
{
	for (int i = 0; i < TIMES_LEVELS; i++) {
		if (times->n % stride_of(i) != 0)
			break;
		*slot_of(times, i, times->n) = at_ms;
	}
	times->n++;
}

/* Is this number, a multiple of the level's stride, still kept there? */
static bool
is_kept(const struct times *times, int level, uint64_t number)
{
	uint64_t stride = stride_of(level);

	return number < times->n &&
	    (times->n - 1) / stride - number / stride < TIMES_EACH;
}

static int64_t
time_of(const struct times *times, int level, uint64_t number)
{
	return times->at_ms[level][number / stride_of(level) % TIMES_EACH];
}

void
times_span(int64_t *out_from_ms, int64_t *out_to_ms, const struct times *times,
    uint64_t number)
{
	bool has_from = false, has_to = false;

	assert(number < times->n);
	/* What nothing else tells. */
	*out_from_ms = 0;
	*out_to_ms = time_of(times, 0, times->n - 1);
	for (int i = 0; i < TIMES_LEVELS; i++) {
		uint64_t stride = stride_of(i);
		uint64_t low = number > 0 ? (number - 1) / stride * stride : 0;
		uint64_t high = (number + stride - 1) / stride * stride;

		if (!has_from && number > 0 && is_kept(times, i, low)) {
			*out_from_ms = time_of(times, i, low);
			has_from = true;
		}
		if (!has_to && is_kept(times, i, high)) {
			*out_to_ms = time_of(times, i, high);
			has_to = true;
		}
	}
}
