/*
 * look.h - what the place that is printed to can show.
 */
#ifndef COLLECTOR_CLI_LOOK_H
#define COLLECTOR_CLI_LOOK_H

#include <stdbool.h>
#include <stddef.h>

#define LOOK_WIDTH     80
#define LOOK_WIDTH_MIN 60
#define LOOK_WIDTH_MAX 500

struct look {
	size_t width; /* columns of a line */
	bool colour;
	bool utf8;   /* text may hold any character; else ASCII alone */
	bool glyphs; /* our own marks may be other than ASCII */
};

/* Looks at a descriptor and at COLUMNS, NO_COLOR, TERM and the locale, which
 * it sets (LC_CTYPE): to be called once, from main. */
void look_at(struct look *out, int fd);

#endif
