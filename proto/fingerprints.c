#include <stddef.h>
#include <string.h>

#include "proto/base/text.h"
#include "proto/fingerprints.h"

/* One of them: "kID:DIGITS", up to a space. */
struct print {
	const char *at;
	size_t n;     /* of the whole */
	size_t n_key; /* of "kID:" */
};

bool
fingerprints_are_shown(const char *shown)
{
	return strncmp(shown, FINGERPRINTS_SHOWN, strlen(FINGERPRINTS_SHOWN)) ==
	    0;
}

/* Walks; *text starts as the whole.  Words without a key are passed over. */
static bool
next(struct print *out, const char **text)
{
	const char *colon;

	while (**text != '\0') {
		*text += strspn(*text, " ");
		*out = (struct print){ *text, strcspn(*text, " "), 0 };
		*text += out->n;
		colon = memchr(out->at, ':', out->n);
		if (colon == NULL)
			continue;
		out->n_key = (size_t)(colon - out->at) + 1;
		return true;
	}
	return false;
}

/* Finds the one that was made with the same key. */
static bool
find(struct print *out, const char *text, const struct print *like)
{
	while (next(out, &text))
		if (out->n_key == like->n_key &&
		    memcmp(out->at, like->at, like->n_key) == 0)
			return true;
	return false;
}

enum fingerprints
fingerprints_compare(const char *a, const char *b)
{
	struct print one, other;

	while (next(&one, &a))
		if (find(&other, b, &one))
			return one.n == other.n &&
				memcmp(one.at, other.at, one.n) == 0
			    ? FINGERPRINTS_SAME
			    : FINGERPRINTS_DIFFER;
	return FINGERPRINTS_UNKNOWN;
}

char *
fingerprints_join(const char *newer, const char *older)
{
	struct text text = { 0 };
	const char *at = newer;
	struct print one, other;
	size_t n = 0;

	if (fingerprints_are_shown(newer))
		text_add(&text, FINGERPRINTS_SHOWN);
	for (; n < FINGERPRINTS_MAX && next(&one, &at); n++)
		text_addf(
		    &text, "%s%.*s", n > 0 ? " " : "", (int)one.n, one.at);
	for (at = older; n < FINGERPRINTS_MAX && next(&one, &at);) {
		if (find(&other, newer, &one))
			continue;
		text_addf(
		    &text, "%s%.*s", n > 0 ? " " : "", (int)one.n, one.at);
		n++;
	}
	return text_take(&text);
}
