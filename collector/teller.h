/*
 * teller.h - the alerts of a collector, put together with its other parts.
 *
 *	events -> alerts -> receivers
 *	            |  `--- verdicts, from the desk
 *	          inbox: what it keeps, in the transactions of the store
 */
#ifndef COLLECTOR_TELLER_H
#define COLLECTOR_TELLER_H

#include "collector/alert/alerts.h"
#include "collector/inbox.h"
#include "collector/web/web.h"

struct teller;

struct teller_setup {
	uv_loop_t *loop;
	const struct clock *clock;
	struct pipeline *pipeline; /* borrowed, as is what follows */
	struct store *store;       /* for the call */
	struct rpc_server *server;
	const struct query_handlers *handlers; /* who answers questions */
	void *answer;                          /* their arg */
	void (*on_news)(void *arg, bool is_bad, const char *text);
	void *arg;
};

/* Takes up where the last life ended.  config is borrowed. */
int teller_open(struct teller **out, const struct teller_setup *setup,
    const struct collector_config *config, struct err *err);

/* What it writes goes there, from now on. */
void teller_set_inbox(struct teller *teller, struct inbox *inbox);

/* As alerts_prepare() and alerts_adopt() do. */
int teller_prepare(struct teller *teller, const struct collector_config *config,
    struct err *err);
void teller_adopt(struct teller *teller, const struct collector_config *config);

/* Of a transaction that was committed. */
void teller_events(struct teller *teller, const struct event *events, size_t n);

/* Every second or so. */
void teller_tick(struct teller *teller);

/* For the inbox: inbox_setup's gather and written. */
void teller_gather(struct teller *teller, struct inbox *inbox);
void teller_written(struct teller *teller, bool is_stored);

/* What somebody wants, checked here; for the web, too, hence the void. */
void teller_order(
    void *teller, const struct order *order, order_done_fn *done, void *arg);

/* Adds at most n numbers for /metrics; how many. */
size_t
teller_numbers(const struct teller *teller, struct web_number *out, size_t n);

/* Nothing is asked any more; what is known can still be written. */
void teller_stop(struct teller *teller);

/* Nothing is told any more.  NULL is allowed. */
void teller_close(struct teller *teller);

/* When the loop has run out.  NULL is allowed. */
void teller_free(struct teller *teller);

#endif
