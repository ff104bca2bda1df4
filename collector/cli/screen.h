/*
 * screen.h - the whole terminal as one page that is drawn anew.
 *
 * Uses the alternate screen, so what stood there before is back when it is
 * closed.  The sequences are those of ECMA-48 and xterm, which every terminal
 * of today knows; libuv reads the keys and tells of another size.
 */
#ifndef COLLECTOR_CLI_SCREEN_H
#define COLLECTOR_CLI_SCREEN_H

#include <stddef.h>
#include <uv.h>

#include "proto/base/err.h"
#include "proto/base/text.h"

enum key {
	KEY_NONE, /* one that means nothing here, or half of one */
	KEY_QUIT, /* q, Ctrl-C, Ctrl-D */
	KEY_UP,
	KEY_DOWN,
	KEY_PAGE_UP,
	KEY_PAGE_DOWN,
	KEY_HOME,
	KEY_END,
};

struct screen;

struct screen_setup {
	uv_loop_t *loop;
	void (*on_key)(void *arg, enum key key);
	void (*on_resize)(void *arg);
	void *arg;
};

/* Standard input and output must be terminals. */
int screen_open(
    struct screen **out, const struct screen_setup *setup, struct err *err);
/* The terminal is as it was at once; the rest goes when the loop runs on. */
void screen_close(struct screen *screen);

void
screen_size(const struct screen *screen, size_t *out_columns, size_t *out_rows);

/* Draws the lines of body from number top on, and below them, at the bottom,
 * those of foot. */
int screen_draw(const struct screen *screen, const char *body, size_t top,
    const char *foot, struct err *err);

/* --- pure parts ------------------------------------------------------------ */

/* The first key of what was typed, and in *used how many bytes it took. */
enum key screen_key(const char *typed, size_t n, size_t *used);

/* How far down body can be moved until its end stands above foot. */
size_t screen_top_max(const char *body, const char *foot, size_t rows);

/* What screen_draw() writes for a screen of so many rows. */
void screen_compose(struct text *out, const char *body, size_t top,
    const char *foot, size_t rows);

#endif
