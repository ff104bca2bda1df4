#include <stdlib.h>
#include <string.h>

#include "collector/teller.h"
#include "proto/base/mem.h"

struct teller {
	struct teller_setup setup;
	struct alerts *alerts;
	struct query_client *client;
	struct alerting_service *service;
	struct inbox *inbox; /* NULL: there is none yet, or none any more */
};

/* --- what alerts ask for -------------------------------------------------- */

static size_t
find_open(void *arg, const char *environment, const struct regression_row **out,
    size_t n)
{
	const struct teller *teller = arg;
	const struct fleet *fleet = pipeline_fleet(teller->setup.pipeline);
	size_t n_found = 0;

	MAP_EACH (const struct fleet_regression, open, fleet->open)
		if (n_found < n &&
		    strcmp(open->row.environment, environment) == 0)
			out[n_found++] = &open->row;
	return n_found;
}

static void
on_keep(void *arg)
{
	const struct teller *teller = arg;

	if (teller->inbox != NULL)
		inbox_want(teller->inbox);
}

static void
on_news(void *arg, bool is_bad, const char *text)
{
	const struct teller *teller = arg;

	teller->setup.on_news(teller->setup.arg, is_bad, text);
}

/* --- what others ask for -------------------------------------------------- */

static void
put(void *arg, const char *key, const void *bytes, size_t n)
{
	inbox_keep(arg, key, bytes, n);
}

void
teller_gather(struct teller *teller, struct inbox *inbox)
{
	alerts_gather(teller->alerts, put, inbox);
}

void
teller_written(struct teller *teller, bool is_stored)
{
	alerts_kept(teller->alerts, is_stored);
}

void
teller_order(
    void *of, const struct order *order, order_done_fn *done, void *arg)
{
	struct teller *teller = of;
	struct err err;
	int rc = order_check(order, &err);

	if (rc == 0 && teller->client == NULL)
		rc = err_set(&err, ERR_BUSY, "the collector stops");
	if (rc < 0)
		done(arg, &err, NULL);
	else
		alerts_order(teller->alerts, order, done, arg);
}

static void
on_order(void *arg, const struct order *order, void *call)
{
	teller_order(arg, order, alerting_answer, call);
}

void
teller_events(struct teller *teller, const struct event *events, size_t n)
{
	for (size_t i = 0; teller->client != NULL && i < n; i++)
		if (events[i].kind == EVENT_REGRESSION ||
		    events[i].kind == EVENT_CLEARED)
			alerts_touch(
			    teller->alerts, events[i].regression.environment);
}

void
teller_tick(struct teller *teller)
{
	alerts_tick(teller->alerts);
}

size_t
teller_numbers(const struct teller *teller, struct web_number *out, size_t n)
{
	const struct alerts_numbers of = alerts_numbers(teller->alerts);
	const struct web_number plain[] = {
		{ .name = "alerts_open",
		    .help = "Alerts that are not over.",
		    .value = of.firing },
		{ .name = "alerts_acknowledged",
		    .help = "Alerts that somebody has taken over.",
		    .value = of.acknowledged },
		{ .name = "alerts_dropped",
		    .help = "Regressions that found no room among the alerts.",
		    .value = of.untold,
		    .is_count = true },
		{ .name = "alert_verdicts",
		    .help = "Verdicts that were asked for to alert.",
		    .value = of.judged,
		    .is_count = true },
	};
	struct receiver_numbers receivers[WEB_RECEIVERS_MAX];
	size_t n_plain = sizeof(plain) / sizeof(plain[0]);
	size_t n_receivers =
	    alerts_receivers(teller->alerts, receivers, WEB_RECEIVERS_MAX);
	size_t done = 0;

	for (size_t i = 0; i < n_plain && done < n; i++)
		out[done++] = plain[i];
	for (size_t i = 0; i < n_receivers && done < n; i++)
		out[done++] = (struct web_number){ "alert_receiver_up",
			"Did the receiver take what it was told last?",
			!receivers[i].is_failing, false, receivers[i].name };
	for (size_t i = 0; i < n_receivers && done < n; i++)
		out[done++] = (struct web_number){ "alert_deliveries",
			"What receivers have taken.", receivers[i].taken, true,
			receivers[i].name };
	for (size_t i = 0; i < n_receivers && done < n; i++)
		out[done++] = (struct web_number){ "alert_failures",
			"What receivers did not take; it is tried again.",
			receivers[i].failed, true, receivers[i].name };
	return done;
}

/* --- from beginning to end ------------------------------------------------ */

static int
on_state(
    void *arg, const char *key, const void *bytes, size_t n, struct err *err)
{
	struct teller *teller = arg;

	/* One that is damaged must not keep the collector from starting; what
	 * is open becomes an alert again. */
	if (alerts_restore(teller->alerts, key, bytes, n, err) < 0)
		on_news(teller, true, err->text);
	return 0;
}

/* What broke while nobody looked counts as well. */
static int
take_up(struct teller *teller, struct store *store, struct err *err)
{
	const struct fleet *fleet = pipeline_fleet(teller->setup.pipeline);

	if (store_scan_states(store, "alert", on_state, teller, err) < 0)
		return -1;
	MAP_EACH (const struct fleet_regression, open, fleet->open)
		alerts_touch(teller->alerts, open->row.environment);
	return 0;
}

int
teller_open(struct teller **out, const struct teller_setup *setup,
    const struct collector_config *config, struct err *err)
{
	struct teller *teller = mem_zalloc(sizeof(*teller));
	struct alerts_setup alerts = {
		.loop = setup->loop,
		.clock = setup->clock,
		.open = find_open,
		.keep = on_keep,
		.news = on_news,
		.arg = teller,
	};

	teller->setup = *setup;
	teller->client = query_client_new_local(setup->handlers, setup->answer);
	alerts.client = teller->client;
	*out = teller;
	if (alerts_open(&teller->alerts, &alerts, config->alerts, err) < 0)
		return -1;
	teller->service = alerting_service_new(setup->server, on_order, teller);
	return take_up(teller, setup->store, err);
}

void
teller_set_inbox(struct teller *teller, struct inbox *inbox)
{
	teller->inbox = inbox;
}

int
teller_prepare(struct teller *teller, const struct collector_config *config,
    struct err *err)
{
	return alerts_prepare(teller->alerts, config->alerts, err);
}

void
teller_adopt(struct teller *teller, const struct collector_config *config)
{
	alerts_adopt(teller->alerts, config->alerts);
}

void
teller_stop(struct teller *teller)
{
	query_client_free(teller->client);
	teller->client = NULL;
}

static void
on_closed(void *arg)
{
	(void)arg; /* the loop ends by itself, with its last handle */
}

void
teller_close(struct teller *teller)
{
	if (teller == NULL)
		return;
	teller_stop(teller);
	alerts_close(teller->alerts, on_closed, teller);
	teller->alerts = NULL;
	teller->inbox = NULL;
}

void
teller_free(struct teller *teller)
{
	if (teller == NULL)
		return;
	alerting_service_free(teller->service);
	free(teller);
}
