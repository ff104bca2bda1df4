#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/alert/alerts.h"
#include "collector/alert/group.h"
#include "collector/alert/lane.h"
#include "collector/alert/orders.h"
#include "collector/alert/verdicts.h"
#include "proto/base/map.h"
#include "proto/base/mem.h"

#define OPEN_MAX       10000  /* regressions that are looked at */
#define YOUNG_MS       120000 /* how long an alert is young */
#define AGAIN_YOUNG_MS 5000   /* between verdicts meanwhile */
#define AGAIN_MS       30000  /* and afterwards, while it is red */
struct alerts {
	struct alerts_setup setup;
	const struct alerts_config *config;
	struct targets targets, prepared;
	struct lane lanes[TARGETS_MAX]; /* one of each target */
	struct map *idle; /* struct receiver_state by name, without a lane */
	struct courier *courier;
	struct alert_book book;
	struct orders orders;
	struct verdicts verdicts;
	int64_t *windows;
	int64_t minute; /* that windows are of */
	void (*closed)(void *arg);
	void *closed_arg;
};

static int64_t
wall_ms(const struct alerts *alerts)
{
	return clock_wall_ms(alerts->setup.clock);
}

static int64_t
mono_ms(const struct alerts *alerts)
{
	return clock_mono_ms(alerts->setup.clock);
}

static void __attribute__((format(printf, 3, 4)))
tell(const struct alerts *alerts, bool is_bad, const char *format, ...)
{
	char text[sizeof(((struct err *)0)->text) + 128];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	alerts->setup.news(alerts->setup.arg, is_bad, text);
}

/* --- keeping ---------------------------------------------------------------- */

static bool
has_news(const struct alerts *alerts)
{
	for (size_t i = 0; i < alerts->book.n; i++)
		if (alerts->book.list[i]->is_dirty)
			return true;
	for (size_t i = 0; i < alerts->targets.n; i++)
		if (alerts->lanes[i].is_dirty)
			return true;
	return orders_have_news(&alerts->orders);
}

static void
ask_to_keep(struct alerts *alerts)
{
	if (has_news(alerts))
		alerts->setup.keep(alerts->setup.arg);
}

/* Takes text. */
static void
put_piece(alerts_put_fn *put, void *arg, const char *prefix, const char *name,
    char *text)
{
	char *key = mem_printf("%s%s", prefix, name);

	put(arg, key, text, strlen(text));
	free(key);
	free(text);
}

void
alerts_gather(struct alerts *alerts, alerts_put_fn *put, void *arg)
{
	char name[24];

	for (size_t i = 0; i < alerts->book.n; i++) {
		struct alert *alert = alerts->book.list[i];

		if (!alert->is_dirty)
			continue;
		snprintf(
		    name, sizeof(name), "%llu", (unsigned long long)alert->id);
		put_piece(
		    put, arg, STATE_ALERT, name, state_write_alert(alert));
		alert->is_dirty = false;
	}
	for (size_t i = 0; i < alerts->targets.n; i++) {
		struct lane *lane = &alerts->lanes[i];

		if (!lane->is_dirty)
			continue;
		put_piece(put, arg, STATE_RECEIVER, lane->target->name,
		    state_write_receiver(&lane->state));
		lane->is_dirty = false;
	}
	orders_gather(&alerts->orders, put, arg);
}

/* What was not kept is put again, with all that has changed meanwhile. */
void
alerts_kept(struct alerts *alerts, bool is_kept)
{
	for (size_t i = 0; !is_kept && i < alerts->book.n; i++)
		alerts->book.list[i]->is_dirty = true;
	for (size_t i = 0; !is_kept && i < alerts->targets.n; i++)
		alerts->lanes[i].is_dirty = true;
	orders_kept(&alerts->orders, is_kept);
}

/* --- telling ---------------------------------------------------------------- */

static void step(struct alerts *alerts);

