#include <string.h>

#include "collector/ask/case_holders.h"
#include "proto/base/text.h"

#define NAMES_MAX   16
#define SAMPLES_MAX 120
#define APART_MS    INT64_C(10000) /* closer ones tell no more */

/* Clearly more than before: by half, and by a few. */
#define MORE_LEAST 5

/* Counts of one moment. */
struct sample {
	int64_t at_ms;
	int32_t counts[NAMES_MAX];
};

struct case_holders {
	const char *names[NAMES_MAX];
	size_t n_names;
	struct sample samples[SAMPLES_MAX]; /* the newest first */
	size_t n_samples;
};

/* What follows "sessions" and is nobody's name. */
static bool
is_measure(const char *word)
{
	static const char *const words[] = { "idle", "idle_in_transaction",
		"waiting", "blocked", "hidden", "active", "max", "used",
		"total", "percent" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (text_same(word, words[i]))
			return true;
	return false;
}

/* Whose sessions an attribute counts, "" being the check's own role; NULL:
 * nobody's. */
static const char *
name_of(const struct attribute *attribute)
{
	static const char prefix[] = "sessions";
	size_t n = sizeof(prefix) - 1;
	const char *name = attribute->name;

	if (attribute->text != NULL || strncmp(name, prefix, n) != 0 ||
	    name[n] == '\0' || name[n + 1] == '\0')
		return NULL;
	if (name[n] == ':')
		return name + n + 1;
	if (name[n] != '_' || is_measure(name + n + 1))
		return NULL;
	return text_same(name + n + 1, "own") ? "" : name + n + 1;
}

static size_t
place_of(struct case_holders *holders, struct arena *arena, const char *name)
{
	size_t i = 0;

	while (i < holders->n_names && !text_same(holders->names[i], name))
		i++;
	if (i == holders->n_names && i < NAMES_MAX)
		holders->names[holders->n_names++] = arena_strdup(arena, name);
	return i;
}

static bool
counts(const struct result *result)
{
	for (size_t i = 0; i < result->n_attributes; i++)
		if (name_of(&result->attributes[i]) != NULL)
			return true;
	return false;
}

void
case_holders_add(struct case_holders **holders, struct arena *arena,
    const struct result *result)
{
	struct case_holders *all = *holders;
	struct sample *sample;

	if (!counts(result))
		return;
	if (all == NULL)
		all = *holders = arena_zalloc(arena, sizeof(*all));
	if (all->n_samples > 0 &&
	    all->samples[all->n_samples - 1].at_ms - result->at_ms < APART_MS)
		return;
	if (all->n_samples == SAMPLES_MAX)
		all->n_samples--; /* the oldest says what is usual */
	sample = &all->samples[all->n_samples++];
	*sample = (struct sample){ .at_ms = result->at_ms };
	for (size_t i = 0; i < result->n_attributes; i++) {
		const char *name = name_of(&result->attributes[i]);
		size_t place =
		    name != NULL ? place_of(all, arena, name) : NAMES_MAX;

		if (place < NAMES_MAX)
			sample->counts[place] =
			    (int32_t)result->attributes[i].number;
	}
}

/* From which sample on there are clearly more than at first; 0: there are
 * not. */
static int64_t
grew_ms(const struct case_holders *holders, size_t name, int32_t usual)
{
	int32_t most = usual + usual / 2;
	int64_t at_ms = 0;

	if (most < usual + MORE_LEAST)
		most = usual + MORE_LEAST;
	for (size_t i = 0; i < holders->n_samples; i++) {
		if (holders->samples[i].counts[name] < most)
			break;
		at_ms = holders->samples[i].at_ms;
	}
	return at_ms;
}

void
case_holders_view(struct scene_view *out, const struct case_holders *holders,
    struct arena *arena)
{
	struct scene_holder *list;

	if (holders == NULL || holders->n_samples < 2)
		return;
	list = arena_zalloc(arena, holders->n_names * sizeof(*list));
	for (size_t i = 0; i < holders->n_names; i++) {
		list[i].name = holders->names[i];
		list[i].now = holders->samples[0].counts[i];
		list[i].usual =
		    holders->samples[holders->n_samples - 1].counts[i];
		list[i].grew_ms = grew_ms(holders, i, list[i].usual);
	}
	out->holders = list;
	out->n_holders = holders->n_names;
}
