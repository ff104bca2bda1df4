#include "collector/detect/detector.h"

#include <math.h>
#include <string.h>

#include "collector/detect/real.h"

#define HOUR_MS      3600000
#define LARGEST      1e30  /* values beyond are as large */
#define WARM_UP      100   /* values before a channel is believed */
#define BURST_SHARE  8.0   /* of the false alarms, one in so many is a */
#define SHIFT_SHARE  1.0   /* burst; the sum of skewed values needs reserve */
#define BURST_VALUES 16    /* that a burst may take to show */
#define SHIFT_VALUES 2000  /* that a shift may take, and no more than those */
#define SHIFT_MS     5.4e7 /* of fifteen hours: longer is a season; */
#define SHIFT_LEAST  60    /* but never less */
#define LASTING      30    /* altered values that are the new normal */
#define BRIEF        60    /* values; a habit that took longer is another */
#define SETTLED      3     /* altered values before it may be over */
#define BACK         2.5   /* deviations within which it is over */
#define BACK_LEAST   1.0
#define APART        3.0 /* deviations between two levels of a series */
#define NEAR         0.1 /* of their distance: it is back at the other */
#define RECENT_GAIN  0.5
#define RECENT_LIMIT 4.0
#define DOUBTFUL     2     /* values that may confirm a low one: as low as */
#define LOW          2.5   /* so many deviations, */
#define AS_LOW       0.25  /* and as this part of the one before */
#define ESCALATED    3     /* values after an alarm that may give another: */
#define FARTHER      1.5   /* those so much farther than any before */
#define FAR          8.0   /* deviations, at least */
#define HABIT_KEPT   8     /* days that are remembered */
#define HABIT_DAYS   3     /* of them that are looked at */
#define HABIT_LEAST  2     /* of those it must have happened on */
#define HABIT_HOURS  4     /* that a habit lasts, at most */
#define SCANNED      1000  /* values; then the channels know the series */
#define SPLIT_NATS   28.0  /* a split needs at least, and so much beyond */
#define SPLIT_MARGIN 8.0   /* what the budget asks for */
#define HOURLY_MS    7.2e6 /* rarer values have no profile by hours */
#define CLOCK_MS     100000000000 /* 1973; earlier times count, see below */

void
detector_init(struct detector *detector, double per_year, uint32_t without)
{
	/* Padding is saved too, and must not differ. */
	memset(detector, 0, sizeof(*detector));
	detector->version = DETECTOR_VERSION;
	detector->without = without;
	detector->per_year = per_year;
	pace_init(&detector->pace);
	segment_init(&detector->segment);
}

static void
start(struct detector *detector)
{
	double first[DETECTOR_FIRST];

	memcpy(first, detector->first, sizeof(first));
	for (int i = 1; i < DETECTOR_FIRST; i++) {
		double x = first[i];
		int j = i;

		for (; j > 0 && first[j - 1] > x; j--)
			first[j] = first[j - 1];
		first[j] = x;
	}
	channel_init(&detector->burst, CHANNEL_BURST, detector->without, first,
	    DETECTOR_FIRST);
	channel_init(&detector->shift, CHANNEL_SHIFT, detector->without, first,
	    DETECTOR_FIRST);
}

/* --- an alarm under way ---------------------------------------------------- */

/* Makes habits those of up to this day, and returns how many days before the
 * latest one it is: what took long began then. */
static int
habit_turn(struct detector *detector, int64_t day)
{
	int64_t ago = detector->habit_day - day;
	uint8_t *habits = &detector->habits[0][0];

	if (ago > 0 && ago < HABIT_KEPT)
		return (int)ago;
	for (size_t i = 0; i < sizeof(detector->habits); i++)
		habits[i] =
		    (uint8_t)(ago <= 0 && ago > -HABIT_KEPT ? habits[i] << -ago
							    : 0);
	detector->habit_day = day;
	return 0;
}

/* Did this begin around this hour on enough of the days before?  Then it is
 * how the series is.  Remembers it in any case.  hour: number since 1970. */
static bool
is_habit(struct detector *detector, int64_t hour, int kind)
{
	uint32_t days = 0;
	int ago, n = 0;

	if (hour < 0 || (detector->without & CHANNEL_NO_PROFILE) != 0)
		return false;
	ago = habit_turn(detector, hour / 24);
	for (int i = 23; i <= 25; i++)
		days |= detector->habits[kind][(hour + i) % 24];
	detector->habits[kind][hour % 24] |= (uint8_t)(1 << ago);
	for (int i = 1; i <= HABIT_DAYS; i++)
		n += days >> (ago + i) & 1;
	return n >= HABIT_LEAST;
}

