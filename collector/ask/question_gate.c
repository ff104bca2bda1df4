/* May this deploy go on?  Results before it against those since. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/detect/compare.h"
#include "collector/ask/draft_rows.h"
#include "collector/ask/questions.h"
#include "proto/base/map.h"
#include "proto/base/mem.h"
#include "proto/copy.h"
#include "proto/label.h"

#define VERSION    1
#define RESULTS    10000             /* that a store gives at a time */
#define BEFORE_MS  INT64_C(21600000) /* that is looked at: six hours */
#define LEAST      10                /* results on either side that can tell */
#define SURE       4.0               /* deviations; one in 30,000 by chance */
#define FACTOR     1.2    /* as for regressions: what is smaller is */
#define LEAST_US   1000.0 /* not worth stopping for */
#define LEAST_RISE 0.02
#define TEXT_BYTES 256

enum side { BEFORE, AFTER, SIDES };

enum gate_finding { GOOD, REGRESSED, CANNOT_TELL, FINDINGS };

static const char *const findings[FINDINGS] = { "good", "regressed",
	"cannot_tell" };

/* One series, newest result first. */
struct sample {
	double *us[SIDES];
	size_t n_us[SIDES], room[SIDES];
	size_t n[SIDES], failed[SIDES];
};

struct compared_series {
	struct series series; /* names in the arena */
	struct sample sample;
	struct compared durations, failures;
	enum gate_finding finding;
};

struct gate {
	const struct document_source *source;
	const struct query_document *request;
	struct arena *arena;
	struct map *series;
	struct mark deploy; /* texts in the arena */
	bool has_deploy;
	int64_t begin_ms, at_ms;
	enum side side;
	struct draft reasons;
	size_t n_found[FINDINGS];
};

static void __attribute__((format(printf, 2, 3)))
add_reason(struct gate *gate, const char *format, ...)
{
	char text[TEXT_BYTES];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	draft_text(&gate->reasons, NULL, text);
}

/* --- which deploy ------------------------------------------------------- */

static int
on_mark(void *arg, const struct mark *mark, struct err *err)
{
	struct gate *gate = arg;

	(void)err;
	if (mark->kind != MARK_DEPLOY && mark->kind != MARK_ROLLBACK)
		return 0;
	/* The oldest come first: the last that is kept is the newest. */
	gate->deploy = *mark;
	gate->deploy.environment = arena_strdup(gate->arena, mark->environment);
	gate->deploy.service = arena_strdup(gate->arena, mark->service);
	gate->deploy.subject = arena_strdup(gate->arena, mark->subject);
	gate->deploy.summary = arena_strdup(gate->arena, mark->summary);
	gate->deploy.n_attributes = 0;
	gate->has_deploy = true;
	return 0;
}

static int
find_begin(struct gate *gate, struct err *err)
{
	const struct store_marks marks = {
		gate->request->environment,
		"",
		0,
		gate->at_ms + 1,
	};

	if (gate->request->from_ms != 0) {
		gate->begin_ms = gate->request->from_ms;
		return 0;
	}
	if (store_scan_marks(gate->source->store, &marks, on_mark, gate, err) <
	    0)
		return -1;
	if (gate->has_deploy)
		gate->begin_ms = gate->deploy.at_ms;
	else
		add_reason(gate,
		    "no deploy is known: tell of it with vedette "
		    "mark, or give --since");
	return 0;
}

/* --- results ------------------------------------------------------------ */

static struct compared_series *
series_of(struct gate *gate, const struct series *series)
{
	char *key = mem_printf("%s" LABEL_CUT "%s" LABEL_CUT "%s" LABEL_CUT
			       "%s",
	    series->environment, series->agent, series->service, series->probe);
	struct compared_series *found = map_get(gate->series, key);

	if (found == NULL) {
		found = arena_zalloc(gate->arena, sizeof(*found));
		series_copy(&found->series, gate->arena, series);
		map_put(gate->series, key, found);
	}
	free(key);
	return found;
}

static void
add_duration(struct sample *sample, enum side side, double us)
{
	if (sample->n_us[side] == sample->room[side]) {
		sample->room[side] =
		    sample->room[side] > 0 ? 2 * sample->room[side] : 64;
		sample->us[side] = mem_resize(sample->us[side],
		    sample->room[side], sizeof(*sample->us[side]));
	}
	sample->us[side][sample->n_us[side]++] = us;
}

static int
on_result(void *arg, const struct series *series, const struct result *result,
    struct err *err)
{
	struct gate *gate = arg;
	struct sample *sample;
	enum side side = gate->side;

