#include "collector/detect/detector.h"

#include <math.h>
#include <string.h>

#include "collector/detect/real.h"

#define HOURLY_MS    7200000 /* rarer values have no profile by hours */
#define WARM_UP      100     /* values before a channel is believed */
#define SPLIT_NATS   27.0    /* a split needs at least, and beyond what the */
#define SCANNED      1000    /* values; then the channels know the series */
#define SPLIT_MARGIN 8.0     /* budget asks for */
#define SHIFT_MARGIN 2.0     /* nats that a shift must show beyond a burst */
#define LASTING      15      /* altered values that are the new normal */
#define SETTLED      3       /* altered values before it may be over */
#define BACK         2.5     /* deviations within which it is over */
#define RECENT_GAIN  0.3
#define RECENT_LIMIT 4.0

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
	double *first = detector->first;

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

/* A value while altered: over, or the new normal, or still to be seen. */
static void
follow(struct detector *detector, const struct view *burst,
    const struct view *shift)
{
	detector->burst_sum += burst->rest;
	detector->shift_sum += shift->rest;
	detector->recent += RECENT_GAIN *
	    (real_clip(burst->z, RECENT_LIMIT) - detector->recent);
	channel_skip(&detector->burst, burst);
	channel_skip(&detector->shift, shift);
	if (detector->altered >= LASTING) {
		channel_accept(&detector->burst,
		    detector->burst_sum / detector->altered, detector->altered);
		channel_accept(&detector->shift,
		    detector->shift_sum / detector->altered, detector->altered);
		detector->altered = 0;
	} else if (detector->altered > SETTLED &&
	    fabs(detector->recent) < BACK) {
		detector->altered = 0;
	} else {
		detector->altered++;
	}
}

static void
describe(struct flag *out, const struct detector *detector,
    const struct channel *channel, const struct view *view, double value)
{
	double usual = channel_value(channel, 0);

	out->change = view->up ? CHANGE_UP : CHANGE_DOWN;
	out->alarm = detector->added - 1;
	out->onset = out->alarm + 1 - view->n;
	out->before = usual;
	out->after = value;
	out->nats = view->nats - view->limit;
}

/* What the two channels make of a value. */
static bool
look(struct flag *out, struct detector *detector, bool timed, double value)
{
	double values = pace_values(&detector->pace, detector->per_year),
	       cap = real_log(values);
	struct channel *channels[] = { &detector->burst, &detector->shift };
	struct view views[2];
	double beyond[2];
	int best;

	for (int i = 0; i < 2; i++)
		channel_look(&views[i], channels[i], timed,
		    detector->pace.at_ms, value, 2 * values);
	if (detector->altered > 0) {
		follow(detector, &views[0], &views[1]);
		return false;
	}
	beyond[0] = views[0].nats - views[0].limit;
	beyond[1] = views[1].nats - views[1].limit - SHIFT_MARGIN;
	best = beyond[1] > beyond[0];
	if (beyond[best] <= 0) {
		for (int i = 0; i < 2; i++)
			channel_learn(channels[i], &views[i], timed,
			    detector->pace.at_ms, cap);
		return false;
	}
	for (int i = 0; i < 2; i++)
		channel_alarm(channels[i], &views[i], cap);
	detector->altered = views[best].n < LASTING;
	detector->burst_sum = detector->shift_sum = 0;
	detector->recent = real_clip(views[0].z, RECENT_LIMIT);
	if (detector->seen <= WARM_UP)
		return false;
	describe(out, detector, channels[best], &views[best], value);
	out->nats = beyond[best];
	return true;
}

/* What the scan makes of it. */
static bool
scan(struct flag *out, struct detector *detector, double value)
{
	double limit =
	    real_log(pace_values(&detector->pace, detector->per_year)) +
	    SPLIT_MARGIN;
	struct step step;

	if (limit < SPLIT_NATS)
		limit = SPLIT_NATS;
	if (detector->seen > SCANNED ||
	    !segment_add(&step, &detector->segment, value, limit))
		return false;
	out->change = step.after > step.before ? CHANGE_UP : CHANGE_DOWN;
	out->alarm = detector->added - 1;
	out->onset = detector->added - step.n;
	out->before = step.before;
	out->after = step.after;
	out->nats = step.nats - limit;
	/* Already told by a channel? */
	return out->onset > detector->reported || detector->reported == 0;
}

bool
detector_add(
    struct flag *out, struct detector *detector, int64_t at_ms, double value)
{
	struct flag split;
	bool found = false, timed;

	detector->added++;
	if (!isfinite(value))
		return false;
	detector->seen++;
	pace_add(&detector->pace, at_ms);
	timed = at_ms != PACE_NO_TIME && detector->pace.step_ms <= HOURLY_MS;
	if (detector->seen <= DETECTOR_FIRST) {
		detector->first[detector->seen - 1] = value;
		if (detector->seen == DETECTOR_FIRST)
			start(detector);
	} else {
		found = look(out, detector, timed, value);
	}
	if (scan(&split, detector, value) && !found) {
		*out = split;
		found = true;
	}
	if (found)
		detector->reported = detector->added;
	return found;
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
