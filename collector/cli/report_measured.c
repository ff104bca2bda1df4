/* What was measured, when, and what it meant for people. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/cli/report_inside.h"
#include "proto/base/mem.h"

/* --- measurements ----------------------------------------------------------------- */

static void
write_check(struct writing *writing, const json_t *row)
{
	const json_t *usual = json_object_get(row, "usual_ms");
	struct text check = { 0 }, now = { 0 }, said = { 0 };

	text_addf(&check, "%s/%s (%s, %s)", member_text(row, "service"),
	    member_text(row, "probe"), member_text(row, "agent"),
	    member_text(row, "vantage"));
	text_addf(&now, "%.1f ms", member_number(row, "duration_ms"));
	if (json_is_number(usual))
		text_addf(&now, ", usually %.1f", json_number_value(usual));
	text_addf(&said, "%s%s%s", member_text(row, "reason"),
	    member_text(row, "reason")[0] != '\0' &&
		    member_text(row, "message")[0] != '\0'
		? ": "
		: "",
	    member_text(row, "message"));
	const char *cells[] = { member_text(row, "layer"), check.bytes,
		member_text(row, "state"), now.bytes,
		report_or_dash(said.bytes) };

	markup_row(&writing->markup, cells);
	text_fini(&check);
	text_fini(&now);
	text_fini(&said);
}

/* What nobody looked at stands beside what was looked at. */
static void
write_checks(struct writing *writing)
{
	static const char *const titles[] = { "layer", "check", "state",
		"duration", "said" };
	const json_t *row;
	size_t i;

	markup_table(&writing->markup, titles, 5);
	json_array_foreach(json_object_get(writing->report, "checks"), i, row)
	    write_check(writing, row);
	json_array_foreach(
	    json_object_get(writing->verdict, "blind_spots"), i, row)
	{
		const char *cells[] = { "-", member_text(row, "what"),
			"NOT CHECKED", "-", member_text(row, "why") };

		markup_row(&writing->markup, cells);
	}
	markup_table_end(&writing->markup);
}

static const char *
guard_state(const json_t *guard)
{
	return member_is(guard, "state", "held")     ? "HELD"
	    : member_is(guard, "state", "regressed") ? "REGRESSED"
						     : "UNKNOWN";
}

static void
write_guards(struct writing *writing)
{
	static const char *const titles[] = { "guard", "state", "value",
		"seen by", "since" };
	const json_t *guards = json_object_get(writing->verdict, "guards"),
		     *row;
	size_t i;

	markup_heading(&writing->markup, "Guards of earlier fixes");
	if (json_array_size(guards) == 0) {
		markup_paragraph(&writing->markup,
		    "None: vedette guard add keeps a fix in force.");
		return;
	}
	markup_table(&writing->markup, titles, 5);
	json_array_foreach(guards, i, row)
	{
		struct text guard = { 0 };

		text_addf(&guard, "%s %s", member_text(row, "name"),
		    member_text(row, "rule"));
		const char *cells[] = { guard.bytes, guard_state(row),
			report_or_dash(member_text(row, "value")),
			report_or_dash(member_text(row, "seen_by")),
			report_or_dash(member_text(row, "since")) };

		markup_row(&writing->markup, cells);
		text_fini(&guard);
	}
	markup_table_end(&writing->markup);
}

static void
write_regressions(struct writing *writing)
{
	static const char *const titles[] = { "check", "before", "after",
		"state", "message" };
	const json_t *row;
	size_t i;

	markup_heading(&writing->markup, "What got worse");
	markup_table(&writing->markup, titles, 5);
	json_array_foreach(
	    json_object_get(writing->incident, "regressions"), i, row)
	{
		struct text check = { 0 };

		text_addf(&check, "%s/%s (%s)", member_text(row, "service"),
		    member_text(row, "subject"), member_text(row, "kind"));
		const char *cells[] = { check.bytes, member_text(row, "before"),
			member_text(row, "after"),
			member_text(row, "cleared")[0] == '\0' ? "FAILED"
							       : "recovered",
			member_text(row, "message") };

		markup_row(&writing->markup, cells);
		text_fini(&check);
	}
	markup_table_end(&writing->markup);
}

