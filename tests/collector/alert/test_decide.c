#include "tests/support/table.h"

#include <stdio.h>
#include <string.h>

#include "collector/alert/decide.h"

#define OPENED INT64_C(1000000)

/* Times are seconds after the alert opened; -1: never. */
static const struct row {
	const char *name;
	int now, judged, quiet, closed;
	/* told, and how: [f]iring, [r]esolved, [a]cknowledged; 0: nothing */
	char told;
	int told_at, told_version;
	int acked_until;  /* 0: nobody has taken it */
	bool is_unwanted; /* by the routes */
	bool is_muted;
	int resend, remind;
	enum word expect;
} rows[] = {
	{ "what has just opened is waited with", .now = 9, .judged = 1,
	    .expect = WORD_NONE },
	{ "then it is told", .now = 10, .judged = 1, .expect = WORD_FIRING },
	{ "a verdict is waited for", .now = 12, .judged = -1,
	    .expect = WORD_NONE },
	{ "but not for ever", .now = 25, .judged = -1, .expect = WORD_FIRING },
	{ "what was over before it was told is not told", .now = 20,
	    .judged = 1, .quiet = 8, .expect = WORD_NONE },
	{ "and never said to be over", .now = 200, .judged = 1, .quiet = 8,
	    .closed = 68, .expect = WORD_NONE },
	{ "whom the routes leave out is not told", .now = 20, .judged = 1,
	    .is_unwanted = true, .expect = WORD_NONE },
	{ "what is silenced is not told", .now = 20, .judged = 1,
	    .is_muted = true, .expect = WORD_NONE },

	{ "what was told is not told again", .now = 900, .judged = 1,
	    .told = 'f', .told_at = 10, .told_version = 1, .remind = 3600,
	    .expect = WORD_NONE },
	{ "what has changed is told", .now = 30, .judged = 1, .told = 'f',
	    .told_at = 10, .told_version = 0, .expect = WORD_UPDATE },
	{ "but not at once", .now = 15, .judged = 1, .told = 'f', .told_at = 10,
	    .told_version = 0, .expect = WORD_NONE },
	{ "nor while it is silenced", .now = 30, .judged = 1, .told = 'f',
	    .told_at = 10, .told_version = 0, .is_muted = true,
	    .expect = WORD_NONE },
	{ "what lasts is recalled", .now = 3611, .judged = 1, .told = 'f',
	    .told_at = 10, .told_version = 1, .remind = 3600,
	    .expect = WORD_REMINDER },
	{ "without reminders it is not", .now = 360000, .judged = 1,
	    .told = 'f', .told_at = 10, .told_version = 1,
	    .expect = WORD_NONE },
	{ "nor what somebody took over", .now = 3611, .judged = 1, .told = 'a',
	    .told_at = 10, .told_version = 1, .remind = 3600,
	    .acked_until = 9999, .expect = WORD_NONE },
	{ "nor what is silenced", .now = 3611, .judged = 1, .told = 'f',
	    .told_at = 10, .told_version = 1, .remind = 3600, .is_muted = true,
	    .expect = WORD_NONE },
	{ "nor what is green and not over yet", .now = 3611, .judged = 1,
	    .quiet = 3600, .told = 'f', .told_at = 10, .told_version = 1,
	    .remind = 3600, .expect = WORD_NONE },
	{ "that somebody took it is told", .now = 60, .judged = 1, .told = 'f',
	    .told_at = 10, .told_version = 1, .acked_until = 9999,
	    .expect = WORD_ACKNOWLEDGED },
	{ "and when it ends, that it still fires", .now = 600, .judged = 1,
	    .told = 'a', .told_at = 10, .told_version = 1, .remind = 3600,
	    .acked_until = 300, .expect = WORD_REMINDER },
	{ "who forgets is told again", .now = 71, .judged = 1, .told = 'f',
	    .told_at = 10, .told_version = 1, .resend = 60,
	    .expect = WORD_AGAIN },
	{ "though it is silenced: it was told", .now = 71, .judged = 1,
	    .told = 'f', .told_at = 10, .told_version = 1, .resend = 60,
	    .is_muted = true, .expect = WORD_AGAIN },
	{ "and not before", .now = 69, .judged = 1, .told = 'f', .told_at = 10,
	    .told_version = 1, .resend = 60, .expect = WORD_NONE },

	{ "the end is told", .now = 200, .judged = 1, .quiet = 100,
	    .closed = 160, .told = 'f', .told_at = 10, .told_version = 1,
	    .expect = WORD_RESOLVED },
	{ "the end is told though it is silenced", .now = 200, .judged = 1,
	    .quiet = 100, .closed = 160, .told = 'f', .told_at = 10,
	    .told_version = 1, .is_muted = true, .expect = WORD_RESOLVED },
	{ "the end is told though routes have changed", .now = 200, .judged = 1,
	    .quiet = 100, .closed = 160, .told = 'f', .told_at = 10,
	    .told_version = 1, .is_unwanted = true, .expect = WORD_RESOLVED },
	{ "the end is told once", .now = 2000, .judged = 1, .quiet = 100,
	    .closed = 160, .told = 'r', .told_at = 161, .told_version = 1,
	    .expect = WORD_NONE },
	{ "a relapse is told anew", .now = 20, .judged = 1, .told = 'r',
	    .told_at = -50, .told_version = 1, .expect = WORD_FIRING },
};

