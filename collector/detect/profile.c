#include "collector/detect/profile.h"

#include <math.h>
#include <stddef.h>

#include "collector/detect/real.h"

#define HOUR_MS      3600000
#define SETTLING     48  /* hours in which the level still moves */
#define KERNEL_HOURS 4.0 /* smoothing to begin with, less every day */
#define DAY_MEMORY   14  /* days */
#define WEEK_MEMORY  4   /* weeks */
#define WEEK_PRIOR   2   /* weeks of no difference */
#define MISS_MEMORY  72  /* hours */
#define FIRST_DAY    30  /* hours before the day is used */
#define FIRST_WEEK   (PROFILE_WEEK + 30)
#define WORTH        0.8 /* of the misses without it, to begin using it */
#define GRAIN        (1.0 / 64) /* a week is kept in these */
#define OUTLIER      4.0        /* deviations of an hour that count */

static int
within(int64_t hour, int period)
{
	int rest = (int)(hour % period);

	return rest < 0 ? rest + period : rest;
}

void
hour_set(struct hour *hour, int64_t at_ms)
{
	int64_t number = at_ms / HOUR_MS - (at_ms % HOUR_MS < 0);

	if (!hour->known || number != hour->number) {
		hour->known = true;
		hour->number = number;
		hour->of_day = (uint8_t)within(number, PROFILE_DAY);
		hour->of_week = (uint8_t)within(number, PROFILE_WEEK);
	}
	/* Unsigned, as the first hour of all begins before the first time. */
	hour->part =
	    (double)((uint64_t)at_ms - (uint64_t)number * HOUR_MS) / HOUR_MS;
}

/* Moves what an hour of the week adds by so much. */
static void
move(int16_t *hour, double by)
{
	double grains = real_clip(*hour + by / GRAIN, INT16_MAX);

	*hour = (int16_t)(grains < 0 ? grains - 0.5 : grains + 0.5);
}

void
profile_init(struct profile *profile)
{
	*profile = (struct profile){ .n = 0 };
}

double
profile_at(const struct profile *profile, const struct week *week,
    const struct hour *hour)
{
	int from = hour->of_day, to;
	double x = hour->part - 0.5, usual;

	if (profile->use == PROFILE_UNUSED)
		return 0;
	/* From the middle of an hour to that of the next. */
	if (x < 0) {
		x += 1;
		from = from > 0 ? from - 1 : PROFILE_DAY - 1;
	}
	to = from < PROFILE_DAY - 1 ? from + 1 : 0;
	usual =
	    (double)profile->day[from] * (1 - x) + (double)profile->day[to] * x;
	if (profile->use == PROFILE_WEEKLY && week != NULL)
		usual += week->grains[hour->of_week] * GRAIN;
	return usual;
}

/* How many hours are known beyond the first ones. */
static uint32_t
after(uint32_t hours, uint32_t first)
{
	return hours > first ? hours - first : 0;
}

static void
learn_miss(
    struct profile *profile, enum profile_use use, uint32_t known, double miss)
{
	double hours = known;

	if (known == 0)
		return;
	if (hours > MISS_MEMORY)
		hours = MISS_MEMORY;
	profile->miss[use] +=
	    (float)((miss * miss - (double)profile->miss[use]) / hours);
}

/* Whole weeks learned from, as far as they are remembered. */
static double
weeks_known(const struct profile *profile)
{
	int64_t weeks = (profile->hour - profile->week_first) / PROFILE_WEEK;

	/* Times may go back. */
	return weeks < 0          ? 0
	    : weeks < WEEK_MEMORY ? (double)weeks
				  : WEEK_MEMORY;
}

/* What is beyond the usual hour of the day. */
static void
learn_week(
    struct profile *profile, struct week *week, double beyond, double limit)
{
	int16_t *hour = &week->grains[within(profile->hour, PROFILE_WEEK)];
	double miss = real_clip(beyond - *hour * GRAIN, limit);

	if (profile->week_hours++ == 0)
		profile->week_first = profile->hour;
	learn_miss(profile, PROFILE_WEEKLY,
	    after(profile->week_hours, PROFILE_WEEK), miss);
	move(hour, miss / (weeks_known(profile) + WEEK_PRIOR));
}

