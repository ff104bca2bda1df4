#include "tests/support/table.h"

#include <stdio.h>
#include <string.h>

#include "collector/alert/mute.h"
#include "proto/base/mem.h"
#include "proto/base/text.h"

#define NAMES(...)                                                     \
	{                                                              \
		(char *[]){ __VA_ARGS__ },                             \
		    sizeof((char *[]){ __VA_ARGS__ }) / sizeof(char *) \
	}

/* 2026-01-05T00:00:00Z, a Monday; times are minutes after it. */
#define MIDNIGHT INT64_C(1767571200000)
#define AT(min)  (MIDNIGHT + (min)*INT64_C(60000))

static struct maintenance_config windows[] = {
	{ .name = "move",
	    .environments = NAMES("staging"),
	    .from_ms = AT(600),
	    .to_ms = AT(660) },
	{ .name = "nightly",
	    .services = NAMES("database", "cache"),
	    .cron = "0 2 * * *",
	    .lasts_ms = 3600000 },
};

static const struct row {
	const char *name;
	/* a silence from 100 to 200 of these; environment NULL: none */
	const char *environment, *service;
	const char *of;       /* the alert's environment */
	const char *services; /* of its open regressions, by spaces */
	const char *over;     /* of its cleared ones */
	int now, until;       /* 0: people are told */
	const char *why;
} rows[] = {
	{ "without any people are told", NULL, NULL, "staging", "backend", "",
	    150, 0, "" },
	{ "a silence of everything silences", "", "", "staging", "backend", "",
	    150, 200, "silence 3" },
	{ "before it begins it does not", "", "", "staging", "backend", "", 99,
	    0, "" },
	{ "when it is over it does not", "", "", "staging", "backend", "", 200,
	    0, "" },
	{ "a silence is of its environment", "production", "", "staging",
	    "backend", "", 150, 0, "" },
	{ "a silence is of its service", "staging", "database", "staging",
	    "backend", "", 150, 0, "" },
	{ "its service is silenced", "staging", "backend", "staging", "backend",
	    "", 150, 200, "silence 3" },
	{ "what has spread beyond it is told", "staging", "backend", "staging",
	    "backend database", "", 150, 0, "" },
	{ "what has cleared beside it does not count", "staging", "backend",
	    "staging", "backend", "database", 150, 200, "silence 3" },
	{ "maintenance once", NULL, NULL, "staging", "backend", "", 659, 660,
	    "maintenance move" },
	{ "it ends", NULL, NULL, "staging", "backend", "", 660, 0, "" },
	{ "it is of its environments", NULL, NULL, "production", "backend", "",
	    650, 0, "" },
	{ "maintenance by cron", NULL, NULL, "production", "database cache", "",
	    179, 180, "maintenance nightly" },
	{ "it is of its services", NULL, NULL, "production", "database backend",
	    "", 179, 0, "" },
	{ "the longest counts", "", "", "production", "database", "", 150, 200,
	    "silence 3" },
};

static void
add_members(struct alert *alert, const char *services, bool is_open)
{
	char copy[64], *at = copy, *word;

	snprintf(copy, sizeof(copy), "%s", services);
	while ((word = strsep(&at, " ")) != NULL)
		if (word[0] != '\0')
			alert_add(alert,
			    &(struct alert_member){ .service = word,
				.agent = "",
				.subject = "",
				.message = "",
				.is_open = is_open });
}

static void
test_row(void **state)
{
	const struct row *row = *state;
	const struct alerts_config config = { .maintenance = windows,
		.n_maintenance = 2 };
	struct alert *alert = alert_new(7, row->of);
	struct silences silences = { 0 };
	struct silence silence = { .id = 3,
		.environment = mem_strdup(row->environment),
		.service = mem_strdup(row->service),
		.from_ms = AT(100),
		.until_ms = AT(200),
		.by = mem_strdup("ann"),
		.why = mem_strdup("") };
	char why[MUTE_WHY_BYTES];
	int64_t *until = mute_windows(&config, AT(row->now));
	const struct mutes mutes = { &silences, &config, until };

	if (row->environment != NULL)
		assert_true(silences_add(&silences, &silence));
	silence_fini(&silence);
	add_members(alert, row->services, true);
	add_members(alert, row->over, false);
	assert_int_equal(mute_until(why, alert, &mutes, AT(row->now)),
	    row->until == 0 ? 0 : AT(row->until));
	assert_string_equal(why, row->why);
	free(until);
	silences_fini(&silences);
	alert_free(alert);
}

int
main(void)
{
	return TABLE_RUN(rows, test_row);
}
