#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/cli/printable.h"
#include "collector/cli/render.h"
#include "proto/base/mem.h"

#define ITEM_LABEL  10 /* columns of a label; with its margins, 14 */
#define NOTE_INDENT 4
#define GAP         2 /* columns between two columns of a table */
#define CUT_MIN     8 /* a column is not cut to less, */
#define CUT_LEAST   3 /* unless there is no other way */

static const char *const inks[] = {
	[INK_PLAIN] = "",
	[INK_TITLE] = "\x1b[1m",
	[INK_DIM] = "\x1b[2m",
	[INK_GOOD] = "\x1b[32m",
	[INK_WARNING] = "\x1b[33m",
	[INK_BAD] = "\x1b[1;31m",
	[INK_UNSURE] = "\x1b[35m",
};

/* --- words ---------------------------------------------------------------- */

void
page_fini(struct page *page)
{
	text_fini(&page->text);
}

/* Adds bytes that are printable already. */
static void
put_bytes(struct page *page, enum ink ink, const char *bytes, size_t n)
{
	bool coloured = page->look.colour && ink != INK_PLAIN && n > 0;

	if (coloured)
		text_add(&page->text, inks[ink]);
	text_add_bytes(&page->text, bytes, n);
	if (coloured)
		text_add(&page->text, "\x1b[0m");
}

static void
put_spaces(struct page *page, size_t n)
{
	while (n-- > 0)
		text_add(&page->text, " ");
}

/* Returns the text made printable, owned by the caller. */
static char *
printable(const struct page *page, const char *text)
{
	struct text clean = { 0 };

	printable_add(&clean, text, page->look.utf8);
	return text_take(&clean);
}

static char *
format_text(const char *format, va_list args)
{
	struct text text = { 0 };
	va_list again;
	int n;

	va_copy(again, args);
	n = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (n > 0) {
		text.bytes = mem_zalloc((size_t)n + 1);
		vsnprintf(text.bytes, (size_t)n + 1, format, args);
	}
	return text_take(&text);
}

void
page_put(struct page *page, enum ink ink, const char *format, ...)
{
	char *text, *clean;
	va_list args;

	va_start(args, format);
	text = format_text(format, args);
	va_end(args);
	clean = printable(page, text);
	put_bytes(page, ink, clean, strlen(clean));
	free(clean);
	free(text);
}

void
page_newline(struct page *page)
{
	struct text *text = &page->text;

	while (text->n > 0 && text->bytes[text->n - 1] == ' ')
		text->n--;
	text_add(&page->text, "\n");
}

const char *
page_arrow(const struct page *page)
{
	return page->look.glyphs ? "\u2192" : "->";
}

const char *
page_at_least(const struct page *page)
{
	return page->look.glyphs ? "\u2265" : ">=";
}

const char *
page_ellipsis(const struct page *page)
{
	return page->look.glyphs ? "\u2026" : "...";
}

/* Adds printable text, shortened to columns; returns the columns it took. */
static size_t
put_cut(struct page *page, enum ink ink, const char *clean, size_t columns)
{
	const char *mark = page_ellipsis(page);
	size_t width = printable_width(clean), mark_width, n;
	struct text cut = { 0 };

	if (width <= columns) {
		put_bytes(page, ink, clean, strlen(clean));
		return width;
	}
	mark_width = printable_width(mark);
	if (mark_width > columns)
		mark = "", mark_width = 0;
	n = printable_fit(clean, columns - mark_width);
	text_add_bytes(&cut, clean, n);
	text_add(&cut, mark);
	width = printable_width(cut.bytes);
	put_bytes(page, ink, cut.bytes, cut.n);
	text_fini(&cut);
	return width;
}

void
page_field(struct page *page, enum ink ink, const char *text, size_t columns)
{
	char *clean = printable(page, text);
	size_t used = put_cut(page, ink, clean, columns);

	put_spaces(page, columns - used);
	free(clean);
}

