/*
 * detector.h - notices, value by value, that a series is no longer what it
 * was.
 *
 * Three ways of looking share one budget of false alarms: bursts of extreme
 * values and lasting shifts (channel.h), and for short series a scan of all
 * splits (segment.h).  What one has reported, the others do not report again.
 *
 * Arithmetic only: no clock, no allocation, no libm function whose last bit
 * may differ; the same values give the same flags on every machine.  The
 * struct holds no pointer and may be copied to snapshot it.  Constant memory,
 * whatever the number of values.
 *
 * NaN and infinity are missing values: counted, and else ignored.  Equal
 * values are a level without noise; the first that differs clearly is a
 * change, but a single low one no more than a doubt until one of the next two
 * is low as well.  Fewer than DETECTOR_FIRST values give no flag but by the
 * scan, which needs twelve.
 */
#ifndef COLLECTOR_DETECT_DETECTOR_H
#define COLLECTOR_DETECT_DETECTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collector/detect/channel.h"
#include "collector/detect/pace.h"
#include "collector/detect/segment.h"

enum { DETECTOR_VERSION = 9, DETECTOR_FIRST = 30, DETECTOR_HABITS = 4 };

enum change { CHANGE_NONE, CHANGE_UP, CHANGE_DOWN };

struct flag {
	enum change change;
	uint64_t onset; /* number of the first changed value, from 0 */
	uint64_t alarm; /* number of the value that proved it */
	double before, after;
	double nats; /* evidence beyond what was asked for; > 0 */
};

/* Why a flag is not told yet. */
enum kept {
	KEPT_NOT,
	KEPT_DOUBT, /* a single low value, until another one is low */
	KEPT_HABIT, /* as on the days before, unless it lasts */
};

struct detector {
	uint32_t version, without;
	double per_year;
	uint64_t added, seen; /* values, and those not missing */
	struct pace pace;
	union {
		double first[DETECTOR_FIRST]; /* until all are there */
		struct channel burst;
	};
	struct channel shift;
	/* Whoever has values within the hour has weeks to learn; the others
	 * are scanned. */
	union {
		struct segment segment;
		struct week weeks[2]; /* of the channels */
	};
	uint32_t has_weeks, unused_too;
	uint32_t altered; /* values since the alarm under way; 0: none */
	uint32_t lasting; /* the alarm was about a level, not a burst */
	/* What gave an alarm, by kind (brief down, up, slow down, up) and hour
	 * that it began in; bit i: i days before habit_day, from 1970. */
	uint8_t habits[DETECTOR_HABITS][24];
	int64_t habit_day;
	double burst_sum, shift_sum, recent;
	double back_sum;       /* of the latest values that are as before, */
	uint32_t back, unused; /* and how many they are */
	struct hour hour;      /* of the latest value */
	uint64_t reported;     /* number of the value after the last alarm */
	struct flag latest;    /* flag, told or kept back */
	double farthest;       /* deviation of a value since then */
	int64_t latest_hour;   /* number of its hour */
	uint32_t kept, unused_last; /* enum kept: why it is not told yet */
};

/* per_year: false alarms wanted per year, > 0.  without: CHANNEL_NO_..., 0 but
 * for measuring. */
void
detector_init(struct detector *detector, double per_year, uint32_t without);

/* Adds a value; returns true if it proves a change.  at_ms is the wall clock,
 * or PACE_NO_TIME; a time that goes back is allowed. */
bool detector_add(
    struct flag *out, struct detector *detector, int64_t at_ms, double value);

/* The usual deviation at this hour from the level of the shift channel, of the
 * logarithm; 0 if there is none, or no profile. */
double detector_season(const struct detector *detector, int64_t at_ms);

/* Copies the state into bytes, and back.  The bytes are those of this
 * machine's architecture; false if they are of another version or size. */
#define DETECTOR_BYTES sizeof(struct detector)
void detector_save(void *bytes, const struct detector *detector);
bool detector_load(struct detector *out, const void *bytes, size_t n);

#endif
