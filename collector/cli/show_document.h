/*
 * show_document.h - documents of a collector as pages for people.
 *
 * Shapes are those of docs/formats.md.
 */
#ifndef COLLECTOR_CLI_SHOW_DOCUMENT_H
#define COLLECTOR_CLI_SHOW_DOCUMENT_H

#include <jansson.h>

#include "collector/cli/render.h"

/* One series as a chart and a line per step; of several, a line each. */
void show_trend(struct page *page, const json_t *trend);

/* What was red, what was stale, what had just changed, what was known. */
void show_timeline(struct page *page, const json_t *timeline);

/* What differs between two environments; what is the same is counted. */
void show_diff(struct page *page, const json_t *diff);

/* How right the verdicts were, and which were confident and wrong. */
void show_self_check(struct page *page, const json_t *document);

/* Each guard, whether it holds, and why that cannot be told; the code for
 * scripts: 1 when one is broken, else 3 when one cannot be judged, else 0. */
void show_guards(struct page *page, const json_t *document);
int show_guards_exit(const json_t *document);

/* Each alert and whom it was told; the receivers, what is wrong with them. */
void show_alerts(struct page *page, const json_t *document);

/* Silences, and maintenance that is under way. */
void show_silences(struct page *page, const json_t *document);

/* --- parts that they share --------------------------------------------------- */

/* Title of a part of the page, in a line of its own. */
void show_heading(struct page *page, const char *title);

/* "2026-01-05 10:00:00  staging/backend  deploy build/v2: released v2". */
void show_mark_row(struct page *page, const json_t *mark);

/* "#1 state of db, since ...: ok -> critical". */
void show_regression_row(struct page *page, const json_t *regression);

/* "staging/backend" of an object that has both names, or one of them. */
#define SHOW_MEMBER_BYTES 160
char *show_member_place(char out[SHOW_MEMBER_BYTES], const json_t *object);

/* "12 ms" of a member in milliseconds; "-" for null. */
char *show_member_span(
    char out[TEXT_SPAN_BYTES], const json_t *object, const char *key);

#endif
