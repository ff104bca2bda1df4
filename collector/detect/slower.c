#include "collector/detect/slower.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "collector/detect/real.h"

#define LASTING     8    /* values of a flag that need no further proof */
#define PATIENCE    3    /* times rule->confirm: then it was nothing */
#define LEAST_NOISE 0.02 /* of a logarithm */
#define RHO_MOST    0.9
#define ONE_MOST    3.0 /* nats that one value may add */
/* For the old level, that end it: by chance once in a hundred thousand values,
 * and a week ends it in any case. */
#define BACK_NATS 12.0
#define KNOWN     64   /* values of the new level that give it exactly */
#define FAR       3.0  /* deviations: what lies further counts so much */
#define OF_MEDIAN 1.25 /* deviation of a median over that of a mean */
#define WEEK_MS   INT64_C(604800000)
#define KNOWN_MS  INT64_C(259200000) /* three days */
#define HOURS_MS  INT64_C(10800000)

void
slower_init(struct slower *slower)
{
	memset(slower, 0, sizeof(*slower));
	detector_init(&slower->detector, 1, 0);
}

/* --- levels ------------------------------------------------------------- */

static void
remember(struct slower *slower, double value)
{
	slower->recent[slower->n_recent % SLOWER_RECENT] = value;
	slower->n_recent++;
	/* Counts round without ever being small again. */
	if (slower->n_recent == UINT32_MAX / 2 / SLOWER_RECENT * SLOWER_RECENT)
		slower->n_recent = SLOWER_RECENT;
}

/* The median of the last n values, at most SLOWER_RECENT of them. */
static double
recent_level(const struct slower *slower, uint64_t n)
{
	double sorted[SLOWER_RECENT];
	uint32_t known =
	    slower->n_recent < SLOWER_RECENT ? slower->n_recent : SLOWER_RECENT;
	uint32_t count = n < known ? (uint32_t)n : known;

	if (count == 0)
		return 0;
	for (uint32_t i = 0; i < count; i++) {
		double x =
		    slower->recent[(slower->n_recent - 1 - i) % SLOWER_RECENT];
		uint32_t j = i;

		for (; j > 0 && sorted[j - 1] > x; j--)
			sorted[j] = sorted[j - 1];
		sorted[j] = x;
	}
	return (sorted[(count - 1) / 2] + sorted[count / 2]) / 2;
}

/* The usual deviation of this hour, of the logarithm. */
static double
season(const struct slower *slower, int64_t at_ms)
{
	return detector_season(&slower->detector, at_ms);
}

static double
logarithm(double value)
{
	return real_log(value > DBL_MIN ? value : DBL_MIN);
}

/* What is normal: before an earlier change, if that still counts. */
static double
normal_of(const struct slower *slower, double before, int64_t at_ms)
{
	return slower->normal > 0 && at_ms <= slower->normal_until_ms
	    ? slower->normal
	    : before;
}

static void
keep_normal(struct slower *slower, double before, int64_t at_ms, int64_t for_ms)
{
	if (slower->normal > 0 && at_ms <= slower->normal_until_ms)
		return;
	slower->normal = before;
	slower->normal_from_ms = at_ms;
	slower->normal_until_ms = at_ms + for_ms;
}

/* By how much a value, of its hour, lies beyond the middle of the old and the
 * new level; > 0: it is as the new one. */
static double
beyond(const struct slower *slower, int64_t at_ms, double value)
{
	double middle = (slower->old_level + slower->new_level) / 2;
	double above = logarithm(value) - season(slower, at_ms) - middle;

	return slower->new_level < slower->old_level ? -above : above;
}

/* The new level, as more of its values are known. */
static void
learn_level(struct slower *slower, int64_t at_ms, double value)
{
	double x = logarithm(value) - season(slower, at_ms);

	if (slower->n_new >= KNOWN)
		return;
	slower->n_new++;
	slower->new_level +=
	    real_clip(x - slower->new_level, FAR * slower->noise) /
	    slower->n_new;
	slower->news.after = real_exp(slower->new_level + slower->usual);
}

/* --- it may be ---------------------------------------------------------- */

