/*
 * assets.h - the files of the page, which are part of the program.
 */
#ifndef COLLECTOR_WEB_ASSETS_H
#define COLLECTOR_WEB_ASSETS_H

#include "collector/web/reply.h"

/* What embed.cmake makes of collector/web/page; ends with a NULL path. */
struct asset {
	const char *path; /* "/" "/page.js" */
	const char *type;
	const unsigned char *bytes;
	size_t n;
};

extern const struct asset assets[];

/* The files as they are given out, each packed once. */
struct assets;

struct assets *assets_new(void);
void assets_free(struct assets *of); /* NULL is allowed */

/* Borrowed, or NULL: nothing but these paths exists. */
struct packed *assets_find(struct assets *of, const char *path);

#endif
