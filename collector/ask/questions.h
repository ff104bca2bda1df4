/*
 * questions.h - the documents there are, one file each.
 *
 * Each returns JSON owned by the caller, or NULL with err.  Requests were
 * checked as proto/query.h says; what else a question needs, it checks.
 */
#ifndef COLLECTOR_ASK_QUESTIONS_H
#define COLLECTOR_ASK_QUESTIONS_H

#include "collector/ask/document.h"
#include "collector/diagnose/verdict.h"

typedef char *
question_fn(struct arena *arena, const struct document_source *source,
    const struct query_document *request, struct err *err);

/* question_trend.c: how it went hour by hour, day by day, week by week. */
question_fn question_trend;

/* question_timeline.c: how everything stood at a moment, what was known, and
 * what had just changed. */
question_fn question_timeline;

/* question_diff.c: two environments side by side. */
question_fn question_diff;

/* question_gate.c: did a deploy make anything worse? */
question_fn question_gate;

/* question_guards.c: which earlier fixes are still in force. */
question_fn question_guards;

/* question_proposals.c: what values have to do with those of other
 * environments, by what they did; enforced once somebody says so. */
question_fn question_proposals;

/* question_self_check.c: how right the verdicts were, by what people said of
 * closed incidents. */
question_fn question_self_check;

/* What may be known of a moment; in the arena. */
int question_scene(struct scene **out, struct arena *arena,
    const struct document_source *source, const char *environment,
    int64_t at_ms, struct err *err);

/* The verdict of a moment; *out points into the arena.  And its document. */
int question_verdict(struct verdict *out, struct arena *arena,
    const struct document_source *source, const char *environment,
    int64_t at_ms, struct err *err);
char *
question_verdict_text(struct arena *arena, const struct document_source *source,
    const struct verdict *verdict, struct err *err);

/* alerts_json.c: who is told of what; and what keeps people from being told. */
question_fn question_alerts;
question_fn question_silences;

/* The moment asked about. */
int64_t question_at_ms(
    const struct document_source *source, const struct query_document *request);

/* Where its span begins: at from_ms, or last_ms before the moment, or this
 * long before it when nothing is said. */
int64_t question_from_ms(
    const struct query_document *request, int64_t at_ms, int64_t usual_ms);

/* ERR_NOT_FOUND for an environment that is neither configured nor in the
 * store. */
int question_check(const struct document_source *source,
    const char *environment, struct err *err);
int question_unknown(const char *environment, struct err *err); /* that */

#endif
