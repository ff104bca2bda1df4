#include <string.h>
#include <wchar.h>

#include "collector/cli/printable.h"

/* Characters that show nothing themselves, but change how their neighbours
 * are shown: a line could be made to read as what it is not. */
static bool
is_hidden(wchar_t c)
{
	return c == 0x061c || c == 0xfeff || (c >= 0x200b && c <= 0x200f) ||
	    (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f);
}

/* Reads one character; returns its bytes, and in *out 0 if it is not one. */
static size_t
read_character(wchar_t *out, const char *text)
{
	mbstate_t state = { 0 };
	size_t n = mbrtowc(out, text, strlen(text), &state);

	if (n == 0 || n == (size_t)-1 || n == (size_t)-2) {
		*out = 0;
		return 1;
	}
	return n;
}

static size_t
ascii_sequence(const char *text)
{
	size_t n = 1;

	if (((unsigned char)text[0] & 0xc0) == 0xc0)
		while (((unsigned char)text[n] & 0xc0) == 0x80)
			n++;
	return n;
}

void
printable_add(struct text *out, const char *text, bool utf8)
{
	wchar_t c;
	size_t n;

	for (; *text != '\0'; text += n) {
		if (utf8) {
			n = read_character(&c, text);
		} else {
			n = ascii_sequence(text);
			c = n == 1 && (text[0] & 0x80) == 0 ? text[0] : 0;
		}
		if (c == '\t' || c == '\n' || c == '\r')
			text_add(out, " ");
		else if (c < 0x20 || c == 0x7f || is_hidden(c) ||
		    (c >= 0x80 && wcwidth(c) < 0))
			text_add(out, "?");
		else
			text_add_bytes(out, text, n);
	}
}

static size_t
character_width(size_t *out_bytes, const char *text)
{
	wchar_t c;
	int width;

	*out_bytes = read_character(&c, text);
	width = c == 0 ? 1 : wcwidth(c);
	return width < 0 ? 1 : (size_t)width;
}

size_t
printable_width(const char *text)
{
	size_t width = 0, n;

	for (; *text != '\0'; text += n)
		width += character_width(&n, text);
	return width;
}

size_t
printable_fit(const char *text, size_t columns)
{
	size_t at = 0, width = 0, n;

	for (; text[at] != '\0'; at += n) {
		width += character_width(&n, text + at);
		if (width > columns)
			break;
	}
	return at;
}

size_t
printable_line(size_t *out_next, const char *text, size_t columns)
{
	size_t n = printable_fit(text, columns), end;

	*out_next = n;
	if (text[n] == '\0')
		return n;
	for (end = n; end > 0 && text[end] != ' '; end--)
		continue;
	while (end > 0 && text[end - 1] == ' ')
		end--;
	if (end == 0) {
		/* One long word: cut it where the line ends. */
		if (n == 0)
			character_width(&n, text);
		*out_next = n;
		return n;
	}
	*out_next = end + strspn(text + end, " ");
	return end;
}
