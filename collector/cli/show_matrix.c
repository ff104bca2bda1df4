#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/places.h"
#include "collector/cli/printable.h"
#include "collector/cli/show.h"
#include "proto/base/mem.h"

#define SERVICE_COLUMNS_MAX 24
#define CELL_COLUMNS_MIN    14
#define CELL_COLUMNS_MAX    28
#define GAP                 2

/* --- states ----------------------------------------------------------------- */

static const struct {
	const char *word;
	enum ink ink;
	int rank;      /* what a person should hear about first */
	int exit_code; /* of Nagios plug-ins */
} states[] = {
	[STATE_OK] = { "ok", INK_GOOD, 0, 0 },
	[STATE_WARNING] = { "warning", INK_WARNING, 1, 1 },
	[STATE_CRITICAL] = { "CRITICAL", INK_BAD, 5, 2 },
	[STATE_UNKNOWN] = { "unknown", INK_UNSURE, 4, 3 },
	[STATE_STALE] = { "stale", INK_UNSURE, 3, 3 },
	[STATE_BLIND] = { "blind", INK_UNSURE, 2, 3 },
};

/* A state this program does not know is one it cannot tell. */
static enum state
known(enum state state)
{
	return state <= STATE_BLIND ? state : STATE_UNKNOWN;
}

const char *
show_state(enum state state)
{
	return states[known(state)].word;
}

enum ink
show_state_ink(enum state state)
{
	return states[known(state)].ink;
}

int
show_status_exit(const struct status_answer *answer)
{
	enum state worst = answer->n_cells > 0 ? STATE_OK : STATE_BLIND;

	for (size_t i = 0; i < answer->n_cells; i++)
		if (states[known(answer->cells[i].state)].rank >
		    states[worst].rank)
			worst = known(answer->cells[i].state);
	for (size_t i = 0; i < answer->n_open; i++) {
		enum state state = answer->open[i].severity == OUTCOME_CRITICAL
		    ? STATE_CRITICAL
		    : STATE_WARNING;

		if (states[state].rank > states[worst].rank)
			worst = state;
	}
	return states[worst].exit_code;
}

/* --- the matrix ------------------------------------------------------------- */

static int
compare_names(const void *a, const void *b)
{
	const char *const *left = a, *const *right = b;

	return strcmp(*left, *right);
}

/* The answer as a grid of cells, on the page it goes to. */
struct grid {
	struct page *page;
	int64_t at_ms;
	struct places cells;
};

/* Names in order, each once. */
struct names {
	const char **names;
	size_t n;
};

static struct names
names_of(const struct places *cells, bool services)
{
	struct names names = { mem_calloc(cells->n, sizeof(char *)), 0 };
	size_t n = 0;

	for (size_t i = 0; i < cells->n; i++)
		names.names[i] = services ? cells->rows[i].service
					  : cells->rows[i].environment;
	if (cells->n > 0)
		qsort(names.names, cells->n, sizeof(char *), compare_names);
	for (size_t i = 0; i < cells->n; i++)
		if (n == 0 || strcmp(names.names[n - 1], names.names[i]) != 0)
			names.names[n++] = names.names[i];
	names.n = n;
	return names;
}

static const struct cell_row *
cell_at(const struct grid *grid, const char *environment, const char *service)
{
	PLACES_AT (placed, &grid->cells, environment, service)
		return placed->row;
	return NULL;
}

/* "CRITICAL 14s": the age is that of the newest result. */
static void
cell_text(
    char *out, size_t n, const struct grid *grid, const struct cell_row *cell)
{
	char age[RENDER_AGE_BYTES];

	if (cell->last_ms == 0)
		snprintf(out, n, "%s", show_state(cell->state));
	else
		snprintf(out, n, "%s %s", show_state(cell->state),
		    render_age(age, cell->last_ms, grid->at_ms));
}

/* A slice of the matrix that fits the page. */
struct slice {
	const char **environments;
	size_t n;
	size_t service_columns, cell_columns;
};

