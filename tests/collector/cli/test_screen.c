#include <string.h>

#include "tests/support/table.h"

#include "collector/cli/screen.h"

#define KEYS_MAX 4

static const struct typed {
	const char *name;
	const char *bytes;
	struct {
		enum key key;
		size_t used;
	} keys[KEYS_MAX]; /* used 0 ends them */
} typed[] = {
	{ "letters and control characters are keys", "q\003j",
	    { { KEY_QUIT, 1 }, { KEY_QUIT, 1 }, { KEY_DOWN, 1 } } },
	{ "sequences are one key each, in both modes of the cursor keys",
	    "\033[A\033OB\033[6~",
	    { { KEY_UP, 3 }, { KEY_DOWN, 3 }, { KEY_PAGE_DOWN, 4 } } },
	{ "an unknown sequence is passed over as a whole", "\033[1;5Cq",
	    { { KEY_NONE, 6 }, { KEY_QUIT, 1 } } },
	{ "half a sequence is no key", "\033[", { { KEY_NONE, 2 } } },
	{ "an escape alone is passed over", "\033q",
	    { { KEY_NONE, 1 }, { KEY_QUIT, 1 } } },
};

static void
test_typed(void **state)
{
	const struct typed *row = *state;
	const char *at = row->bytes;
	size_t used;

	for (size_t i = 0; i < KEYS_MAX && row->keys[i].used > 0; i++) {
		assert_int_equal(
		    screen_key(at, strlen(at), &used), row->keys[i].key);
		assert_int_equal(used, row->keys[i].used);
		at += used;
	}
	assert_string_equal(at, "");
}

static const struct drawn {
	const char *name;
	const char *body;
	size_t top;
	const char *foot;
	size_t rows;
	const char *lines; /* one per row of the screen, none more */
} drawn[] = {
	{ "a short page is filled up, so the foot stands at the bottom",
	    "a\nb\n", 0, "foot\n", 5, "a\nb\n\n\nfoot" },
	{ "a long page is cut", "a\nb\nc\nd\n", 0, "foot\n", 3, "a\nb\nfoot" },
	{ "moved down, it begins later", "a\nb\nc\nd\n", 1, "foot\n", 3,
	    "b\nc\nfoot" },
	{ "it does not move beyond its end", "a\nb\nc\nd\n", 99, "foot\n", 3,
	    "c\nd\nfoot" },
	{ "a screen lower than the foot shows what fits", "a\n", 0,
	    "one\ntwo\n", 1, "one" },
	{ "an empty page is all foot", "", 0, "foot\n", 2, "\nfoot" },
	{ "a screen without rows shows nothing", "a\n", 0, "foot\n", 0, "" },
};

/* What a terminal shows: without the sequences and carriage returns. */
static char *
seen(const struct text *text)
{
	struct text out = { 0 };

	for (size_t i = 0; i < text->n; i++) {
		if (text->bytes[i] == '\033')
			while (text->bytes[i] < '@' || text->bytes[i] == '[')
				i++;
		else if (text->bytes[i] != '\r')
			text_add_bytes(&out, &text->bytes[i], 1);
	}
	return text_take(&out);
}

static void
test_drawn(void **state)
{
	const struct drawn *row = *state;
	struct text text = { 0 };
	char *lines;

	screen_compose(&text, row->body, row->top, row->foot, row->rows);
	lines = seen(&text);
	assert_string_equal(lines, row->lines);
	free(lines);
	text_fini(&text);
}

int
main(void)
{
	return TABLE_RUN(typed, test_typed) + TABLE_RUN(drawn, test_drawn);
}