static void
on_delivered(void *arg, const struct err *why)
{
	struct lane *lane = arg;
	struct alerts *alerts = lane->arg;
	struct alert *alert = alert_book_find(&alerts->book, lane->alert_id);

	lane->delivery = NULL;
	if (lane_note(
		lane, why, wall_ms(alerts), mono_ms(alerts), random_system()))
		tell(alerts, why != NULL, "alerts: %s: %s", lane->target->name,
		    why != NULL ? why->text : "takes alerts again");
	if (why == NULL && alert != NULL) {
		decide_note(alert, lane->target->name, lane->word,
		    lane->version, wall_ms(alerts));
		if (lane->word != WORD_AGAIN)
			tell(alerts, false,
			    "alerts: %s: told of #%llu of %s: %s",
			    lane->target->name, (unsigned long long)alert->id,
			    alert->environment, word_name(lane->word));
	}
	step(alerts);
}

static void
deliver(struct alerts *alerts, struct lane *lane, const struct alert *alert,
    enum word word)
{
	const struct alert_told *told =
	    alert_told_find(alert, lane->target->name);
	struct notice notice = {
		.alert = alert,
		.word = word,
		.at_ms = wall_ms(alerts),
		.receiver = lane->target->name,
		.url = alerts->config->url,
		.lasts_ms = 4 * lane->target->resend_ms,
	};
	struct text body = { 0 };
	struct err err;

	if (told != NULL && told->is_firing && told->class != NULL &&
	    (strcmp(told->class, alert_class(alert)) != 0 ||
		strcmp(told->service, alert_service(alert)) != 0)) {
		notice.old_class = told->class;
		notice.old_service = told->service;
	}
	lane->alert_id = alert->id;
	lane->word = word;
	lane->version = alert->version;
	lane->target->way->write(&body, lane->target, &notice);
	if (courier_send(&lane->delivery, alerts->courier, lane->target, &body,
		on_delivered, lane, &err) < 0 &&
	    lane_note(
		lane, &err, wall_ms(alerts), mono_ms(alerts), random_system()))
		tell(alerts, true, "alerts: %s: %s", lane->target->name,
		    err.text);
	explicit_bzero(body.bytes, body.n);
	text_fini(&body);
}

static void
refresh_windows(struct alerts *alerts, int64_t now_ms)
{
	if (alerts->windows != NULL && now_ms / 60000 == alerts->minute)
		return;
	free(alerts->windows);
	alerts->windows = mute_windows(alerts->config, now_ms);
	alerts->minute = now_ms / 60000;
}

/* The first word that is due to this receiver. */
static void
serve(struct alerts *alerts, struct lane *lane)
{
	const struct mutes mutes = { orders_silences(&alerts->orders),
		alerts->config, alerts->windows };
	int64_t now_ms = wall_ms(alerts);
	char why[MUTE_WHY_BYTES];

	for (size_t i = 0; i < alerts->book.n; i++) {
		const struct alert *alert = alerts->book.list[i];
		const struct listener listener = {
			.receiver = lane->target->name,
			.is_wanted = decide_is_wanted(
			    alerts->config, alert, lane->target->receiver),
			.muted_until_ms =
			    mute_until(why, alert, &mutes, now_ms),
			.wait_ms = alerts->config->wait_ms,
			.remind_ms = alerts->config->remind_ms,
			.resend_ms = lane->target->resend_ms,
		};
		enum word word = decide(alert, &listener, now_ms);

		if (word == WORD_NONE)
			continue;
		deliver(alerts, lane, alert, word);
		return;
	}
}

/* Whatever is due now, to whoever has a turn. */
static void
step(struct alerts *alerts)
{
	if (alerts->config == NULL)
		return;
	refresh_windows(alerts, wall_ms(alerts));
	for (size_t i = 0; i < alerts->targets.n; i++)
		if (alerts->lanes[i].delivery == NULL &&
		    mono_ms(alerts) >= alerts->lanes[i].retry_ms)
			serve(alerts, &alerts->lanes[i]);
	ask_to_keep(alerts);
}

/* --- looking ---------------------------------------------------------------- */