static void
learn_day(struct profile *profile, int day, double mean, double limit)
{
	double reach;

	reach = KERNEL_HOURS / (1 + profile->hours / (double)PROFILE_DAY);
	if (reach < 1)
		reach = 1;
	for (int i = -3; i <= 3; i++) {
		int hour = within(day + i, PROFILE_DAY);
		double weight = 1 - fabs(i / reach);
		double miss =
		    real_clip(mean - (double)profile->day[hour], limit);

		if (weight <= 0)
			continue;
		profile->day_n[hour] += (float)weight;
		profile->day[hour] +=
		    (float)(weight / (double)profile->day_n[hour] * miss);
		if (profile->day_n[hour] > DAY_MEMORY)
			profile->day_n[hour] = DAY_MEMORY;
	}
}

/* Learns the mean of the hour that ended. */
static void
learn(struct profile *profile, struct week *week, double mean)
{
	int day = within(profile->hour, PROFILE_DAY);
	bool first = profile->hours < PROFILE_DAY;
	double best = (double)fminf(
	    profile->miss[PROFILE_UNUSED], profile->miss[profile->use]);
	double limit = first ? HUGE_VAL : OUTLIER * sqrt(best);
	double wide = first
	    ? HUGE_VAL
	    : OUTLIER * sqrt((double)profile->miss[PROFILE_UNUSED]);
	double beyond = mean - (double)profile->day[day];

	profile->hours++;
	learn_miss(
	    profile, PROFILE_UNUSED, profile->hours, real_clip(mean, wide));
	learn_miss(profile, PROFILE_DAILY, after(profile->hours, PROFILE_DAY),
	    real_clip(beyond, limit));
	if (week != NULL)
		learn_week(profile, week, beyond, limit);
	learn_day(profile, day, mean, limit);
}

/* The use that serves best; one in use needs no margin. */
static enum profile_use
choose(const struct profile *profile, const struct week *week)
{
	enum profile_use use = PROFILE_UNUSED;
	double least = (double)profile->miss[PROFILE_UNUSED], worth;

	worth = profile->use == PROFILE_UNUSED ? WORTH : 1;
	if (profile->hours >= FIRST_DAY &&
	    (double)profile->miss[PROFILE_DAILY] < worth * least) {
		use = PROFILE_DAILY;
		least = (double)profile->miss[PROFILE_DAILY];
	}
	worth = profile->use == PROFILE_WEEKLY ? 1 : WORTH;
	if (week != NULL && profile->week_hours >= FIRST_WEEK &&
	    (double)profile->miss[PROFILE_WEEKLY] < worth * least)
		use = PROFILE_WEEKLY;
	return use;
}

bool
profile_is_over(const struct profile *profile, const struct hour *hour)
{
	return hour->number != profile->hour;
}

bool
profile_turn(double *out_gain, struct profile *profile, struct week *week,
    const struct hour *hour, double level)
{
	enum profile_use before = profile->use;

	/* What was learned refers to the level of then. */
	for (int i = 0; i < PROFILE_DAY && profile->hours < SETTLING; i++) {
		if (profile->day_n[i] > 0)
			profile->day[i] -= (float)(level - profile->level);
	}
	profile->level = level;
	if (profile->n > 0)
		learn(profile, week, profile->sum / profile->n);
	profile->hour = hour->number;
	profile->sum = 0;
	profile->n = 0;
	profile->use = choose(profile, week);
	*out_gain =
	    (double)profile->miss[before] - (double)profile->miss[profile->use];
	return profile->use != before;
}

void
profile_lose_week(struct profile *profile)
{
	profile->week_hours = 0;
	profile->miss[PROFILE_WEEKLY] = 0;
	if (profile->use == PROFILE_WEEKLY)
		profile->use = PROFILE_DAILY;
}

void
profile_add(struct profile *profile, double usual, double beside, double limit)
{
	profile->sum += usual + real_clip(beside, limit);
	profile->n++;
}
