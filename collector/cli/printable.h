/*
 * printable.h - text from outside, made safe for a terminal and measured.
 *
 * Whatever a peer put into a message, no control character, escape sequence,
 * or mark that turns the direction of writing reaches the terminal: each is
 * replaced by '?', and tab, CR and LF by a space.
 */
#ifndef COLLECTOR_CLI_PRINTABLE_H
#define COLLECTOR_CLI_PRINTABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "proto/base/text.h"

/* Adds text.  Without utf8 every character beyond ASCII becomes '?'; with it
 * the locale (LC_CTYPE) must be one of UTF-8. */
void printable_add(struct text *out, const char *text, bool utf8);

/* The columns that printable text takes. */
size_t printable_width(const char *text);

/* The bytes of its longest beginning that takes no more columns. */
size_t printable_fit(const char *text, size_t columns);

/* The same, but ending at a word where there is one; *out_next says where the
 * following line begins.  At least one character is taken. */
size_t printable_line(size_t *out_next, const char *text, size_t columns);

#endif
