#include <stdlib.h>
#include <string.h>

#include "collector/ask/case_pace.h"
#include "collector/diagnose/node.h"

#define FEW SCENE_FEW

/* Late are this many of the newest few. */
#define LATE_LEAST 3

/* What nobody warns of takes so many times as long, and so much more. */
#define LATE_TIMES   3
#define LATE_MORE_US INT64_C(200000)

/* A packet that is lost is sent again after 1 s, then 2 s and 4 s more (RFC
 * 6298, and what Linux does): connects take about that long, not more. */
static const int64_t again_us[] = { 1000000, 3000000, 7000000 };
#define AGAIN_LATER_US INT64_C(150000)

int64_t
case_pace_connect_us(const struct series *series, const struct result *result)
{
	for (size_t i = 0; i < result->n_phases && i < series->n_phases; i++)
		if (strcmp(series->phases[i], "connect") == 0)
			return result->phase_us[i];
	/* Where nobody recorded phases, it is all that a look at a port does. */
	return result->n_phases == 0 && strcmp(series->kind, "tcp") == 0
	    ? result->duration_us
	    : 0;
}

static int
by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* The smallest but n / share; 0 for none.  Sorts the values. */
static int64_t
quantile(int64_t *values, size_t n, size_t share)
{
	if (n == 0)
		return 0;
	qsort(values, n, sizeof(*values), by_value);
	return values[n / share];
}

int64_t
case_pace_median(int64_t *values, size_t n)
{
	return quantile(values, n, 2);
}

static bool
came_to_end(const struct result *result)
{
	return result->outcome == OUTCOME_OK ||
	    result->outcome == OUTCOME_WARNING;
}

/* How long results took that came to their end, if late: the newest few, and
 * those before. */
static void
set_usual(struct scene_view *view, const struct case_pace *pace)
{
	int64_t whole[SCENE_RECENT], connects[SCENE_RECENT];
	int64_t old_whole[SCENE_RECENT + CASE_PACE_OLDER];
	int64_t old_connects[SCENE_RECENT + CASE_PACE_OLDER];
	size_t n = 0, n_old = 0;

	for (size_t i = 0; i < pace->n_results; i++) {
		const struct result *result = &pace->results[i];
		int64_t connect_us = case_pace_connect_us(pace->series, result);

		if (!came_to_end(result))
			continue;
		if (n < FEW) {
			whole[n] = result->duration_us;
			connects[n++] = connect_us;
		} else {
			old_whole[n_old] = result->duration_us;
			old_connects[n_old++] = connect_us;
		}
	}
	for (size_t i = 0; i < pace->n_older; i++) {
		old_whole[n_old] = pace->older_us[i];
		old_connects[n_old++] = pace->older_connect_us[i];
	}
	view->recent_us = case_pace_median(whole, n);
	view->recent_connect_us = case_pace_median(connects, n);
	/* The lower quartile: part of the older ones may be slow already. */
	view->usual_us = quantile(old_whole, n_old, 4);
	view->usual_connect_us = quantile(old_connects, n_old, 4);
}

/* --- late ------------------------------------------------------------------ */

static bool
is_late(const struct scene_view *view, const struct result *result)
{
	int64_t us = result->duration_us;

	if (result->outcome == OUTCOME_CRITICAL)
		return true;
	return came_to_end(result) && node_is_longer(us, view->usual_us) &&
	    (result->outcome == OUTCOME_WARNING ||
		(us > LATE_TIMES * view->usual_us &&
		    us > view->usual_us + LATE_MORE_US));
}

/* Most of the newest are late: since the first of those between which no few
 * in a row were quick. */
static void
set_late(struct scene_view *view, const struct case_pace *pace)
{
	size_t n_late = 0, n_quick = 0;
	int64_t from_ms = 0, quick_ms = 0, good_ms = 0;

	for (size_t i = 0; i < pace->n_results && i < FEW; i++)
		n_late += is_late(view, &pace->results[i]);
	if (n_late < LATE_LEAST || view->usual_us == 0)
		return;
	for (size_t i = 0; i < pace->n_results && n_quick < FEW; i++) {
		const struct result *result = &pace->results[i];

		if (is_late(view, result)) {
			from_ms = result->at_ms;
			n_quick = 0;
			continue;
		}
		if (n_quick++ == 0)
			quick_ms = result->at_ms;
		good_ms = quick_ms;
	}
	view->late_from_ms = from_ms;
	view->late_good_ms = good_ms < from_ms ? good_ms : 0;
}

/* --- lost packets ------------------------------------------------------------- */

static bool
is_again(int64_t connect_us)
{
	for (size_t i = 0; i < sizeof(again_us) / sizeof(again_us[0]); i++)
		if (connect_us >= again_us[i] &&
		    connect_us < again_us[i] + AGAIN_LATER_US)
			return true;
	return false;
}

static void
count_again(struct scene_view *view, const struct case_pace *pace)
{
	if (view->usual_connect_us == 0 ||
	    view->usual_connect_us >= again_us[0] / 2)
		return; /* far away, or unknown */
	for (size_t i = 0; i < pace->n_results; i++)
		view->n_again += came_to_end(&pace->results[i]) &&
		    is_again(
			case_pace_connect_us(pace->series, &pace->results[i]));
}

void
case_pace_set(struct scene_view *view, const struct case_pace *pace)
{
	set_usual(view, pace);
	set_late(view, pace);
	count_again(view, pace);
}
