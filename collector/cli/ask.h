/*
 * ask.h - one question to a collector, and its one answer.
 *
 * Connects, lets the command send its call, and waits until it is answered,
 * the connection is lost, or --timeout has passed; never longer.
 */
#ifndef COLLECTOR_CLI_ASK_H
#define COLLECTOR_CLI_ASK_H

#include <uv.h>

#include "collector/cli/arguments.h"
#include "collector/cli/render.h"
#include "proto/edge.h"
#include "proto/query.h"

struct ask_wait; /* the connection; only ask.c looks inside */

struct ask {
	const struct arguments *arguments;
	struct page page; /* the answer, printed when it is complete */
	int exit_code;    /* once answered */
	struct ask_wait *wait;
};

/* Sends the call of a command; its done must call ask_done() in the end. */
typedef void ask_start_fn(struct ask *ask, struct query_client *client);

/* Asks, prints the page or says why there is none, and returns the exit code
 * of the program. */
int ask_collector(const struct arguments *arguments, const struct look *look,
    ask_start_fn *start);

/* What the calls travel over; NULL when a store is asked.  Borrowed. */
struct rpc_client *ask_rpc(const struct ask *ask);

/* For those who wait between two calls: what they start must be closing when
 * ask_done() is called.  Not when a store is asked. */
uv_loop_t *ask_loop(const struct ask *ask);

/* The call has ended, well or not. */
void ask_done(struct ask *ask, const struct rpc_status *status);

/* --- for those who connect in their own way -------------------------------- */

/* Fills in everything that the command line says of the connection.  What it
 * points to is borrowed from the arguments and from *tls and *url. */
void ask_dial(struct edge_client_setup *setup, struct edge_tls *tls,
    const char **url, const struct arguments *arguments);

/* Says that the collector could not be reached, why, and what to do. */
void ask_complain(const struct arguments *arguments, const char *why);

#endif
