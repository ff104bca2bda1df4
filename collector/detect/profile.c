#include "collector/detect/profile.h"

#include <math.h>

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

/* What an hour of the week adds to that of the day. */
static double
of_week(const struct profile *profile, int week)
{
	return profile->week[week] * GRAIN;
}

/* Moves it by so much. */
static void
move_week(struct profile *profile, int week, double by)
{
	double grains = profile->week[week] + by / GRAIN;

	grains = real_clip(grains, INT16_MAX);
	profile->week[week] =
	    (int16_t)(grains < 0 ? grains - 0.5 : grains + 0.5);
}

void
profile_init(struct profile *profile)
{
	*profile = (struct profile){ .n = 0 };
}

double
profile_at(const struct profile *profile, const struct hour *hour)
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
	if (profile->use == PROFILE_WEEKLY)
		usual += of_week(profile, hour->of_week);
	return usual;
}

static void
learn_miss(
    struct profile *profile, enum profile_use use, uint32_t since, double miss)
{
	double hours;

	if (profile->hours <= since)
		return;
	hours = profile->hours - since;
	if (hours > MISS_MEMORY)
		hours = MISS_MEMORY;
	profile->miss[use] +=
	    (float)((miss * miss - (double)profile->miss[use]) / hours);
}

/* Learns the mean of the hour that ended. */
static void
learn(struct profile *profile, double mean)
{
	int day = within(profile->hour, PROFILE_DAY);
	int week = within(profile->hour, PROFILE_WEEK);
	bool first = profile->hours < PROFILE_DAY;
	double best = (double)fminf(
	    profile->miss[PROFILE_UNUSED], profile->miss[profile->use]);
	double limit = first ? HUGE_VAL : OUTLIER * sqrt(best);
	double wide = first
	    ? HUGE_VAL
	    : OUTLIER * sqrt((double)profile->miss[PROFILE_UNUSED]);
	double after_day = mean - (double)profile->day[day], after_week;
	double reach;

	after_week = real_clip(after_day - of_week(profile, week), limit);
	profile->hours++;
	learn_miss(profile, PROFILE_UNUSED, 0, real_clip(mean, wide));
	learn_miss(
	    profile, PROFILE_DAILY, PROFILE_DAY, real_clip(after_day, limit));
	learn_miss(profile, PROFILE_WEEKLY, PROFILE_WEEK, after_week);
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
	move_week(
	    profile, week, after_week / (profile->week_n[week] + WEEK_PRIOR));
	if (profile->week_n[week] < WEEK_MEMORY)
		profile->week_n[week]++;
}

/* The use that serves best; one in use needs no margin. */
static enum profile_use
choose(const struct profile *profile)
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
	if (profile->hours >= FIRST_WEEK &&
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
profile_turn(double *out_gain, struct profile *profile, const struct hour *hour,
    double level)
{
	enum profile_use before = profile->use;

	/* What was learned refers to the level of then. */
	for (int i = 0; i < PROFILE_DAY && profile->hours < SETTLING; i++) {
		if (profile->day_n[i] > 0)
			profile->day[i] -= (float)(level - profile->level);
	}
	profile->level = level;
	if (profile->n > 0)
		learn(profile, profile->sum / profile->n);
	profile->hour = hour->number;
	profile->sum = 0;
	profile->n = 0;
	profile->use = choose(profile);
	*out_gain =
	    (double)profile->miss[before] - (double)profile->miss[profile->use];
	return profile->use != before;
}

void
profile_add(struct profile *profile, double usual, double beside, double limit)
{
	profile->sum += usual + real_clip(beside, limit);
	profile->n++;
}