/* Is the series at the level again that it had left before? */
static bool
is_back(struct detector *detector, const struct view *view)
{
	const struct channel *burst = &detector->burst;
	double gap = burst->other - burst->level, near = NEAR * fabs(gap);

	if (burst->other_seen == 0 || !(fabs(gap) > APART * burst->scale))
		return false;
	if (near < burst->scale)
		near = burst->scale;
	if (fabs(view->rest - gap) > BACK * near) {
		detector->back = 0;
		detector->back_sum = 0;
		return false;
	}
	detector->back++;
	detector->back_sum += view->rest;
	return detector->back >= SETTLED &&
	    fabs(detector->back_sum / detector->back - gap) < near;
}

/* What has become is the new normal. */
static void
accept(struct detector *detector, uint32_t n)
{
	double burst = detector->burst_sum / n, shift = detector->shift_sum / n;

	if (fabs(burst) > detector->burst.scale) {
		channel_keep(&detector->burst);
		channel_keep(&detector->shift);
	}
	channel_accept(&detector->burst, burst, n);
	channel_accept(&detector->shift, shift, n);
	detector->altered = 0;
}

/* A value while altered: over, or the new normal, or still to be seen. */
static void
follow(struct detector *detector, const struct view *burst,
    const struct view *shift)
{
	uint32_t n = detector->altered++;
	double half;

	detector->burst_sum += burst->rest;
	detector->shift_sum += shift->rest;
	detector->recent += RECENT_GAIN *
	    (real_clip(burst->z, RECENT_LIMIT) - detector->recent);
	channel_skip(&detector->burst, burst);
	channel_skip(&detector->shift, shift);
	/* Over is what is nearer to what was than to what has become. */
	half = fabs(detector->burst_sum / n / detector->burst.scale) / 2;
	half = half > BACK ? BACK : half < BACK_LEAST ? BACK_LEAST : half;
	if (is_back(detector, burst)) {
		channel_return(&detector->burst);
		channel_return(&detector->shift);
		detector->altered = 0;
		detector->kept = KEPT_NOT;
	} else if (n >= LASTING) {
		accept(detector, n);
	} else if (detector->lasting == 0 && n > SETTLED &&
	    fabs(detector->recent) < half) {
		detector->altered = 0;
		detector->kept = KEPT_NOT;
	}
}

/* Begins an alarm, and describes it. */
static void
alarm(struct flag *out, struct detector *detector,
    const struct channel *channel, const struct view *view)
{
	/* Whitening takes the same part off every value but the first. */
	double shift = view->sum / view->n * channel->noise * channel->scale /
	    (1 - view->rho);

	detector->altered = 1;
	detector->lasting = view->n >= LASTING;
	detector->burst_sum = detector->shift_sum = 0;
	detector->back = 0;
	detector->back_sum = 0;
	*out = (struct flag){
		.change = view->up ? CHANGE_UP : CHANGE_DOWN,
		.onset = detector->added - view->n,
		.alarm = detector->added - 1,
		.before = channel_value(channel, view->usual),
		.nats = view->nats - view->limit,
	};
	/* A single value says how far it went; several, by their scores. */
	out->after = channel_value(
	    channel, view->usual + (view->n == 1 ? view->rest : shift));
}

/* The number of the hour in which the change began. */
static int64_t
began(const struct detector *detector, const struct flag *flag,
    const struct hour *hour)
{
	double ms =
	    (double)(flag->alarm - flag->onset) * detector->pace.step_ms;

	return (int64_t)floor((double)hour->number + hour->part - ms / HOUR_MS);
}

/* Is this flag told at once?  A lone low value is mostly one that was not
 * measured in full, and a habit is over soon: their flags are kept back.  That a
 * habit ends as it does is never told. */
static bool
is_told(
    struct detector *detector, const struct flag *flag, const struct hour *hour)
{
	bool up = flag->change == CHANGE_UP;
	int kind = (flag->alarm - flag->onset >= BRIEF ? 2 : 0) + up;
	bool habit = hour->known &&
	    is_habit(detector, began(detector, flag, hour), kind);
	bool ends = detector->kept == KEPT_HABIT &&
	    detector->latest.change != flag->change;

