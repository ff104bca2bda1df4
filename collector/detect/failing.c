#include "collector/detect/failing.h"

#include <string.h>

#include "collector/detect/real.h"

#define BACK_NATS   12.0  /* for the old share that end it */
#define KNOWN       64    /* results that give the new share well enough */
#define LEARNED     500   /* ... and all that there is to learn */
#define LEAST_SHARE 0.005 /* as one that is told apart from another */
#define MOST_SHARE  0.95
#define DOUBT       4.0 /* results of a milder share that are taken along */
#define DOUBT_SHARE 0.25
#define LEAST_TIMES 2.0

void
failing_init(struct failing *failing)
{
	memset(failing, 0, sizeof(*failing));
	rate_init(&failing->rate, 1);
}

static double
share_of(double failed, double seen)
{
	return seen > 0 ? failed / seen : 0;
}

/* --- a rise begins ------------------------------------------------------ */

static enum course
tell_rise(struct course_news *out, struct failing *failing, int64_t at_ms)
{
	const struct course_news *news = &failing->news;

	failing->state = FAILING_NOT;
	if (news->after - news->before < FAILING_LEAST ||
	    failing->onset < FAILING_KNOWN)
		return COURSE_STEADY;
	failing->state = FAILING_IS;
	failing->since_ms = at_ms;
	failing->back = 0;
	failing->n_back = failing->n_back_failed = 0;
	/* It was told when it looked worst. */
	failing->n_new = news->n + DOUBT;
	failing->n_new_failed = news->n * news->after + DOUBT * DOUBT_SHARE;
	*out = *news;
	return COURSE_WORSE;
}

static void
suspect(struct failing *failing, const struct rate_flag *flag,
    const struct times *times)
{
	uint64_t n = flag->alarm - flag->onset + 1;

	failing->state = FAILING_MAYBE;
	failing->onset = flag->onset;
	failing->usual_failed = failing->rate.failed;
	failing->usual_seen = failing->rate.seen;
	failing->news = (struct course_news){
		.before = share_of(failing->rate.failed, failing->rate.seen),
		.after = flag->after < 1 ? flag->after : 1,
		.n = n < UINT32_MAX ? (uint32_t)n : UINT32_MAX,
	};
	times_span(
	    &failing->news.from_ms, &failing->news.to_ms, times, flag->onset);
}

/* --- a rise under way --------------------------------------------------- */

static double
bounded(double share)
{
	return share < LEAST_SHARE ? LEAST_SHARE
	    : share > MOST_SHARE   ? MOST_SHARE
				   : share;
}

static enum course
end(struct course_news *out, struct failing *failing, enum course how)
{
	struct rate *rate = &failing->rate;

	*out = failing->news;
	out->n = failing->n_back;
	if (how == COURSE_BACK) {
		out->after = share_of(failing->n_back_failed, failing->n_back);
		/* The detector has become used to what is over. */
		rate->failed = failing->usual_failed;
		rate->seen = failing->usual_seen;
		rate->altered = 0;
		for (int i = 0; i < RATE_SIZES; i++)
			rate->nats[i] = 0;
	}
	failing->state = FAILING_NOT;
	return how;
}

/* The new share, as more is known of it; true once that is enough. */
static bool
learn_share(struct failing *failing, bool failed)
{
	if (failing->n_new >= LEARNED)
		return false;
	failing->n_new++;
	failing->n_new_failed += failed;
	failing->news.after = share_of(failing->n_new_failed, failing->n_new);
	return failing->n_new >= KNOWN && failing->n_new < KNOWN + 1;
}

/* Nats by which a result speaks for the old share. */
static double
for_old(const struct failing *failing, bool failed)
{
	double before = bounded(failing->news.before);
	double after = bounded(failing->news.after);

	if (after < LEAST_TIMES * before)
		after = LEAST_TIMES * before;
	after = after < MOST_SHARE ? after : MOST_SHARE;
	return failed ? real_log(before / after)
		      : real_log((1 - before) / (1 - after));
}

static enum course
follow(struct course_news *out, struct failing *failing,
    const struct course_rule *rule, int64_t at_ms, bool failed)
{
	bool known = false;

	failing->back += for_old(failing, failed);
	failing->n_back++;
	failing->n_back_failed += failed;
	if (!(failing->back > 0)) {
		failing->back = 0;
		failing->n_back = failing->n_back_failed = 0;
	}
	if (failing->back < BACK_NATS / 2)
		known = learn_share(failing, failed);
	if (failing->back > BACK_NATS && failing->n_back >= rule->clear)
		return end(out, failing, COURSE_BACK);
	if (at_ms - failing->since_ms >= COURSE_NORMAL_MS)
		return end(out, failing, COURSE_SETTLED);
	*out = failing->news;
	return known ? COURSE_MORE : COURSE_STEADY;
}

enum course
failing_add(struct course_news *out, struct failing *failing,
    const struct course_rule *rule, const struct times *times, int64_t at_ms,
    bool failed, bool is_down)
{
	struct rate_flag flag;

	failing->rate.per_year = rule->per_year;
	failing->run = failed ? failing->run + 1 : 0;
	if (is_down) {
		rate_skip(&failing->rate);
		if (failing->state == FAILING_MAYBE)
			failing->state = FAILING_NOT;
		return COURSE_STEADY;
	}
	if (rate_add(&flag, &failing->rate, at_ms, failed) &&
	    failing->state == FAILING_NOT)
		suspect(failing, &flag, times);
	else if (failing->state == FAILING_IS)
		return follow(out, failing, rule, at_ms, failed);
	/* Held back while it may be that all of them fail. */
	if (failing->state == FAILING_MAYBE &&
	    (!failed || failing->run < times->n - failing->onset))
		return tell_rise(out, failing, at_ms);
	return COURSE_STEADY;
}

void
failing_skip(struct failing *failing)
{
	rate_skip(&failing->rate);
}

void
failing_drop(struct failing *failing)
{
	failing->state = FAILING_NOT;
}