/* How the old and the new level are told apart from here on. */
static void
set_levels(struct slower *slower, int64_t at_ms)
{
	const struct channel *shift = &slower->detector.shift;
	double rho = 0;

	slower->usual = season(slower, at_ms);
	slower->old_level = logarithm(slower->news.before) - slower->usual;
	slower->new_level = logarithm(slower->news.after) - slower->usual;
	slower->noise = shift->unit > 0 ? shift->scale : LEAST_NOISE;
	if (!(slower->noise > LEAST_NOISE))
		slower->noise = LEAST_NOISE;
	if (shift->square > 0)
		rho = shift->product / shift->square;
	rho = rho < 0 ? 0 : rho > RHO_MOST ? RHO_MOST : rho;
	slower->weight = (1 - rho) / (1 + rho);
}

/* What the detector takes for normal, to come back to. */
static void
save_level(struct slower *slower)
{
	const struct detector *detector = &slower->detector;

	slower->burst_level = detector->burst.level;
	slower->shift_level = detector->shift.level;
	slower->burst_seen = detector->burst.level_seen;
	slower->shift_seen = detector->shift.level_seen;
}

/* Counts those values of the flag, from the last one back, that are as the new
 * level. */
static void
count_recent(struct slower *slower, int64_t at_ms)
{
	uint32_t known =
	    slower->n_recent < SLOWER_RECENT ? slower->n_recent : SLOWER_RECENT;

	for (uint32_t i = 0; i < known && i < slower->news.n; i++) {
		uint32_t at = (slower->n_recent - 1 - i) % SLOWER_RECENT;

		if (!(beyond(slower, at_ms, slower->recent[at]) > 0))
			return;
		slower->beyond++;
	}
}

static void
suspect(struct slower *slower, const struct flag *flag,
    const struct times *times, int64_t at_ms)
{
	uint64_t n = flag->alarm - flag->onset + 1;

	slower->state = SLOWER_MAYBE;
	slower->falls = flag->change == CHANGE_DOWN;
	slower->onset = flag->onset;
	slower->beyond = slower->within = 0;
	slower->news = (struct course_news){
		.before = normal_of(slower, flag->before, at_ms),
		.after = recent_level(slower, n),
		.n = n < UINT32_MAX ? (uint32_t)n : UINT32_MAX,
		.nats = flag->nats,
	};
	slower->n_new =
	    slower->news.n < SLOWER_RECENT ? slower->news.n : SLOWER_RECENT;
	times_span(
	    &slower->news.from_ms, &slower->news.to_ms, times, flag->onset);
	/* What crept up began when the first of it did. */
	if (slower->news.before < flag->before)
		slower->news.from_ms = slower->normal_from_ms;
	/* What took hours may be how every day goes, until some are known. */
	if (at_ms - slower->begun_ms < KNOWN_MS &&
	    at_ms - slower->news.to_ms > HOURS_MS)
		slower->state = SLOWER_NOT;
	set_levels(slower, at_ms);
	save_level(slower);
	count_recent(slower, at_ms);
}

/* --- is it worth telling? ----------------------------------------------- */

/* > 0: the change is large enough, surely; < 0: surely not; 0: more values
 * will tell. */
static int
size_of(const struct slower *slower)
{
	double change = slower->new_level - slower->old_level;
	double least = real_log(SLOWER_FACTOR);
	double sure = OF_MEDIAN * slower->noise / sqrt(slower->n_new);
	double us = fabs(slower->news.after - slower->news.before);

	if (slower->falls)
		change = -change;
	if (slower->n_new >= KNOWN)
		sure = 0;
	if (change - sure >= least && us >= SLOWER_LEAST)
		return 1;
	return change + sure < least || slower->n_new >= KNOWN ? -1 : 0;
}

static enum course
tell(struct course_news *out, struct slower *slower, const struct times *times,
    int64_t at_ms)
{
	uint64_t n = times->n - slower->onset;

	slower->news.n = n < UINT32_MAX ? (uint32_t)n : UINT32_MAX;
	slower->since_ms = at_ms;
	slower->back = 0;
	slower->n_back = 0;
	*out = slower->news;
	if (!slower->falls) {
		slower->state = SLOWER_IS;
		return COURSE_WORSE;
	}
	slower->state = SLOWER_NOT;
	keep_normal(slower, slower->news.before, at_ms, SLOWER_BETTER_MS);
	/* As that every night is quiet. */
	return at_ms - slower->begun_ms >= WEEK_MS ? COURSE_BETTER
						   : COURSE_STEADY;
}

