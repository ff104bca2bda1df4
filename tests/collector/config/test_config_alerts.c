#include "tests/support/folder.h"
#include "tests/support/table.h"

#include <string.h>

#include "collector/config/config.h"

/* What follows is in lines 5 and later. */
#define HEAD                                                  \
	"store: s.db\nlisten: [{url: 'ipc:///run/c.sock'}]\n" \
	"environments: {a: {}}\nservices: [{name: web}]\n"
#define RECEIVER HEAD "alerts:\n  receivers:\n    - {name: r, "
#define CHAT     HEAD "alerts:\n  receivers: [{name: r, command: [x]}]\n"
#define ROUTE    CHAT "  routes:\n    - {receivers: [r], "
#define WINDOW   CHAT "  maintenance:\n    - {name: m, "

static const struct bad {
	const char *name;
	const char *yaml;
	const char *expect; /* after "FILE:" */
} bads[] = {
	{ "receivers are needed", HEAD "alerts: {wait: 5s}\n",
	    "5:9: alerts.receivers: required key is missing" },
	{ "a receiver has one way", RECEIVER "timeout: 5s}\n",
	    "7:7: alerts.receivers[0]: must have exactly one of webhook, "
	    "alertmanager, pagerduty, smtp, command" },
	{ "and no second one",
	    RECEIVER "command: [x], webhook: {url: 'https://u:hunter2@h'}}\n",
	    "7:7: alerts.receivers[0]: must have exactly one of webhook, "
	    "alertmanager, pagerduty, smtp, command" },
	{ "a receiver has a name",
	    HEAD "alerts:\n  receivers: [{name: R, command: [x]}]\n",
	    "6:22: alerts.receivers[0].name: not a name: write 1 to 64 of "
	    "a-z 0-9 . _ - without a dot first" },
	{ "of its own",
	    HEAD "alerts:\n  receivers: [{name: r, command: [x]}, {name: r, "
		 "command: [x]}]\n",
	    "6:47: alerts.receivers[1].name: another receiver has this name; "
	    "choose another" },
	{ "a timeout has limits", RECEIVER "command: [x], timeout: 1h}\n",
	    "7:40: alerts.receivers[0].timeout: must be from 1.0 s to 2 m "
	    "0 s" },
	{ "an Alertmanager has an address",
	    RECEIVER "alertmanager: {urls: ['am:9093']}}\n",
	    "7:39: alerts.receivers[0].alertmanager.urls[0]: not an address: "
	    "write https://HOST or http://HOST" },
	{ "all of its cluster have", RECEIVER "alertmanager: {urls: []}}\n",
	    "7:38: alerts.receivers[0].alertmanager.urls: must list every "
	    "Alertmanager of the cluster" },
	{ "mail goes by smtp",
	    RECEIVER "smtp: {url: 'http://h', from: a@b, to: [c@d]}}\n",
	    "7:29: alerts.receivers[0].smtp.url: not an address: write "
	    "smtps://HOST or smtp://HOST" },
	{ "a login is no part of an address",
	    RECEIVER "smtp: {url: 'smtp://u:hunter2@h', from: a@b, "
		     "to: [c@d]}}\n",
	    "7:29: alerts.receivers[0].smtp.url: must hold no login: write "
	    "user and password" },
	{ "a user has a password",
	    RECEIVER "smtp: {url: 'smtp://h', from: a@b, to: [c@d], "
		     "user: u}}\n",
	    "7:23: alerts.receivers[0].smtp.password: user and password go "
	    "together" },
	{ "no line is smuggled into a mail",
	    RECEIVER "smtp: {url: 'smtp://h', from: a@b, "
		     "to: [\"c@d\\nBcc: e@f\"]}}\n",
	    "7:57: alerts.receivers[0].smtp.to[0]: not an address: write "
	    "NAME@DOMAIN alone" },
	{ "somebody gets the mail",
	    RECEIVER "smtp: {url: 'smtp://h', from: a@b, to: []}}\n",
	    "7:56: alerts.receivers[0].smtp.to: must list at least one "
	    "address" },

	{ "a route leads somewhere", CHAT "  routes: [{classes: [app]}]\n",
	    "7:12: alerts.routes[0].receivers: must list at least one of the "
	    "receivers" },
	{ "and to a receiver that is there",
	    CHAT "  routes: [{receivers: [q]}]\n",
	    "7:25: alerts.routes[0].receivers[0]: not listed under "
	    "alerts.receivers; add it there, or correct the name" },
	{ "its environments are ours", ROUTE "environments: [b]}\n",
	    "8:39: alerts.routes[0].environments[0]: not listed under "
	    "environments; add it there, or correct the name" },
	{ "its services are ours", ROUTE "services: [b]}\n",
	    "8:35: alerts.routes[0].services[0]: not listed under services; "
	    "add it there, or correct the name" },
	{ "its classes are a verdict's", ROUTE "classes: [code]}\n",
	    "8:34: alerts.routes[0].classes[0]: not a class: write app, env, "
	    "infra, net, blind or undetermined" },
	{ "its severity is one of two", ROUTE "severity: high}\n",
	    "8:34: alerts.routes[0].severity: must be critical or warning" },

	{ "maintenance has a time", WINDOW "environments: [a]}\n",
	    "8:7: alerts.maintenance[0]: must have from and to, or cron and "
	    "for" },
	{ "and only one",
	    WINDOW "cron: '0 2 * * *', "
		   "from: '2026-01-05T10:00:00Z', "
		   "to: '2026-01-05T11:00:00Z'}\n",
	    "8:7: alerts.maintenance[0]: must have from and to, or cron and "
	    "for" },
	{ "it begins and ends", WINDOW "from: '2026-01-05T10:00:00Z'}\n",
	    "8:7: alerts.maintenance[0]: must have from and to, or cron and "
	    "for" },
	{ "and in this order",
	    WINDOW "from: '2026-01-05T10:00:00Z', "
		   "to: '2026-01-05T10:00:00Z'}\n",
	    "8:51: alerts.maintenance[0].to: must be later than from" },
	{ "cron has five fields", WINDOW "cron: '2 * * *'}\n",
	    "8:23: alerts.maintenance[0].cron: day of the week is missing: "
	    "write five fields, as 0 2 * * sun" },
	{ "it lasts a week at most", WINDOW "cron: '0 2 * * *', for: 8d}\n",
	    "8:41: alerts.maintenance[0].for: must be from 1 m 0 s to 7 d "
	    "0 h" },
	{ "reminders are not too many", CHAT "  remind: 10ms\n",
	    "7:11: alerts.remind: must be from 1.0 s to 30 d 0 h" },
};

