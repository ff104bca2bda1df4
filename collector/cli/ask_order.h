/*
 * ask_order.h - an order to the alerts, and what became of it.
 */
#ifndef COLLECTOR_CLI_ASK_ORDER_H
#define COLLECTOR_CLI_ASK_ORDER_H

#include "collector/cli/ask.h"
#include "proto/alerting.h"

/* Sends it, over the connection of ask.  With --json its answer is an object,
 * else the line that say makes of it. */
typedef void ask_said_fn(struct page *page, const struct order_answer *answer);
void ask_order(struct ask *ask, const struct order *order, ask_said_fn *say);

/* The id that an argument is, "17" or, as lists write it, "#17"; 0 for what is
 * none.  And what travels of it, borrowed. */
uint64_t ask_order_id(const char *text);
const char *ask_order_bare(const char *text);

#endif
