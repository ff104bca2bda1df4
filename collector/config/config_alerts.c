#include <string.h>

#include "collector/alert/cron.h"
#include "collector/config/config_alerts.h"
#include "collector/config/config_http.h"
#include "proto/base/mem.h"
#include "proto/base/text.h"

#define SECOND_MS INT64_C(1000)
#define DAY_MS    INT64_C(86400000)

/* --- receivers ---------------------------------------------------------- */

static int
require_scheme(const struct check *check, const char *path, const char *url,
    const char *scheme, const char *secure)
{
	if (strncmp(url, scheme, strlen(scheme)) == 0 ||
	    strncmp(url, secure, strlen(secure)) == 0)
		return 0;
	return conf_complain(check->conf, check->err, path,
	    "not an address: write %sHOST or %sHOST", secure, scheme);
}

static int
check_alertmanager(
    const struct check *check, const char *path, struct alertmanager_config *to)
{
	struct place at = place_of("%s.urls", path);

	if (to->urls.n == 0)
		return conf_complain(check->conf, check->err, at.path,
		    "must list every Alertmanager of the cluster");
	for (uint32_t i = 0; i < to->urls.n; i++) {
		at = place_of("%s.urls[%u]", path, i);
		if (require_scheme(check, at.path, to->urls.names[i], "http://",
			"https://") < 0)
			return -1;
	}
	at = place_of("%s.resend", path);
	return check_span(check, &to->resend_ms, at.path, to->resend, "1m",
	    SECOND_MS, 3600 * SECOND_MS);
}

static int
check_smtp(const struct check *check, const char *path, struct smtp_config *to)
{
	struct place at = place_of("%s.url", path);

	if (require_scheme(check, at.path, to->url, "smtp://", "smtps://") < 0)
		return -1;
	if (strchr(to->url, '@') != NULL)
		return conf_complain(check->conf, check->err, at.path,
		    "must hold no login: write user and password");
	at = place_of("%s.to", path);
	if (to->to.n == 0)
		return conf_complain(check->conf, check->err, at.path,
		    "must list at least one address");
	for (uint32_t i = 0; i <= to->to.n; i++) {
		const char *address = i < to->to.n ? to->to.names[i] : to->from;

		at = i < to->to.n ? place_of("%s.to[%u]", path, i)
				  : place_of("%s.from", path);
		if (strchr(address, '@') == NULL ||
		    strpbrk(address, " <>,\r\n") != NULL)
			return conf_complain(check->conf, check->err, at.path,
			    "not an address: write NAME@DOMAIN alone");
	}
	at = place_of("%s.password", path);
	if ((to->user == NULL) != (to->password == NULL))
		return conf_complain(check->conf, check->err, at.path,
		    "user and password go together");
	return 0;
}

static int
check_way(const struct check *check, const char *path,
    struct receiver_config *receiver)
{
	int n = (receiver->webhook != NULL) + (receiver->alertmanager != NULL) +
	    (receiver->pagerduty != NULL) + (receiver->smtp != NULL) +
	    (receiver->command.n > 0);
	struct place at;

	if (n != 1)
		return conf_complain(check->conf, check->err, path,
		    "must have exactly one of webhook, alertmanager, "
		    "pagerduty, smtp, command");
	if (receiver->alertmanager != NULL) {
		at = place_of("%s.alertmanager", path);
		return check_alertmanager(
		    check, at.path, receiver->alertmanager);
	}
	if (receiver->smtp != NULL) {
		at = place_of("%s.smtp", path);
		return check_smtp(check, at.path, receiver->smtp);
	}
	at = place_of("%s.pagerduty.url", path);
	if (receiver->pagerduty != NULL && receiver->pagerduty->url != NULL)
		return require_scheme(check, at.path, receiver->pagerduty->url,
		    "http://", "https://");
	return 0;
}

static int
check_receiver(const struct check *check, uint32_t i)
{
	struct alerts_config *alerts = check->config->alerts;
	struct receiver_config *receiver = &alerts->receivers[i];
	struct place at = place_of("alerts.receivers[%u].name", i);
	int rc = 0;

	rc |= check_name(check, at.path, receiver->name);
	for (uint32_t k = 0; k < i; k++)
		if (strcmp(alerts->receivers[k].name, receiver->name) == 0)
			rc = conf_complain(check->conf, check->err, at.path,
			    "another receiver has this name; choose another");
	at = place_of("alerts.receivers[%u]", i);
	rc |= check_way(check, at.path, receiver);
	config_resolve(&receiver->ca_file, check->folder);
	at = place_of("alerts.receivers[%u].timeout", i);
	return rc |
	    check_span(check, &receiver->timeout_ms, at.path, receiver->timeout,
		"10s", SECOND_MS, 120 * SECOND_MS);
}

/* --- routes ------------------------------------------------------------- */

static bool
is_receiver(const struct alerts_config *alerts, const char *name)
{
	for (uint32_t i = 0; i < alerts->n_receivers; i++)
		if (strcmp(alerts->receivers[i].name, name) == 0)
			return true;
	return false;
}

static int
check_classes(
    const struct check *check, const char *path, const struct names *names)
{
	static char *words[] = { "app", "env", "infra", "net", "blind",
		"undetermined" };
	static const struct names classes = { words,
		sizeof(words) / sizeof(words[0]) };
	struct place at;

	for (uint32_t i = 0; i < names->n; i++) {
		at = place_of("%s[%u]", path, i);
		if (!names_hold(&classes, names->names[i]))
			return conf_complain(check->conf, check->err, at.path,
			    "not a class: write app, env, infra, net, blind "
			    "or undetermined");
	}
	return 0;
}