static void
test_bad(void **state)
{
	const struct bad *row = *state;
	struct collector_config *config = NULL;
	char path[FOLDER_PATH_BYTES];
	struct folder folder;
	struct err err = { 0 };

	folder_open(&folder);
	folder_write(path, &folder, "c.yaml", row->yaml, strlen(row->yaml));
	assert_int_equal(config_load(&config, path, &err), -1);
	assert_int_equal(strncmp(err.text, path, strlen(path)), 0);
	assert_string_equal(err.text + strlen(path) + 1, row->expect);
	assert_null(strstr(err.text, "hunter2"));
	folder_close(&folder);
}

static const struct good {
	const char *name;
} goods[] = { { "what is not said has its usual value" } };

static void
test_good(void **state)
{
	static const char yaml[] = CHAT
	    "  routes: [{receivers: [r], severity: critical, continue: true}]\n"
	    "  maintenance: [{name: m, cron: '0 2 * * sun'}]\n";
	struct collector_config *config = NULL;
	char path[FOLDER_PATH_BYTES];
	struct folder folder;
	struct err err = { 0 };

	(void)state;
	folder_open(&folder);
	folder_write(path, &folder, "c.yaml", yaml, strlen(yaml));
	if (config_load(&config, path, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(config->alerts->wait_ms, 10000);
	assert_int_equal(config->alerts->remind_ms, 4 * 3600000);
	assert_int_equal(config->alerts->resolve_after_ms, 60000);
	assert_int_equal(config->alerts->receivers[0].timeout_ms, 10000);
	assert_true(config->alerts->routes[0].is_critical);
	assert_true(config->alerts->routes[0].goes_on);
	assert_int_equal(config->alerts->maintenance[0].lasts_ms, 3600000);
	config_free(config);
	folder_close(&folder);
}

int
main(void)
{
	return TABLE_RUN(bads, test_bad) + TABLE_RUN(goods, test_good);
}
