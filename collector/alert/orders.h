/*
 * orders.h - what people want of the alerts: to take one over, to silence.
 *
 * Holds the silences, what is to be deleted from the store, and who waits for
 * an answer until what they wanted is kept.
 */
#ifndef COLLECTOR_ALERT_ORDERS_H
#define COLLECTOR_ALERT_ORDERS_H

#include "collector/alert/alerts.h"
#include "collector/alert/mute.h"
#include "proto/base/list.h"

#define ORDERS_WAITING_MAX 256
#define ORDERS_SHOWN_MS    INT64_C(86400000) /* silences that are over */

struct orders {
	struct silences silences;
	uint64_t last_id;              /* of a silence */
	struct list waiting, gathered; /* gathered: of those being kept */
	size_t n_waiting;
	/* Keys of the store, and how many of them are being deleted. */
	char **drops;
	size_t n_drops, n_dropping;
};

void orders_init(struct orders *orders);

/* Does it, or says why not; done is called when it is kept. */
void orders_take(struct orders *orders, struct alert_book *book,
    const struct order *order, int64_t now_ms, order_done_fn *done, void *arg);

const struct silences *orders_silences(const struct orders *orders);

/* Forgets silences that have been over for long. */
void orders_expire(struct orders *orders, int64_t now_ms);

/* Deletes this key from the store. */
void orders_drop(struct orders *orders, const char *key);

/* As alerts_gather() and alerts_kept() do. */
bool orders_have_news(const struct orders *orders);
void orders_gather(struct orders *orders, alerts_put_fn *put, void *arg);
void orders_kept(struct orders *orders, bool is_kept);
int orders_restore(
    struct orders *orders, const void *bytes, size_t n, struct err *err);

/* Nobody who waits is told any more. */
void orders_fini(struct orders *orders);

#endif