static enum course
weigh(struct course_news *out, struct slower *slower,
    const struct course_rule *rule, const struct times *times, int64_t at_ms)
{
	uint32_t n = slower->beyond + slower->within;
	int size;

	if (slower->news.n < LASTING && slower->beyond < rule->confirm) {
		if (slower->within >= rule->confirm ||
		    n >= PATIENCE * rule->confirm)
			slower->state = SLOWER_NOT;
		return COURSE_STEADY;
	}
	/* Sure enough of a rise; but short falls are of no interest. */
	if (slower->falls && n < LASTING)
		return COURSE_STEADY;
	size = size_of(slower);
	if (size > 0)
		return tell(out, slower, times, at_ms);
	if (size < 0) {
		slower->state = SLOWER_NOT;
		if (slower->new_level > slower->old_level)
			keep_normal(slower, slower->news.before,
			    slower->news.to_ms, SLOWER_CREEP_MS);
	}
	return COURSE_STEADY;
}

/* --- a rise under way --------------------------------------------------- */

static void
restore(struct channel *channel, double level, uint32_t seen)
{
	channel_accept(channel, level - channel->level, seen);
	focus_init(&channel->up);
	focus_init(&channel->down);
}

static enum course
end(struct course_news *out, struct slower *slower, enum course how)
{
	*out = slower->news;
	slower->state = SLOWER_NOT;
	if (how == COURSE_SETTLED) {
		out->after = recent_level(slower, SLOWER_RECENT);
		slower->normal = 0;
		return how;
	}
	out->after = recent_level(slower, slower->n_back);
	out->n = slower->n_back;
	/* The detector has become used to what is over. */
	restore(
	    &slower->detector.burst, slower->burst_level, slower->burst_seen);
	restore(
	    &slower->detector.shift, slower->shift_level, slower->shift_seen);
	slower->detector.altered = 0;
	return how;
}

/* Another flag on top: has it grown by as much again? */
static enum course
grow(struct course_news *out, struct slower *slower, int64_t at_ms)
{
	double level = recent_level(slower, SLOWER_RECENT);
	double after = level * real_exp(slower->usual - season(slower, at_ms));

	if (after < slower->news.after * SLOWER_FACTOR ||
	    after - slower->news.after < SLOWER_LEAST)
		return COURSE_STEADY;
	slower->news.after = after;
	slower->new_level = logarithm(after) - slower->usual;
	slower->n_new = SLOWER_RECENT;
	*out = slower->news;
	return COURSE_MORE;
}

static enum course
follow(struct course_news *out, struct slower *slower,
    const struct course_rule *rule, bool rises, int64_t at_ms, double value)
{
	double noise = slower->noise;
	double change = slower->new_level - slower->old_level, one;

	one = -beyond(slower, at_ms, value) * change / (noise * noise);
	slower->back += real_clip(one * slower->weight, ONE_MOST);
	slower->n_back++;
	if (!(slower->back > 0)) {
		slower->back = 0;
		slower->n_back = 0;
	}
	/* Those below the middle too, or it would seem higher than it is. */
	if (slower->back < BACK_NATS / 2)
		learn_level(slower, at_ms, value);
	if (slower->back > BACK_NATS && slower->n_back >= rule->clear)
		return end(out, slower, COURSE_BACK);
	if (at_ms - slower->since_ms >= COURSE_NORMAL_MS)
		return end(out, slower, COURSE_SETTLED);
	return rises ? grow(out, slower, at_ms) : COURSE_STEADY;
}

enum course
slower_add(struct course_news *out, struct slower *slower,
    const struct course_rule *rule, const struct times *times, int64_t at_ms,
    double value)
{
	struct flag flag;
	bool found;

	slower->detector.per_year = rule->per_year;
	found = detector_add(&flag, &slower->detector, at_ms, value);
	if (!isfinite(value))
		return COURSE_STEADY;
	if (slower->n_recent == 0)
		slower->begun_ms = at_ms;
	remember(slower, value);
	if (slower->state == SLOWER_IS)
		return follow(out, slower, rule,
		    found && flag.change == CHANGE_UP, at_ms, value);
	if (slower->state == SLOWER_MAYBE) {
		if (beyond(slower, at_ms, value) > 0)
			slower->beyond++;
		else
			slower->within++;
		learn_level(slower, at_ms, value);
		return weigh(out, slower, rule, times, at_ms);
	}
	if (!found)
		return COURSE_STEADY;
	suspect(slower, &flag, times, at_ms);
	if (slower->state == SLOWER_NOT)
		return COURSE_STEADY;
	return weigh(out, slower, rule, times, at_ms);
}

bool
slower_goes_on(const struct slower *slower)
{
	return slower->state == SLOWER_IS && !(slower->back > 0);
}

void
slower_drop(struct slower *slower)
{
	slower->state = SLOWER_NOT;
}
