#include "tests/support/table.h"

#include <stdio.h>
#include <string.h>

#include "collector/alert/target.h"
#include "proto/base/mem.h"
#include "tests/collector/alert/alerts.h"

/* --- where it goes -------------------------------------------------------- */

static const struct place {
	const char *name;
	const char *url;
	bool is_insecure;
	const char *shown;  /* NULL: it is refused */
	const char *expect; /* what the refusal says */
} places[] = {
	{ "https goes anywhere", "https://chat.example/s3cret/path", false,
	    "chat.example", NULL },
	{ "a port is shown", "https://chat.example:8443/s3cret", false,
	    "chat.example:8443", NULL },
	{ "a login is not", "https://u:s3cret@chat.example/", false,
	    "chat.example", NULL },
	{ "nor is a query", "https://chat.example?key=s3cret", false,
	    "chat.example", NULL },
	{ "plain HTTP stays on the machine", "http://127.0.0.1:80/s3cret",
	    false, "127.0.0.1:80", NULL },
	{ "by its name, too", "http://localhost/s3cret", false, "localhost",
	    NULL },
	{ "by its other number, too", "http://[::1]:80/s3cret", false,
	    "[::1]:80", NULL },
	{ "a host that is called almost so is another",
	    "http://localhost.example/s3cret", false, NULL,
	    "alerts: receiver r: url: beyond the loopback needs https://, or "
	    "insecure: true" },
	{ "a login does not make it the loopback",
	    "http://127.0.0.1@chat.example/s3cret", false, NULL,
	    "alerts: receiver r: url: beyond the loopback needs https://, or "
	    "insecure: true" },
	{ "beyond it somebody must say so", "http://chat.example/s3cret", true,
	    "chat.example", NULL },
	{ "an address has a scheme", "chat.example/s3cret", true, NULL,
	    "alerts: receiver r: url: not an address: write "
	    "https://HOST/PATH" },
	{ "and no other one", "file:///etc/s3cret", true, NULL,
	    "alerts: receiver r: url: not an address: write "
	    "https://HOST/PATH" },
	{ "a variable that is not set is named", "${S3CRET_NOT_SET}", false,
	    NULL,
	    "alerts: receiver r: url: the environment variable "
	    "S3CRET_NOT_SET is not set" },
};

static void
test_place(void **state)
{
	const struct place *row = *state;
	char url[128], name[] = "r";
	struct webhook_config webhook = { .url = url };
	struct receiver_config receiver = {
		.name = name, .webhook = &webhook, .insecure = row->is_insecure
	};
	const struct alerts_config config = { .receivers = &receiver,
		.n_receivers = 1 };
	struct targets targets;
	struct err err = { 0 };

	snprintf(url, sizeof(url), "%s", row->url);
	assert_int_equal(
	    targets_load(&targets, &config, &err), row->shown != NULL ? 0 : -1);
	if (row->shown != NULL)
		assert_string_equal(targets.list[0]->shown, row->shown);
	else
		assert_string_equal(err.text, row->expect);
	assert_null(strstr(err.text, "s3cret"));
	targets_fini(&targets);
}

/* --- what is written ------------------------------------------------------ */

static const struct written {
	const char *name;
	const struct way *way;
	enum word word;
	bool was_other; /* the receiver knows it by other names */
	const char *parts[4], *absent;
} writtens[] = {
	{ "a webhook is told our JSON", &way_webhook, WORD_FIRING, false,
	    { "\"event\":\"firing\"", "\"class\":\"env\"",
		"\"text\":\"FIRING staging/backend: env envfile:staging.env, "
		"96 %\\n",
		"\"link\":\"https://v.example/#/incident/17\"" },
	    "\x1b" },
	{ "a command is told the same", &way_command, WORD_UPDATE, false,
	    { "\"event\":\"update\"", "CHANGED staging/backend" }, "\x1b" },
	{ "an Alertmanager is told labels", &way_alertmanager, WORD_FIRING,
	    false,
	    { "\"class\":\"env\"", "\"incident\":\"17\"",
		"\"endsAt\":\"2026-01-05T10:04:00.000Z\"",
		"\"startsAt\":\"2026-01-05T09:59:10.000Z\"" },
	    "\"class\":\"app\"" },
	{ "what has other labels now is ended there", &way_alertmanager,
	    WORD_UPDATE, true,
	    { "\"class\":\"app\"", "\"endsAt\":\"2026-01-05T10:00:00.000Z\"",
		"\"class\":\"env\"",
		"\"endsAt\":\"2026-01-05T10:04:00.000Z\"" },
	    "\x1b" },
	{ "the end is that of the labels it knows", &way_alertmanager,
	    WORD_RESOLVED, true,
	    { "\"class\":\"app\"", "\"endsAt\":\"2026-01-05T10:00:00.000Z\"" },
	    "\"class\":\"env\"" },
	{ "PagerDuty is told to trigger", &way_pagerduty, WORD_FIRING, false,
	    { "\"event_action\":\"trigger\"",
		"\"dedup_key\":\"vedette/staging/17\"",
		"\"routing_key\":\"k3y\"", "\"severity\":\"critical\"" },
	    "\x1b" },
	{ "and to resolve", &way_pagerduty, WORD_RESOLVED, false,
	    { "\"event_action\":\"resolve\"",
		"\"dedup_key\":\"vedette/staging/17\"" },
	    "payload" },
	{ "a reminder triggers again", &way_pagerduty, WORD_REMINDER, false,
	    { "\"event_action\":\"trigger\"", "STILL FIRING" }, "\x1b" },
	{ "a mail has its headers", &way_mail, WORD_FIRING, false,
	    { "From: <v@example.org>\r\nTo: <a@example.org>,\r\n "
	      "<b@example.org>\r\nDate: Mon, 05 Jan 2026 10:00:00 +0000\r\n",
		"\r\nSubject: [vedette] FIRING staging/backend: env "
		"envfile:staging.env, 96 %\r\n",
		"\r\n\r\nFIRING staging/backend",
		"\r\ncaused by envfile:staging.env (env, 0.96, very likely), "
		"for platform\r\n  backend/port: refused" },
	    "\x1b" },
};

static void
test_written(void **state)
{
	static char *to[] = { "a@example.org", "b@example.org" };
	const struct written *row = *state;
	struct alert *alert = alerts_whole();
	const struct notice notice = {
		.alert = alert,
		.word = row->word,
		.at_ms = ALERTS_NOW_MS,
		.receiver = "r",
		.url = "https://v.example/",
		.lasts_ms = 240000,
		.old_service = row->was_other ? "backend" : NULL,
		.old_class = row->was_other ? "app" : NULL,
	};
	struct target target = { .way = row->way,
		.from = "v@example.org",
		.list = to,
		.n_list = 2,
		.key = secret_new("k3y", 3) };
	struct text text = { 0 };
	const char *at;

	if (row->word == WORD_RESOLVED)
		alert->quiet_ms = alert->closed_ms = ALERTS_NOW_MS;
	row->way->write(&text, &target, &notice);
	at = text.bytes;
	for (size_t i = 0; i < 4 && row->parts[i] != NULL; i++)
		if (strstr(at, row->parts[i]) == NULL)
			fail_msg("%s\nis not in\n%s", row->parts[i], at);
	assert_null(strstr(text.bytes, row->absent));
	text_fini(&text);
	secret_free(target.key);
	alert_free(alert);
}

int
main(void)
{
	return TABLE_RUN(places, test_place) +
	    TABLE_RUN(writtens, test_written);
}
