#include <string.h>

#include "collector/diagnose/replica.h"
#include "proto/base/text.h"

#define NUMBER_DIGITS 5 /* a longer number is an id, not a count */

/* What is no part of a word. */
static bool
is_cut(char c)
{
	return !text_is_word(c);
}

/* The part of a name, from begin to end, in which it differs. */
struct part {
	const char *begin, *end;
};

static size_t
length(const struct part *part)
{
	return (size_t)(part->end - part->begin);
}

/* Leaves what two names begin and end with alike. */
static void
cut_alike(struct part *a, struct part *b)
{
	while (a->begin < a->end && b->begin < b->end && *a->begin == *b->begin)
		a->begin++, b->begin++;
	while (
	    a->begin < a->end && b->begin < b->end && a->end[-1] == b->end[-1])
		a->end--, b->end--;
}

/* Numbers differ as a whole: "web-19" from "web-11" by 19, not by 9. */
static void
widen(struct part *part, const char *name)
{
	while (part->begin > name && text_is_digit(part->begin[-1]))
		part->begin--;
	while (text_is_digit(*part->end))
		part->end++;
}

/* A number, or a letter that stands alone. */
static bool
is_label(const struct part *part, const char *name)
{
	size_t n = length(part);

	for (size_t i = 0; i < n; i++)
		if (!text_is_digit(part->begin[i]))
			return n == 1 && text_is_letter(*part->begin) &&
			    part->begin > name && is_cut(part->begin[-1]) &&
			    is_cut(*part->end);
	return n >= 1 && n <= NUMBER_DIGITS;
}

bool
replica_are_alike(const char *a, const char *b)
{
	struct part x = { a, a + strlen(a) }, y = { b, b + strlen(b) };

	cut_alike(&x, &y);
	widen(&x, a);
	widen(&y, b);
	return strcmp(a, b) != 0 && is_label(&x, a) && is_label(&y, b);
}