/* The columns left of a line; a few at least, so that work goes on. */
static size_t
room(const struct page *page, size_t used)
{
	return page->look.width > used + CUT_MIN ? page->look.width - used
						 : CUT_MIN;
}

void
page_wrap(struct page *page, size_t used, size_t indent, enum ink ink,
    const char *text)
{
	char *clean = printable(page, text);
	size_t n, next;

	for (const char *at = clean;; at += next, used = indent) {
		if (at != clean)
			put_spaces(page, indent);
		n = printable_line(&next, at, room(page, used));
		put_bytes(page, ink, at, n);
		page_newline(page);
		if (at[next] == '\0')
			break;
	}
	free(clean);
}

void
page_cut(struct page *page, size_t used, enum ink ink, const char *text)
{
	char *clean = printable(page, text);

	put_cut(page, ink, clean, room(page, used));
	page_newline(page);
	free(clean);
}

void
page_item(struct page *page, const char *label, const char *text)
{
	put_spaces(page, 2);
	page_field(page, INK_DIM, label, ITEM_LABEL);
	put_spaces(page, 2);
	page_wrap(page, ITEM_LABEL + 4, ITEM_LABEL + 4, INK_PLAIN, text);
}

/* --- tables --------------------------------------------------------------- */

struct cell {
	char *text; /* as it came */
	enum ink ink;
	bool note; /* a line of its own, below the row before it */
};

struct table {
	const struct column *columns;
	size_t n_columns;
	struct cell *cells;
	size_t n_cells, room;
};

struct table *
table_new(const struct column *columns, size_t n)
{
	struct table *table = mem_zalloc(sizeof(*table));

	table->columns = columns;
	table->n_columns = n;
	return table;
}

/* Takes text. */
static void
add_cell(struct table *table, enum ink ink, char *text, bool note)
{
	if (table->n_cells == table->room) {
		table->room = table->room * 2 + 64;
		table->cells = mem_resize(
		    table->cells, table->room, sizeof(*table->cells));
	}
	table->cells[table->n_cells++] =
	    (struct cell){ .text = text, .ink = ink, .note = note };
}

void
table_add(struct table *table, enum ink ink, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add_cell(table, ink, format_text(format, args), false);
	va_end(args);
}

void
table_note(struct table *table, enum ink ink, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add_cell(table, ink, format_text(format, args), true);
	va_end(args);
}

/* Widths the columns would like; returns their sum, gaps included. */
static size_t
natural_widths(size_t *widths, const struct table *table)
{
	size_t at = 0, sum, width;

	for (size_t i = 0; i < table->n_columns; i++)
		widths[i] = printable_width(table->columns[i].title);
	for (size_t i = 0; i < table->n_cells; i++) {
		if (table->cells[i].note)
			continue;
		width = printable_width(table->cells[i].text);
		if (width > widths[at])
			widths[at] = width;
		at = (at + 1) % table->n_columns;
	}
	sum = (table->n_columns - 1) * GAP;
	for (size_t i = 0; i < table->n_columns; i++)
		sum += widths[i];
	return sum;
}

size_t
table_width(const struct table *table)
{
	size_t *widths = mem_calloc(table->n_columns, sizeof(*widths));
	size_t sum = natural_widths(widths, table);

	free(widths);
	return sum;
}

/* Takes from the widest column, again and again, until the sum fits or all
 * have come down to min.  Returns the sum. */
static size_t
shrink(size_t *widths, const struct table *table, size_t sum, size_t columns,
    size_t min)
{
	while (sum > columns) {
		size_t widest = table->n_columns;

		for (size_t i = 0; i < table->n_columns; i++) {
			if (widths[i] <= min ||
			    (table->columns[i].whole && min == CUT_MIN))
				continue;
			if (widest == table->n_columns ||
			    widths[i] > widths[widest])
				widest = i;
		}
		if (widest == table->n_columns)
			break;
		widths[widest]--;
		sum--;
	}
	return sum;
}

