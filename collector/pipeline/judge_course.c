/* Latency and error rate of judge.h. */
#include <assert.h>
#include <math.h>
#include <stdio.h>

#include "collector/detect/real.h"
#include "collector/pipeline/judge.h"
#include "proto/base/text.h"

#define TEXT_BYTES  256
#define PHASE_GAIN  0.05 /* how fast what is usual for a phase follows */
#define PHASE_LEAST 2.0  /* times longer it is named as the one */
/* Two detectors share what a series may cost in false alarms. */
#define SHARE 2
/* Something gets worse once a month: the odds that a flag at the limit of
 * evidence, which is false so often per year, is true. */
#define TRUE_PER_YEAR 12.0

/* What is going on, for the functions below. */
struct seen {
	const struct judge *judge;
	struct fleet_series *series;
	const struct arrival *arrival;
	double per_year;
	bool late;
	bool is_critical;
};

/* --- words -------------------------------------------------------------- */

static int
confidence_of(double per_year, double nats)
{
	double odds =
	    TRUE_PER_YEAR / per_year * real_exp(nats < 20 ? nats : 20);
	int percent = (int)(100 * odds / (1 + odds));

	return percent > 99 ? 99 : percent;
}

/* "12 ms". */
static char *
level_text(char out[TEXT_SPAN_BYTES], double us)
{
	return text_span(out, (int64_t)(us + 0.5));
}

/* ", mostly connect (2 ms -> 20 ms)", of the newest result. */
static void
name_phase(char *out, size_t size, const struct fleet_series *series)
{
	const struct result *last = &series->last;
	const double *usual = series->course->phase_us;
	char before[TEXT_SPAN_BYTES], after[TEXT_SPAN_BYTES];
	double most = 0;
	size_t found = 0;

	out[0] = '\0';
	for (size_t i = 0; i < last->n_phases; i++) {
		double more = (double)last->phase_us[i] - usual[i];

		if (usual[i] > 0 && more > most &&
		    (double)last->phase_us[i] > PHASE_LEAST * usual[i]) {
			most = more;
			found = i;
		}
	}
	if (most > 0 && series->series.n_phases > 1)
		snprintf(out, size, ", mostly %s (%s -> %s)",
		    series->series.phases[found],
		    level_text(before, usual[found]),
		    text_span(after, last->phase_us[found]));
}

struct words {
	char before[TEXT_BYTES], after[TEXT_BYTES], message[TEXT_BYTES];
};

static void
say_latency(struct words *out, const struct seen *of,
    const struct course_news *news, bool is_better)
{
	char before[TEXT_SPAN_BYTES], after[TEXT_SPAN_BYTES], phase[128];

	name_phase(phase, sizeof(phase), of->series);
	snprintf(
	    out->before, TEXT_BYTES, "%s", level_text(before, news->before));
	snprintf(out->after, TEXT_BYTES, "%s, x%.*f",
	    level_text(after, news->after), news->after < news->before ? 2 : 1,
	    news->after / news->before);
	snprintf(out->message, TEXT_BYTES,
	    "takes %s than before: median of the last of %u results%s; "
	    "confidence %d %%",
	    is_better ? "less time" : "longer", news->n, phase,
	    confidence_of(of->per_year, news->nats));
}

static void
say_errors(
    struct words *out, const struct seen *of, const struct course_news *news)
{
	snprintf(out->before, TEXT_BYTES, "%.3g %% fail", 100 * news->before);
	snprintf(out->after, TEXT_BYTES, "%.3g %% fail, +%.3g points",
	    100 * news->after, 100 * (news->after - news->before));
	snprintf(out->message, TEXT_BYTES,
	    "fails more often than before: over %u results; confidence at "
	    "least %d %%",
	    news->n, confidence_of(of->per_year, news->nats));
}

static void
say_end(char out[TEXT_BYTES], enum regression_kind kind, enum course course,
    const struct course_news *news)
{
	char span[TEXT_SPAN_BYTES], now[TEXT_BYTES];

	if (kind == REGRESSION_LATENCY)
		snprintf(now, sizeof(now), "%s", level_text(span, news->after));
	else
		snprintf(now, sizeof(now), "%.3g %% fail", 100 * news->after);
	if (course == COURSE_BACK)
		snprintf(out, TEXT_BYTES,
		    "back within what was normal: %s, %u results", now,
		    news->n);
	else
		snprintf(out, TEXT_BYTES,
		    "%s is the new normal: it has been "
		    "so for a week",
		    now);
}

/* --- rows --------------------------------------------------------------- */

static struct regression_row
row_of(const struct seen *of, enum regression_kind kind,
    const struct course_news *news, const struct words *words)
{
	const struct series *series = &of->series->series;

	return (struct regression_row){
		.kind = kind,
		.environment = series->environment,
		.service = series->service,
		.agent = series->agent,
		.subject = series->probe,
		.severity =
		    of->is_critical ? OUTCOME_CRITICAL : OUTCOME_WARNING,
		.onset_from_ms = news->from_ms,
		.onset_to_ms = news->to_ms,
		.detected_ms = of->arrival->at.wall_ms,
		.late = of->late,
		.before = words->before,
		.after = words->after,
		.message = words->message,
	};
}

/* Writes what changed of an open row; raised again when a fresh result
 * confirms what only late ones had said. */
static void
rewrite(const struct seen *of, uint64_t id, const char *after, bool confirmed)
{
	const struct judge *judge = of->judge;
	const struct fleet_regression *open =
	    fleet_regression(judge->fleet, id);
	struct regression_row row;

	/* What became of it later is in its row already. */
	if (open == NULL || ledger_is_in_recall(judge->ledger))
		return;
	row = open->row;
	row.after = after != NULL ? after : row.after;
	if (confirmed) {
		row.late = false;
		row.detected_ms = of->arrival->at.wall_ms;
	}
	fleet_open(judge->fleet, &row);
	ledger_update(judge->ledger, id, confirmed);
}

