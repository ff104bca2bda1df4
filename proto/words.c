#include <string.h>

#include "proto/words.h"

const char *
words_name(const char *const *words, size_t n, size_t i)
{
	return i < n ? words[i] : "?";
}

int
words_find(const char *const *words, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(words[i], name) == 0)
			return (int)i;
	return -1;
}
