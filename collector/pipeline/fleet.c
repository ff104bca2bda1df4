#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/pipeline/fleet.h"
#include "proto/base/mem.h"
#include "proto/label.h"

#define ID_BYTES 24
/* Names are checked: each is of 64 bytes at most (label_is). */
#define SERIES_KEY_BYTES (4 * 65)

struct fleet *
fleet_new(void)
{
	struct fleet *fleet = mem_zalloc(sizeof(*fleet));

	fleet->places = map_new();
	fleet->series = map_new();
	fleet->facts = map_new();
	fleet->agents = map_new();
	fleet->open = map_new();
	return fleet;
}

void
fleet_text(char **of, const char *text)
{
	char *copy;

	if (*of != NULL && text != NULL && strcmp(*of, text) == 0)
		return;
	copy = mem_strdup(text);
	free(*of);
	*of = copy;
}

/* Texts of structs that lend const pointers elsewhere, but own them here. */
static void
free_text(const char *text)
{
	free((void *)(uintptr_t)text);
}

/* --- freeing ------------------------------------------------------------ */

static void
free_description(struct series *series)
{
	free_text(series->environment);
	free_text(series->agent);
	free_text(series->service);
	free_text(series->probe);
	free_text(series->kind);
	free_text(series->reference_of);
	for (size_t i = 0; i < series->n_phases; i++)
		free_text(series->phases[i]);
}

static void
free_series(struct fleet_series *series)
{
	free_description(&series->series);
	free_text(series->last.message); /* with its attributes */
	free(series->course);
	free(series->key);
	free(series);
}

static void
free_fact(struct fleet_fact *fact)
{
	free(fact->environment);
	free(fact->agent);
	free(fact->service);
	free(fact->name);
	free(fact->shown);
	free(fact->known);
	free(fact->key);
	free(fact);
}

static void
free_agent(struct fleet_agent *agent)
{
	free(agent->environment);
	free(agent->agent);
	free(agent->version);
	free(agent->key);
	free(agent);
}

static void
free_place(struct fleet_place *place)
{
	free(place->series);
	free(place->facts);
	free(place->key);
	free(place);
}

static void
free_regression(struct fleet_regression *regression)
{
	struct regression_row *row;

	if (regression == NULL)
		return;
	row = &regression->row;
	free_text(row->environment);
	free_text(row->service);
	free_text(row->agent);
	free_text(row->subject);
	free_text(row->before);
	free_text(row->after);
	free_text(row->message);
	free(regression);
}

void
fleet_free(struct fleet *fleet)
{
	if (fleet == NULL)
		return;
	MAP_EACH (struct fleet_series, series, fleet->series)
		free_series(series);
	MAP_EACH (struct fleet_fact, fact, fleet->facts)
		free_fact(fact);
	MAP_EACH (struct fleet_agent, agent, fleet->agents)
		free_agent(agent);
	MAP_EACH (struct fleet_place, place, fleet->places)
		free_place(place);
	MAP_EACH (struct fleet_regression, regression, fleet->open)
		free_regression(regression);
	map_free(fleet->series);
	map_free(fleet->facts);
	map_free(fleet->agents);
	map_free(fleet->places);
	map_free(fleet->open);
	free(fleet);
}

/* --- finding ------------------------------------------------------------ */

static struct fleet_place *
place_of(struct fleet *fleet, const char *environment, const char *agent,
    const char *service)
{
	char *key = mem_printf(
	    "%s" LABEL_CUT "%s" LABEL_CUT "%s", environment, agent, service);
	struct fleet_place *place = map_get(fleet->places, key);

	if (place != NULL) {
		free(key);
		return place;
	}
	place = mem_zalloc(sizeof(*place));
	place->key = key;
	map_put(fleet->places, key, place);
	return place;
}

/* "staging/stg-1/backend/db"; printf is slow where every batch asks. */
static void
series_key(char out[SERIES_KEY_BYTES], const struct series *series)
{
	char *at = out;

	at = stpcpy(at, series->environment);
	*at++ = LABEL_CUT[0];
	at = stpcpy(at, series->agent);
	*at++ = LABEL_CUT[0];
	at = stpcpy(at, series->service);
	*at++ = LABEL_CUT[0];
	stpcpy(at, series->probe);
}

