#include <string.h>

#include "proto/base/text.h"
#include "proto/label.h"

/* Control characters: of ASCII, DEL, and those of Latin-1 (U+0080 to U+009F,
 * in UTF-8 behind 0xc2). */
static bool
has_controls(const char *text)
{
	const unsigned char *at = (const unsigned char *)text;

	for (; *at != '\0'; at++)
		if (*at < 0x20 || *at == 0x7f || (*at == 0xc2 && at[1] < 0xa0))
			return true;
	return false;
}

static bool
is_printable(const char *text, size_t max_bytes)
{
	size_t n = strlen(text);

	if (n == 0 || n > max_bytes || text[0] == ' ' || text[n - 1] == ' ')
		return false;
	return text_is_utf8(text, n) && !has_controls(text);
}

bool
label_is(const char *text)
{
	return is_printable(text, LABEL_MAX_BYTES) && strcmp(text, ".") != 0 &&
	    strcmp(text, "..") != 0;
}

bool
label_is_fact(const char *text)
{
	return is_printable(text, LABEL_FACT_BYTES);
}

bool
label_is_environment(const char *text)
{
	return strchr(text, '/') == NULL && label_is(text);
}
