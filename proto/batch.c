/* The batch of publish.h: what the agent fills. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/mem.h"
#include "proto/base/text.h"
#include "proto/batch.h"
#include "proto/label.h"

#define RESULT_FIXED_BYTES 64 /* tags and numbers of a result, at most */

static struct owned *
owner(const struct batch *batch)
{
	return (struct owned *)(void *)(uintptr_t)batch;
}

struct batch *
batch_new(void)
{
	struct owned *owned = mem_zalloc(sizeof(*owned));

	owned->arena = arena_new(0);
	owned->size_bytes = RESULT_FIXED_BYTES;
	return &owned->batch;
}

void
batch_free(struct batch *batch)
{
	struct owned *owned = owner(batch);

	if (batch == NULL)
		return;
	free((void *)(uintptr_t)batch->series);
	free((void *)(uintptr_t)batch->results);
	free((void *)(uintptr_t)batch->facts);
	free((void *)(uintptr_t)batch->gaps);
	arena_free(owned->arena);
	free(owned);
}

/* Room for one more at the end of an array that grows by doubling. */
static void *
grown(const void *array, size_t n, size_t *room, size_t size)
{
	void *mutable = (void *)(uintptr_t)array;

	if (n < *room)
		return mutable;
	*room = *room > 0 ? *room * 2 : 8;
	return mem_resize(mutable, *room, size);
}

/* Copies at most max bytes of text, whole characters of clean UTF-8. */
static const char *
copy_text(struct owned *owned, const char *text, size_t max)
{
	size_t n = text == NULL ? 0 : strlen(text);
	char *copy;

	if (n > max) {
		n = max;
		while (n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80)
			n--;
	}
	copy = arena_strndup(owned->arena, n > 0 ? text : "", n);
	text_sanitise(copy, n);
	owned->size_bytes += n + 8;
	return copy;
}

static bool
is_same_series(const struct series *a, const struct series *b)
{
	if (a->n_phases != b->n_phases || a->vantage != b->vantage ||
	    a->interval_ms != b->interval_ms ||
	    strcmp(a->probe, b->probe) != 0 ||
	    strcmp(a->service, b->service) != 0 ||
	    strcmp(a->kind, b->kind) != 0 ||
	    strcmp(a->reference_of, b->reference_of) != 0)
		return false;
	for (size_t i = 0; i < a->n_phases; i++)
		if (strcmp(a->phases[i], b->phases[i]) != 0)
			return false;
	return true;
}

static const char *
or_empty(const char *text)
{
	return text != NULL ? text : "";
}

/* Returns the index of series, adding it when it is new. */
static size_t
series_index(struct owned *owned, const struct series *series)
{
	struct batch *batch = &owned->batch;
	struct series sought = *series, *list, *added;

	assert(series->n_phases <= PHASES_MAX);
	sought.service = or_empty(series->service);
	sought.reference_of = or_empty(series->reference_of);
	for (size_t i = 0; i < batch->n_series; i++)
		if (is_same_series(&batch->series[i], &sought))
			return i;
	list = grown(
	    batch->series, batch->n_series, &owned->room_series, sizeof(*list));
	batch->series = list;
	added = &list[batch->n_series];
	*added = sought;
	added->environment = added->agent = "";
	added->service = copy_text(owned, sought.service, TEXT_MAX_BYTES);
	added->probe = copy_text(owned, sought.probe, TEXT_MAX_BYTES);
	added->kind = copy_text(owned, sought.kind, TEXT_MAX_BYTES);
	added->reference_of =
	    copy_text(owned, sought.reference_of, TEXT_MAX_BYTES);
	for (size_t i = 0; i < sought.n_phases; i++)
		added->phases[i] =
		    copy_text(owned, sought.phases[i], TEXT_MAX_BYTES);
	owned->size_bytes += RESULT_FIXED_BYTES;
	return batch->n_series++;
}

static void
copy_attributes(
    struct owned *owned, struct result *to, const struct result *from)
{
	struct attribute *list;
	size_t n = from->n_attributes;