	(void)err;
	if (!vantage_counts(series->vantage) ||
	    series->reference_of[0] != '\0' ||
	    result->outcome == OUTCOME_UNKNOWN)
		return 0;
	sample = &series_of(gate, series)->sample;
	sample->n[side]++;
	sample->failed[side] += result->outcome == OUTCOME_CRITICAL;
	if (result->outcome != OUTCOME_CRITICAL && !result->censored)
		add_duration(sample, side,
		    result->duration_us > 0 ? (double)result->duration_us : 1);
	return 0;
}

static int
read_side(struct gate *gate, enum side side, struct err *err)
{
	const struct query_history request = {
		.environment = gate->request->environment,
		.service = gate->request->service,
		.agent = "",
		.probe = "",
		.from_ms = side == BEFORE ? gate->begin_ms - BEFORE_MS
					  : gate->begin_ms,
		.to_ms = side == BEFORE ? gate->begin_ms : gate->at_ms + 1,
		.limit = RESULTS,
	};
	bool more;

	gate->side = side;
	return store_scan_results(
	    gate->source->store, &more, &request, on_result, gate, err);
}

/* --- judging ------------------------------------------------------------ */

static bool
is_slower(const struct compared *durations)
{
	return durations->z > SURE &&
	    durations->after > durations->before * FACTOR &&
	    durations->after - durations->before > LEAST_US;
}

static bool
fails_more(const struct compared *failures)
{
	return failures->z > SURE &&
	    failures->after - failures->before > LEAST_RISE;
}

static void
judge_one(struct gate *gate, struct compared_series *one)
{
	struct sample *sample = &one->sample;
	const char *service = one->series.service, *probe = one->series.probe;

	if (sample->n[BEFORE] < LEAST || sample->n[AFTER] < LEAST) {
		one->finding = CANNOT_TELL;
		add_reason(gate,
		    "%s %s of %s: too few results: %zu before, %zu "
		    "since, %d of each are needed",
		    service, probe, one->series.agent, sample->n[BEFORE],
		    sample->n[AFTER], LEAST);
		return;
	}
	compare_durations(&one->durations, sample->us[BEFORE],
	    sample->n_us[BEFORE], sample->us[AFTER], sample->n_us[AFTER]);
	compare_failures(&one->failures, sample->failed[BEFORE],
	    sample->n[BEFORE], sample->failed[AFTER], sample->n[AFTER]);
	if (is_slower(&one->durations)) {
		one->finding = REGRESSED;
		add_reason(gate, "%s %s of %s: %.3g ms -> %.3g ms, x%.1f",
		    service, probe, one->series.agent,
		    one->durations.before / 1000, one->durations.after / 1000,
		    one->durations.after / one->durations.before);
	}
	if (fails_more(&one->failures)) {
		one->finding = REGRESSED;
		add_reason(gate,
		    "%s %s of %s: %.3g %% failed, %.3g %% do since", service,
		    probe, one->series.agent, 100 * one->failures.before,
		    100 * one->failures.after);
	}
}

static void
close_gate(struct gate *gate)
{
	MAP_EACH (struct compared_series, one, gate->series)
		for (int i = 0; i < SIDES; i++)
			free(one->sample.us[i]);
	map_free(gate->series);
	draft_fini(&gate->reasons);
}

/* What got worse in an environment without this deploy as well, at the same
 * time, says nothing of the deploy. */
static void
excuse(struct gate *gate, const struct gate *peer)
{
	MAP_EACH (struct compared_series, one, gate->series)
		MAP_EACH (const struct compared_series, other, peer->series) {
			if (one->finding != REGRESSED ||
			    other->finding != REGRESSED ||
			    strcmp(one->series.service,
				other->series.service) != 0 ||
			    strcmp(one->series.probe, other->series.probe) != 0)
				continue;
			one->finding = CANNOT_TELL;
			add_reason(gate,
			    "%s %s: worse in %s as well, at the same time: "
			    "whatever did it, it was not this deploy alone",
			    one->series.service, one->series.probe,
			    other->series.environment);
		}
}

static int
compare_peer(struct gate *gate, const char *environment, struct err *err)
{
	struct query_document request = *gate->request;
	struct gate peer = *gate;
	int rc;

	request.environment = environment;
	peer.request = &request;
	peer.reasons = (struct draft){ 0 };
	peer.series = map_new();
	rc = read_side(&peer, BEFORE, err) < 0 ||
		read_side(&peer, AFTER, err) < 0
	    ? -1
	    : 0;
	if (rc == 0) {
		MAP_EACH (struct compared_series, one, peer.series)
			judge_one(&peer, one);
		excuse(gate, &peer);
	}
	close_gate(&peer);
	return rc;
}

static int
compare_peers(struct gate *gate, struct err *err)
{
	const struct environment_config *own = config_environment(
	    gate->source->config, gate->request->environment);

	for (uint32_t i = 0; own != NULL && i < own->compare_with.n; i++)
		if (compare_peer(gate, own->compare_with.names[i], err) < 0)
			return -1;
	return 0;
}