void
report_measurements(struct writing *writing)
{
	markup_heading(&writing->markup, "Measurements");
	write_checks(writing);
	write_guards(writing);
	write_regressions(writing);
}

/* --- the timeline ------------------------------------------------------------------- */

/* One line of it. */
struct moment_row {
	const char *at, *what;
	char *text; /* owned */
};

static int
by_time(const void *a, const void *b)
{
	const struct moment_row *x = a, *y = b;
	int order = strcmp(x->at, y->at);

	return order != 0 ? order : strcmp(x->what, y->what);
}

/* Takes text. */
static void
add_moment(struct moment_row *rows, size_t *n, const char *at, const char *what,
    char *text)
{
	if (at[0] == '\0') {
		free(text);
		return;
	}
	rows[(*n)++] = (struct moment_row){ at, what, text };
}

static char *
change_text(const json_t *row)
{
	const json_t *at = json_object_get(row, "at");
	struct text text = { 0 };

	text_addf(&text, "%s %s: %s", member_text(row, "service"),
	    member_text(row, "name"), member_text(row, "after"));
	if (strcmp(member_text(at, "from"), member_text(at, "to")) != 0)
		text_addf(
		    &text, " (between %s and then)", member_text(at, "from"));
	return text_take(&text);
}

static void
add_regression(struct moment_row *rows, size_t *n, const json_t *row)
{
	const char *service = member_text(row, "service");
	const char *subject = member_text(row, "subject");

	add_moment(rows, n, member_text(row, "onset"), "onset",
	    mem_printf(
		"%s/%s: %s", service, subject, member_text(row, "after")));
	add_moment(rows, n, member_text(row, "detected"), "detected",
	    mem_printf("%s/%s", service, subject));
	add_moment(rows, n, member_text(row, "cleared"), "cleared",
	    mem_printf("%s/%s by its own results", service, subject));
}

static size_t
gather_moments(const struct writing *writing, struct moment_row *rows)
{
	const json_t *label = json_object_get(writing->report, "label"), *row;
	size_t i, n = 0;

	add_moment(rows, &n, member_text(writing->verdict, "last_good"),
	    "last good", mem_strdup("everything passed"));
	json_array_foreach(json_object_get(writing->report, "changes"), i, row)
	    add_moment(rows, &n, member_text(json_object_get(row, "at"), "to"),
		member_text(row, "what"), change_text(row));
	json_array_foreach(json_object_get(writing->incident, "regressions"), i,
	    row) add_regression(rows, &n, row);
	add_moment(rows, &n, member_text(writing->incident, "judged_at"),
	    "judged", mem_strdup("by what was known until then"));
	if (json_is_object(label))
		add_moment(rows, &n, member_text(label, "at"), "labelled",
		    mem_printf("%s %s by %s", member_text(label, "class"),
			member_text(label, "subject"),
			member_text(label, "by")));
	return n;
}

void
report_timeline(struct writing *writing)
{
	static const char *const titles[] = { "time (UTC)", "what", "of" };
	size_t n_changes =
	    json_array_size(json_object_get(writing->report, "changes"));
	size_t n_regressions =
	    json_array_size(json_object_get(writing->incident, "regressions"));
	struct moment_row *rows =
	    mem_zalloc((n_changes + 3 * n_regressions + 3) * sizeof(*rows));
	size_t n = gather_moments(writing, rows);

	qsort(rows, n, sizeof(*rows), by_time);
	markup_heading(&writing->markup, "Timeline");
	markup_table(&writing->markup, titles, 3);
	for (size_t i = 0; i < n; i++) {
		const char *cells[] = { rows[i].at, rows[i].what,
			rows[i].text };

		markup_row(&writing->markup, cells);
		free(rows[i].text);
	}
	markup_table_end(&writing->markup);
	free(rows);
}

/* --- what it meant ------------------------------------------------------------------- */

