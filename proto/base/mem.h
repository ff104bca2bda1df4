/*
 * mem.h - memory that is there, or the program ends.
 *
 * Running out of memory aborts.  Sizes that come from outside are compared
 * with a named limit before anything is allocated.  What these functions
 * return is owned by the caller and freed with free().
 */
#ifndef PROTO_BASE_MEM_H
#define PROTO_BASE_MEM_H

#include <stddef.h>

/* Returns size zeroed bytes; size may be 0. */
void *mem_zalloc(size_t size);

/* Returns n zeroed elements of size bytes; an overflow aborts. */
void *mem_calloc(size_t n, size_t size);

/* Resizes to n elements of size bytes; new bytes are not zeroed. */
void *mem_resize(void *memory, size_t n, size_t size);

char *mem_strdup(const char *text);             /* NULL gives NULL */
char *mem_strndup(const char *bytes, size_t n); /* ends with NUL */
void *mem_dup(const void *bytes, size_t n);     /* n may be 0 */
char *mem_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * An arena: many small objects that are freed together.  A cap on its size
 * makes it safe to fill from outside.
 */
struct arena;

/* cap_bytes 0 means no cap. */
struct arena *arena_new(size_t cap_bytes);

/* Returns zeroed memory aligned for any type, borrowed until the arena is
 * freed; or NULL when the cap would be passed. */
void *arena_zalloc(struct arena *arena, size_t size);

/* Copies; NULL gives NULL.  NULL also when the cap would be passed. */
char *arena_strdup(struct arena *arena, const char *text);
char *arena_strndup(struct arena *arena, const char *bytes, size_t n);

size_t arena_bytes(const struct arena *arena); /* handed out so far */
void arena_free(struct arena *arena);          /* NULL is allowed */

/* Gives back what starting up took and running does not need: free memory of
 * the heap, and pages of code, which come back from their files when they are
 * used. */
void mem_give_back(void);

#endif
