/*
 * map.h - from a string to a pointer.
 *
 * Open addressing over FNV-1a hashes; grows as needed.  Keys are copied,
 * values are borrowed.  The order of map_next() is that of insertion, so the
 * same history gives the same walk on every machine.
 */
#ifndef PROTO_BASE_MAP_H
#define PROTO_BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>

struct map;

struct map *map_new(void);

/* Sets key to value (not NULL) and returns what it replaced, or NULL. */
void *map_put(struct map *map, const char *key, void *value);

/* Returns the value of key, or NULL. */
void *map_get(const struct map *map, const char *key);

/* Forgets key and returns its value, or NULL. */
void *map_remove(struct map *map, const char *key);

size_t map_count(const struct map *map);

/* Walks: *at starts as 0; gives the next value, or NULL at the end.  Between
 * two calls the value just given may be removed; nothing may be added. */
void *map_next(const struct map *map, size_t *at);

/* Frees the map, not its values.  NULL is allowed. */
void map_free(struct map *map);

#define MAP_EACH(type, value, map)                              \
	for (size_t value##_at = 0, value##_on = 1; value##_on; \
	     value##_on = 0)                                    \
		for (type * value;                              \
		     (value = map_next((map), &value##_at)) != NULL;)

#endif