/* With what the verdict says; cause NULL: there is none. */
static void
look(struct alerts *alerts, const char *environment,
    const struct alert_cause *cause)
{
	const struct regression_row **open =
	    mem_calloc(OPEN_MAX, sizeof(const struct regression_row *));
	const struct group_view view = {
		.environment = environment,
		.open = open,
		.n_open = alerts->setup.open(
		    alerts->setup.arg, environment, open, OPEN_MAX),
		.cause = cause,
		.resolve_after_ms = alerts->config->resolve_after_ms,
		.now_ms = wall_ms(alerts),
	};
	uint64_t n_untold = alerts->book.n_untold;

	group_look(&alerts->book, &view);
	if (alerts->book.n_untold > n_untold)
		tell(alerts, true,
		    "alerts: more than %d; what else breaks is told when some "
		    "of them are over",
		    ALERTS_MAX);
	free(open);
}

static void
on_judged(void *arg, const char *environment, const struct alert_cause *cause)
{
	struct alerts *alerts = arg;

	if (alerts->config == NULL)
		return;
	look(alerts, environment, cause);
	step(alerts);
}

/* What has just begun is not all to be seen yet. */
static int64_t
again_ms(void *arg, const char *environment)
{
	const struct alerts *alerts = arg;
	int64_t ms = 0;

	for (size_t i = 0; i < alerts->book.n; i++) {
		const struct alert *alert = alerts->book.list[i];

		if (alert->closed_ms != 0 ||
		    strcmp(alert->environment, environment) != 0)
			continue;
		if (wall_ms(alerts) - alert->opened_ms < YOUNG_MS)
			return AGAIN_YOUNG_MS;
		ms = AGAIN_MS;
	}
	return ms;
}

void
alerts_touch(struct alerts *alerts, const char *environment)
{
	verdicts_touch(&alerts->verdicts, environment);
	if (alerts->config != NULL)
		verdicts_ask(&alerts->verdicts);
}

/* What is over and told is forgotten. */
static void
forget(struct alerts *alerts)
{
	for (size_t i = alerts->book.n; i > 0; i--) {
		const struct alert *alert = alerts->book.list[i - 1];
		char name[48];

		if (!group_is_done(alert, wall_ms(alerts)))
			continue;
		snprintf(name, sizeof(name), STATE_ALERT "%llu",
		    (unsigned long long)alert->id);
		orders_drop(&alerts->orders, name);
		alert_book_remove(&alerts->book, i - 1);
	}
}

void
alerts_tick(struct alerts *alerts)
{
	if (alerts->config == NULL) {
		ask_to_keep(alerts);
		return;
	}
	verdicts_ask(&alerts->verdicts);
	group_close(
	    &alerts->book, alerts->config->resolve_after_ms, wall_ms(alerts));
	forget(alerts);
	orders_expire(&alerts->orders, wall_ms(alerts));
	step(alerts);
}

void
alerts_order(struct alerts *alerts, const struct order *order,
    order_done_fn *done, void *arg)
{
	orders_take(
	    &alerts->orders, &alerts->book, order, wall_ms(alerts), done, arg);
	step(alerts);
	ask_to_keep(alerts);
}

/* --- numbers ---------------------------------------------------------------- */

struct alerts_numbers
alerts_numbers(const struct alerts *alerts)
{
	struct alerts_numbers numbers = {
		.untold = alerts->book.n_untold,
		.judged = alerts->verdicts.n_asked,
		.judging_us = alerts->verdicts.took_us,
	};

	for (size_t i = 0; i < alerts->book.n; i++) {
		if (alerts->book.list[i]->closed_ms != 0)
			continue;
		numbers.firing++;
		numbers.acknowledged +=
		    alert_is_acked(alerts->book.list[i], wall_ms(alerts));
	}
	return numbers;
}

size_t
alerts_receivers(
    const struct alerts *alerts, struct receiver_numbers *out, size_t n)
{
	if (n > alerts->targets.n)
		n = alerts->targets.n;
	for (size_t i = 0; i < n; i++) {
		const struct lane *lane = &alerts->lanes[i];

		out[i] = (struct receiver_numbers){ lane->target->name,
			lane->n_taken, lane->n_failed,
			lane->state.n_failures > 0 };
	}
	return n;
}

/* --- from beginning to end -------------------------------------------------- */

static void
idle_free(struct receiver_state *state)
{
	if (state != NULL)
		free(state->trouble);
	free(state);
}

