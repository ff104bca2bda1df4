/*
 * csv.h - rows of a comma separated file, one at a time (RFC 4180).
 *
 * Fields may be quoted; a quoted one may hold commas, doubled quotes and
 * newlines.  Lines end with LF or CRLF; a byte order mark is skipped, and so are
 * empty lines, but for a table of one column, where they are empty fields.  What breaks the format is refused with file, line and column.
 */
#ifndef COLLECTOR_CLI_CSV_H
#define COLLECTOR_CLI_CSV_H

#include <stddef.h>

#include "proto/base/err.h"

#define CSV_ROW_MAX    (1024 * 1024) /* bytes */
#define CSV_FIELDS_MAX 4096

struct csv;

/* "-" is standard input.  The path is borrowed. */
int csv_open(struct csv **out, const char *path, struct err *err);

/* The path, or "standard input". */
const char *csv_path(const struct csv *csv);

/* Reads the next row: 1, 0 at the end, or -1. */
int csv_next(struct csv *csv, struct err *err);

/* The row read last; fields are borrowed until the next. */
size_t csv_n(const struct csv *csv);
const char *csv_field(const struct csv *csv, size_t i);

/* Describes a fault of field i of the row read last, and returns -1. */
int csv_fault(const struct csv *csv, size_t i, struct err *err,
    const char *format, ...) __attribute__((format(printf, 4, 5)));

void csv_close(struct csv *csv); /* NULL is allowed */

#endif
