#include "collector/cli/csv.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/mem.h"
#include "proto/base/text.h"

struct field {
	size_t at; /* of its first byte in bytes */
	size_t line, column;
};

struct csv {
	FILE *file;
	const char *path;
	size_t line, column; /* of the next byte, from 1 */
	char *bytes;         /* the fields of the row, each with a NUL */
	size_t n, room;
	struct field *fields;
	size_t n_fields, fields_room;
	size_t width; /* fields of the first row; 0 before */
};

int
csv_open(struct csv **out, const char *path, struct err *err)
{
	struct csv *csv;
	FILE *file = stdin;

	if (strcmp(path, "-") != 0)
		file = fopen(path, "re");
	if (file == NULL)
		return err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
	csv = mem_zalloc(sizeof(*csv));
	csv->file = file;
	csv->path = strcmp(path, "-") == 0 ? "standard input" : path;
	csv->line = csv->column = 1;
	*out = csv;
	return 0;
}

void
csv_close(struct csv *csv)
{
	if (csv == NULL)
		return;
	if (csv->file != stdin)
		fclose(csv->file);
	free(csv->bytes);
	free(csv->fields);
	free(csv);
}

const char *
csv_path(const struct csv *csv)
{
	return csv->path;
}

size_t
csv_n(const struct csv *csv)
{
	return csv->n_fields;
}

const char *
csv_field(const struct csv *csv, size_t i)
{
	return csv->bytes + csv->fields[i].at;
}

static int
fault_at(const struct csv *csv, size_t line, size_t column, enum err_code code,
    const char *text, struct err *err)
{
	return err_set(
	    err, code, "%s:%zu:%zu: %s", csv->path, line, column, text);
}

int
csv_fault(
    const struct csv *csv, size_t i, struct err *err, const char *format, ...)
{
	const struct field *field = &csv->fields[i];
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return fault_at(
	    csv, field->line, field->column, ERR_INVALID, text, err);
}

/* --- reading ---------------------------------------------------------------- */

static int
get(struct csv *csv)
{
	int c = getc_unlocked(csv->file);

	csv->column++;
	if (c == '\n') {
		csv->line++;
		csv->column = 1;
	}
	return c;
}

static int
peek(struct csv *csv)
{
	int c = getc_unlocked(csv->file);

	if (c != EOF)
		ungetc(c, csv->file);
	return c;
}

static int
put(struct csv *csv, int c, struct err *err)
{
	if (csv->n >= CSV_ROW_MAX)
		return fault_at(csv, csv->line, csv->column, ERR_LIMIT,
		    "a row of more than 1 MiB; is a quote not closed?", err);
	if (csv->n == csv->room) {
		csv->room = csv->room == 0 ? 256 : 2 * csv->room;
		csv->bytes = mem_resize(csv->bytes, csv->room, 1);
	}
	csv->bytes[csv->n++] = (char)c;
	return 0;
}

static int
begin_field(struct csv *csv, struct err *err)
{
	if (csv->n_fields >= CSV_FIELDS_MAX)
		return fault_at(csv, csv->line, csv->column, ERR_LIMIT,
		    "more than 4096 fields in a row", err);
	if (csv->n_fields == csv->fields_room) {
		csv->fields_room =
		    csv->fields_room == 0 ? 16 : 2 * csv->fields_room;
		csv->fields = mem_resize(
		    csv->fields, csv->fields_room, sizeof(*csv->fields));
	}
	csv->fields[csv->n_fields++] =
	    (struct field){ csv->n, csv->line, csv->column };
	return 0;
}

/* Reads a quoted field after its first quote; what follows must end it. */
static int
read_quoted(struct csv *csv, struct err *err)
{
	const struct field opened = csv->fields[csv->n_fields - 1];
	int c, next;

	for (;;) {
		c = get(csv);
		if (c == EOF)
			return fault_at(csv, opened.line, opened.column,
			    ERR_INVALID, "this quote is never closed", err);
		if (c == '"') {
			next = peek(csv);
			if (next != '"')
				break;
			get(csv);
		}
		if (put(csv, c, err) < 0)
			return -1;
	}
	if (next == ',' || next == '\n' || next == '\r' || next == EOF)
		return 0;
	return fault_at(csv, csv->line, csv->column, ERR_INVALID,
	    "a comma or the end of the line belongs after a closing quote",
	    err);
}

/* Reads one field and what ends it; *out_more: a comma did. */
static int
read_field(bool *out_more, struct csv *csv, struct err *err)
{
	size_t line, column;
	int c;

	if (begin_field(csv, err) < 0)
		return -1;
	if (peek(csv) == '"') {
		get(csv);
		if (read_quoted(csv, err) < 0)
			return -1;
	}
	for (;;) {
		line = csv->line;
		column = csv->column;
		c = get(csv);
		if (c == '\r' && (peek(csv) == '\n' || peek(csv) == EOF))
			continue;
		if (c == ',' || c == '\n' || c == EOF)
			break;
		if (c == '"' || c == '\0')
			return fault_at(csv, line, column, ERR_INVALID,
			    c == '"' ? "a quote inside a field that does not "
				       "begin with one"
				     : "a NUL byte: is this a text file?",
			    err);
		if (put(csv, c, err) < 0)
			return -1;
	}
	*out_more = c == ',';
	if (c == EOF && ferror(csv->file))
		return err_set(
		    err, ERR_IO, "%s: %s", csv->path, strerror(errno));
	return put(csv, '\0', err);
}

/* EF BB BF, at the beginning of the file only. */
static void
skip_mark(struct csv *csv)
{
	int c = peek(csv);

	if (csv->line == 1 && csv->column == 1 && c == 0xef) {
		for (int i = 0; i < 3; i++)
			(void)getc_unlocked(csv->file);
	}
}

int
csv_next(struct csv *csv, struct err *err)
{
	bool more;

	skip_mark(csv);
	do {
		csv->n = csv->n_fields = 0;
		if (peek(csv) == EOF && !ferror(csv->file))
			return 0;
		do {
			if (read_field(&more, csv, err) < 0)
				return -1;
		} while (more);
	} while (csv->width != 1 && csv->n_fields == 1 && csv->n == 1);
	if (csv->width == 0)
		csv->width = csv->n_fields;
	return 1;
}