static int64_t
ms(int seconds)
{
	return OPENED + seconds * INT64_C(1000);
}

static void
test_row(void **state)
{
	const struct row *row = *state;
	struct alert *alert = alert_new(7, "staging");
	const struct listener listener = {
		.receiver = "chat",
		.is_wanted = !row->is_unwanted,
		.muted_until_ms = row->is_muted ? ms(100000) : 0,
		.wait_ms = 10000,
		.remind_ms = row->remind * INT64_C(1000),
		.resend_ms = row->resend * INT64_C(1000),
	};
	struct alert_told *told;

	alert->opened_ms = OPENED;
	alert->judged_ms = row->judged >= 0 ? ms(row->judged) : 0;
	alert->quiet_ms = row->quiet > 0 ? ms(row->quiet) : 0;
	alert->closed_ms = row->closed > 0 ? ms(row->closed) : 0;
	if (row->acked_until > 0) {
		alert_text(&alert->acked_by, "ann");
		alert->acked_until_ms = ms(row->acked_until);
	}
	if (row->told != 0) {
		told = alert_told_of(alert, "chat");
		told->is_firing = row->told != 'r';
		told->is_acked = row->told == 'a';
		told->version = (uint32_t)row->told_version;
		told->at_ms = told->reminded_ms = ms(row->told_at);
	}
	assert_string_equal(word_name(decide(alert, &listener, ms(row->now))),
	    word_name(row->expect));
	assert_int_equal(decide(alert, &listener, ms(row->now)), row->expect);
	alert_free(alert);
}

/* --- every word is said once ---------------------------------------------- */

static const struct said {
	const char *name;
	enum word word;
} saids[] = {
	{ "after firing there is nothing to say", WORD_FIRING },
	{ "after an update there is nothing to say", WORD_UPDATE },
	{ "after a reminder there is nothing to say", WORD_REMINDER },
};

static void
test_said(void **state)
{
	const struct said *row = *state;
	struct alert *alert = alert_new(7, "staging");
	const struct listener listener = { .receiver = "chat",
		.is_wanted = true,
		.wait_ms = 10000,
		.remind_ms = 3600000 };

	alert->opened_ms = OPENED;
	alert->judged_ms = OPENED;
	decide_note(alert, "chat", row->word, alert->version, ms(20));
	assert_int_equal(decide(alert, &listener, ms(21)), WORD_NONE);
	assert_int_equal(decide(alert, &listener, ms(3700)), WORD_REMINDER);
	alert->closed_ms = ms(3800);
	assert_int_equal(decide(alert, &listener, ms(3800)), WORD_RESOLVED);
	decide_note(alert, "chat", WORD_RESOLVED, alert->version, ms(3801));
	assert_int_equal(decide(alert, &listener, ms(9999)), WORD_NONE);
	alert_free(alert);
}

/* --- routes ----------------------------------------------------------------- */

#define NAMES(...)                                                     \
	{                                                              \
		(char *[]){ __VA_ARGS__ },                             \
		    sizeof((char *[]){ __VA_ARGS__ }) / sizeof(char *) \
	}

static struct route_config production[] = {
	{ .environments = NAMES("production"),
	    .receivers = NAMES("pager"),
	    .goes_on = true },
	{ .classes = NAMES("app"), .receivers = NAMES("backend") },
	{ .services = NAMES("database"), .receivers = NAMES("platform") },
	{ .receivers = NAMES("chat"), .is_critical = true },
};

static const struct wanted {
	const char *name;
	const char *environment, *class, *service, *receiver;
	bool is_critical, is_routed, expect;
} wanteds[] = {
	{ "without routes everybody is told", "staging", "app", "backend",
	    "chat", true, false, true },
	{ "an environment is matched", "production", "env", "backend", "pager",
	    true, true, true },
	{ "another one is not", "staging", "env", "backend", "pager", true,
	    true, false },
	{ "a route that goes on lets the next one match", "production", "app",
	    "backend", "backend", true, true, true },
	{ "one that does not keeps it", "staging", "app", "database",
	    "platform", true, true, false },
	{ "a class is matched", "staging", "app", "backend", "backend", true,
	    true, true },
	{ "any service of the alert is matched", "staging", "env", "database",
	    "platform", true, true, true },
	{ "the rest is for the last", "staging", "env", "backend", "chat", true,
	    true, true },
	{ "what only warns is not for who wants critical ones", "staging",
	    "env", "backend", "chat", false, true, false },
	{ "without a verdict the class is undetermined", "staging", NULL,
	    "backend", "backend", true, true, false },
};

static void
test_wanted(void **state)
{
	const struct wanted *row = *state;
	struct alert *alert = alert_new(7, row->environment);
	const struct alerts_config config = {
		.routes = production,
		.n_routes = row->is_routed ? 4 : 0,
	};
	char service[16];

	snprintf(service, sizeof(service), "%s", row->service);
	alert_add(alert,
	    &(struct alert_member){ .id = 7,
		.service = service,
		.agent = "",
		.subject = "",
		.message = "",
		.is_critical = row->is_critical,
		.is_open = true });
	alert_text(&alert->cause.class, row->class);
	assert_int_equal(
	    decide_is_wanted(&config, alert, row->receiver), row->expect);
	alert_free(alert);
}

int
main(void)
{
	return TABLE_RUN(rows, test_row) + TABLE_RUN(saids, test_said) +
	    TABLE_RUN(wanteds, test_wanted);
}
