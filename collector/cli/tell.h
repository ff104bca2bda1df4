/*
 * tell.h - tells a collector one thing: a mark, and what was stored.
 */
#ifndef COLLECTOR_CLI_TELL_H
#define COLLECTOR_CLI_TELL_H

#include "collector/cli/ask.h"
#include "proto/mark.h"

/* Adds to the page what was stored; then arg is no longer needed. */
typedef void
tell_show_fn(struct ask *ask, const struct mark *mark, const void *arg);

/* An attribute of what was stored: the guard whose place it took. */
#define TELL_REPLACED "replaced"

/* Ends with ask_done().  What mark and arg point to must last until then; with
 * --json the mark itself is the answer. */
void tell_mark(struct ask *ask, const struct mark *mark, tell_show_fn *show,
    const void *arg);

/* One line, as vedette watch tells it. */
void tell_show(struct ask *ask, const struct mark *mark, const void *arg);

/* What is wrong with telling at all, or NULL; command is its name. */
const char *tell_fault(const struct arguments *arguments);

#endif
