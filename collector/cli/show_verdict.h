/*
 * show_verdict.h - a verdict, as its JSON says it, on a terminal.
 *
 * The first line is the answer; every claim carries the id of its evidence;
 * what contradicts the verdict and what could not be seen is never left out.
 */
#ifndef COLLECTOR_CLI_SHOW_VERDICT_H
#define COLLECTOR_CLI_SHOW_VERDICT_H

#include <jansson.h>
#include <stdbool.h>

#include "collector/cli/render.h"

/* verdict is an object of docs/formats.md section 3; what it lacks is left
 * out. */
void show_verdict(struct page *page, const json_t *verdict);

/* One piece of evidence in full; false when there is none of this id. */
bool
show_verdict_evidence(struct page *page, const json_t *verdict, const char *id);

#endif