static void
put_builds(
    const struct grid *grid, const struct slice *slice, const char *service)
{
	const struct cell_row *cell;
	bool any = false;

	for (size_t i = 0; i < slice->n; i++) {
		cell = cell_at(grid, slice->environments[i], service);
		if (cell != NULL && cell->build[0] != '\0')
			any = true;
	}
	if (!any)
		return;
	page_field(grid->page, INK_PLAIN, "", slice->service_columns + GAP);
	for (size_t i = 0; i < slice->n; i++) {
		cell = cell_at(grid, slice->environments[i], service);
		page_field(grid->page, INK_DIM, cell != NULL ? cell->build : "",
		    slice->cell_columns);
		page_field(grid->page, INK_PLAIN, "", GAP);
	}
	page_newline(grid->page);
}

static void
put_service(
    const struct grid *grid, const struct slice *slice, const char *service)
{
	char text[64];

	page_field(grid->page, INK_TITLE,
	    service[0] != '\0' ? service : "(environment)",
	    slice->service_columns);
	page_field(grid->page, INK_PLAIN, "", GAP);
	for (size_t i = 0; i < slice->n; i++) {
		const struct cell_row *cell =
		    cell_at(grid, slice->environments[i], service);

		if (cell == NULL) {
			page_field(
			    grid->page, INK_DIM, "-", slice->cell_columns);
		} else {
			cell_text(text, sizeof(text), grid, cell);
			page_field(grid->page, show_state_ink(cell->state),
			    text, slice->cell_columns);
		}
		page_field(grid->page, INK_PLAIN, "", GAP);
	}
	page_newline(grid->page);
	put_builds(grid, slice, service);
}

static void
put_slice(const struct grid *grid, const struct slice *slice,
    const struct names *services)
{
	page_field(grid->page, INK_DIM, "", slice->service_columns + GAP);
	for (size_t i = 0; i < slice->n; i++) {
		page_field(grid->page, INK_DIM, slice->environments[i],
		    slice->cell_columns);
		page_field(grid->page, INK_PLAIN, "", GAP);
	}
	page_newline(grid->page);
	for (size_t i = 0; i < services->n; i++)
		put_service(grid, slice, services->names[i]);
	page_newline(grid->page);
}

static size_t
clamp(size_t n, size_t low, size_t high)
{
	return n < low ? low : n > high ? high : n;
}

static size_t
widest(const struct names *names)
{
	size_t width = 0;

	for (size_t i = 0; i < names->n; i++)
		if (printable_width(names->names[i]) > width)
			width = printable_width(names->names[i]);
	return width;
}

static size_t
slice_width(const struct grid *grid, const struct slice *slice)
{
	return (grid->page->look.width - slice->service_columns) /
	    (slice->cell_columns + GAP);
}

/* As many environments side by side as fit; the others follow below. */
static void
put_grid(const struct grid *grid)
{
	struct names environments = names_of(&grid->cells, false);
	struct names services = names_of(&grid->cells, true);
	struct slice slice = { 0 };
	size_t left;

	slice.service_columns = clamp(
	    widest(&services), strlen("(environment)"), SERVICE_COLUMNS_MAX);
	slice.cell_columns =
	    clamp(widest(&environments), CELL_COLUMNS_MIN, CELL_COLUMNS_MAX);
	for (size_t at = 0; at < environments.n; at += slice.n) {
		left = environments.n - at;
		slice.environments = environments.names + at;
		slice.n = slice_width(grid, &slice);
		if (slice.n > left)
			slice.n = left;
		put_slice(grid, &slice, &services);
	}
	free(environments.names);
	free(services.names);
}

void
show_matrix(struct page *page, const struct status_answer *answer)
{
	struct grid grid = { .page = page, .at_ms = answer->at_ms };

	places_init(&grid.cells, answer->n_cells);
	for (size_t i = 0; i < answer->n_cells; i++)
		places_add(&grid.cells, answer->cells[i].environment,
		    answer->cells[i].service, &answer->cells[i]);
	places_sort(&grid.cells);
	put_grid(&grid);
	places_fini(&grid.cells);
}
