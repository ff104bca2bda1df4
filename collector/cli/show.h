/*
 * show.h - a collector's answers as pages for people.
 *
 * Each takes plain structs, as they were answered, and adds to a page.  The
 * object is named on every line, and whatever could not be seen is told apart
 * from what is wrong.
 */
#ifndef COLLECTOR_CLI_SHOW_H
#define COLLECTOR_CLI_SHOW_H

#include <stdbool.h>

#include "collector/cli/render.h"
#include "proto/query.h"

/* The matrix of services and environments, what is wrong, and what cannot be
 * seen. */
void show_status(struct page *page, const struct status_answer *answer);

/* The matrix alone: a state, an age and a build per cell, and a blank line
 * below; as many environments side by side as the page is wide. */
void show_matrix(struct page *page, const struct status_answer *answer);

/* What a pipeline should make of it, by the convention of Nagios plug-ins:
 * 0 all is well, 1 warning, 2 critical, 3 unknown.  A critical cell outweighs
 * an unknown one, that a warning.  Open regressions count; nothing known at
 * all is 3. */
int show_status_exit(const struct status_answer *answer);

/* One line per result.  With phases, how long each step took. */
void show_history(
    struct page *page, const struct history_answer *answer, bool phases);

void show_changes(struct page *page, const struct changes_answer *answer);

void
show_regressions(struct page *page, const struct regressions_answer *answer);

/* "deploy build/v2: released v2 (by ...)", owned by the caller. */
char *show_mark_words(const struct mark *mark);

/* One line; of a regression, with its message, as many as it takes. */
void show_event(struct page *page, const struct event *event);

/* --- words of theirs -------------------------------------------------------- */

/* "staging/backend", or "staging" for the environment as a whole. */
#define SHOW_PLACE_BYTES 160
char *show_place(
    char out[SHOW_PLACE_BYTES], const char *environment, const char *service);

/* Bad outcomes are written in capitals, so that they stand out without
 * colour. */
const char *show_outcome(enum outcome outcome);
enum ink show_outcome_ink(enum outcome outcome);

const char *show_state(enum state state);
enum ink show_state_ink(enum state state);

/* "3.2 ms"; of a limit that was reached ">=5.0 s". */
#define SHOW_DURATION_BYTES 48
char *show_duration(char out[SHOW_DURATION_BYTES], const struct page *page,
    const struct result *result);

#endif
