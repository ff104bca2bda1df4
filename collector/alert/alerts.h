/*
 * alerts.h - tells people what broke: from regressions to receivers.
 *
 * Told that something opened or cleared in an environment, it asks for the
 * verdict, groups what is open into alerts, and gives every receiver the word
 * that is due (decide.h).  Verdicts are asked for one at a time and take at
 * most a tenth of the time, so they cost the same however much breaks.  What
 * it knows is kept through its owner, in the transactions of the store.
 * Nothing here waits: a receiver that hangs delays its own words alone.
 */
#ifndef COLLECTOR_ALERT_ALERTS_H
#define COLLECTOR_ALERT_ALERTS_H

#include <uv.h>

#include "collector/config/config.h"
#include "proto/alerting.h"
#include "proto/base/clock.h"
#include "proto/query.h"

struct alerts;

struct alerts_setup {
	uv_loop_t *loop;
	const struct clock *clock;
	struct query_client *client; /* borrowed; freed before alerts_close */
	/* Open regressions of an environment, at most n, borrowed until the
	 * loop goes on; how many. */
	size_t (*open)(void *arg, const char *environment,
	    const struct regression_row **out, size_t n);
	/* There is something to keep: alerts_gather() is to be called for
	 * the next transaction, and alerts_kept() after it. */
	void (*keep)(void *arg);
	/* A line for the log. */
	void (*news)(void *arg, bool is_bad, const char *text);
	void *arg;
};

/* config NULL: nobody is told. */
int alerts_open(struct alerts **out, const struct alerts_setup *setup,
    const struct alerts_config *config, struct err *err);

/* Reads the secrets of another configuration; nothing changes yet. */
int alerts_prepare(
    struct alerts *alerts, const struct alerts_config *config, struct err *err);

/* What was prepared counts from now on; config, the same, is borrowed.  What
 * is under way is sent again where it is still wanted. */
void alerts_adopt(struct alerts *alerts, const struct alerts_config *config);

/* A piece of what was kept: before the first tick. */
int alerts_restore(struct alerts *alerts, const char *key, const void *bytes,
    size_t n, struct err *err);

/* Something opened or cleared there, or may have. */
void alerts_touch(struct alerts *alerts, const char *environment);

/* Every second or so. */
void alerts_tick(struct alerts *alerts);

/* Puts each piece that has changed; n 0 deletes. */
typedef void
alerts_put_fn(void *arg, const char *key, const void *bytes, size_t n);
void alerts_gather(struct alerts *alerts, alerts_put_fn *put, void *arg);
void alerts_kept(struct alerts *alerts, bool is_kept);

/* What somebody wants of us; done is called when it is kept, not before. */
void alerts_order(struct alerts *alerts, const struct order *order,
    order_done_fn *done, void *arg);

/* --- numbers ---------------------------------------------------------------- */

struct alerts_numbers {
	uint64_t firing, acknowledged, untold, judged;
	int64_t judging_us; /* all verdicts together */
};
struct alerts_numbers alerts_numbers(const struct alerts *alerts);

struct receiver_numbers {
	const char *name;
	uint64_t taken, failed;
	bool is_failing;
};
/* At most n; how many. */
size_t alerts_receivers(
    const struct alerts *alerts, struct receiver_numbers *out, size_t n);

/* --- the end ---------------------------------------------------------------- */

/* Cancels what is under way; closed is called from the loop.  NULL is
 * allowed, and calls closed at once. */
void alerts_close(struct alerts *alerts, void (*closed)(void *arg), void *arg);

#endif
