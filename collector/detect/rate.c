#include "collector/detect/rate.h"

#include "collector/detect/real.h"

#define PRIOR_FAILED 0.5 /* of PRIOR_SEEN results, before any */
#define PRIOR_SEEN   100
#define MEMORY       20000 /* results; then all is halved */
#define LIKELIEST    0.95  /* share that is certain failure, near enough */
#define RISEN        1.9   /* times the usual share at least */
#define OVER         5.0   /* nats against the outage that end it */
#define LASTING      500   /* results that are the new normal */
#define SHARED       3.5   /* sums that share the budget, and some reserve */

/* Shares of failures that the sums are made for. */
static const double sizes[RATE_SIZES] = { 0.05, 0.2, 0.8 };

void
rate_init(struct rate *rate, double per_year)
{
	*rate = (struct rate){ .per_year = per_year };
	pace_init(&rate->pace);
}

/* The usual share of failures. */
static double
usual(const struct rate *rate)
{
	return (rate->failed + PRIOR_FAILED) / (rate->seen + PRIOR_SEEN);
}

static void
learn(struct rate *rate, bool failed)
{
	rate->seen++;
	rate->failed += failed;
	if (rate->seen <= MEMORY)
		return;
	rate->seen /= 2;
	rate->failed /= 2;
}

/* The share that a sum looks for, given the usual one. */
static double
looked_for(double before, double size)
{
	double share = before + (1 - before) * size;

	if (share < 2 * before)
		share = 2 * before;
	return share < LIKELIEST ? share : LIKELIEST;
}

/* Adds to one sum and returns true if it proves the rise. */
static bool
sum_add(struct rate *rate, int i, double before, bool failed)
{
	double after, values, bad, good, information, mean, limit;

	if (rate->nats[i] <= 0)
		rate->onset[i] = rate->added - 1;
	if (!failed && rate->nats[i] <= 0)
		return false; /* nothing has begun */
	after = looked_for(before, sizes[i]);
	if (after < RISEN * before)
		return false; /* usual is too near to certain failure */
	good = real_log((1 - after) / (1 - before));
	if (!failed) {
		rate->nats[i] += good;
		if (rate->nats[i] < 0)
			rate->nats[i] = 0;
		return false;
	}
	bad = real_log(after / before);
	rate->nats[i] += bad;
	information = after * bad + (1 - after) * good;
	/* Overshoot is about uniform over one failure; e^-bad as a ratio. */
	mean = (1 - before / after) / bad;
	values = pace_values(&rate->pace, rate->per_year);
	limit = real_log(SHARED * values * information * mean * mean);
	return rate->nats[i] > limit;
}

/* A result during an outage: over, or the new normal, or still going on. */
static void
follow(struct rate *rate, bool failed)
{
	rate->altered++;
	rate->altered_failed += failed;
	rate->back -= failed ? rate->bad : rate->good;
	if (rate->back < 0)
		rate->back = 0;
	if (rate->altered > LASTING) {
		rate->seen = rate->altered;
		rate->failed = rate->altered_failed;
		rate->altered = 0;
	} else if (rate->back > OVER) {
		rate->altered = 0;
	}
}

/* The outage that sum i has proved begins. */
static void
begin(
    struct rate_flag *out, struct rate *rate, int i, double before, bool failed)
{
	double after = looked_for(before, sizes[i]);
	double since = (double)(rate->added - rate->onset[i]);
	double bad = real_log(after / before);
	double good = real_log((1 - after) / (1 - before)),
	       normal = usual(rate);

	rate->bad = real_log(after / normal);
	rate->good = real_log((1 - after) / (1 - normal));
	out->onset = rate->onset[i];
	out->alarm = rate->added - 1;
	out->before = before;
	/* The failures since follow from the sum they made. */
	out->after = (rate->nats[i] / since - good) / (bad - good);
	for (int k = 0; k < RATE_SIZES; k++)
		rate->nats[k] = 0;
	rate->altered = 1;
	rate->altered_failed = failed;
	rate->size = (uint32_t)i;
	rate->back = 0;
}

bool
rate_add(struct rate_flag *out, struct rate *rate, int64_t at_ms, bool failed)
{
	double before = usual(rate);
	int first = 0, proved = -1;

	rate->added++;
	pace_add(&rate->pace, at_ms);
	if (rate->altered > 0)
		follow(rate, failed);
	if (rate->altered > 0) {
		/* An outage may still grow into a larger one. */
		before = looked_for(before, sizes[rate->size]);
		first = (int)rate->size + 1;
	}
	for (int i = first; i < RATE_SIZES; i++)
		if (sum_add(rate, i, before, failed))
			proved = i;
	if (proved >= 0) {
		begin(out, rate, proved, before, failed);
		return true;
	}
	if (rate->altered == 0)
		learn(rate, failed);
	return false;
}

void
rate_skip(struct rate *rate)
{
	rate->added++;
}