static void
add_span(struct text *text, const struct writing *writing)
{
	const json_t *incident = writing->incident;
	bool is_open = member_is(incident, "state", "open");
	int64_t from_ms = member_time_ms(incident, "onset");
	int64_t to_ms = is_open ? member_time_ms(writing->report, "at")
				: member_time_ms(incident, "closed");
	int64_t minutes = (to_ms - from_ms) / 60000;

	if (from_ms == 0 || to_ms < from_ms)
		return;
	text_addf(text, " It %s %lld h %lld min.",
	    is_open ? "has lasted for" : "lasted for",
	    (long long)(minutes / 60), (long long)(minutes % 60));
}

static void
write_journey(struct writing *writing, const json_t *row)
{
	struct text text = { 0 };

	text_addf(&text, "%s/%s fails", member_text(row, "service"),
	    member_text(row, "probe"));
	if (member_count(row, "step") > 0)
		text_addf(&text, " at step %.0f of %.0f",
		    member_number(row, "step"), member_number(row, "steps"));
	text_addf(&text, ": %.0f of %.0f runs since %s.",
	    member_number(row, "failed"), member_number(row, "runs"),
	    member_text(row, "failing_since"));
	report_paragraph(writing, &text);
}

void
report_impact(struct writing *writing)
{
	const char *said =
	    member_text(json_object_get(writing->report, "label"), "summary");
	struct text text = { 0 };
	const json_t *row;
	size_t i;

	markup_heading(&writing->markup, "Impact");
	text_addf(
	    &text, "Severity: %s.", member_text(writing->verdict, "severity"));
	add_span(&text, writing);
	report_paragraph(writing, &text);
	json_array_foreach(json_object_get(writing->report, "checks"), i,
	    row) if (json_is_true(json_object_get(row, "journey")) &&
	    member_is(row, "state", "FAILED")) write_journey(writing, row);
	if (said[0] == '\0')
		return;
	text_addf(&text, "People said: \"%s\"", said);
	report_paragraph(writing, &text);
}

/* --- components ---------------------------------------------------------------------- */

/* The evidence that results of a service gave: "E1 E4". */
static void
add_evidence(struct text *text, const json_t *list, const char *service)
{
	char *within = mem_printf("/%s/", service);
	const json_t *row;
	size_t i;

	json_array_foreach(list, i, row)
	{
		const char *result = json_string_value(
		    json_array_get(json_object_get(row, "results"), 0));

		if (result != NULL && strstr(result, within) != NULL)
			text_addf(text, "%s%s", text->n > 0 ? " " : "",
			    member_text(row, "id"));
	}
	free(within);
}

/* The first action that names it, else the first. */
static size_t
action_for(const struct writing *writing, const char *service)
{
	const json_t *list = json_object_get(writing->verdict, "next_actions"),
		     *row;
	size_t i;

	json_array_foreach(list, i, row) if (strstr(member_text(row, "command"),
						 service) != NULL) return i +
	    1;
	return json_array_size(list) > 0 ? 1 : 0;
}

void
report_status(struct writing *writing)
{
	static const char *const titles[] = { "component", "state", "evidence",
		"next action" };
	const json_t *row;
	size_t i;

	markup_heading(&writing->markup, "Status");
	markup_table(&writing->markup, titles, 4);
	json_array_foreach(json_object_get(writing->verdict, "state"), i, row)
	{
		const char *service = member_text(row, "service");
		bool is_well = member_is(row, "state", "ok");
		struct text evidence = { 0 };
		char action[24] = "-";

		add_evidence(&evidence,
		    json_object_get(writing->verdict, "evidence"), service);
		add_evidence(&evidence,
		    json_object_get(writing->verdict, "against"), service);
		add_evidence(&evidence,
		    json_object_get(writing->verdict, "weightless"), service);
		if (!is_well && action_for(writing, service) > 0)
			snprintf(action, sizeof(action), "action %zu",
			    action_for(writing, service));
		const char *cells[] = { service, member_text(row, "state"),
			report_or_dash(evidence.bytes), action };

		markup_row(&writing->markup, cells);
		text_fini(&evidence);
	}
	markup_table_end(&writing->markup);
}
