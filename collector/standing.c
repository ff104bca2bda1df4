#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/standing.h"
#include "proto/base/text.h"

#define WHY_BYTES 320

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

/* --- cells ----------------------------------------------------------------------- */

/* The cells so far, found by "environment/service". */
struct cells {
	const struct standing *standing;
	struct map *by_place;
	struct cell_row *rows;
	size_t n, room;
};

static struct cell_row *
cell_at(struct cells *cells, const char *environment, const char *service)
{
	struct arena *arena = cells->standing->arena;
	char *key = mem_printf("%s/%s", environment, service);
	/* Rows move when there are more: the map holds their number + 1. */
	uintptr_t number = (uintptr_t)map_get(cells->by_place, key);
	struct cell_row *row;

	if (number == 0) {
		if (cells->n == cells->room) {
			cells->room = cells->room > 0 ? cells->room * 2 : 32;
			cells->rows =
			    mem_resize(cells->rows, cells->room, sizeof(*row));
		}
		number = ++cells->n;
		map_put(cells->by_place, key, (void *)number);
		cells->rows[number - 1] = (struct cell_row){
			.environment = arena_strdup(arena, environment),
			.service = arena_strdup(arena, service),
			.state = STATE_BLIND,
			.build = "",
			.why = "no probe looks at it from a vantage that "
			       "counts",
		};
	}
	free(key);
	return &cells->rows[number - 1];
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

/* A probe that works nearer to the ground explains those above it, so of
 * two that are equally bad the one that was bad first is told. */
static bool
is_told_before(enum state state, int64_t since_ms, const struct cell_row *row)
{
	int difference = weight(state) - weight(row->state);

	return difference > 0 ||
	    (difference == 0 && state != STATE_OK && since_ms < row->since_ms);
}

static void
add_series(struct cells *cells, const struct fleet_series *series)
{
	const struct standing *standing = cells->standing;
	struct cell_row *row =
	    cell_at(cells, series->series.environment, series->series.service);
	enum state state = standing_series(series, standing->now);
	bool is_first = row->last_ms == 0;

	if (state == STATE_BLIND || series->series.reference_of[0] != '\0')
		return;
	if (series->last.at_ms > row->last_ms)
		row->last_ms = series->last.at_ms;
	if (is_first || is_told_before(state, series->since_ms, row)) {
		row->state = state;
		row->since_ms = series->since_ms;
		row->why =
		    why_of(standing->arena, series, state, standing->now);
	} else if (state == STATE_OK && row->state == STATE_OK &&
	    series->since_ms > row->since_ms) {
		row->since_ms = series->since_ms; /* all are ok since then */
	}
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
		cell_at(cells, fact->environment, fact->service)->build =
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
	rows = arena_zalloc(standing->arena, cells.n * sizeof(*rows));
	memcpy(rows, cells.rows, cells.n * sizeof(*rows));
	out->cells = rows;
	out->n_cells = cells.n;
	free(cells.rows);
	map_free(cells.by_place);
}
