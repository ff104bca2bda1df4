#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/alert/orders.h"
#include "collector/alert/state_json.h"
#include "proto/base/mem.h"

#define KEY_BYTES 48

/* Somebody who waits until it is kept. */
struct waiting {
	struct list node;
	order_done_fn *done;
	void *arg;
	struct order_answer answer;
};

void
orders_init(struct orders *orders)
{
	memset(orders, 0, sizeof(*orders));
	list_init(&orders->waiting);
	list_init(&orders->gathered);
}

const struct silences *
orders_silences(const struct orders *orders)
{
	return &orders->silences;
}

/* --- doing ------------------------------------------------------------------ */

static int
acknowledge(struct alert_book *book, const struct order *order, int64_t now_ms,
    struct order_answer *answer, struct err *err)
{
	struct alert *alert = alert_book_find(book, order->id);

	if (alert == NULL)
		return err_set(err, ERR_NOT_FOUND,
		    "alert %llu: there is none; vedette alerts lists them",
		    (unsigned long long)order->id);
	if (alert->closed_ms != 0)
		return err_set(err, ERR_NOT_FOUND, "alert %llu: it is over",
		    (unsigned long long)order->id);
	alert_text(&alert->acked_by,
	    order->kind == ORDER_ACKNOWLEDGE ? order->by : NULL);
	alert->acked_ms = now_ms;
	alert->acked_until_ms = order->for_ms > 0 ? now_ms + order->for_ms : 0;
	alert->is_dirty = true;
	answer->id = alert->id;
	answer->until_ms = alert->acked_until_ms;
	return 0;
}

static int
silence(struct orders *orders, const struct order *order, int64_t now_ms,
    struct order_answer *answer, struct err *err)
{
	struct silence made = {
		.id = orders->last_id + 1,
		.environment = mem_strdup(order->environment),
		.service = mem_strdup(order->service),
		.from_ms = now_ms,
		.until_ms = now_ms + order->for_ms,
		.by = mem_strdup(order->by),
		.why = mem_strdup(order->why),
		.is_dirty = true,
	};

	answer->id = made.id;
	answer->until_ms = made.until_ms;
	if (!silences_add(&orders->silences, &made))
		return err_set(err, ERR_LIMIT,
		    "more than %d silences; vedette silence remove those that "
		    "are not needed",
		    SILENCES_MAX);
	orders->last_id++;
	return 0;
}

static void
remove_at(struct orders *orders, size_t i)
{
	char key[KEY_BYTES];

	snprintf(key, sizeof(key), STATE_SILENCE "%llu",
	    (unsigned long long)orders->silences.list[i].id);
	orders_drop(orders, key);
	silences_remove(&orders->silences, i);
}

static int
unsilence(struct orders *orders, const struct order *order,
    struct order_answer *answer, struct err *err)
{
	for (size_t i = 0; i < orders->silences.n; i++) {
		if (orders->silences.list[i].id != order->id)
			continue;
		remove_at(orders, i);
		answer->id = order->id;
		return 0;
	}
	return err_set(err, ERR_NOT_FOUND,
	    "silence %llu: there is none; vedette silence list shows them",
	    (unsigned long long)order->id);
}

static int
carry_out(struct orders *orders, struct alert_book *book,
    const struct order *order, int64_t now_ms, struct order_answer *answer,
    struct err *err)
{
	if (orders->n_waiting == ORDERS_WAITING_MAX)
		return err_set(
		    err, ERR_BUSY, "too many wait for the store already");
	switch (order->kind) {
	case ORDER_SILENCE:
		return silence(orders, order, now_ms, answer, err);
	case ORDER_UNSILENCE:
		return unsilence(orders, order, answer, err);
	default:
		return acknowledge(book, order, now_ms, answer, err);
	}
}

