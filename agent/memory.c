#include <stdlib.h>
#include <string.h>

#include "agent/memory.h"
#include "proto/base/map.h"
#include "proto/base/mem.h"
#include "proto/base/text.h"
#include "proto/fingerprints.h"

struct known {
	char *service, *name, *value, *fingerprint;
	enum source source;
	int64_t since_ms;  /* first seen as it is */
	int64_t before_ms; /* the one before was last seen; 0: never */
	int64_t last_ms;   /* last seen as it is */
	bool is_told;
};

struct memory {
	struct map *facts; /* by service, newline, name */
};

struct memory *
memory_new(void)
{
	struct memory *memory = mem_zalloc(sizeof(*memory));

	memory->facts = map_new();
	return memory;
}

static void
known_free(struct known *known)
{
	free(known->service);
	free(known->name);
	free(known->value);
	free(known->fingerprint);
	free(known);
}

static bool
is_same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* While a key is being replaced, one value has several fingerprints. */
static bool
is_same_value(const struct known *known, const struct fact *observed)
{
	const char *a = known->fingerprint, *b = observed->fingerprint;

	return known->since_ms != 0 && known->source == observed->source &&
	    is_same_text(known->value, observed->value) &&
	    (is_same_text(a, b) ||
		(a != NULL && b != NULL &&
		    fingerprints_compare(a, b) == FINGERPRINTS_SAME));
}

static void
replace(char **text, const char *with)
{
	free(*text);
	*text = mem_strdup(with);
}

/* Returns what is known of the fact, newly remembered if need be; NULL when
 * there is no room for more. */
static struct known *
recall(struct memory *memory, const struct fact *observed)
{
	struct text key = { 0 };
	struct known *known;

	text_addf(&key, "%s\n%s", observed->service, observed->name);
	known = map_get(memory->facts, key.bytes);
	if (known == NULL && map_count(memory->facts) < MEMORY_MAX_FACTS) {
		known = mem_zalloc(sizeof(*known));
		known->service = mem_strdup(observed->service);
		known->name = mem_strdup(observed->name);
		map_put(memory->facts, key.bytes, known);
	}
	text_fini(&key);
	return known;
}

bool
memory_observe(
    struct memory *memory, struct fact *out, const struct fact *observed)
{
	struct known *known = recall(memory, observed);

	if (known == NULL) {
		*out = *observed;
		return true;
	}
	if (is_same_value(known, observed) &&
	    !is_same_text(known->fingerprint, observed->fingerprint)) {
		replace(&known->fingerprint, observed->fingerprint);
		known->is_told = false;
	}
	if (!is_same_value(known, observed)) {
		replace(&known->value, observed->value);
		replace(&known->fingerprint, observed->fingerprint);
		known->source = observed->source;
		known->since_ms = observed->at_ms;
		known->before_ms = known->last_ms;
		known->is_told = false;
	}
	known->last_ms = observed->at_ms;
	*out = (struct fact){ known->service, known->name, known->value,
		known->fingerprint, known->source, known->since_ms,
		known->before_ms };
	if (known->is_told)
		return false;
	known->is_told = true;
	return true;
}

void
memory_distrust(struct memory *memory)
{
	MAP_EACH (struct known, known, memory->facts) {
		known->is_told = false;
	}
}

void
memory_free(struct memory *memory)
{
	if (memory == NULL)
		return;
	MAP_EACH (struct known, known, memory->facts) {
		known_free(known);
	}
	map_free(memory->facts);
	free(memory);
}