static int
on_regression(void *arg, const struct regression_row *row, struct err *err)
{
	struct gate *gate = arg;

	(void)err;
	/* What was found since, and is not over. */
	if (row->severity == OUTCOME_OK || row->detected_ms > gate->at_ms ||
	    row->onset_to_ms < gate->begin_ms ||
	    (row->cleared_ms != 0 && row->cleared_ms <= gate->at_ms))
		return 0;
	if (row->kind == REGRESSION_SILENCE) {
		gate->n_found[CANNOT_TELL]++;
		add_reason(gate,
		    "agent %s is silent: nothing it watches can be "
		    "seen",
		    row->agent);
		return 0;
	}
	gate->n_found[REGRESSED]++;
	add_reason(gate, "%s %s: %s: %s -> %s", row->service, row->subject,
	    regression_kind_name(row->kind), row->before, row->after);
	return 0;
}

static int
judge(struct gate *gate, struct err *err)
{
	struct query_regressions request = {
		.environment = gate->request->environment,
		.service = gate->request->service,
		.from_ms = gate->begin_ms,
		.limit = RESULTS,
	};
	bool more;

	if (read_side(gate, BEFORE, err) < 0 || read_side(gate, AFTER, err) < 0)
		return -1;
	MAP_EACH (struct compared_series, one, gate->series)
		judge_one(gate, one);
	if (compare_peers(gate, err) < 0)
		return -1;
	MAP_EACH (const struct compared_series, one, gate->series)
		gate->n_found[one->finding]++;
	if (map_count(gate->series) == 0)
		add_reason(gate,
		    "no results, neither before nor since: is "
		    "anything observed here?");
	return store_scan_regressions(
	    gate->source->store, &more, &request, on_regression, gate, err);
}

/* --- the document ------------------------------------------------------- */

static enum gate_finding
verdict_of(const struct gate *gate)
{
	if (gate->n_found[REGRESSED] > 0)
		return REGRESSED;
	return gate->n_found[CANNOT_TELL] > 0 || gate->n_found[GOOD] == 0
	    ? CANNOT_TELL
	    : GOOD;
}

static void
draft_side(struct draft *draft, const char *key,
    const struct compared_series *one, enum side side)
{
	const struct compared *durations = &one->durations;
	double us = side == BEFORE ? durations->before : durations->after;

	draft_open(draft, key, '{');
	draft_count(draft, "results", one->sample.n[side]);
	draft_count(draft, "failed", one->sample.failed[side]);
	if (us > 0)
		draft_ms(draft, "median_ms", (uint64_t)us);
	else
		draft_null(draft, "median_ms");
	draft_close(draft, '}');
}

static char *
write_down(struct gate *gate)
{
	struct draft draft = { 0 };
	char *reasons = draft_take(&gate->reasons);

	draft_open(&draft, NULL, '{');
	draft_count(&draft, "version", VERSION);
	draft_text(&draft, "environment", gate->request->environment);
	draft_text(&draft, "verdict", findings[verdict_of(gate)]);
	draft_time(&draft, "since", gate->begin_ms);
	draft_time(&draft, "at", gate->at_ms);
	draft_text(
	    &draft, "deploy", gate->has_deploy ? gate->deploy.subject : NULL);
	text_addf(&draft.text, ",\"reasons\":%s", reasons);
	draft_open(&draft, "series", '[');
	MAP_EACH (const struct compared_series, one, gate->series) {
		draft_open(&draft, NULL, '{');
		draft_text(&draft, "service", one->series.service);
		draft_text(&draft, "agent", one->series.agent);
		draft_text(&draft, "probe", one->series.probe);
		draft_text(&draft, "finding", findings[one->finding]);
		draft_side(&draft, "before", one, BEFORE);
		draft_side(&draft, "after", one, AFTER);
		draft_close(&draft, '}');
	}
	draft_close(&draft, ']');
	draft_close(&draft, '}');
	free(reasons);
	return draft_take(&draft);
}

char *
question_gate(struct arena *arena, const struct document_source *source,
    const struct query_document *request, struct err *err)
{
	struct gate gate = {
		.source = source,
		.request = request,
		.arena = arena,
		.at_ms = question_at_ms(source, request),
	};
	char *json = NULL;

	if (request->environment[0] == '\0') {
		err_set(err, ERR_INVALID, "gate: which environment?");
		return NULL;
	}
	gate.series = map_new();
	draft_open(&gate.reasons, NULL, '[');
	if (question_check(source, request->environment, err) < 0 ||
	    find_begin(&gate, err) < 0 ||
	    (gate.begin_ms != 0 && judge(&gate, err) < 0))
		goto out;
	draft_close(&gate.reasons, ']');
	json = write_down(&gate);
out:
	close_gate(&gate);
	return json;
}
