#include "collector/detect/channel.h"

#include <float.h>
#include <math.h>
#include <stddef.h>

#include "collector/detect/real.h"

#define LINEAR_BELOW   0.4    /* of the unit: no logarithm of what is less */
#define CONSISTENT     1.4826 /* deviation of a normal over its median one */
#define LEAST_LOG      0.005  /* scale of a logarithm: less is no change */
#define LEAST_LINEAR   1e-9   /* of the level: less is rounding */
#define LEAST_FIRST    1e-3   /* of the level, for equal values */
#define LEAST_OF_REACH 0.3    /* scale of a series that mostly stands still */
#define FAR            10.0   /* reaches that count towards the reach */
#define SCALE_LIMIT    4.0    /* squared deviations that count */
#define SCALE_MEAN     0.9205 /* of a normal's, so limited */
#define SCALE_GAIN     0.6    /* makes up for what the limit hides */
#define LEVEL_LIMIT    2.0    /* deviations */
#define BEFORE_LIMIT   6.0    /* deviations: what a burst leaves behind */
#define PAIR_LIMIT     3.0    /* deviations */
#define MEMORY         4000   /* values: level and scale */
#define PAIR_MEMORY    2000
#define SMALL_SEEN     300 /* values that a level is worth after a small move */
#define LARGEST        1e200 /* times the unit; beyond, all is the same */
#define FARTHEST       1e9   /* deviations, the same */
#define LEAST_LEFT     0.05  /* of the variance, beside a profile */
#define NEW_PROFILE    300   /* values known once the profile changes */
#define CORRELATION    0.95  /* the highest believed */
#define BURST_LIMIT    9.0   /* score of one value */
#define SHIFT_LIMIT    3.0
#define LEAST_SHIFT    0.2 /* deviations */

/* The logarithm of the value over the unit, but linear near zero and below,
 * where small differences say little. */
static double
transform(const struct channel *channel, double value)
{
	double x;

	if (!(channel->unit > 0))
		return value;
	x = real_clip(value / channel->unit, LARGEST);
	if (x >= LINEAR_BELOW)
		return real_log(x);
	return real_log(LINEAR_BELOW) + x / LINEAR_BELOW - 1;
}

double
channel_value(const struct channel *channel, double deviation)
{
	double x = channel->level + deviation, least = real_log(LINEAR_BELOW);

	if (!(channel->unit > 0))
		return x;
	if (x < least)
		return (x - least + 1) * LINEAR_BELOW * channel->unit;
	return real_exp(x) * channel->unit;
}

/* The weight of one more value. */
static double
share_of(uint32_t seen, uint32_t memory)
{
	return seen < memory ? 1.0 / seen : 1.0 / memory;
}

/* The correlation of neighbours does not survive a change of what is left. */
static void
forget(struct channel *channel)
{
	tail_init(&channel->tail);
	spread_init(&channel->spread);
	focus_init(&channel->up);
	focus_init(&channel->down);
	channel->follows = 0;
	if (channel->seen > NEW_PROFILE)
		channel->seen = NEW_PROFILE;
}

static double
median_distance(const struct channel *channel, const double *sorted, uint32_t n)
{
	uint32_t low = 0, high = n - 1;
	double distance = 0;

	/* The largest distances lie at the ends: drop them one by one. */
	for (uint32_t left = n; left > n / 2; left--) {
		double below = channel->level - transform(channel, sorted[low]);
		double above =
		    transform(channel, sorted[high]) - channel->level;

		distance = below > above ? below : above;
		if (below > above)
			low++;
		else
			high--;
	}
	return distance;
}

