/*
 * gate_window.h - asks about a deploy again and again, until enough time has
 * passed since.
 *
 * The window is over so long after the moment that the first answer compares
 * from, by the collector's clock.  An answer that says "regressed" ends it
 * early; it is asked for whenever the collector tells of a regression
 * meanwhile.  A connection that is lost on the way is made again.  On a
 * terminal, standard error shows how far it is.
 */
#ifndef COLLECTOR_CLI_GATE_WINDOW_H
#define COLLECTOR_CLI_GATE_WINDOW_H

#include "collector/cli/ask_document.h"

/* Ends with ask_done().  What request points to must last until then. */
void gate_window(struct ask *ask, struct query_client *client,
    const struct query_document *request, ask_show_fn *show,
    ask_exit_fn *exit_of);

#endif
