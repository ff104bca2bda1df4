#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/map.h"
#include "proto/base/mem.h"

#define NO_ENTRY    UINT32_MAX
#define FIRST_SLOTS 16

struct entry {
	char *key; /* NULL once removed */
	void *value;
	uint64_t hash;
};

struct map {
	struct entry *entries; /* in order of insertion, removed ones too */
	uint32_t *slots;       /* index into entries, or NO_ENTRY */
	size_t n_entries, n_live, n_slots;
};

static uint64_t
hash_of(const char *key)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (; *key != '\0'; key++)
		hash = (hash ^ (unsigned char)*key) * UINT64_C(0x100000001b3);
	return hash ^ (hash >> 32); /* the low bits choose the slot */
}

struct map *
map_new(void)
{
	struct map *map = mem_zalloc(sizeof(*map));

	map->n_slots = FIRST_SLOTS;
	map->slots = mem_calloc(map->n_slots, sizeof(*map->slots));
	memset(map->slots, 0xff, map->n_slots * sizeof(*map->slots));
	map->entries = mem_calloc(map->n_slots / 2, sizeof(*map->entries));
	return map;
}

/* The slot of key, or the free slot where it belongs.  A removed entry keeps
 * its slot until the next rebuild, so that chains stay whole. */
static size_t
find_slot(const struct map *map, const char *key, uint64_t hash)
{
	size_t slot = hash & (map->n_slots - 1);

	while (map->slots[slot] != NO_ENTRY) {
		const struct entry *entry = &map->entries[map->slots[slot]];

		if (entry->key != NULL && entry->hash == hash &&
		    strcmp(entry->key, key) == 0)
			break;
		slot = (slot + 1) & (map->n_slots - 1);
	}
	return slot;
}

static void
rebuild(struct map *map)
{
	size_t n_slots = FIRST_SLOTS, live = 0;

	while (n_slots < map->n_live * 4)
		n_slots *= 2;
	for (size_t i = 0; i < map->n_entries; i++)
		if (map->entries[i].key != NULL)
			map->entries[live++] = map->entries[i];
	map->n_entries = live;
	map->n_slots = n_slots;
	map->entries =
	    mem_resize(map->entries, n_slots / 2, sizeof(*map->entries));
	map->slots = mem_resize(map->slots, n_slots, sizeof(*map->slots));
	memset(map->slots, 0xff, n_slots * sizeof(*map->slots));
	for (size_t i = 0; i < live; i++) {
		const struct entry *entry = &map->entries[i];

		map->slots[find_slot(map, entry->key, entry->hash)] =
		    (uint32_t)i;
	}
}

void *
map_put(struct map *map, const char *key, void *value)
{
	uint64_t hash = hash_of(key);
	size_t slot = find_slot(map, key, hash);
	struct entry *entry;
	void *old;

	if (map->slots[slot] != NO_ENTRY) {
		entry = &map->entries[map->slots[slot]];
		old = entry->value;
		entry->value = value;
		return old;
	}
	if (map->n_entries == map->n_slots / 2) {
		rebuild(map);
		slot = find_slot(map, key, hash);
	}
	entry = &map->entries[map->n_entries];
	entry->key = mem_strdup(key);
	entry->value = value;
	entry->hash = hash;
	map->slots[slot] = (uint32_t)map->n_entries++;
	map->n_live++;
	return NULL;
}

void *
map_get(const struct map *map, const char *key)
{
	size_t slot = find_slot(map, key, hash_of(key));

	if (map->slots[slot] == NO_ENTRY)
		return NULL;
	return map->entries[map->slots[slot]].value;
}

void *
map_remove(struct map *map, const char *key)
{
	size_t slot = find_slot(map, key, hash_of(key));
	struct entry *entry;

	if (map->slots[slot] == NO_ENTRY)
		return NULL;
	entry = &map->entries[map->slots[slot]];
	free(entry->key);
	entry->key = NULL;
	map->n_live--;
	return entry->value;
}

size_t
map_count(const struct map *map)
{
	return map->n_live;
}

void *
map_next(const struct map *map, size_t *at)
{
	while (*at < map->n_entries) {
		const struct entry *entry = &map->entries[(*at)++];

		if (entry->key != NULL)
			return entry->value;
	}
	return NULL;
}

void
map_free(struct map *map)
{
	if (map == NULL)
		return;
	for (size_t i = 0; i < map->n_entries; i++)
		free(map->entries[i].key);
	free(map->entries);
	free(map->slots);
	free(map);
}