static bool
is_unconfirmed(const struct seen *of, uint64_t id)
{
	const struct fleet_regression *open =
	    fleet_regression(of->judge->fleet, id);

	return open != NULL && open->row.late && !of->late;
}

static void
close_as(const struct seen *of, uint64_t *id, const char *message)
{
	uint64_t closed = *id;

	*id = 0;
	ledger_close_as(of->judge->ledger, closed,
	    of->late ? judge_ended_ms(&of->series->last, of->arrival)
		     : of->arrival->at.wall_ms,
	    message);
}

/* An id without a rise, or a rise without an id: the detector was learned
 * anew, or the store knows better. */
static void
agree(const struct seen *of, uint64_t *id, bool is_under_way)
{
	if (*id == 0 || is_under_way)
		return;
	close_as(of, id, "what is normal has been learned anew");
}

static void
note_better(const struct seen *of, const struct course_news *news)
{
	struct regression_row row;
	struct words words;

	say_latency(&words, of, news, true);
	row = row_of(of, REGRESSION_LATENCY, news, &words);
	row.severity = OUTCOME_OK;
	row.cleared_ms = row.detected_ms;
	ledger_note(of->judge->ledger, &row);
}

/* --- latency ------------------------------------------------------------ */

/* What is usual for each phase, while nothing is unusual. */
static void
learn_phases(struct fleet_series *series)
{
	struct fleet_course *course = series->course;
	const struct result *last = &series->last;

	for (size_t i = 0; i < last->n_phases; i++) {
		double us = (double)last->phase_us[i];

		if (course->phase_us[i] > 0)
			course->phase_us[i] +=
			    PHASE_GAIN * (us - course->phase_us[i]);
		else
			course->phase_us[i] = us;
	}
}

static void
follow_latency(const struct seen *of, const struct course_rule *rule)
{
	struct fleet_series *series = of->series;
	struct slower *slower = &series->course->slower;
	uint64_t *id = &series->open_slower;
	const struct result *last = &series->last;
	bool tells = last->outcome != OUTCOME_CRITICAL && !last->censored;
	double value = last->duration_us > 0 ? (double)last->duration_us : 1;
	struct course_news news;
	struct regression_row row;
	struct words words;

	agree(of, id, slower->state == SLOWER_IS);
	switch (slower_add(&news, slower, rule, &series->course->times,
	    last->at_ms, tells ? value : NAN)) {
	case COURSE_WORSE:
		say_latency(&words, of, &news, false);
		row = row_of(of, REGRESSION_LATENCY, &news, &words);
		ledger_open(of->judge->ledger, id, &row);
		return;
	case COURSE_MORE:
		say_latency(&words, of, &news, false);
		rewrite(of, *id, words.after, false);
		return;
	case COURSE_BACK:
		say_end(words.message, REGRESSION_LATENCY, COURSE_BACK, &news);
		close_as(of, id, words.message);
		return;
	case COURSE_SETTLED:
		say_end(
		    words.message, REGRESSION_LATENCY, COURSE_SETTLED, &news);
		close_as(of, id, words.message);
		return;
	case COURSE_BETTER:
		note_better(of, &news);
		return;
	case COURSE_STEADY:
		break;
	}
	if (tells && slower->state == SLOWER_NOT)
		learn_phases(series);
	if (slower_goes_on(slower) && is_unconfirmed(of, *id))
		rewrite(of, *id, NULL, true);
}

/* --- error rate --------------------------------------------------------- */

static void
follow_errors(const struct seen *of, const struct course_rule *rule)
{
	struct fleet_series *series = of->series;
	struct failing *failing = &series->course->failing;
	uint64_t *id = &series->open_failing;
	bool failed = series->last.outcome == OUTCOME_CRITICAL;
	struct course_news news;
	struct regression_row row;
	enum course course;
	struct words words;

	agree(of, id, failing->state == FAILING_IS);
	course = failing_add(&news, failing, rule, &series->course->times,
	    series->last.at_ms, failed, series->watch.hard == LEVEL_CRITICAL);
	if (course == COURSE_WORSE) {
		say_errors(&words, of, &news);
		row = row_of(of, REGRESSION_ERROR_RATE, &news, &words);
		ledger_open(of->judge->ledger, id, &row);
		return;
	}
	if (course == COURSE_MORE) {
		say_errors(&words, of, &news);
		rewrite(of, *id, words.after, false);
		return;
	}
	if (course == COURSE_BACK || course == COURSE_SETTLED) {
		say_end(words.message, REGRESSION_ERROR_RATE, course, &news);
		close_as(of, id, words.message);
		return;
	}
	if (failed && failing->state == FAILING_IS && is_unconfirmed(of, *id))
		rewrite(of, *id, NULL, true);
}

void
judge_course(const struct judge *judge, struct fleet_series *series, bool late,
    const struct arrival *arrival)
{
	const struct regressions_config *config =
	    config_regressions(judge->config, series->series.environment);
	struct seen of = { judge, series, arrival, config->per_year / SHARE,
		late, config->is_critical };
	struct course_rule rule = { of.per_year, config->confirm_after,
		config->clear_after };

	if (series->last.outcome == OUTCOME_UNKNOWN ||
	    series->series.reference_of[0] != '\0')
		return;
	times_add(&fleet_course_of(series)->times, series->last.at_ms);
	follow_latency(&of, &rule);
	follow_errors(&of, &rule);
}
