/*
 * markup.h - headings, paragraphs, lists and tables, as plain text, Markdown or
 * HTML.
 *
 * Whatever is written is escaped for the format: texts from outside cannot
 * become markup.
 */
#ifndef COLLECTOR_CLI_MARKUP_H
#define COLLECTOR_CLI_MARKUP_H

#include <stddef.h>

#include "collector/cli/render.h"

enum markup_format { MARKUP_TEXT, MARKUP_MARKDOWN, MARKUP_HTML };

struct markup {
	struct page *page; /* borrowed; lines of plain text fit on it */
	enum markup_format format;
	size_t n_columns; /* of the table that is open; 0: none */
};

void markup_begin(struct markup *markup, const char *title);
void markup_heading(struct markup *markup, const char *text);
void markup_paragraph(struct markup *markup, const char *text);

/* A table: its head, then rows of as many cells, then its end. */
void markup_table(
    struct markup *markup, const char *const *titles, size_t n_columns);
void markup_row(struct markup *markup, const char *const *cells);
void markup_table_end(struct markup *markup);

/* A command to copy. */
void markup_command(struct markup *markup, const char *command);

void markup_end(struct markup *markup);

#endif
