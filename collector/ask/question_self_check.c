/* How right were the verdicts?  By what people said of closed incidents. */
#include <math.h>

#include "collector/ask/draft.h"
#include "collector/ask/incident.h"
#include "collector/ask/label.h"
#include "collector/ask/questions.h"

#define VERSION    2
#define USUAL_MS   (365 * INT64_C(86400000))
#define ONE        10000 /* permyriad */
#define CONFIDENT  7000  /* from here on a verdict is given, not withheld */
#define JUDGED_MAX 500   /* each costs some milliseconds */
#define WILSON_Z   1.96  /* of 95 in 100 */

/* More bins are noise below some hundred verdicts. */
static const int bin_ends[] = { 0, 5000, CONFIDENT, 9000, ONE };
#define BINS (sizeof(bin_ends) / sizeof(bin_ends[0]) - 1)

/* One incident that somebody said something about. */
struct judged {
	const struct incident *incident;
	const struct label *label;
	enum blame blame; /* or BLAME_UNDETERMINED */
	enum blame likeliest;
	const char *subject;
	int permyriad;
	const int *probabilities; /* NULL: the evidence is gone */
	const int *prior;
	bool is_as_told; /* then, by who labelled it */
};

struct tally {
	uint64_t n, gone, as_told, right, subjects_right, undetermined;
	/* Sum over classes of (p - what it was)^2, in permyriad squared: the
	 * original score of Brier (1950); also for priors alone. */
	uint64_t brier, brier_prior;
	struct {
		uint64_t n, right, permyriad;
	} bins[BINS];
};

/* --- counting ------------------------------------------------------------------ */

static bool
is_right(const struct judged *judged)
{
	return judged->blame == judged->label->blame;
}

static bool
is_false_confident(const struct judged *judged)
{
	return judged->probabilities != NULL &&
	    judged->blame != BLAME_UNDETERMINED && !is_right(judged) &&
	    judged->permyriad >= CONFIDENT;
}

static uint64_t
brier(const int permyriad[BLAME_COUNT], enum blame was)
{
	uint64_t sum = 0;

	for (int class = 0; class < BLAME_COUNT; class ++) {
		int64_t error =
		    permyriad[class] - (class == (int)was ? ONE : 0);

		sum += (uint64_t)(error * error);
	}
	return sum;
}

static void
count(struct tally *tally, const struct judged *judged)
{
	size_t bin = 0;

	if (judged->probabilities == NULL) {
		tally->gone++;
		return;
	}
	tally->n++;
	tally->as_told += judged->is_as_told;
	tally->right += is_right(judged);
	tally->subjects_right +=
	    is_right(judged) && label_names(judged->label, judged->subject);
	tally->undetermined += judged->blame == BLAME_UNDETERMINED;
	tally->brier += brier(judged->probabilities, judged->label->blame);
	tally->brier_prior += brier(judged->prior, judged->label->blame);
	while (bin + 1 < BINS && judged->permyriad >= bin_ends[bin + 1])
		bin++;
	tally->bins[bin].n++;
	tally->bins[bin].right += judged->likeliest == judged->label->blame;
	tally->bins[bin].permyriad += (uint64_t)judged->permyriad;
}

/* --- writing ------------------------------------------------------------------- */

/* The interval of Wilson (1927) around a share, in permyriad. */
static void
wilson(uint64_t out[2], uint64_t right, uint64_t n)
{
	double p = (double)right / (double)n, z2 = WILSON_Z * WILSON_Z;
	double middle = p + z2 / (2 * (double)n);
	double reach = WILSON_Z *
	    sqrt(p * (1 - p) / (double)n + z2 / (4 * (double)n * (double)n));
	double whole = 1 + z2 / (double)n;
	double low = (middle - reach) / whole, high = (middle + reach) / whole;

	out[0] = low > 0 ? (uint64_t)(low * ONE + 0.5) : 0;
	out[1] = high < 1 ? (uint64_t)(high * ONE + 0.5) : ONE;
}

static void
draft_bins(struct draft *draft, const struct tally *tally)
{
	draft_open(draft, "reliability", '[');
	for (size_t i = 0; i < BINS; i++) {
		uint64_t n = tally->bins[i].n, span[2] = { 0, 0 };

		if (n > 0)
			wilson(span, tally->bins[i].right, n);
		draft_open(draft, NULL, '{');
		draft_share(draft, "from", (uint64_t)bin_ends[i], ONE);
		draft_share(draft, "to", (uint64_t)bin_ends[i + 1], ONE);
		draft_count(draft, "verdicts", n);
		draft_share(
		    draft, "confidence", tally->bins[i].permyriad, n * ONE);
		draft_share(draft, "right", tally->bins[i].right, n);
		draft_share(draft, "right_from", span[0], n > 0 ? ONE : 0);
		draft_share(draft, "right_to", span[1], n > 0 ? ONE : 0);
		draft_close(draft, '}');
	}
	draft_close(draft, ']');
}

