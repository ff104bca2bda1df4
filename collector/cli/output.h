/*
 * output.h - the two streams of the program, and its exit codes.
 */
#ifndef COLLECTOR_CLI_OUTPUT_H
#define COLLECTOR_CLI_OUTPUT_H

#include <stdbool.h>

#include "proto/base/err.h"
#include "proto/base/text.h"

/* What status adds to them: 0 to 3, as Nagios plug-ins (show_status_exit). */
enum output_exit {
	OUTPUT_DONE = 0,
	OUTPUT_USAGE = 2,     /* the command line, or the request, is wrong */
	OUTPUT_NO_ANSWER = 3, /* of a collector, or nowhere to write it to */
};

/* Writes text to standard output at once, and empties it.  ERR_CLOSED when
 * nobody reads it any more. */
int output_write(struct text *text, struct err *err);

/* Writes "vedette: text" to standard error, made printable; every line after
 * a newline of advice, which may be NULL, is indented below it. */
void output_complain(const char *text, const char *advice);

#endif