const struct fleet_series *
fleet_series_find(const struct fleet *fleet, const struct series *series)
{
	char key[SERIES_KEY_BYTES];

	series_key(key, series);
	return map_get(fleet->series, key);
}

struct fleet_series *
fleet_series_of(struct fleet *fleet, const struct series *series)
{
	char key[SERIES_KEY_BYTES];
	struct fleet_series *found;
	struct fleet_place *place;

	series_key(key, series);
	found = map_get(fleet->series, key);
	if (found != NULL)
		return found;
	place = place_of(
	    fleet, series->environment, series->agent, series->service);
	found = mem_zalloc(sizeof(*found));
	found->key = mem_strdup(key);
	found->good_us = -1;
	found->last.message = mem_strdup("");
	found->place = place;
	state_init(&found->watch);
	place->series = mem_resize(
	    place->series, place->n_series + 1, sizeof(*place->series));
	place->series[place->n_series++] = found;
	fleet_series_describe(found, series);
	map_put(fleet->series, key, found);
	return found;
}

/* Owned by the caller. */
static char *
fact_key(const char *environment, const char *agent, const struct fact *fact)
{
	return mem_printf("%s" LABEL_CUT "%s" LABEL_CUT "%s" LABEL_CUT
			  "%s" LABEL_CUT "%s",
	    environment, agent, fact->service, source_name(fact->source),
	    fact->name);
}

struct fleet_fact *
fleet_fact_of(struct fleet *fleet, const char *environment, const char *agent,
    const struct fact *fact)
{
	char *key = fact_key(environment, agent, fact);
	struct fleet_fact *found = map_get(fleet->facts, key);
	struct fleet_place *place;

	if (found != NULL) {
		free(key);
		return found;
	}
	place = place_of(fleet, environment, agent, fact->service);
	found = mem_zalloc(sizeof(*found));
	found->key = key;
	found->environment = mem_strdup(environment);
	found->agent = mem_strdup(agent);
	found->service = mem_strdup(fact->service);
	found->name = mem_strdup(fact->name);
	found->source = fact->source;
	found->place = place;
	place->facts =
	    mem_resize(place->facts, place->n_facts + 1, sizeof(*place->facts));
	place->facts[place->n_facts++] = found;
	map_put(fleet->facts, key, found);
	return found;
}

struct fleet_agent *
fleet_agent_of(struct fleet *fleet, const char *environment, const char *agent)
{
	char *key = mem_printf("%s/%s", environment, agent);
	struct fleet_agent *found = map_get(fleet->agents, key);

	if (found != NULL) {
		free(key);
		return found;
	}
	found = mem_zalloc(sizeof(*found));
	found->key = key;
	found->environment = mem_strdup(environment);
	found->agent = mem_strdup(agent);
	found->version = mem_strdup("");
	map_put(fleet->agents, key, found);
	return found;
}

size_t
fleet_count_new(const struct fleet *fleet, const char *environment,
    const char *agent, const struct batch *batch)
{
	char series[SERIES_KEY_BYTES], *fact;
	size_t n = 0;

	for (size_t i = 0; i < batch->n_series; i++) {
		series_key(series, &batch->series[i]);
		n += map_get(fleet->series, series) == NULL;
	}
	for (size_t i = 0; i < batch->n_facts; i++) {
		fact = fact_key(environment, agent, &batch->facts[i]);
		n += map_get(fleet->facts, fact) == NULL;
		free(fact);
	}
	return n;
}

size_t
fleet_count(
    const struct fleet *fleet, const char *environment, const char *agent)
{
	size_t n = 0;

	MAP_EACH (const struct fleet_series, series, fleet->series)
		n += strcmp(series->series.agent, agent) == 0 &&
		    strcmp(series->series.environment, environment) == 0;
	MAP_EACH (const struct fleet_fact, fact, fleet->facts)
		n += strcmp(fact->agent, agent) == 0 &&
		    strcmp(fact->environment, environment) == 0;
	return n;
}

/* --- keeping ------------------------------------------------------------ */

