#include "storage/runs.h"

#include <stdlib.h>

#include "proto/base/mem.h"

/* Does a result at this time still belong to the run, as to time? */
static bool
reaches(const struct run *run, int64_t at_ms, uint32_t interval_ms)
{
	uint32_t longer =
	    interval_ms > run->interval_ms ? interval_ms : run->interval_ms;

	return longer == 0 ||
	    at_ms - run->to_ms <= (int64_t)longer * STORE_HOLE_INTERVALS;
}

static struct run *
append(struct runs *runs)
{
	if (runs->n == runs->room) {
		runs->room = 2 * runs->room + 4;
		runs->list =
		    mem_resize(runs->list, runs->room, sizeof(*runs->list));
	}
	return &runs->list[runs->n++];
}

/* Adds a run that begins no earlier than the last one ends. */
static void
join(struct runs *runs, const struct run *run)
{
	struct run *last = runs->n > 0 ? &runs->list[runs->n - 1] : NULL;

	if (last == NULL || last->outcome != run->outcome ||
	    last->reason != run->reason ||
	    !reaches(last, run->from_ms, run->interval_ms)) {
		*append(runs) = *run;
		return;
	}
	last->to_ms = run->to_ms;
	last->interval_ms = run->interval_ms;
}

void
runs_add(struct runs *runs, int64_t at_ms, enum outcome outcome,
    enum reason reason, uint32_t interval_ms)
{
	struct run run = { at_ms, at_ms, outcome, reason, interval_ms };

	join(runs, &run);
}

const struct run *
runs_at(const struct runs *runs, int64_t at_ms)
{
	const struct run *found = NULL;

	for (size_t i = 0; i < runs->n && runs->list[i].from_ms <= at_ms; i++)
		found = &runs->list[i];
	return found;
}

/* Seven bits a byte, the lowest first; negative numbers fold to odd ones. */
static size_t
put_number(unsigned char *out, int64_t number)
{
	uint64_t rest = ((uint64_t)number << 1) ^ (uint64_t)(number >> 63);
	size_t n = 0;

	while (rest >= 0x80) {
		out[n++] = (unsigned char)(rest | 0x80);
		rest >>= 7;
	}
	out[n++] = (unsigned char)rest;
	return n;
}

static bool
get_number(const unsigned char **at, const unsigned char *end, int64_t *out)
{
	uint64_t number = 0;

	for (int shift = 0; *at < end && shift < 64; shift += 7) {
		unsigned char byte = *(*at)++;

		number |= (uint64_t)(byte & 0x7f) << shift;
		if ((byte & 0x80) == 0) {
			*out = (int64_t)(number >> 1) ^ -(int64_t)(number & 1);
			return true;
		}
	}
	return false;
}

size_t
runs_encode(unsigned char bytes[RUNS_MAX_BYTES], const struct runs *runs)
{
	int64_t before = 0;
	size_t n = 0;

	if (runs->n > RUNS_MAX_CODED)
		return 0;
	for (size_t i = 0; i < runs->n; i++) {
		const struct run *run = &runs->list[i];

		n += put_number(bytes + n, run->from_ms - before);
		n += put_number(bytes + n, run->to_ms - run->from_ms);
		n += put_number(bytes + n, run->outcome);
		n += put_number(bytes + n, run->reason);
		n += put_number(bytes + n, run->interval_ms);
		before = run->to_ms;
	}
	return n;
}

bool
runs_decode(struct runs *runs, const void *bytes, size_t n)
{
	const unsigned char *at = bytes, *end = at + n;
	int64_t before = 0, v[5];
	struct run run;

	while (at < end) {
		for (int i = 0; i < 5; i++)
			if (!get_number(&at, end, &v[i]))
				return false;
		if (v[1] < 0 || v[2] < 0 || v[2] > OUTCOME_UNKNOWN ||
		    v[3] < 0 || v[3] >= REASON_COUNT || v[4] < 0 ||
		    v[4] > UINT32_MAX)
			return false;
		run = (struct run){ before + v[0], before + v[0] + v[1],
			(enum outcome)v[2], (enum reason)v[3], (uint32_t)v[4] };
		join(runs, &run);
		before += v[0] + v[1];
	}
	return true;
}

void
runs_fini(struct runs *runs)
{
	free(runs->list);
	*runs = (struct runs){ 0 };
}
