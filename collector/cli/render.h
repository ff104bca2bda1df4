/*
 * render.h - a page of text as a terminal will show it: words, wrapped texts
 * and tables that never grow wider than the line.
 *
 * Whatever is put on a page is made printable first, so texts from outside
 * may be passed as they came.  Nothing is written anywhere: the caller prints
 * page.text.
 */
#ifndef COLLECTOR_CLI_RENDER_H
#define COLLECTOR_CLI_RENDER_H

#include <stddef.h>
#include <stdint.h>

#include "collector/cli/look.h"
#include "proto/base/text.h"

struct page {
	struct look look;
	struct text text;
};

enum ink {
	INK_PLAIN,
	INK_TITLE,
	INK_DIM,
	INK_GOOD,
	INK_WARNING,
	INK_BAD,
	INK_UNSURE, /* what could not be seen */
};

void page_fini(struct page *page);

/* Adds to the line.  A newline in the text becomes a space. */
void page_put(struct page *page, enum ink ink, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Ends the line; spaces at its end go. */
void page_newline(struct page *page);

/* Adds text, cut or filled up with spaces to exactly this many columns. */
void
page_field(struct page *page, enum ink ink, const char *text, size_t columns);

/* Adds text to a line that has used so many columns already, and ends the
 * line; what does not fit goes on below, after indent columns. */
void page_wrap(struct page *page, size_t used, size_t indent, enum ink ink,
    const char *text);

/* Adds what fits of text to a line that has used so many columns already, and
 * ends the line. */
void page_cut(struct page *page, size_t used, enum ink ink, const char *text);

/* "  label       text", wrapped. */
void page_item(struct page *page, const char *label, const char *text);

/* The marks of ours, as the page can show them. */
const char *page_arrow(const struct page *page);    /* -> */
const char *page_at_least(const struct page *page); /* >= */
const char *page_ellipsis(const struct page *page); /* ... */

/* --- tables --------------------------------------------------------------- */

struct table;

struct column {
	const char *title;
	bool right; /* numbers stand to the right */
	bool whole; /* is never cut; the others give way to it */
};

/* columns are borrowed until table_print(). */
struct table *table_new(const struct column *columns, size_t n);

/* Adds the next cell, row by row, each from left to right. */
void table_add(struct table *table, enum ink ink, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Adds a text below the row just completed, indented and wrapped. */
void table_note(struct table *table, enum ink ink, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Columns that its cells would like to have, gaps included. */
size_t table_width(const struct table *table);

/* Prints and frees the table. */
void table_print(struct table *table, struct page *page);

/* --- times ---------------------------------------------------------------- */

/* "2026-01-05 10:00:06", UTC; "never" for 0.  Returns out. */
#define RENDER_TIME_BYTES 32
char *render_time(char out[RENDER_TIME_BYTES], int64_t at_ms);

/* "2026-01-05 09:59:50 .. 10:00:06"; without a beginning "before ...". */
#define RENDER_INTERVAL_BYTES 80
char *render_interval(
    char out[RENDER_INTERVAL_BYTES], int64_t from_ms, int64_t to_ms);

/* From then to now: "2s" "5m" "3h" "12d"; times to come count as now. */
#define RENDER_AGE_BYTES 24
char *render_age(char out[RENDER_AGE_BYTES], int64_t from_ms, int64_t now_ms);

#endif