static int
check_route_receivers(
    const struct check *check, const char *path, const struct names *names)
{
	struct place at;

	if (names->n == 0)
		return conf_complain(check->conf, check->err, path,
		    "must list at least one of the receivers");
	for (uint32_t i = 0; i < names->n; i++) {
		at = place_of("%s[%u]", path, i);
		if (!is_receiver(check->config->alerts, names->names[i]))
			return conf_complain(check->conf, check->err, at.path,
			    "not listed under alerts.receivers; add it there, "
			    "or correct the name");
	}
	return 0;
}

static int
check_route(const struct check *check, uint32_t i)
{
	struct route_config *route = &check->config->alerts->routes[i];
	struct place at = place_of("alerts.routes[%u].environments", i);
	int rc = 0;

	rc |= check_environments(check, at.path, &route->environments);
	at = place_of("alerts.routes[%u].services", i);
	rc |= check_services(check, at.path, &route->services);
	at = place_of("alerts.routes[%u].classes", i);
	rc |= check_classes(check, at.path, &route->classes);
	at = place_of("alerts.routes[%u].severity", i);
	route->is_critical =
	    route->severity != NULL && strcmp(route->severity, "critical") == 0;
	if (route->severity != NULL && !route->is_critical &&
	    strcmp(route->severity, "warning") != 0)
		rc = conf_complain(check->conf, check->err, at.path,
		    "must be critical or warning");
	at = place_of("alerts.routes[%u].receivers", i);
	return rc | check_route_receivers(check, at.path, &route->receivers);
}

/* --- maintenance -------------------------------------------------------- */

static int
check_once(
    const struct check *check, const char *path, struct maintenance_config *of)
{
	struct place at = place_of("%s.from", path);
	struct err inner;

	if (text_time_parse(&of->from_ms, of->from, &inner) < 0)
		return conf_complain(
		    check->conf, check->err, at.path, "%s", inner.text);
	at = place_of("%s.to", path);
	if (text_time_parse(&of->to_ms, of->to, &inner) < 0)
		return conf_complain(
		    check->conf, check->err, at.path, "%s", inner.text);
	if (of->to_ms <= of->from_ms)
		return conf_complain(check->conf, check->err, at.path,
		    "must be later than from");
	return 0;
}

static int
check_cron(
    const struct check *check, const char *path, struct maintenance_config *of)
{
	struct place at = place_of("%s.cron", path);
	struct cron cron;
	struct err inner;

	if (cron_parse(&cron, of->cron, &inner) < 0)
		return conf_complain(
		    check->conf, check->err, at.path, "%s", inner.text);
	at = place_of("%s.for", path);
	return check_span(check, &of->lasts_ms, at.path, of->lasts, "1h",
	    60 * SECOND_MS, 7 * DAY_MS);
}

static int
check_maintenance(const struct check *check, uint32_t i)
{
	struct maintenance_config *of = &check->config->alerts->maintenance[i];
	struct place at = place_of("alerts.maintenance[%u].name", i);
	bool is_once = of->from != NULL && of->to != NULL;
	int rc = 0;

	rc |= check_name(check, at.path, of->name);
	at = place_of("alerts.maintenance[%u].environments", i);
	rc |= check_environments(check, at.path, &of->environments);
	at = place_of("alerts.maintenance[%u].services", i);
	rc |= check_services(check, at.path, &of->services);
	at = place_of("alerts.maintenance[%u]", i);
	if (is_once == (of->cron != NULL) ||
	    (of->from != NULL) != (of->to != NULL))
		return conf_complain(check->conf, check->err, at.path,
		    "must have from and to, or cron and for");
	return rc |
	    (is_once ? check_once(check, at.path, of)
		     : check_cron(check, at.path, of));
}

/* --- all of it ---------------------------------------------------------- */

static int
check_times(const struct check *check, struct alerts_config *alerts)
{
	int rc = 0;

	rc |= check_span(check, &alerts->wait_ms, "alerts.wait", alerts->wait,
	    "10s", 0, 3600 * SECOND_MS);
	rc |=
	    check_span(check, &alerts->resolve_after_ms, "alerts.resolve_after",
		alerts->resolve_after, "1m", 0, 3600 * SECOND_MS);
	if (alerts->remind != NULL && strcmp(alerts->remind, "never") == 0)
		return rc;
	return rc |
	    check_span(check, &alerts->remind_ms, "alerts.remind",
		alerts->remind, "4h", SECOND_MS, 30 * DAY_MS);
}

int
config_alerts_check(const struct check *check)
{
	struct alerts_config *alerts = check->config->alerts;
	int rc = 0;

	if (alerts == NULL)
		return rc;
	if (alerts->url != NULL &&
	    require_scheme(
		check, "alerts.url", alerts->url, "http://", "https://") < 0)
		return -1;
	rc |= check_times(check, alerts);
	for (uint32_t i = 0; i < alerts->n_receivers; i++)
		rc |= check_receiver(check, i);
	for (uint32_t i = 0; i < alerts->n_routes; i++)
		rc |= check_route(check, i);
	for (uint32_t i = 0; i < alerts->n_maintenance; i++)
		rc |= check_maintenance(check, i);
	return rc;
}
