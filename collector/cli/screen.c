#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collector/cli/output.h"
#include "collector/cli/screen.h"
#include "proto/base/mem.h"

/* Alternate screen, no cursor, no wrapping; and back. */
#define ENTER "\033[?1049h\033[?25l\033[?7l"
#define LEAVE "\033[?7h\033[?25h\033[?1049l"

struct screen {
	struct screen_setup setup;
	uv_tty_t keys;
	uv_signal_t resized;
	size_t columns, rows;
	char typed[64]; /* as much as one read brings */
	int open;       /* handles */
};

/* --- keys ------------------------------------------------------------------ */

static const struct {
	const char *bytes;
	enum key key;
} keys[] = {
	{ "q", KEY_QUIT },
	{ "\003", KEY_QUIT },
	{ "\004", KEY_QUIT },
	{ "k", KEY_UP },
	{ "\033[A", KEY_UP },
	{ "\033OA", KEY_UP },
	{ "j", KEY_DOWN },
	{ "\033[B", KEY_DOWN },
	{ "\033OB", KEY_DOWN },
	{ "b", KEY_PAGE_UP },
	{ "\033[5~", KEY_PAGE_UP },
	{ " ", KEY_PAGE_DOWN },
	{ "\033[6~", KEY_PAGE_DOWN },
	{ "g", KEY_HOME },
	{ "\033[H", KEY_HOME },
	{ "\033[1~", KEY_HOME },
	{ "G", KEY_END },
	{ "\033[F", KEY_END },
	{ "\033[4~", KEY_END },
};

/* A control sequence that means nothing here, to its final byte (ECMA-48). */
static size_t
sequence_length(const char *typed, size_t n)
{
	size_t i = 2;

	if (n < 2 || typed[0] != '\033' || typed[1] != '[')
		return 1;
	while (i < n && (typed[i] < '@' || typed[i] > '~'))
		i++;
	return i < n ? i + 1 : n;
}

enum key
screen_key(const char *typed, size_t n, size_t *used)
{
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		*used = strlen(keys[i].bytes);
		if (*used <= n && memcmp(typed, keys[i].bytes, *used) == 0)
			return keys[i].key;
	}
	*used = sequence_length(typed, n);
	return KEY_NONE;
}

static void
on_typed(uv_stream_t *stream, ssize_t n, const uv_buf_t *buffer)
{
	struct screen *screen = stream->data;
	size_t at = 0, used;

	if (n < 0)
		screen->setup.on_key(screen->setup.arg, KEY_QUIT);
	for (; n > 0 && at < (size_t)n; at += used) {
		enum key key =
		    screen_key(buffer->base + at, (size_t)n - at, &used);

		if (key != KEY_NONE)
			screen->setup.on_key(screen->setup.arg, key);
	}
}

static void
on_alloc(uv_handle_t *handle, size_t wanted, uv_buf_t *out)
{
	struct screen *screen = handle->data;

	(void)wanted;
	*out = uv_buf_init(screen->typed, sizeof(screen->typed));
}

/* --- drawing --------------------------------------------------------------- */

static size_t
count_lines(const char *text)
{
	size_t n = 0;

	while ((text = strchr(text, '\n')) != NULL) {
		n++;
		text++;
	}
	return n;
}

size_t
screen_top_max(const char *body, const char *foot, size_t rows)
{
	size_t all = count_lines(body), below = count_lines(foot);
	size_t room = below < rows ? rows - below : 0;

	return all > room ? all - room : 0;
}

/* Adds one line; the last of the screen is not ended, as a line feed there
 * would move everything up. */
static void
add_line(struct text *out, size_t *row, const char *line, size_t n)
{
	text_addf(out, "%s%.*s\033[0m\033[K", (*row)++ > 0 ? "\r\n" : "",
	    (int)n, line);
}

/* Adds lines of text until the screen has so many rows. */
static void
add_lines(struct text *out, size_t *row, const char *text, size_t rows)
{
	const char *end;

	for (; *row < rows && (end = strchr(text, '\n')) != NULL;
	     text = end + 1)
		add_line(out, row, text, (size_t)(end - text));
}

void
screen_compose(struct text *out, const char *body, size_t top, const char *foot,
    size_t rows)
{
	size_t below = count_lines(foot), row = 0;
	size_t room = below < rows ? rows - below : 0;
	size_t max = screen_top_max(body, foot, rows);

	for (size_t i = top < max ? top : max; i > 0; i--)
		body = strchr(body, '\n') + 1;
	text_add(out, "\033[H");
	add_lines(out, &row, body, room);
	while (row < room)
		add_line(out, &row, "", 0);
	add_lines(out, &row, foot, rows);
}

int
screen_draw(const struct screen *screen, const char *body, size_t top,
    const char *foot, struct err *err)
{
	struct text text = { 0 };

	screen_compose(&text, body, top, foot, screen->rows);
	return output_write(&text, err);
}

/* --- the terminal ---------------------------------------------------------- */

static void
measure(struct screen *screen)
{
	int columns, rows;

	if (uv_tty_get_winsize(&screen->keys, &columns, &rows) < 0 ||
	    columns < 1 || rows < 1)
		return;
	screen->columns = (size_t)columns;
	screen->rows = (size_t)rows;
}

static void
on_resized(uv_signal_t *handle, int number)
{
	struct screen *screen = handle->data;

	(void)number;
	measure(screen);
	screen->setup.on_resize(screen->setup.arg);
}

void
screen_size(const struct screen *screen, size_t *out_columns, size_t *out_rows)
{
	*out_columns = screen->columns;
	*out_rows = screen->rows;
}

int
screen_open(
    struct screen **out, const struct screen_setup *setup, struct err *err)
{
	struct screen *screen = mem_zalloc(sizeof(*screen));
	struct text text = { 0 };
	int rc;

	*out = NULL;
	screen->setup = *setup;
	screen->columns = 80;
	screen->rows = 24;
	rc = uv_tty_init(setup->loop, &screen->keys, STDIN_FILENO, 0);
	if (rc < 0) {
		free(screen);
		return err_set(
		    err, ERR_IO, "standard input: %s", uv_strerror(rc));
	}
	uv_signal_init(setup->loop, &screen->resized);
	screen->keys.data = screen->resized.data = screen;
	screen->open = 2;
	uv_tty_set_mode(&screen->keys, UV_TTY_MODE_RAW);
	uv_read_start((uv_stream_t *)&screen->keys, on_alloc, on_typed);
	uv_signal_start(&screen->resized, on_resized, SIGWINCH);
	measure(screen);
	text_add(&text, ENTER);
	*out = screen;
	return output_write(&text, err);
}

static void
on_closed(uv_handle_t *handle)
{
	struct screen *screen = handle->data;

	if (--screen->open == 0)
		free(screen);
}

void
screen_close(struct screen *screen)
{
	struct text text = { 0 };
	struct err err;

	if (screen == NULL)
		return;
	uv_tty_set_mode(&screen->keys, UV_TTY_MODE_NORMAL);
	text_add(&text, LEAVE);
	output_write(&text, &err); /* a terminal that is gone needs no more */
	uv_close((uv_handle_t *)&screen->keys, on_closed);
	uv_close((uv_handle_t *)&screen->resized, on_closed);
}