void
channel_init(struct channel *channel, enum channel_kind kind, uint32_t without,
    const double *sorted, uint32_t n)
{
	bool positive = sorted[0] > 0;
	double median = sorted[n / 2];

	*channel = (struct channel){ .kind = kind, .without = without };
	if (kind == CHANNEL_SHIFT && positive &&
	    (without & CHANNEL_NO_LOGARITHM) == 0)
		channel->unit = median;
	channel->level = transform(channel, median);
	for (uint32_t i = 0; i < n; i++)
		channel->reach +=
		    fabs(transform(channel, sorted[i]) - channel->level) / n;
	channel->scale = CONSISTENT * median_distance(channel, sorted, n);
	if (!(channel->scale > 0))
		channel->scale = channel->reach;
	if (!(channel->scale > 0))
		channel->scale = fabs(channel->level) * LEAST_FIRST;
	if (!(channel->scale > 0))
		channel->scale = 1e-6; /* all zero: any other value is far */
	if (channel->reach < channel->scale)
		channel->reach = channel->scale;
	channel->noise = 1;
	forget(channel);
	peaks_init(&channel->peaks);
	channel->base = channel->scale;
	profile_init(&channel->profile);
	channel->seen = channel->level_seen = n;
}

/* A deviation in the unit of the profile, which stays the same while the
 * scale moves. */
static double
in_base(const struct channel *channel, double deviation)
{
	return real_clip(deviation / channel->base, FARTHEST);
}

/* The profile is used from now on, or no longer. */
static void
on_turn(struct channel *channel, double gain)
{
	double scale = channel->scale / channel->base, left;

	left = 1 - gain / (scale * scale);
	if (!(left > LEAST_LEFT))
		left = LEAST_LEFT;
	channel->scale *= sqrt(left < FARTHEST ? left : FARTHEST);
	forget(channel);
}

static bool
is_timed(const struct channel *channel, const struct hour *hour)
{
	return hour->known && (channel->without & CHANNEL_NO_PROFILE) == 0;
}

static double
correlation(const struct channel *channel)
{
	double rho;

	if ((channel->without & CHANNEL_NO_WHITENING) != 0 ||
	    !(channel->square > 0))
		return 0;
	rho = channel->product / channel->square;
	return rho < 0 ? 0 : rho > CORRELATION ? CORRELATION : rho;
}

static void
gather(struct view *out, struct channel *channel, uint32_t longest)
{
	double floor = peaks_floor(&channel->peaks), up, down;
	const struct spread *spread =
	    (channel->without & CHANNEL_NO_SPREAD) != 0 ? NULL
							: &channel->spread;
	uint32_t n_up, n_down;

	focus_add(&channel->up, out->score, longest);
	focus_add(&channel->down, -out->score, longest);
	up = focus_evidence(&n_up, &channel->up, LEAST_SHIFT, floor, spread);
	down =
	    focus_evidence(&n_down, &channel->down, LEAST_SHIFT, floor, spread);
	out->up = up > down;
	out->nats = out->up ? up : down;
	out->n = out->up ? n_up : n_down;
	out->limit = PEAKS_MARK;
}

/* The usual deviation of this hour, in base units. */
static double
hourly(struct channel *channel, const struct when *when)
{
	double gain;

	if (!is_timed(channel, when->hour))
		return 0;
	if (profile_is_over(&channel->profile, when->hour) &&
	    profile_turn(&gain, &channel->profile, when->week, when->hour,
		in_base(channel, channel->level)))
		on_turn(channel, gain);
	return profile_at(&channel->profile, when->week, when->hour);
}

void
channel_look(struct view *out, struct channel *channel, const struct when *when,
    double value, uint32_t longest)
{
	double rho;

	out->hourly = hourly(channel, when);
	out->usual = out->hourly * channel->base;
	out->rest = transform(channel, value) - channel->level - out->usual;
	out->z = real_clip(out->rest / channel->scale, FARTHEST);
	rho = out->rho = correlation(channel);
	if (channel->follows != 0)
		out->fresh =
		    out->z - rho * real_clip(channel->before, BEFORE_LIMIT);
	else
		out->fresh = out->z * sqrt(1 - rho * rho);
	out->fresh /= channel->noise;
	/* A season is known by and by; its hours are no tail of shifts. */
	if (channel->kind == CHANNEL_BURST)
		tail_follow(&channel->tail, channel->scale * channel->noise);
	out->score = out->fresh;
	if ((channel->without & CHANNEL_NO_CLIPPING) == 0)
		out->score = tail_score(&channel->tail, out->fresh,
		    channel->kind == CHANNEL_BURST ? BURST_LIMIT : SHIFT_LIMIT);
	gather(out, channel, longest);
}

