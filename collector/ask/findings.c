/* The sentences of standing.h that compare. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/ask/standing.h"
#include "proto/base/text.h"

#define TEXT_BYTES   512
#define CLOCK_MAX_MS 2000  /* a difference that people should know of */
#define SAME_RUN_MS  60000 /* own and reference runs compare within this */

struct findings {
	const struct standing *standing;
	const struct status_answer *status;
	struct finding_row *rows;
	size_t n, room;
};

static void __attribute__((format(printf, 5, 6)))
add(struct findings *findings, const char *environment, const char *service,
    const char *kind, const char *format, ...)
{
	struct arena *arena = findings->standing->arena;
	char text[TEXT_BYTES];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (findings->n == findings->room) {
		findings->room = findings->room > 0 ? findings->room * 2 : 16;
		findings->rows = mem_resize(
		    findings->rows, findings->room, sizeof(*findings->rows));
	}
	findings->rows[findings->n++] = (struct finding_row){
		.environment = arena_strdup(arena, environment),
		.service = arena_strdup(arena, service),
		.kind = kind,
		.text = arena_strdup(arena, text),
	};
}

/* --- reference inputs --------------------------------------------------- */

static bool
is_bad(enum state state)
{
	return state == STATE_CRITICAL || state == STATE_WARNING;
}

static const struct fleet_series *
reference_of(const struct fleet_place *place, const char *probe)
{
	for (size_t i = 0; i < place->n_series; i++)
		if (strcmp(place->series[i]->series.reference_of, probe) == 0)
			return place->series[i];
	return NULL;
}

static void
compare_reference(struct findings *findings, const struct fleet_series *own)
{
	const struct fleet_series *reference =
	    reference_of(own->place, own->series.probe);
	struct moment now = findings->standing->now;
	char reason[REASON_TEXT_BYTES], span[TEXT_SPAN_BYTES];
	enum state state;

	if (reference == NULL || !is_bad(standing_series(own, now)))
		return;
	state = standing_series(reference, now);
	if (llabs(reference->last.at_ms - own->last.at_ms) > SAME_RUN_MS)
		return;
	result_reason(reason, &own->series, &own->last);
	if (state == STATE_OK)
		add(findings, own->series.environment, own->series.service,
		    "reference",
		    "%s: own inputs fail (%s), reference inputs pass in the "
		    "same run (%s): what it was given is at fault",
		    own->series.probe, reason,
		    text_span(span, reference->last.duration_us));
	else if (is_bad(state))
		add(findings, own->series.environment, own->series.service,
		    "reference",
		    "%s: own and reference inputs fail alike (%s): the "
		    "dependency or the way to it",
		    own->series.probe, reason);
}

/* --- peers and builds --------------------------------------------------- */

static const struct cell_row *
cell_of(const struct status_answer *status, const char *environment,
    const char *service)
{
	for (size_t i = 0; i < status->n_cells; i++)
		if (strcmp(status->cells[i].environment, environment) == 0 &&
		    strcmp(status->cells[i].service, service) == 0)
			return &status->cells[i];
	return NULL;
}

static void
compare_peer(struct findings *findings, const struct cell_row *cell,
    const char *environment)
{
	const struct cell_row *peer =
	    cell_of(findings->status, environment, cell->service);

	if (peer == NULL || peer->state != STATE_OK)
		return;
	if (cell->build[0] != '\0' && strcmp(cell->build, peer->build) == 0)
		add(findings, cell->environment, cell->service, "build",
		    "the same build %s is healthy in %s at the same time",
		    cell->build, environment);
	else if (cell->build[0] != '\0' && peer->build[0] != '\0')
		add(findings, cell->environment, cell->service, "build",
		    "another build runs here: %s, and %s in %s, which is "
		    "healthy",
		    cell->build, peer->build, environment);
	add(findings, cell->environment, cell->service, "peer",
	    "%s is ok in %s at the same time",
	    cell->service[0] != '\0' ? cell->service : "everything",
	    environment);
}

static void
compare_cell(struct findings *findings, const struct cell_row *cell)
{
	const struct environment_config *config =
	    config_environment(findings->standing->config, cell->environment);

	if (config == NULL || !is_bad(cell->state))
		return;
	for (uint32_t i = 0; i < config->compare_with.n; i++)
		compare_peer(findings, cell, config->compare_with.names[i]);
}

/* --- what cannot be seen ------------------------------------------------ */

static void
look_for_blind(struct findings *findings, const struct fleet_series *series)
{
	const struct series *described = &series->series;

	if (standing_is_retired(findings->standing, series)) {
		add(findings, described->environment, described->service,
		    "blind",
		    "%s: no result any more, though agent %s lives: was it "
		    "taken out of its configuration?",
		    described->probe, described->agent);
		return;
	}
	if (series->counts)
		return;
	add(findings, described->environment, described->service, "blind",
	    "%s: %s has results from a workstation only, which say nothing "
	    "of %s; its agent cannot prove where it stands",
	    described->probe, described->agent, described->environment);
}

static void
look_at_agent(struct findings *findings, const struct fleet_agent *agent)
{
	char span[TEXT_SPAN_BYTES];
	int64_t offset_ms = agent->clock_offset_ms;

	if (agent->open != 0)
		add(findings, agent->environment, "", "blind",
		    "agent %s is silent: nothing it watches can be seen",
		    agent->agent);
	if (agent->lost_results > 0)
		add(findings, agent->environment, "", "gap",
		    "agent %s lost %llu results", agent->agent,
		    (unsigned long long)agent->lost_results);
	if (llabs(offset_ms) > CLOCK_MAX_MS)
		add(findings, agent->environment, "", "clock",
		    "the clock of agent %s is %s %s of the collector's: times "
		    "from there cannot be ordered against others",
		    agent->agent, text_span(span, llabs(offset_ms) * 1000),
		    offset_ms > 0 ? "ahead" : "behind");
}

void
standing_findings(const struct standing *standing, struct status_answer *out)
{
	struct findings findings = { .standing = standing, .status = out };
	const struct fleet *fleet = standing->fleet;
	struct finding_row *rows;

	MAP_EACH (const struct fleet_series, own, fleet->series)
		compare_reference(&findings, own);
	for (size_t i = 0; i < out->n_cells; i++)
		compare_cell(&findings, &out->cells[i]);
	MAP_EACH (const struct fleet_series, series, fleet->series)
		look_for_blind(&findings, series);
	MAP_EACH (const struct fleet_agent, agent, fleet->agents)
		look_at_agent(&findings, agent);
	rows = arena_zalloc(standing->arena, findings.n * sizeof(*rows));
	if (findings.n > 0) /* else there is no array */
		memcpy(rows, findings.rows, findings.n * sizeof(*rows));
	out->findings = rows;
	out->n_findings = findings.n;
	free(findings.rows);
}
