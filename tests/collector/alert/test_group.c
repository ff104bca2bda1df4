#include "tests/support/table.h"

#include <stdio.h>
#include <string.h>

#include "collector/alert/group.h"
#include "proto/base/text.h"

/*
 * A story is a list of moments, "SECONDS OPEN... = ALERTS", where OPEN is
 * ID:SERVICE/SUBJECT of the regressions that are open (with ! critical, with ~
 * late), @CLASS/SUBJECT the verdict, and ALERTS what there is to be: ID(open
 * members), with + while it is red, ? while it is quiet and - when it is over.
 */
#define MOMENTS 8

static const struct story {
	const char *name;
	const char *moments[MOMENTS];
} stories[] = {
	{ "nothing open is no alert", { "0 =" } },
	{ "a regression is an alert",
	    { "0 1:web/port @app/code:web = 1(1)+ app/code:web" } },
	{ "another soon after is of the same one",
	    { "0 1:web/port = 1(1)+", "300 1:web/port 2:db/port = 1(1,2)+" } },
	{ "one much later is an alert of its own",
	    { "0 1:web/port @app/code:web = 1(1)+ app/code:web",
		"700 1:web/port 2:db/port @infra/service:db = "
		"1(1)+ app/code:web 2(2)+ infra/service:db" } },
	{ "unless the verdict names the same cause",
	    { "0 1:web/port @app/code:web = 1(1)+ app/code:web",
		"700 1:web/port 2:db/port @app/code:web = "
		"1(1,2)+ app/code:web" } },
	{ "a late one is none", { "0 1~web/port =" } },
	{ "when all are clear it is quiet, then over",
	    { "0 1:web/port = 1(1)+", "100 = 1()?", "159 = 1()?",
		"160 = 1()-" } },
	{ "when one of two is clear it is not over",
	    { "0 1:web/port 2:db/port = 1(1,2)+", "100 1:web/port = 1(1)+",
		"200 1:web/port = 1(1)+" } },
	{ "what comes back while it is quiet goes on",
	    { "0 1:web/port = 1(1)+", "100 = 1()?", "130 2:web/port = 1(2)+",
		"150 = 1()?", "260 = 1()?", "270 = 1()-" } },
	{ "what comes back within the hour is the same alert",
	    { "0 1:web/port = 1(1)+", "100 = 1()?", "160 = 1()-",
		"1000 2:web/port = 1(2)+", "1100 = 1()?", "1219 = 1()?",
		"1220 = 1()-" } },
	{ "what comes back later is another one",
	    { "0 1:web/port = 1(1)+", "100 = 1()?", "160 = 1()-",
		"3900 2:web/port = 1()- 2(2)+" } },
	{ "something else after the end is another one",
	    { "0 1:web/port = 1(1)+", "100 = 1()?", "160 = 1()-",
		"200 2:db/port = 1()- 2(2)+" } },
	{ "a verdict of none takes nothing back",
	    { "0 1:web/port @app/code:web = 1(1)+ app/code:web",
		"10 1:web/port @none/ = 1(1)+ app/code:web" } },
	{ "a verdict may change",
	    { "0 1:web/port @undetermined/ = 1(1)+ undetermined/",
		"10 1:web/port @env/file:a = 1(1)+ env/file:a" } },
};

struct parsed {
	int seconds;
	struct regression_row rows[8];
	const struct regression_row *open[8];
	size_t n;
	struct alert_cause cause;
	bool is_judged;
	char *expect;
};

static void
parse_row(struct parsed *out, char *word)
{
	struct regression_row *row = &out->rows[out->n];
	char *mark = word + strspn(word, "0123456789");
	char *slash = strchr(word, '/');

	*row = (struct regression_row){
		.id = strtoull(word, NULL, 10),
		.kind = REGRESSION_STATE,
		.environment = "staging",
		.service = mark + 1,
		.agent = "stg-1",
		.subject = slash + 1,
		.severity = *mark == '!' ? OUTCOME_CRITICAL : OUTCOME_WARNING,
		.late = *mark == '~',
		.before = "",
		.after = "",
		.message = "refused",
	};
	*slash = '\0';
	out->open[out->n++] = row;
}

static void
parse(struct parsed *out, char *moment)
{
	char *at = moment, *word, *slash;

	memset(out, 0, sizeof(*out));
	out->seconds = atoi(strsep(&at, " "));
	while ((word = strsep(&at, " ")) != NULL && word[0] != '=') {
		if (word[0] != '@') {
			parse_row(out, word);
			continue;
		}
		slash = strchr(word, '/');
		*slash = '\0';
		out->is_judged = true;
		out->cause = (struct alert_cause){ .class = word + 1,
			.subject = slash + 1 };
	}
	out->expect = at != NULL ? at : "";
}

