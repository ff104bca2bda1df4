/*
 * channel.h - one way of looking at a series: its level, its noise, and the
 * evidence that it has changed.
 *
 * Takes the usual hour off (profile.h), divides by a robust scale, removes
 * the correlation of neighbours, turns extremes into scores by how rare they
 * are here (tail.h) and gathers evidence in both directions (focus.h),
 * weighed by how this series wanders (spread.h) and compared with how high
 * its evidence goes anyway (peaks.h).
 *
 *   CHANNEL_BURST  linear scale; extremes count in full
 *   CHANNEL_SHIFT  logarithm of positive series; extremes count little
 */
#ifndef COLLECTOR_DETECT_CHANNEL_H
#define COLLECTOR_DETECT_CHANNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "collector/detect/focus.h"
#include "collector/detect/peaks.h"
#include "collector/detect/profile.h"
#include "collector/detect/spread.h"
#include "collector/detect/tail.h"

enum channel_kind { CHANNEL_BURST, CHANNEL_SHIFT };

/* What can be left out, to measure what it is good for. */
enum {
	CHANNEL_NO_PROFILE = 1 << 0,
	CHANNEL_NO_WHITENING = 1 << 1,
	CHANNEL_NO_CLIPPING = 1 << 2,
	CHANNEL_NO_SPREAD = 1 << 3,
	CHANNEL_NO_PEAKS = 1 << 4,
	CHANNEL_NO_LOGARITHM = 1 << 5,
};

/* Where in the season a value lies, and what the channel knows of the week:
 * NULL if none is kept. */
struct when {
	const struct hour *hour;
	struct week *week;
};

/* One value as the channel sees it. */
struct view {
	double hourly; /* usual at this hour, from the level, in base units */
	double usual;  /* the same in the channel's unit */
	double rest;   /* from level and profile, in the channel's unit */
	double z;      /* the same in deviations */
	double rho;    /* correlation with the value before, as believed */
	double fresh;  /* what that does not explain, in deviations */
	double score;  /* the same as a normal score */
	/* Evidence for a change, the value included; 0 if it is no more than
	 * the peaks need to be told. */
	double nats;
	double limit; /* of nats that proves it; PEAKS_MARK stands for more */
	uint32_t n;   /* values since its onset */
	double sum;   /* of their scores, with the sign of the change */
	bool up;
};

struct channel {
	uint16_t kind;    /* enum channel_kind */
	uint16_t follows; /* whether before is the value before this one */
	uint32_t without;
	uint32_t seen, level_seen;   /* values learned from */
	double unit;                 /* > 0: logarithm of the value over this */
	double level, scale, noise;  /* noise: deviation of fresh */
	double other;                /* the level that was left, and */
	uint32_t other_seen, unused; /* values it was learned from; 0: none */
	double reach;                /* mean distance from the level */
	double base;                 /* the first scale: unit of the profile */
	double before;               /* z of the value before */
	double product, square;      /* means that give the correlation */
	struct tail tail;
	struct spread spread;
	struct focus up, down;
	struct peaks peaks;
	struct profile profile;
};

/* Begins from n sorted values, at least 3. */
void channel_init(struct channel *channel, enum channel_kind kind,
    uint32_t without, const double *sorted, uint32_t n);

/* Looks at the next value and gathers evidence.  The hour is known if values
 * come often enough for a profile by hours.  longest: values that a change may
 * take to show. */
void channel_look(struct view *out, struct channel *channel,
    const struct when *when, double value, uint32_t longest);

/* Sets the limit of the evidence, given how many values should pass between
 * two false alarms; where there is any. */
void
channel_weigh(struct view *view, const struct channel *channel, double values);

/* Takes the value looked at as ordinary.  values: more evidence than passes
 * once in so many counts as that. */
void channel_learn(struct channel *channel, const struct view *view,
    const struct hour *hour, double values);

/* The value raised an alarm: the evidence is used up. */
void
channel_alarm(struct channel *channel, const struct view *view, double values);

/* The value belongs to the burst that raised the alarm. */
void channel_skip(struct channel *channel, const struct view *view);

/* What was abnormal is normal from now on: the level moves by this much, the
 * mean of n values. */
void channel_accept(struct channel *channel, double by, uint32_t n);

/* Remembers the level, as one that the series may come back to. */
void channel_keep(struct channel *channel);

/* The series is back at the level that was kept, and leaves this one. */
void channel_return(struct channel *channel);

/* A deviation from the level as a value. */
double channel_value(const struct channel *channel, double deviation);

#endif