	detector->latest = *flag;
	detector->latest_hour = hour->number;
	detector->kept = KEPT_NOT;
	if (habit && ends)
		return false;
	if (habit)
		detector->kept = KEPT_HABIT;
	else if (flag->change == CHANGE_DOWN && flag->onset == flag->alarm)
		detector->kept = KEPT_DOUBT;
	return detector->kept == KEPT_NOT;
}

/* Tells the latest flag now. */
static bool
tell(struct flag *out, struct detector *detector)
{
	detector->kept = KEPT_NOT;
	detector->latest.alarm = detector->added - 1;
	*out = detector->latest;
	return true;
}

/* Tells the flag of a low value if this one is low as well, and forgets it if
 * none is soon. */
static bool
confirm(struct flag *out, struct detector *detector, const struct view *burst)
{
	if (burst->z < -LOW && burst->rest < AS_LOW * detector->farthest)
		return tell(out, detector);
	if (detector->altered >= DOUBTFUL)
		detector->kept = KEPT_NOT;
	return false;
}

/* What becomes far worse while it is watched is told again. */
static bool
escalate(struct flag *out, struct detector *detector, const struct view *burst)
{
	double sign = detector->latest.change == CHANGE_UP ? 1 : -1;
	double now = burst->rest * sign, before = detector->farthest * sign;

	if (now > before)
		detector->farthest = burst->rest;
	if (now <= FARTHER * before || burst->z * sign <= FAR ||
	    detector->added - 1 - detector->latest.alarm < ESCALATED)
		return false;
	detector->latest.onset = detector->added - 1;
	detector->latest.before = channel_value(&detector->burst, burst->usual);
	detector->latest.after =
	    channel_value(&detector->burst, burst->usual + burst->rest);
	return tell(out, detector);
}

/* A flag for a value while altered, if there is one to tell. */
static bool
go_on(struct flag *out, struct detector *detector, const struct view *burst)
{
	if (detector->kept == KEPT_NOT)
		return escalate(out, detector, burst);
	return detector->kept == KEPT_DOUBT && confirm(out, detector, burst);
}

/* Has the latest habit lasted longer than one does? */
static bool
is_overdue(const struct detector *detector, const struct hour *hour)
{
	return detector->kept == KEPT_HABIT &&
	    hour->number - detector->latest_hour >= HABIT_HOURS;
}

/* --- what the channels and the scan make of a value ------------------------ */

/* Values that a shift may take to show. */
static uint32_t
longest_shift(const struct detector *detector)
{
	double step = detector->pace.step_ms;

	if (!(step > 0) || SHIFT_MS / step > SHIFT_VALUES)
		return SHIFT_VALUES;
	if (SHIFT_MS / step < SHIFT_LEAST)
		return SHIFT_LEAST;
	return (uint32_t)(SHIFT_MS / step);
}

/* Do values come within the hour, by a clock?  Times before 1973 are no clock:
 * they count values. */
static bool
is_within_the_hour(const struct detector *detector)
{
	return detector->pace.step_ms < HOUR_MS &&
	    detector->pace.at_ms >= CLOCK_MS;
}

/* Weeks and the scan share their memory; a series that changes its pace begins
 * anew with either. */
static void
share_memory(struct detector *detector)
{
	uint32_t has_weeks = is_within_the_hour(detector);

	if (has_weeks == detector->has_weeks)
		return;
	detector->has_weeks = has_weeks;
	memset(detector->weeks, 0, sizeof(detector->weeks));
	segment_init(&detector->segment);
	if (detector->seen <= DETECTOR_FIRST)
		return;
	profile_lose_week(&detector->burst.profile);
	profile_lose_week(&detector->shift.profile);
}

/* Has a scan of all splits anything to say about this series?  While it is
 * young; but not of a clock that ticks more than once an hour, as there may be
 * a season of the day. */
static bool
is_scanned(const struct detector *detector)
{
	return detector->seen <= SCANNED && detector->has_weeks == 0;
}

/* Values that should pass between two false alarms. */
static double
values_wanted(const struct detector *detector)
{
	return pace_values(&detector->pace, detector->per_year);
}

/* The channel that has the strongest evidence, 0 or 1, beyond its limit if
 * *out_beyond > 0. */
