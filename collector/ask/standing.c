#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/ask/standing.h"
#include "proto/base/text.h"

/* A probe without results for so long, while its agent lives. */
#define RETIRED_MS   INT64_C(3600000)
#define RETIRED_RUNS 20

enum state
standing_series(const struct fleet_series *series, struct moment now)
{
	int64_t limit_ms =
	    (int64_t)series->series.interval_ms * STANDING_INTERVALS +
	    STANDING_SPARE_MS;

	if (!series->counted)
		return STATE_BLIND;
	/* What has no interval comes when it comes. */
	if (series->series.interval_ms > 0 &&
	    now.mono_ms - series->mono_ms > limit_ms)
		return STATE_STALE;
	return (enum state)series->last.outcome;
}

/* Which of two a person should hear about first. */
static int
weight(enum state state)
{
	static const int weights[] = {
		[STATE_OK] = 0,
		[STATE_WARNING] = 1,
		[STATE_BLIND] = 2,
		[STATE_STALE] = 3,
		[STATE_UNKNOWN] = 4,
		[STATE_CRITICAL] = 5,
	};

	return weights[state];
}

static char *__attribute__((format(printf, 2, 3)))
arena_printf(struct arena *arena, const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return arena_strdup(arena, text);
}

bool
standing_is_retired(
    const struct standing *standing, const struct fleet_series *series)
{
	const struct series *described = &series->series;
	int64_t patience_ms = (int64_t)described->interval_ms * RETIRED_RUNS;
	const struct fleet_agent *agent;
	char *key;

	if (standing->now.wall_ms - series->fresh_ms < RETIRED_MS)
		return false;
	key = mem_printf("%s/%s", described->environment, described->agent);
	agent = map_get(standing->fleet->agents, key);
	free(key);
	if (patience_ms < RETIRED_MS)
		patience_ms = RETIRED_MS;
	return agent != NULL && agent->seen_ms - series->fresh_ms > patience_ms;
}

/* --- cells -------------------------------------------------------------- */

struct cell {
	struct cell_row row;
	const struct fleet_series *told; /* who says how it stands */
	int64_t well_ms; /* when the last of its series became ok */
};

struct cells {
	const struct standing *standing;
	struct map *by_place; /* struct cell by "environment/service" */
};

static struct cell *
cell_at(struct cells *cells, const char *environment, const char *service)
{
	struct arena *arena = cells->standing->arena;
	char *key = mem_printf("%s/%s", environment, service);
	struct cell *cell = map_get(cells->by_place, key);

	if (cell == NULL) {
		cell = arena_zalloc(arena, sizeof(*cell));
		cell->row = (struct cell_row){
			.environment = arena_strdup(arena, environment),
			.service = arena_strdup(arena, service),
			.state = STATE_BLIND,
			.build = "",
			.why = "no probe looks at it from a vantage that "
			       "counts",
		};
		map_put(cells->by_place, key, cell);
	}
	free(key);
	return cell;
}

static const char *
why_of(struct arena *arena, const struct fleet_series *series, enum state state,
    struct moment now)
{
	const struct result *last = &series->last;
	char reason[REASON_TEXT_BYTES], span[TEXT_SPAN_BYTES];

	if (state == STATE_OK)
		return "";
	if (state == STATE_STALE)
		return arena_printf(arena, "%s: no result for %s",
		    series->series.probe,
		    text_span(span, (now.mono_ms - series->mono_ms) * 1000));
	result_reason(reason, &series->series, last);
	return arena_printf(arena, "%s: %s", series->series.probe,
	    last->message[0] != '\0' ? last->message : reason);
}

/* From the ground up: what fails below explains what fails above it. */
static size_t
layer_of(const char *kind)
{
	static const char *const chain[] = { "env", "settings", "dns", "tcp",
		"tls", "redis", "postgres", "http", "journey" };
	size_t n = sizeof(chain) / sizeof(chain[0]), i = 0;

	while (i < n && strcmp(chain[i], kind) != 0)
		i++;
	return i;
}

/* Which of two series of a cell a person should hear about first: the worse
 * one, of equals the one nearer to the ground, then the one that has been so
 * for longer. */
static bool
is_told_before(const struct fleet_series *a, enum state a_state,
    const struct fleet_series *b, enum state b_state)
{
	size_t a_layer = layer_of(a->series.kind);
	size_t b_layer = layer_of(b->series.kind);

	if (weight(a_state) != weight(b_state))
		return weight(a_state) > weight(b_state);
	if (a_layer != b_layer)
		return a_layer < b_layer;
	return a->since_ms < b->since_ms;
}

static void
add_series(struct cells *cells, const struct fleet_series *series)
{
	struct cell *cell =
	    cell_at(cells, series->series.environment, series->series.service);
	enum state state = standing_series(series, cells->standing->now);

	if (state == STATE_BLIND || series->series.reference_of[0] != '\0' ||
	    standing_is_retired(cells->standing, series))
		return;
	if (series->last.at_ms > cell->row.last_ms)
		cell->row.last_ms = series->last.at_ms;
	if (series->since_ms > cell->well_ms)
		cell->well_ms = series->since_ms;
	if (cell->told != NULL &&
	    !is_told_before(series, state, cell->told, cell->row.state))
		return;
	cell->told = series;
	cell->row.state = state;
}

static void
add_configured(struct cells *cells)
{
	const struct collector_config *config = cells->standing->config;

	for (uint32_t i = 0; i < config->n_environments; i++)
		for (uint32_t j = 0; j < config->n_services; j++)
			cell_at(cells, config->environments[i].name,
			    config->services[j].name);
}

static void
add_builds(struct cells *cells)
{
	MAP_EACH (
	    const struct fleet_fact, fact, cells->standing->fleet->facts) {
		if (strcmp(fact->name, "build") != 0 || fact->shown == NULL)
			continue;
		cell_at(cells, fact->environment, fact->service)->row.build =
		    arena_strdup(cells->standing->arena, fact->shown);
	}
}

void
standing_cells(const struct standing *standing, struct status_answer *out)
{
	struct cells cells = { .standing = standing, .by_place = map_new() };
	struct cell_row *rows;

	add_configured(&cells);
	MAP_EACH (const struct fleet_series, series, standing->fleet->series)
		add_series(&cells, series);
	add_builds(&cells);
	rows = arena_zalloc(
	    standing->arena, map_count(cells.by_place) * sizeof(*rows));
	MAP_EACH (const struct cell, cell, cells.by_place) {
		struct cell_row *row = &rows[out->n_cells++];

		*row = cell->row;
		if (cell->told == NULL)
			continue;
		row->since_ms = row->state == STATE_OK ? cell->well_ms
						       : cell->told->since_ms;
		row->why = why_of(
		    standing->arena, cell->told, row->state, standing->now);
	}
	out->cells = rows;
	map_free(cells.by_place);
}