static void
describe(struct text *text, const struct alert_book *book)
{
	for (size_t i = 0; i < book->n; i++) {
		const struct alert *alert = book->list[i];
		const char *comma = "";

		text_addf(text, "%s%d(", i > 0 ? " " : "", (int)alert->id);
		for (size_t k = 0; k < alert->n_members; k++) {
			if (!alert->members[k].is_open)
				continue;
			text_addf(
			    text, "%s%d", comma, (int)alert->members[k].id);
			comma = ",";
		}
		text_addf(text, ")%s",
		    alert->closed_ms != 0      ? "-"
			: alert->quiet_ms != 0 ? "?"
					       : "+");
		if (alert->cause.class != NULL)
			text_addf(text, " %s/%s", alert->cause.class,
			    alert->cause.subject);
	}
}

static void
test_story(void **state)
{
	const struct story *story = *state;
	struct alert_book book = { 0 };

	for (int i = 0; i < MOMENTS && story->moments[i] != NULL; i++) {
		char *moment = strdup(story->moments[i]);
		struct text text = { 0 };
		struct parsed parsed;
		struct group_view view;

		parse(&parsed, moment);
		view = (struct group_view){
			.environment = "staging",
			.open = parsed.open,
			.n_open = parsed.n,
			.cause = parsed.is_judged ? &parsed.cause : NULL,
			.resolve_after_ms = 60000,
			.now_ms = 1000000 + parsed.seconds * 1000,
		};
		group_look(&book, &view);
		group_close(&book, view.resolve_after_ms, view.now_ms);
		describe(&text, &book);
		assert_string_equal(
		    text.bytes != NULL ? text.bytes : "", parsed.expect);
		text_fini(&text);
		free(moment);
	}
	alert_book_fini(&book);
}

/* --- what flaps --------------------------------------------------------------- */

static const struct flap {
	const char *name;
	int red, green, times; /* seconds red, seconds green */
	int expect;            /* how often it is over */
} flaps[] = {
	{ "what is green for ten seconds at a time is never over", 60, 10, 100,
	    0 },
	{ "what is green for five minutes is over three times, then held", 300,
	    300, 100, 3 },
	{ "what is green for longer than the hold is over each time", 60, 1900,
	    5, 5 },
};

static void
test_flap(void **state)
{
	const struct flap *row = *state;
	struct alert_book book = { 0 };
	struct regression_row red = { .kind = REGRESSION_STATE,
		.environment = "staging",
		.service = "web",
		.agent = "stg-1",
		.subject = "port",
		.severity = OUTCOME_CRITICAL,
		.message = "refused" };
	const struct regression_row *open[] = { &red };
	struct group_view view = { .environment = "staging",
		.open = open,
		.resolve_after_ms = 60000,
		.now_ms = 1000000 };
	int n_over = 0;

	for (int i = 0; i < row->times; i++) {
		red.id++;
		view.n_open = 1;
		group_look(&book, &view);
		view.now_ms += row->red * 1000;
		view.n_open = 0;
		for (int k = 0; k < row->green; k++) {
			group_look(&book, &view);
			n_over += group_close(
			    &book, view.resolve_after_ms, view.now_ms);
			view.now_ms += 1000;
		}
	}
	assert_int_equal(n_over, row->expect);
	assert_int_equal(book.n, 1);
	alert_book_fini(&book);
}

/* --- limits ------------------------------------------------------------------- */

static const struct many {
	const char *name;
	int n, apart_s;
	int expect_alerts, expect_members;
} manys[] = {
	{ "of one alert only so many are kept", 1000, 0, 1, ALERT_MEMBERS_MAX },
	{ "there are only so many alerts", 300, 700, ALERTS_MAX, 1 },
};

static void
test_many(void **state)
{
	const struct many *row = *state;
	static struct regression_row rows[1000];
	const struct regression_row *open[1000];
	struct alert_book book = { 0 };
	char names[1000][16];

	for (int i = 0; i < row->n; i++) {
		struct group_view view = { .environment = "staging",
			.open = open,
			.n_open = (size_t)i + 1,
			.now_ms = 1000000 + i * (int64_t)row->apart_s * 1000 };

		snprintf(names[i], sizeof(names[i]), "s%d", i);
		rows[i] = (struct regression_row){ .id = (uint64_t)i + 1,
			.environment = "staging",
			.service = names[i],
			.agent = "a",
			.subject = "p",
			.severity = OUTCOME_CRITICAL,
			.message = "" };
		open[i] = &rows[i];
		if (i == row->n - 1 || row->apart_s > 0)
			group_look(&book, &view);
	}
	assert_int_equal(book.n, row->expect_alerts);
	assert_int_equal(book.list[0]->n_members, row->expect_members);
	alert_book_fini(&book);
}

int
main(void)
{
	return TABLE_RUN(stories, test_story) + TABLE_RUN(flaps, test_flap) +
	    TABLE_RUN(manys, test_many);
}
