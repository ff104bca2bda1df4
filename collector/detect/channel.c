#include "collector/detect/channel.h"

#include <float.h>
#include <math.h>

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
#define LEAST_SHIFT    0.25 /* deviations */

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

static double
independent(const void *arg, double n)
{
	(void)arg;
	(void)n;
	return 1;
}

static void
gather(
    struct view *out, struct channel *channel, double values, uint32_t longest)
{
	uint32_t n_up, n_down;
	focus_variance_fn *variance =
	    (channel->without & CHANNEL_NO_SPREAD) != 0 ? independent
							: spread_of;
	double up, down;

	focus_add(&channel->up, out->score, longest);
	focus_add(&channel->down, -out->score, longest);
	up = focus_evidence(
	    &n_up, &channel->up, LEAST_SHIFT, variance, &channel->spread);
	down = focus_evidence(
	    &n_down, &channel->down, LEAST_SHIFT, variance, &channel->spread);
	out->up = up > down;
	out->nats = out->up ? up : down;
	out->n = out->up ? n_up : n_down;
	out->sum = out->up ? focus_sum(&channel->up, out->n)
			   : -focus_sum(&channel->down, out->n);
	out->limit = (channel->without & CHANNEL_NO_PEAKS) != 0
	    ? real_log(values)
	    : peaks_limit(&channel->peaks, values);
}

void
channel_look(struct view *out, struct channel *channel, bool timed,
    int64_t at_ms, double value, double values, uint32_t longest)
{
	double rho, gain, limit;

	timed = timed && (channel->without & CHANNEL_NO_PROFILE) == 0;
	if (timed &&
	    profile_turn(&gain, &channel->profile, at_ms,
		in_base(channel, channel->level)))
		on_turn(channel, gain);
	out->usual =
	    timed ? profile_at(&channel->profile, at_ms) * channel->base : 0;
	out->rest = transform(channel, value) - channel->level - out->usual;
	out->z = real_clip(out->rest / channel->scale, FARTHEST);
	rho = out->rho = correlation(channel);
	if (channel->follows != 0)
		out->fresh =
		    out->z - rho * real_clip(channel->before, BEFORE_LIMIT);
	else
		out->fresh = out->z * sqrt(1 - rho * rho);
	out->fresh /= channel->noise;
	limit = channel->kind == CHANNEL_BURST ? BURST_LIMIT : SHIFT_LIMIT;
	out->score = (channel->without & CHANNEL_NO_CLIPPING) != 0
	    ? out->fresh
	    : tail_score(&channel->tail, out->fresh, limit);
	gather(out, channel, values, longest);
}

/* Moves a scale so that it is the deviation of a normal whose large values
 * do not count. */
static double
adapt(double scale, double z, double n)
{
	double square = z * z < SCALE_LIMIT ? z * z : SCALE_LIMIT;

	return scale * (1 + SCALE_GAIN * (square - SCALE_MEAN) / n);
}

static void
learn_scale(struct channel *channel, const struct view *view)
{
	double n = channel->seen < MEMORY ? channel->seen : MEMORY;
	double least = channel->unit > 0
	    ? LEAST_LOG
	    : LEAST_LINEAR * fabs(channel->level) + DBL_MIN;

	channel->noise = adapt(channel->noise, view->fresh, n);
	channel->scale = adapt(channel->scale, view->z, n);
	channel->reach +=
	    (fmin(fabs(view->rest), FAR * channel->reach) - channel->reach) / n;
	if (channel->scale < least)
		channel->scale = least;
	if (channel->scale < LEAST_OF_REACH * channel->reach)
		channel->scale = LEAST_OF_REACH * channel->reach;
}

void
channel_learn(struct channel *channel, const struct view *view, bool timed,
    int64_t at_ms, double cap)
{
	double n, now = real_clip(view->z, PAIR_LIMIT);
	double before = real_clip(channel->before, PAIR_LIMIT);

	if (channel->seen < UINT32_MAX)
		channel->seen++;
	if (channel->level_seen < UINT32_MAX)
		channel->level_seen++;
	if (timed && (channel->without & CHANNEL_NO_PROFILE) == 0)
		profile_add(&channel->profile, at_ms,
		    in_base(channel, view->rest + view->usual),
		    in_base(channel, 4 * channel->scale));
	if (channel->follows != 0) {
		n = channel->seen < PAIR_MEMORY ? channel->seen : PAIR_MEMORY;
		channel->product += (now * before - channel->product) / n;
		channel->square += (before * before - channel->square) / n;
	}
	peaks_add(&channel->peaks, view->nats, cap);
	tail_add(&channel->tail, view->fresh);
	spread_add(&channel->spread, view->score);
	learn_scale(channel, view);
	n = channel->level_seen < MEMORY ? channel->level_seen : MEMORY;
	channel->level += real_clip(view->z, LEVEL_LIMIT) * channel->scale / n;
	channel->before = view->z;
	channel->follows = 1;
}

void
channel_alarm(struct channel *channel, const struct view *view, double cap)
{
	peaks_end(&channel->peaks, cap);
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
