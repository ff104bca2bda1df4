/*
 * moment.h - the times that people write into tables.
 *
 * RFC 3339; date and time without a zone, which is taken for UTC; a date or a
 * month alone; seconds, milliseconds or microseconds since 1970.  A number
 * too small for that numbers the rows, one a minute.
 */
#ifndef COLLECTOR_CLI_MOMENT_H
#define COLLECTOR_CLI_MOMENT_H

#include <stdbool.h>
#include <stdint.h>

bool moment_parse(int64_t *out_ms, const char *text);

#endif