/* Prints one cell of a row; the last one gets no spaces behind it. */
static void
print_cell(struct page *page, const struct table *table, const size_t *widths,
    size_t column, const struct cell *cell)
{
	bool last = column + 1 == table->n_columns;
	size_t width = widths[column], wanted = printable_width(cell->text),
	       used;

	if (table->columns[column].right && wanted < width) {
		put_spaces(page, width - wanted);
		width = wanted;
	}
	used = put_cut(page, cell->ink, cell->text, width);
	if (last)
		page_newline(page);
	else
		put_spaces(page, width - used + GAP);
}

static void
print_titles(struct page *page, const struct table *table, const size_t *widths)
{
	struct cell cell = { .ink = INK_DIM };

	for (size_t i = 0; i < table->n_columns; i++) {
		cell.text = (char *)(uintptr_t)table->columns[i].title;
		print_cell(page, table, widths, i, &cell);
	}
}

void
table_print(struct table *table, struct page *page)
{
	size_t *widths = mem_calloc(table->n_columns, sizeof(*widths));
	size_t column = 0, sum;

	for (size_t i = 0; i < table->n_cells; i++) {
		char *clean = printable(page, table->cells[i].text);

		free(table->cells[i].text);
		table->cells[i].text = clean;
	}
	sum = shrink(widths, table, natural_widths(widths, table),
	    page->look.width, CUT_MIN);
	/* Nothing is whole any more where even that is too wide. */
	shrink(widths, table, sum, page->look.width, CUT_LEAST);
	print_titles(page, table, widths);
	for (size_t i = 0; i < table->n_cells; i++) {
		struct cell *cell = &table->cells[i];

		if (cell->note) {
			put_spaces(page, NOTE_INDENT);
			page_wrap(page, NOTE_INDENT, NOTE_INDENT, cell->ink,
			    cell->text);
		} else {
			print_cell(page, table, widths, column, cell);
			column = (column + 1) % table->n_columns;
		}
		free(cell->text);
	}
	free(widths);
	free(table->cells);
	free(table);
}

/* --- times ---------------------------------------------------------------- */

char *
render_time(char out[RENDER_TIME_BYTES], int64_t at_ms)
{
	char rfc3339[TEXT_TIME_BYTES];

	if (at_ms == 0) {
		snprintf(out, RENDER_TIME_BYTES, "never");
		return out;
	}
	text_time(rfc3339, at_ms);
	if (strlen(rfc3339) > 19) {
		rfc3339[10] = ' ';
		rfc3339[19] = '\0';
	}
	snprintf(out, RENDER_TIME_BYTES, "%s", rfc3339);
	return out;
}

char *
render_interval(char out[RENDER_INTERVAL_BYTES], int64_t from_ms, int64_t to_ms)
{
	char from[RENDER_TIME_BYTES], to[RENDER_TIME_BYTES];
	const char *end = to;

	render_time(from, from_ms);
	render_time(to, to_ms);
	if (from_ms == 0) {
		snprintf(out, RENDER_INTERVAL_BYTES, "before %s", to);
		return out;
	}
	if (strlen(to) == strlen("2026-01-05 10:00:06") &&
	    strncmp(from, to, 11) == 0)
		end += 11; /* the same day */
	snprintf(out, RENDER_INTERVAL_BYTES, "%s .. %s", from, end);
	return out;
}

char *
render_age(char out[RENDER_AGE_BYTES], int64_t from_ms, int64_t now_ms)
{
	int64_t ms;
	long long s;

	if (__builtin_sub_overflow(now_ms, from_ms, &ms))
		ms = from_ms < now_ms ? INT64_MAX : 0;
	s = ms > 0 ? ms / 1000 : 0;
	if (s < 120)
		snprintf(out, RENDER_AGE_BYTES, "%llds", s);
	else if (s < 120 * 60)
		snprintf(out, RENDER_AGE_BYTES, "%lldm", s / 60);
	else if (s < 48 * 3600)
		snprintf(out, RENDER_AGE_BYTES, "%lldh", s / 3600);
	else
		snprintf(out, RENDER_AGE_BYTES, "%lldd", s / 86400);
	return out;
}
