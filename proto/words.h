/*
 * words.h - from an enumerator to its written word and back.
 */
#ifndef PROTO_WORDS_H
#define PROTO_WORDS_H

#include <stddef.h>

#define WORDS_COUNT(words) (sizeof(words) / sizeof((words)[0]))

/* The word of i; "?" when there is none. */
const char *words_name(const char *const *words, size_t n, size_t i);

/* The index of name; -1 when it is no word. */
int words_find(const char *const *words, size_t n, const char *name);

#endif