/* What is known of the receivers waits until there is a lane for each. */
static void
close_lanes(struct alerts *alerts)
{
	for (size_t i = 0; i < alerts->targets.n; i++) {
		struct lane *lane = &alerts->lanes[i];
		struct receiver_state *state =
		    mem_dup(&lane->state, sizeof(lane->state));

		lane->state.trouble = NULL;
		idle_free(map_put(alerts->idle, lane->target->name, state));
		lane_fini(lane);
	}
	targets_fini(&alerts->targets);
}

static void
open_lanes(struct alerts *alerts)
{
	for (size_t i = 0; i < alerts->targets.n; i++) {
		struct lane *lane = &alerts->lanes[i];
		struct receiver_state *state =
		    map_remove(alerts->idle, alerts->targets.list[i]->name);

		*lane = (struct lane){ .target = alerts->targets.list[i],
			.arg = alerts };
		if (state != NULL)
			lane->state = *state;
		free(state);
	}
}

int
alerts_prepare(
    struct alerts *alerts, const struct alerts_config *config, struct err *err)
{
	targets_fini(&alerts->prepared);
	return targets_load(&alerts->prepared, config, err);
}

void
alerts_adopt(struct alerts *alerts, const struct alerts_config *config)
{
	close_lanes(alerts);
	alerts->targets = alerts->prepared;
	alerts->prepared.n = 0;
	alerts->config = config;
	open_lanes(alerts);
	free(alerts->windows);
	alerts->windows = NULL;
}

int
alerts_open(struct alerts **out, const struct alerts_setup *setup,
    const struct alerts_config *config, struct err *err)
{
	struct alerts *alerts = mem_zalloc(sizeof(*alerts));

	if (courier_new(&alerts->courier, setup->loop, err) < 0) {
		free(alerts);
		return -1;
	}
	alerts->setup = *setup;
	alerts->verdicts = (struct verdicts){
		.client = setup->client,
		.clock = setup->clock,
		.again_ms = again_ms,
		.judged = on_judged,
		.arg = alerts,
	};
	verdicts_init(&alerts->verdicts);
	alerts->idle = map_new();
	orders_init(&alerts->orders);
	*out = alerts; /* its loop handle is to be closed, on failure too */
	if (alerts_prepare(alerts, config, err) < 0)
		return -1;
	alerts_adopt(alerts, config);
	return 0;
}

int
alerts_restore(struct alerts *alerts, const char *key, const void *bytes,
    size_t n, struct err *err)
{
	const char *name = key + strlen(STATE_RECEIVER);
	struct receiver_state *state;
	struct alert *alert = NULL;

	if (strncmp(key, STATE_ALERT, strlen(STATE_ALERT)) == 0) {
		if (state_read_alert(&alert, bytes, n, err) < 0)
			return -1;
		verdicts_touch(&alerts->verdicts, alert->environment);
		alert_book_add(&alerts->book, alert);
		return 0;
	}
	if (strncmp(key, STATE_SILENCE, strlen(STATE_SILENCE)) == 0)
		return orders_restore(&alerts->orders, bytes, n, err);
	state = mem_zalloc(sizeof(*state));
	if (state_read_receiver(state, bytes, n, err) < 0) {
		free(state);
		return -1;
	}
	for (size_t i = 0; i < alerts->targets.n; i++)
		if (strcmp(alerts->targets.list[i]->name, name) == 0) {
			alerts->lanes[i].state = *state;
			free(state);
			return 0;
		}
	idle_free(map_put(alerts->idle, name, state));
	return 0;
}

static void
on_courier_closed(void *arg)
{
	struct alerts *alerts = arg;

	verdicts_fini(&alerts->verdicts);
	MAP_EACH (struct receiver_state, state, alerts->idle)
		idle_free(state);
	map_free(alerts->idle);
	orders_fini(&alerts->orders);
	alert_book_fini(&alerts->book);
	free(alerts->windows);
	alerts->closed(alerts->closed_arg);
	free(alerts);
}

void
alerts_close(struct alerts *alerts, void (*closed)(void *arg), void *arg)
{
	if (alerts == NULL) {
		closed(arg);
		return;
	}
	alerts->closed = closed;
	alerts->closed_arg = arg;
	close_lanes(alerts);
	targets_fini(&alerts->prepared);
	courier_close(alerts->courier, on_courier_closed, alerts);
}