void
channel_weigh(struct view *view, const struct channel *channel, double values)
{
	if (view->nats <= PEAKS_MARK)
		return; /* no limit is lower */
	view->limit = (channel->without & CHANNEL_NO_PEAKS) != 0
	    ? real_log(values)
	    : peaks_limit(&channel->peaks, values);
	view->sum = view->up ? focus_sum(&channel->up, view->n)
			     : -focus_sum(&channel->down, view->n);
}

/* Moves a scale so that it is the deviation of a normal whose large values
 * do not count; share: weight of the value. */
static double
adapt(double scale, double z, double share)
{
	double square = z * z < SCALE_LIMIT ? z * z : SCALE_LIMIT;

	return scale * (1 + SCALE_GAIN * (square - SCALE_MEAN) * share);
}

static void
learn_scale(struct channel *channel, const struct view *view, double share)
{
	double far = FAR * channel->reach, off = fabs(view->rest);
	double least = channel->unit > 0
	    ? LEAST_LOG
	    : LEAST_LINEAR * fabs(channel->level) + DBL_MIN;

	channel->noise = adapt(channel->noise, view->fresh, share);
	channel->scale = adapt(channel->scale, view->z, share);
	channel->reach += ((off < far ? off : far) - channel->reach) * share;
	if (channel->scale < least)
		channel->scale = least;
	if (channel->scale < LEAST_OF_REACH * channel->reach)
		channel->scale = LEAST_OF_REACH * channel->reach;
}

static void
learn_pair(struct channel *channel, const struct view *view)
{
	double share = share_of(channel->seen, PAIR_MEMORY);
	double now = real_clip(view->z, PAIR_LIMIT);
	double before = real_clip(channel->before, PAIR_LIMIT);

	if (channel->follows == 0)
		return;
	channel->product += (now * before - channel->product) * share;
	channel->square += (before * before - channel->square) * share;
}

void
channel_learn(struct channel *channel, const struct view *view,
    const struct hour *hour, double values)
{
	if (channel->seen < UINT32_MAX)
		channel->seen++;
	if (channel->level_seen < UINT32_MAX)
		channel->level_seen++;
	if (is_timed(channel, hour))
		profile_add(&channel->profile, view->hourly,
		    in_base(channel, view->rest),
		    in_base(channel, 4 * channel->scale));
	learn_pair(channel, view);
	peaks_add(&channel->peaks, view->nats, values);
	tail_add(&channel->tail, view->fresh);
	spread_add(&channel->spread, view->score);
	learn_scale(channel, view, share_of(channel->seen, MEMORY));
	channel->level += real_clip(view->z, LEVEL_LIMIT) * channel->scale *
	    share_of(channel->level_seen, MEMORY);
	channel->before = view->z;
	channel->follows = 1;
}

void
channel_alarm(struct channel *channel, const struct view *view, double values)
{
	peaks_end(&channel->peaks, values);
	tail_alarm(&channel->tail, view->fresh);
	channel_skip(channel, view);
}

void
channel_skip(struct channel *channel, const struct view *view)
{
	focus_init(&channel->up);
	focus_init(&channel->down);
	channel->before = view->z;
	channel->follows = 1;
}

void
channel_accept(struct channel *channel, double by, uint32_t n)
{
	channel->level += by;
	channel->level_seen = fabs(by) < channel->scale ? SMALL_SEEN : n;
	channel->follows = 0;
}

void
channel_keep(struct channel *channel)
{
	channel->other = channel->level;
	channel->other_seen = channel->level_seen;
}

void
channel_return(struct channel *channel)
{
	double level = channel->other;
	uint32_t seen = channel->other_seen;

	channel_keep(channel);
	channel->level = level;
	channel->level_seen = seen;
	channel->follows = 0;
}