static void
draft_judged(struct draft *draft, const struct judged *judged)
{
	draft_open(draft, NULL, '{');
	draft_count(draft, "incident", judged->incident->id);
	draft_text(draft, "environment", judged->incident->environment);
	draft_time(draft, "onset", judged->incident->onset_ms);
	draft_text(draft, "class", blame_name(judged->blame));
	draft_text(draft, "subject", judged->subject);
	draft_share(draft, "confidence", (uint64_t)judged->permyriad, ONE);
	draft_text(draft, "was", blame_name(judged->label->blame));
	draft_text(draft, "was_subject", judged->label->subject);
	draft_text(draft, "by", judged->label->by);
	draft_close(draft, '}');
}

static void
draft_tally(struct draft *draft, const struct tally *tally)
{
	draft_count(draft, "as_told", tally->as_told);
	draft_count(draft, "evidence_gone", tally->gone);
	draft_share(draft, "right", tally->right, tally->n);
	draft_share(draft, "subject_right", tally->subjects_right, tally->n);
	draft_share(draft, "undetermined", tally->undetermined, tally->n);
	draft_share(draft, "brier", tally->brier / ONE, tally->n * ONE);
	draft_share(
	    draft, "brier_prior", tally->brier_prior / ONE, tally->n * ONE);
	draft_gain(draft, "skill",
	    (int64_t)tally->brier_prior - (int64_t)tally->brier,
	    tally->brier_prior);
	draft_bins(draft, tally);
}

/* --- judging -------------------------------------------------------------------- */

static enum blame
likeliest_of(const int permyriad[BLAME_COUNT])
{
	enum blame best = BLAME_APP;

	for (int i = 1; i < BLAME_COUNT; i++)
		if (permyriad[i] > permyriad[best])
			best = (enum blame)i;
	return best;
}

/* What is said of it now by the evidence of then; where the results of then
 * are no longer kept, what was told when it was labelled. */
static int
judge_one(struct judged *out, struct arena *arena,
    const struct document_source *source, struct err *err)
{
	const struct label_said *said = out->label->said;
	struct verdict *verdict = arena_zalloc(arena, sizeof(*verdict));

	if (question_verdict(verdict, arena, source, out->incident->environment,
		out->incident->seen_ms, err) < 0)
		return -1;
	out->prior = verdict->score.prior;
	if (verdict->n_views > 0) {
		out->blame = verdict->blame;
		out->subject = verdict->subject;
		out->permyriad = verdict->permyriad;
		out->probabilities = verdict->score.permyriad;
	} else if (said != NULL) {
		out->is_as_told = true;
		out->blame = said->blame;
		out->subject = said->subject;
		out->permyriad = said->permyriad;
		out->probabilities = said->probabilities;
	} else {
		return 0;
	}
	out->likeliest = out->blame != BLAME_UNDETERMINED
	    ? out->blame
	    : likeliest_of(out->probabilities);
	return 0;
}

/* Those that people said something of.  Returns how many, or -1. */
static int64_t
judge(struct judged *out, uint64_t *left_out, struct arena *arena,
    const struct document_source *source, const struct incidents *incidents,
    const struct labels *labels, struct err *err)
{
	int64_t n = 0;

	*left_out = 0;
	for (size_t i = 0; i < incidents->n; i++) {
		const struct incident *incident = &incidents->list[i];
		const struct label *label = labels_of(labels, incident);

		if (label == NULL)
			continue;
		if (n == JUDGED_MAX) {
			++*left_out;
			continue;
		}
		out[n].incident = incident;
		out[n].label = label;
		if (judge_one(&out[n], arena, source, err) < 0)
			return -1;
		n++;
	}
	return n;
}

char *
question_self_check(struct arena *arena, const struct document_source *source,
    const struct query_document *request, struct err *err)
{
	int64_t at_ms = question_at_ms(source, request), n;
	int64_t from_ms = question_from_ms(request, at_ms, USUAL_MS);
	struct judged *judged =
	    arena_zalloc(arena, JUDGED_MAX * sizeof(*judged));
	struct incidents incidents;
	struct labels labels;
	struct tally tally = { 0 };
	struct draft draft = { 0 };
	uint64_t left_out;

	from_ms = from_ms > 0 ? from_ms : 0;
	if (question_check(source, request->environment, err) < 0 ||
	    incidents_find(&incidents, arena, source->store,
		request->environment, from_ms, at_ms, err) < 0 ||
	    labels_find(&labels, arena, source->store, request->environment,
		LABELS_ALL, err) < 0)
		return NULL;
	n = judge(judged, &left_out, arena, source, &incidents, &labels, err);
	if (n < 0)
		return NULL;
	for (int64_t i = 0; i < n; i++)
		count(&tally, &judged[i]);
	draft_open(&draft, NULL, '{');
	draft_count(&draft, "version", VERSION);
	draft_text(&draft, "environment", request->environment);
	draft_time(&draft, "from", from_ms);
	draft_time(&draft, "to", at_ms);
	draft_count(&draft, "incidents", incidents.n);
	draft_count(&draft, "labelled", (uint64_t)n + left_out);
	draft_count(&draft, "left_out", left_out);
	draft_tally(&draft, &tally);
	draft_open(&draft, "false_confident", '[');
	for (int64_t i = 0; i < n; i++)
		if (is_false_confident(&judged[i]))
			draft_judged(&draft, &judged[i]);
	draft_close(&draft, ']');
	draft_close(&draft, '}');
	return draft_take(&draft);
}
