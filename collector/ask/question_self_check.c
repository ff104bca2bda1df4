/* How right were the verdicts?  By what people said of closed incidents. */
#include "collector/ask/draft.h"
#include "collector/ask/incident.h"
#include "collector/ask/label.h"
#include "collector/ask/questions.h"

#define VERSION    1
#define USUAL_MS   (365 * INT64_C(86400000))
#define ONE        10000 /* permyriad */
#define CONFIDENT  7000  /* from here on a verdict is given, not withheld */
#define BINS       5     /* of a fifth each */
#define JUDGED_MAX 500   /* each costs some milliseconds */

/* One incident that somebody said something about. */
struct judged {
	const struct incident *incident;
	const struct label *label;
	struct verdict verdict;
};

struct tally {
	uint64_t n, right, subjects_right, undetermined;
	/* Sum over classes of (p - what it was)^2, in permyriad squared: the
	 * original score of Brier (1950). */
	uint64_t brier;
	struct {
		uint64_t n, right, permyriad;
	} bins[BINS];
};

static bool
is_right(const struct judged *judged)
{
	return judged->verdict.blame == judged->label->blame;
}

static void
count(struct tally *tally, const struct judged *judged)
{
	const struct verdict *verdict = &judged->verdict;
	size_t bin = (size_t)verdict->permyriad * BINS / ONE;

	tally->n++;
	tally->right += is_right(judged);
	tally->subjects_right +=
	    is_right(judged) && label_names(judged->label, verdict->subject);
	tally->undetermined += verdict->blame == BLAME_UNDETERMINED;
	for (int class = 0; class < BLAME_COUNT; class ++) {
		int64_t error = verdict->score.permyriad[class] -
		    (class == (int)judged->label->blame ? ONE : 0);

		tally->brier += (uint64_t)(error * error);
	}
	if (verdict->blame == BLAME_UNDETERMINED)
		return; /* it says that it does not know */
	bin = bin < BINS ? bin : BINS - 1;
	tally->bins[bin].n++;
	tally->bins[bin].right += is_right(judged);
	tally->bins[bin].permyriad += (uint64_t)verdict->permyriad;
}

static void
draft_bins(struct draft *draft, const struct tally *tally)
{
	draft_open(draft, "reliability", '[');
	for (size_t i = 0; i < BINS; i++) {
		draft_open(draft, NULL, '{');
		draft_share(draft, "from", i, BINS);
		draft_share(draft, "to", i + 1, BINS);
		draft_count(draft, "verdicts", tally->bins[i].n);
		draft_share(draft, "confidence", tally->bins[i].permyriad,
		    tally->bins[i].n * ONE);
		draft_share(
		    draft, "right", tally->bins[i].right, tally->bins[i].n);
		draft_close(draft, '}');
	}
	draft_close(draft, ']');
}

static void
draft_judged(struct draft *draft, const struct judged *judged)
{
	const struct verdict *verdict = &judged->verdict;

	draft_open(draft, NULL, '{');
	draft_count(draft, "incident", judged->incident->id);
	draft_text(draft, "environment", judged->incident->environment);
	draft_time(draft, "onset", judged->incident->onset_ms);
	draft_text(draft, "class", blame_name(verdict->blame));
	draft_text(draft, "subject", verdict->subject);
	draft_share(draft, "confidence", (uint64_t)verdict->permyriad, ONE);
	draft_text(draft, "was", blame_name(judged->label->blame));
	draft_text(draft, "was_subject", judged->label->subject);
	draft_text(draft, "by", judged->label->by);
	draft_close(draft, '}');
}

/* What people said it was, beside what is said of it now by the evidence of
 * then.  Returns how many, or -1. */
static int64_t
judge(struct judged *out, struct arena *arena,
    const struct document_source *source, const struct incidents *incidents,
    const struct labels *labels, struct err *err)
{
	int64_t n = 0;

	for (size_t i = 0; i < incidents->n && n < JUDGED_MAX; i++) {
		const struct incident *incident = &incidents->list[i];
		const struct label *label = labels_of(labels, incident->id);

		if (label == NULL)
			continue;
		out[n].incident = incident;
		out[n].label = label;
		if (question_verdict(&out[n].verdict, arena, source,
			incident->environment, incident->seen_ms, err) < 0)
			return -1;
		n++;
	}
	return n;
}

static char *
write_all(const struct query_document *request, int64_t from_ms, int64_t at_ms,
    uint64_t n_incidents, const struct judged *judged, int64_t n)
{
	struct tally tally = { 0 };
	struct draft draft = { 0 };

	for (int64_t i = 0; i < n; i++)
		count(&tally, &judged[i]);
	draft_open(&draft, NULL, '{');
	draft_count(&draft, "version", VERSION);
	draft_text(&draft, "environment", request->environment);
	draft_time(&draft, "from", from_ms);
	draft_time(&draft, "to", at_ms);
	draft_count(&draft, "incidents", n_incidents);
	draft_count(&draft, "labelled", tally.n);
	draft_share(&draft, "right", tally.right, tally.n);
	draft_share(&draft, "subject_right", tally.subjects_right, tally.n);
	draft_share(&draft, "undetermined", tally.undetermined, tally.n);
	draft_share(&draft, "brier", tally.brier / ONE, tally.n * ONE);
	draft_bins(&draft, &tally);
	draft_open(&draft, "false_confident", '[');
	for (int64_t i = 0; i < n; i++)
		if (judged[i].verdict.blame != BLAME_UNDETERMINED &&
		    !is_right(&judged[i]) &&
		    judged[i].verdict.permyriad >= CONFIDENT)
			draft_judged(&draft, &judged[i]);
	draft_close(&draft, ']');
	draft_close(&draft, '}');
	return draft_take(&draft);
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

	from_ms = from_ms > 0 ? from_ms : 0;
	if (question_check(source, request->environment, err) < 0 ||
	    incidents_find(&incidents, arena, source->store,
		request->environment, from_ms, at_ms, err) < 0 ||
	    labels_find(
		&labels, arena, source->store, request->environment, err) < 0)
		return NULL;
	n = judge(judged, arena, source, &incidents, &labels, err);
	if (n < 0)
		return NULL;
	return write_all(request, from_ms, at_ms, incidents.n, judged, n);
}
