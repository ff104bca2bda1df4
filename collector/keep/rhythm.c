#include "collector/keep/rhythm.h"

#define ALIKE_PERCENT 150 /* the longest gap, of the shortest */
#define KEEP_PERCENT  25  /* a rhythm so close to the known one is that one */
#define SECOND_MS     1000
#define LONGEST_MS    INT64_C(86400000) /* what comes once a day, at most */

/* The mean of gaps that are alike; 0 when they are not. */
static int64_t
common_gap(const struct rhythm *rhythm)
{
	int64_t least = rhythm->gaps[0], most = least, sum = 0;

	for (int i = 0; i < RHYTHM_GAPS; i++) {
		int64_t gap = rhythm->gaps[i];

		least = gap < least ? gap : least;
		most = gap > most ? gap : most;
		sum += gap;
	}
	if (least == 0 || most > LONGEST_MS ||
	    most * 100 > least * ALIKE_PERCENT)
		return 0;
	return sum / RHYTHM_GAPS;
}

uint32_t
rhythm_add(struct rhythm *rhythm, int64_t at_ms)
{
	int64_t gap = at_ms - rhythm->last_ms, off;

	if (rhythm->last_ms != 0 && gap <= 0)
		return rhythm->interval_ms;
	if (rhythm->last_ms != 0)
		rhythm->gaps[rhythm->turn++ % RHYTHM_GAPS] = gap;
	rhythm->last_ms = at_ms;
	gap = common_gap(rhythm);
	if (gap == 0)
		return rhythm->interval_ms;
	off = gap - (int64_t)rhythm->interval_ms;
	if ((off < 0 ? -off : off) * 100 <=
	    (int64_t)rhythm->interval_ms * KEEP_PERCENT)
		return rhythm->interval_ms;
	if (gap > SECOND_MS)
		gap = (gap + SECOND_MS / 2) / SECOND_MS * SECOND_MS;
	rhythm->interval_ms = (uint32_t)gap;
	return rhythm->interval_ms;
}