static bool
is_as_described(const struct series *a, const struct series *b)
{
	if (a->environment == NULL || a->vantage != b->vantage ||
	    a->interval_ms != b->interval_ms || a->n_phases != b->n_phases ||
	    strcmp(a->kind, b->kind) != 0 ||
	    strcmp(a->reference_of, b->reference_of) != 0)
		return false;
	for (size_t i = 0; i < a->n_phases; i++)
		if (strcmp(a->phases[i], b->phases[i]) != 0)
			return false;
	return true;
}

void
fleet_series_describe(struct fleet_series *of, const struct series *series)
{
	struct series copy = *series;

	if (is_as_described(&of->series, series))
		return;
	copy.environment = mem_strdup(series->environment);
	copy.agent = mem_strdup(series->agent);
	copy.service = mem_strdup(series->service);
	copy.probe = mem_strdup(series->probe);
	copy.kind = mem_strdup(series->kind);
	copy.reference_of = mem_strdup(series->reference_of);
	for (size_t i = 0; i < series->n_phases; i++)
		copy.phases[i] = mem_strdup(series->phases[i]);
	free_description(&of->series);
	of->series = copy;
	/* Phases are known by their places, which may be others' now. */
	if (of->course != NULL)
		memset(of->course->phase_us, 0, sizeof(of->course->phase_us));
}

struct fleet_course *
fleet_course_of(struct fleet_series *series)
{
	if (series->course != NULL)
		return series->course;
	series->course = mem_zalloc(sizeof(*series->course));
	slower_init(&series->course->slower);
	failing_init(&series->course->failing);
	return series->course;
}

static char *
put_text(char **at, const char *text)
{
	size_t n = strlen(text) + 1;
	char *put = memcpy(*at, text, n);

	*at += n;
	return put;
}

/* One block holds everything that a result points to: its attributes, before
 * them, because they need the alignment, its message at the very start. */
void
fleet_series_keep(struct fleet_series *of, const struct result *result)
{
	size_t n = strlen(result->message) + 1, aligned;
	struct attribute *list;
	char *block, *at;

	aligned = (n + _Alignof(struct attribute) - 1) /
	    _Alignof(struct attribute) * _Alignof(struct attribute);
	n = aligned + result->n_attributes * sizeof(*list);
	for (size_t i = 0; i < result->n_attributes; i++) {
		const struct attribute *from = &result->attributes[i];

		n += strlen(from->name) + 1;
		n += from->text != NULL ? strlen(from->text) + 1 : 0;
	}
	at = block = mem_zalloc(n);
	put_text(&at, result->message);
	list = (struct attribute *)(void *)(block + aligned);
	at = (char *)(list + result->n_attributes);
	for (size_t i = 0; i < result->n_attributes; i++) {
		list[i] = result->attributes[i];
		list[i].name = put_text(&at, list[i].name);
		if (list[i].text != NULL)
			list[i].text = put_text(&at, list[i].text);
	}
	free_text(of->last.message);
	of->last = *result;
	of->last.message = block;
	of->last.attributes = list;
}

/* --- regressions -------------------------------------------------------- */

static char *
id_text(char out[ID_BYTES], uint64_t id)
{
	snprintf(out, ID_BYTES, "%" PRIu64, id);
	return out;
}

void
fleet_open(struct fleet *fleet, const struct regression_row *row)
{
	struct fleet_regression *opened = mem_zalloc(sizeof(*opened));
	char id[ID_BYTES];

	opened->row = *row;
	opened->row.environment = mem_strdup(row->environment);
	opened->row.service = mem_strdup(row->service);
	opened->row.agent = mem_strdup(row->agent);
	opened->row.subject = mem_strdup(row->subject);
	opened->row.before = mem_strdup(row->before);
	opened->row.after = mem_strdup(row->after);
	opened->row.message = mem_strdup(row->message);
	free_regression(map_put(fleet->open, id_text(id, row->id), opened));
}

struct fleet_regression *
fleet_regression(const struct fleet *fleet, uint64_t id)
{
	char text[ID_BYTES];

	/* Asked for each result, and hardly any has one. */
	return id == 0 ? NULL : map_get(fleet->open, id_text(text, id));
}

void
fleet_close(struct fleet *fleet, uint64_t id)
{
	char text[ID_BYTES];

	free_regression(map_remove(fleet->open, id_text(text, id)));
}
