#include <stdlib.h>
#include <string.h>

#include "collector/ask/case_holes.h"
#include "proto/base/map.h"

#define SLOT_MS      INT64_C(1000)
#define SLOTS        1200 /* twenty minutes, as far as a verdict looks back */
#define SILENT_BEATS 3
#define LEAST_MS     INT64_C(5000) /* on their way to the collector */

/* Of one environment: in which seconds something was measured, and from inside.
 * Where somebody is inside, who looks from outside is no part of it: he may
 * stand beside the collector, or look at all environments. */
struct presence {
	char *environment;
	bool slots[SLOTS];
	bool has_inside;
	uint32_t interval_ms; /* of its fastest series */
};

struct marked {
	char *environment, *why;
	int64_t from_ms, to_ms;
	struct marked *next;
};

struct case_holes {
	int64_t from_ms;
	struct map *environments;
	struct marked *marked;
};

struct case_holes *
case_holes_new(int64_t at_ms)
{
	struct case_holes *holes = mem_zalloc(sizeof(*holes));

	holes->from_ms = at_ms - SLOTS * SLOT_MS;
	holes->environments = map_new();
	return holes;
}

static void
holes_free(struct case_holes *holes)
{
	MAP_EACH (struct presence, presence, holes->environments) {
		free(presence->environment);
		free(presence);
	}
	map_free(holes->environments);
	while (holes->marked != NULL) {
		struct marked *marked = holes->marked;

		holes->marked = marked->next;
		free(marked->environment);
		free(marked->why);
		free(marked);
	}
	free(holes);
}

void
case_holes_add(
    struct case_holes *holes, const struct series *series, int64_t at_ms)
{
	struct presence *presence =
	    map_get(holes->environments, series->environment);
	int64_t slot = (at_ms - holes->from_ms) / SLOT_MS;

	if (at_ms < holes->from_ms || slot >= SLOTS)
		return;
	if (presence == NULL) {
		presence = mem_zalloc(sizeof(*presence));
		presence->environment = mem_strdup(series->environment);
		map_put(holes->environments, presence->environment, presence);
	}
	if (vantage_is_inside(series->vantage) && !presence->has_inside) {
		presence->has_inside = true;
		memset(presence->slots, 0, sizeof(presence->slots));
		presence->interval_ms = 0;
	}
	if (presence->has_inside && !vantage_is_inside(series->vantage))
		return;
	presence->slots[slot] = true;
	if (series->interval_ms > 0 &&
	    (presence->interval_ms == 0 ||
		series->interval_ms < presence->interval_ms))
		presence->interval_ms = series->interval_ms;
}

void
case_holes_mark(struct case_holes *holes, const struct mark *mark)
{
	struct marked *marked = mem_zalloc(sizeof(*marked));

	marked->environment = mem_strdup(mark->environment);
	marked->why = mem_strdup(mark->summary);
	marked->from_ms = mark->at_ms;
	marked->to_ms = mark_unstored_to_ms(mark);
	marked->next = holes->marked;
	holes->marked = marked;
}

/* --- finding ----------------------------------------------------------------- */

/* Slots, both of them empty and all in between. */
struct run {
	int first, last;
};

static int64_t
least_ms(const struct presence *presence)
{
	int64_t limit_ms = SILENT_BEATS * (int64_t)presence->interval_ms;

	return limit_ms > LEAST_MS ? limit_ms : LEAST_MS;
}

/* The next long run of empty slots at or after *at, with results before it and
 * after it. */
static bool
next_run(struct run *out, const struct presence *presence, int at)
{
	int64_t least = least_ms(presence) / SLOT_MS;
	int last_seen = -1;

	for (int i = 0; i < SLOTS; i++) {
		if (!presence->slots[i])
			continue;
		if (last_seen >= 0 && last_seen + 1 >= at &&
		    i - last_seen - 1 > least) {
			*out = (struct run){ last_seen + 1, i - 1 };
			return true;
		}
		last_seen = i;
	}
	return false;
}

static bool
is_any_within(const struct presence *presence, int first, int last)
{
	for (int i = first < 0 ? 0 : first; i <= last && i < SLOTS; i++)
		if (presence->slots[i])
			return true;
	return false;
}

/* Was another environment there, before it and after it? */
static bool
is_witness(const struct presence *other, const struct presence *own,
    const struct run *run)
{
	return other != own && is_any_within(other, 0, run->first - 1) &&
	    is_any_within(other, run->last + 1, SLOTS - 1);
}

/* Had nobody at all results for long within it?  A disk that fills up takes
 * the last batch of one a while after that of another. */
static bool
is_common(const struct case_holes *holes, const struct presence *own,
    const struct run *run)
{
	int64_t least = least_ms(own) / SLOT_MS, empty = 0, most = 0;
	bool any = false;

	MAP_EACH (const struct presence, other, holes->environments) {
		if (!is_witness(other, own, run))
			continue;
		any = true;
		if (least_ms(other) / SLOT_MS > least)
			least = least_ms(other) / SLOT_MS;
	}
	for (int i = run->first; i <= run->last; i++) {
		empty++;
		MAP_EACH (const struct presence, other, holes->environments)
			if (is_witness(other, own, run) && other->slots[i])
				empty = 0;
		if (empty > most)
			most = empty;
	}
	return any && most > least;
}

/* What the collector said of a time that lies in the run; NULL. */
static const struct marked *
marked_within(const struct case_holes *holes, const struct presence *own,
    int64_t from_ms, int64_t to_ms)
{
	for (const struct marked *marked = holes->marked; marked != NULL;
	     marked = marked->next)
		if (strcmp(marked->environment, own->environment) == 0 &&
		    marked->from_ms <= to_ms && marked->to_ms >= from_ms)
			return marked;
	return NULL;
}

void
case_holes_find(
    struct case_holes *holes, struct scene *scene, struct arena *arena)
{
	const struct presence *own =
	    map_get(holes->environments, scene->environment);
	struct scene_hole *list = arena_zalloc(arena, SLOTS * sizeof(*list));
	struct run run = { 0 };

	for (int at = 0; own != NULL && next_run(&run, own, at);
	     at = run.last + 1) {
		int64_t from_ms = holes->from_ms + run.first * SLOT_MS;
		int64_t to_ms = holes->from_ms + (run.last + 1) * SLOT_MS;
		const struct marked *marked =
		    marked_within(holes, own, from_ms, to_ms);

		if (marked == NULL && !is_common(holes, own, &run))
			continue;
		list[scene->n_holes++] = (struct scene_hole){
			.from_ms = from_ms,
			.to_ms = to_ms,
			.why = arena_strdup(
			    arena, marked != NULL ? marked->why : ""),
		};
	}
	scene->holes = list;
	holes_free(holes);
}
