/*
 * profile.h - what is usual at this hour of the day and of the week.
 *
 * Learns the mean of each hour of the day, smoothed over neighbouring hours
 * while few days are known, and of each hour of the week beyond that.  A
 * profile is used only once it predicts whole hours clearly better than doing
 * without, so a series without a season is left alone.  A week wants several
 * values an hour, as one says little about it; the caller keeps it or not.
 * Deviations are in a unit near the noise of the series, at most 1e9.
 */
#ifndef COLLECTOR_DETECT_PROFILE_H
#define COLLECTOR_DETECT_PROFILE_H

#include <stdbool.h>
#include <stdint.h>

enum { PROFILE_DAY = 24, PROFILE_WEEK = 168 };

enum profile_use { PROFILE_UNUSED, PROFILE_DAILY, PROFILE_WEEKLY };

/* Where in the day and the week a time lies. */
struct hour {
	bool known;      /* else there is no profile to speak of */
	uint8_t of_day;  /* 0 to 23 */
	uint8_t of_week; /* 0 to 167 */
	int64_t number;  /* since 1970 */
	double part;     /* of it that has passed; 0 to 1 */
};

/* Sets *hour, which was set before or is zero, to that of at_ms. */
void hour_set(struct hour *hour, int64_t at_ms);

/* What each hour of the week adds to that of the day. */
struct week {
	int16_t grains[PROFILE_WEEK]; /* in 1/64 */
};

struct profile {
	float day[PROFILE_DAY], day_n[PROFILE_DAY];
	float miss[3];  /* mean square of what each use would miss an hour by */
	uint32_t use;   /* enum profile_use */
	uint32_t hours; /* learned */
	uint32_t week_hours; /* of them into a week */
	int64_t week_first;  /* number of the first of those */
	int64_t hour;        /* number of the one under way */
	double sum;          /* of its values */
	uint32_t n;
	double level; /* of the series when the hour began */
};

void profile_init(struct profile *profile);

/* The usual deviation from the level of the series at this time.  Here and
 * below, week NULL: none is kept. */
double profile_at(const struct profile *profile, const struct week *week,
    const struct hour *hour);

/* Is this another hour than the one under way? */
bool profile_is_over(const struct profile *profile, const struct hour *hour);

/* Closes the hour under way and begins this one.  True if the profile is used
 * differently from now on; *out_gain is then by how much that lowers the
 * variance of what remains. */
bool profile_turn(double *out_gain, struct profile *profile, struct week *week,
    const struct hour *hour, double level);

/* The week was forgotten. */
void profile_lose_week(struct profile *profile);

/* Adds to the hour under way what a value is beside the usual deviation; at
 * most limit of it counts. */
void
profile_add(struct profile *profile, double usual, double beside, double limit);

#endif