static int
strongest(double *out_beyond, const struct detector *detector,
    const struct view *views)
{
	double burst = views[0].nats - views[0].limit;
	double shift = views[1].nats - views[1].limit;

	/* A young series shifts by the scan. */
	if (detector->seen <= SCANNED || shift <= burst) {
		*out_beyond = burst;
		return 0;
	}
	*out_beyond = shift;
	return 1;
}

static bool
look(struct flag *out, struct detector *detector, const struct hour *hour,
    double value)
{
	struct channel *channels[] = { &detector->burst, &detector->shift };
	struct when when[] = { { hour, NULL }, { hour, NULL } };
	struct view views[2];
	double beyond, values = values_wanted(detector);
	bool found;
	int best;

	for (int i = 0; i < 2 && detector->has_weeks != 0; i++)
		when[i].week = &detector->weeks[i];
	channel_look(&views[0], channels[0], &when[0], value, BURST_VALUES);
	channel_look(
	    &views[1], channels[1], &when[1], value, longest_shift(detector));
	if (detector->altered > 0) {
		found = go_on(out, detector, &views[0]);
		follow(detector, &views[0], &views[1]);
		return found;
	}
	channel_weigh(&views[0], channels[0], BURST_SHARE * values);
	channel_weigh(&views[1], channels[1], SHIFT_SHARE * values);
	best = strongest(&beyond, detector, views);
	for (int i = 0; i < 2; i++) {
		if (beyond > 0)
			channel_alarm(channels[i], &views[i], values);
		else
			channel_learn(channels[i], &views[i], hour, values);
	}
	if (beyond <= 0)
		return false;
	alarm(out, detector, channels[best], &views[best]);
	detector->recent = real_clip(views[0].z, RECENT_LIMIT);
	detector->farthest = views[0].rest;
	return detector->seen > WARM_UP && is_told(detector, out, hour);
}

static bool
scan(struct flag *out, struct detector *detector, double value)
{
	struct step step;
	double limit;

	if (!is_scanned(detector))
		return false;
	limit = real_log(values_wanted(detector)) + SPLIT_MARGIN;
	if (limit < SPLIT_NATS)
		limit = SPLIT_NATS;
	if (!segment_add(&step, &detector->segment, value, limit))
		return false;
	out->change = step.after > step.before ? CHANGE_UP : CHANGE_DOWN;
	out->alarm = detector->added - 1;
	out->onset = detector->added - step.n;
	out->before = step.before;
	out->after = step.after;
	out->nats = step.nats - limit;
	/* Nothing is told twice. */
	return out->onset > detector->reported || detector->reported == 0;
}

bool
detector_add(
    struct flag *out, struct detector *detector, int64_t at_ms, double value)
{
	static const struct hour unknown;
	const struct hour *hour = &unknown;
	struct flag split;
	bool found = false;

	detector->added++;
	if (!isfinite(value))
		return false;
	value = real_clip(value, LARGEST);
	detector->seen++;
	pace_add(&detector->pace, at_ms);
	share_memory(detector);
	if (at_ms != PACE_NO_TIME && detector->pace.step_ms <= HOURLY_MS) {
		hour_set(&detector->hour, at_ms);
		hour = &detector->hour;
	}
	if (detector->seen <= DETECTOR_FIRST) {
		detector->first[detector->seen - 1] = value;
		if (detector->seen == DETECTOR_FIRST)
			start(detector);
	} else {
		found = look(out, detector, hour, value);
		if (!found && is_overdue(detector, hour))
			found = tell(out, detector);
	}
	if (scan(&split, detector, value) && !found) {
		*out = split;
		found = true;
	}
	if (found)
		detector->reported = detector->added;
	return found;
}

double
detector_season(const struct detector *detector, int64_t at_ms)
{
	const struct channel *shift = &detector->shift;
	const struct week *week =
	    detector->has_weeks != 0 ? &detector->weeks[1] : NULL;
	struct hour hour = { .number = 0 };

	if (!(shift->unit > 0) || !(detector->pace.step_ms <= HOURLY_MS))
		return 0;
	hour_set(&hour, at_ms);
	return profile_at(&shift->profile, week, &hour) * shift->base;
}

void
detector_save(void *bytes, const struct detector *detector)
{
	memcpy(bytes, detector, sizeof(*detector));
}

bool
detector_load(struct detector *out, const void *bytes, size_t n)
{
	uint32_t version;

	if (n != sizeof(*out))
		return false;
	memcpy(&version, bytes, sizeof(version));
	if (version != DETECTOR_VERSION)
		return false;
	memcpy(out, bytes, n);
	return true;
}
