#include <string.h>

#include "collector/detect/state.h"

/* Icinga 2, lib/icinga/checkable-flapping.cpp: the oldest change weighs 0.8,
 * each newer one 0.02 more. */
#define WEIGHT_OLDEST 0.80
#define WEIGHT_STEP   0.02

#define WINDOW_MASK ((UINT32_C(1) << STATE_FLAP_RESULTS) - 1)

void
state_init(struct state_watch *watch)
{
	memset(watch, 0, sizeof(*watch));
}

double
state_flapping(const struct state_watch *watch)
{
	double sum = 0;

	for (int age = 0; age < STATE_FLAP_RESULTS; age++)
		if (watch->changes >> age & 1)
			sum += WEIGHT_OLDEST +
			    WEIGHT_STEP * (STATE_FLAP_RESULTS - 1 - age);
	return sum / STATE_FLAP_RESULTS;
}

static void
note_change(struct state_watch *watch, enum level level)
{
	bool changed = watch->n > 0 && level != watch->last;
	double share;

	watch->changes = (watch->changes << 1 | changed) & WINDOW_MASK;
	if (watch->n < STATE_FLAP_RESULTS)
		watch->n++;
	share = state_flapping(watch);
	if (share > STATE_FLAP_START)
		watch->flapping = true;
	else if (share < STATE_FLAP_END)
		watch->flapping = false;
	watch->last = level;
}

static uint32_t
run(uint32_t before, bool goes_on)
{
	if (!goes_on)
		return 0;
	return before == UINT32_MAX ? before : before + 1;
}

static void
note_runs(struct state_watch *watch, enum level level, int64_t at_ms)
{
	if (level == LEVEL_GOOD)
		watch->good_ms = at_ms;
	else if (watch->bad_run == 0)
		watch->bad_ms = at_ms;
	watch->good_run = run(watch->good_run, level == LEVEL_GOOD);
	watch->bad_run = run(watch->bad_run, level != LEVEL_GOOD);
	watch->mild_run = run(watch->mild_run, level != LEVEL_CRITICAL);
	watch->critical_run = run(watch->critical_run, level == LEVEL_CRITICAL);
}

static enum turned
turn_to(struct state_watch *watch, enum level hard)
{
	bool worse = hard > watch->hard;

	watch->hard = hard;
	return worse             ? TURNED_WORSE
	    : hard == LEVEL_GOOD ? TURNED_GOOD
				 : TURNED_BETTER;
}

enum turned
state_add(struct state_watch *watch, const struct state_rule *rule,
    enum level level, int64_t at_ms)
{
	if (level == LEVEL_UNKNOWN)
		return TURNED_NOT;
	note_change(watch, level);
	note_runs(watch, level, at_ms);
	if (watch->hard < LEVEL_CRITICAL &&
	    watch->critical_run >= rule->confirm)
		return turn_to(watch, LEVEL_CRITICAL);
	if (watch->hard < LEVEL_WARNING && watch->bad_run >= rule->confirm)
		return turn_to(watch, LEVEL_WARNING);
	if (watch->flapping || watch->hard == LEVEL_GOOD)
		return TURNED_NOT;
	if (watch->good_run >= rule->clear)
		return turn_to(watch, LEVEL_GOOD);
	if (watch->hard == LEVEL_CRITICAL && level == LEVEL_WARNING &&
	    watch->mild_run >= rule->clear)
		return turn_to(watch, LEVEL_WARNING);
	return TURNED_NOT;
}