void
orders_take(struct orders *orders, struct alert_book *book,
    const struct order *order, int64_t now_ms, order_done_fn *done, void *arg)
{
	struct order_answer answer = { 0 };
	struct waiting *waiting;
	struct err err;

	if (carry_out(orders, book, order, now_ms, &answer, &err) < 0) {
		done(arg, &err, NULL);
		return;
	}
	waiting = mem_zalloc(sizeof(*waiting));
	waiting->done = done;
	waiting->arg = arg;
	waiting->answer = answer;
	list_push(&orders->waiting, &waiting->node);
	orders->n_waiting++;
}

void
orders_expire(struct orders *orders, int64_t now_ms)
{
	for (size_t i = orders->silences.n; i > 0; i--)
		if (now_ms - orders->silences.list[i - 1].until_ms >
		    ORDERS_SHOWN_MS)
			remove_at(orders, i - 1);
}

void
orders_drop(struct orders *orders, const char *key)
{
	orders->drops = mem_resize(
	    orders->drops, orders->n_drops + 1, sizeof(*orders->drops));
	orders->drops[orders->n_drops++] = mem_strdup(key);
}

/* --- keeping ---------------------------------------------------------------- */

bool
orders_have_news(const struct orders *orders)
{
	for (size_t i = 0; i < orders->silences.n; i++)
		if (orders->silences.list[i].is_dirty)
			return true;
	return orders->n_drops > orders->n_dropping ||
	    !list_is_empty(&orders->waiting);
}

void
orders_gather(struct orders *orders, alerts_put_fn *put, void *arg)
{
	char key[KEY_BYTES];
	char *text;

	for (size_t i = 0; i < orders->n_drops; i++)
		put(arg, orders->drops[i], NULL, 0);
	orders->n_dropping = orders->n_drops;
	for (size_t i = 0; i < orders->silences.n; i++) {
		struct silence *kept = &orders->silences.list[i];

		if (!kept->is_dirty)
			continue;
		snprintf(key, sizeof(key), STATE_SILENCE "%llu",
		    (unsigned long long)kept->id);
		text = state_write_silence(kept);
		put(arg, key, text, strlen(text));
		free(text);
		kept->is_dirty = false;
	}
	while (!list_is_empty(&orders->waiting))
		list_push(&orders->gathered, list_pop(&orders->waiting));
}

/* Those that were deleted. */
static void
forget_drops(struct orders *orders)
{
	for (size_t i = 0; i < orders->n_dropping; i++)
		free(orders->drops[i]);
	orders->n_drops -= orders->n_dropping;
	if (orders->n_drops > 0)
		memmove(orders->drops, orders->drops + orders->n_dropping,
		    orders->n_drops * sizeof(*orders->drops));
	orders->n_dropping = 0;
}

void
orders_kept(struct orders *orders, bool is_kept)
{
	static const struct err not_kept = { ERR_BUSY,
		"the store cannot take anything now: it holds, and is lost if "
		"the collector ends before it can" };

	if (is_kept)
		forget_drops(orders);
	orders->n_dropping = 0;
	for (size_t i = 0; !is_kept && i < orders->silences.n; i++)
		orders->silences.list[i].is_dirty = true;
	while (!list_is_empty(&orders->gathered)) {
		struct waiting *waiting = LIST_ITEM(
		    list_pop(&orders->gathered), struct waiting, node);

		orders->n_waiting--;
		waiting->done(waiting->arg, is_kept ? NULL : &not_kept,
		    is_kept ? &waiting->answer : NULL);
		free(waiting);
	}
}

int
orders_restore(
    struct orders *orders, const void *bytes, size_t n, struct err *err)
{
	struct silence silence;

	if (state_read_silence(&silence, bytes, n, err) < 0)
		return -1;
	if (silence.id > orders->last_id)
		orders->last_id = silence.id;
	silences_add(&orders->silences, &silence);
	return 0;
}

void
orders_fini(struct orders *orders)
{
	LIST_EACH (node, &orders->waiting)
		free(LIST_ITEM(node, struct waiting, node));
	LIST_EACH (node, &orders->gathered)
		free(LIST_ITEM(node, struct waiting, node));
	orders->n_dropping = orders->n_drops;
	forget_drops(orders);
	free(orders->drops);
	silences_fini(&orders->silences);
}
