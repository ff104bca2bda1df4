/*
 * pages.h - the looks a page is tried with, and what holds for every page.
 */
#ifndef TESTS_COLLECTOR_CLI_PAGES_H
#define TESTS_COLLECTOR_CLI_PAGES_H

#include <locale.h>
#include <string.h>

#include "collector/cli/printable.h"
#include "collector/cli/render.h"
#include "tests/support/table.h"

static const struct look plain = { .width = 80 };
static const struct look fancy = {
	.width = 80,
	.colour = true,
	.utf8 = true,
	.glyphs = true,
};

static inline void
use_utf8(void)
{
	if (setlocale(LC_CTYPE, "C.UTF-8") == NULL)
		abort();
}

/* Leaves out the escape sequences of a page, which are ours: ESC [ ... m. */
static inline char *
without_colour(const char *bytes)
{
	struct text text = { 0 };

	while (*bytes != '\0') {
		if (strncmp(bytes, "\x1b[", 2) == 0)
			bytes = strchr(bytes, 'm') + 1;
		else
			text_add_bytes(&text, bytes++, 1);
	}
	return text_take(&text);
}

/* No line is wider than the page, none ends with a space, and nothing that
 * steers a terminal is on it but our own colours. */
static inline void
check_page(const struct page *page)
{
	char *text = without_colour(page->text.bytes), *save = NULL;

	for (char *line = strtok_r(text, "\n", &save); line != NULL;
	     line = strtok_r(NULL, "\n", &save)) {
		if (printable_width(line) > page->look.width)
			fail_msg(
			    "%zu columns: %s", printable_width(line), line);
		assert_int_not_equal(line[strlen(line) - 1], ' ');
		for (const char *c = line; *c != '\0'; c++)
			assert_true((unsigned char)*c >= 0x20 && *c != 0x7f);
	}
	free(text);
}

#endif