	if (n > ATTRIBUTES_MAX)
		n = ATTRIBUTES_MAX;
	list = arena_zalloc(owned->arena, n * sizeof(*list));
	for (size_t i = 0; i < n; i++) {
		const struct attribute *attribute = &from->attributes[i];

		list[i].name =
		    copy_text(owned, attribute->name, TEXT_MAX_BYTES);
		list[i].number = attribute->number;
		if (attribute->text != NULL)
			list[i].text =
			    copy_text(owned, attribute->text, TEXT_MAX_BYTES);
		owned->size_bytes += 16;
	}
	to->attributes = list;
	to->n_attributes = n;
}

void
batch_add_result(struct batch *batch, const struct series *series,
    const struct result *result)
{
	struct owned *owned = owner(batch);
	size_t index = series_index(owned, series);
	struct result *list, *added;

	list = grown(batch->results, batch->n_results, &owned->room_results,
	    sizeof(*list));
	batch->results = list;
	added = &list[batch->n_results++];
	*added = *result;
	added->series = index;
	if (added->n_phases > series->n_phases)
		added->n_phases = series->n_phases;
	added->message = copy_text(owned, result->message, MESSAGE_MAX_BYTES);
	copy_attributes(owned, added, result);
	owned->size_bytes += RESULT_FIXED_BYTES + 10 * added->n_phases;
}

void
batch_add_fact(struct batch *batch, const struct fact *fact)
{
	struct owned *owned = owner(batch);
	struct fact *list, *added;

	list = grown(
	    batch->facts, batch->n_facts, &owned->room_facts, sizeof(*list));
	batch->facts = list;
	added = &list[batch->n_facts++];
	*added = *fact;
	added->service = copy_text(owned, fact->service, TEXT_MAX_BYTES);
	added->name = copy_text(owned, fact->name, LABEL_FACT_BYTES);
	if (fact->value != NULL)
		added->value = copy_text(owned, fact->value, TEXT_MAX_BYTES);
	if (fact->fingerprint != NULL)
		added->fingerprint =
		    copy_text(owned, fact->fingerprint, TEXT_MAX_BYTES);
	owned->size_bytes += RESULT_FIXED_BYTES;
}

void
batch_add_gap(struct batch *batch, const struct gap *gap)
{
	struct owned *owned = owner(batch);
	struct gap *list;

	list =
	    grown(batch->gaps, batch->n_gaps, &owned->room_gaps, sizeof(*list));
	batch->gaps = list;
	list[batch->n_gaps] = *gap;
	list[batch->n_gaps++].why = copy_text(owned, gap->why, TEXT_MAX_BYTES);
	owned->size_bytes += RESULT_FIXED_BYTES;
}

size_t
batch_size_bytes(const struct batch *batch)
{
	return owner(batch)->size_bytes;
}

bool
batch_is_empty(const struct batch *batch)
{
	return batch->n_results + batch->n_facts + batch->n_gaps == 0;
}

static void
widen(int64_t *from_ms, int64_t *to_ms, int64_t at_ms)
{
	if (*from_ms == 0 || at_ms < *from_ms)
		*from_ms = at_ms;
	if (at_ms > *to_ms)
		*to_ms = at_ms;
}

void
batch_span(int64_t *out_from_ms, int64_t *out_to_ms, const struct batch *batch)
{
	*out_from_ms = *out_to_ms = 0;
	for (size_t i = 0; i < batch->n_results; i++)
		widen(out_from_ms, out_to_ms, batch->results[i].at_ms);
	for (size_t i = 0; i < batch->n_facts; i++)
		widen(out_from_ms, out_to_ms, batch->facts[i].at_ms);
	for (size_t i = 0; i < batch->n_gaps; i++) {
		widen(out_from_ms, out_to_ms, batch->gaps[i].from_ms);
		widen(out_from_ms, out_to_ms, batch->gaps[i].to_ms);
	}
}
