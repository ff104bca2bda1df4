/*
 * columns.h - which columns of a table are watched, and which say when.
 */
#ifndef COLLECTOR_CLI_COLUMNS_H
#define COLLECTOR_CLI_COLUMNS_H

#include <stddef.h>
#include <stdint.h>

#include "collector/cli/arguments.h"
#include "collector/cli/csv.h"

#define COLUMNS_NONE SIZE_MAX /* no such column */
#define COLUMNS_MAX  (ARGUMENTS_VALUES_MAX + 1)

struct columns {
	size_t time, series, outcome; /* numbers of fields, or COLUMNS_NONE */
	size_t fields[COLUMNS_MAX];   /* values, then the outcome */
	char *titles[COLUMNS_MAX];    /* owned */
	size_t n;
};

/* Reads the header, the first row, and finds what was asked for in it. */
int columns_choose(struct columns *columns, struct csv *csv,
    const struct arguments *arguments, struct err *err);

void columns_fini(struct columns *columns);

#endif
