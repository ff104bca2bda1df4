#include "collector/pipeline/owner.h"

#include <string.h>

static uint64_t *
owner_in_series(struct fleet_series *series, enum regression_kind kind)
{
	switch (kind) {
	case REGRESSION_STATE:
		return &series->open;
	case REGRESSION_LATENCY:
		return &series->open_slower;
	case REGRESSION_ERROR_RATE:
		return &series->open_failing;
	default:
		return NULL;
	}
}

static bool
is_of_series(
    const struct regression_row *row, const struct fleet_series *series)
{
	return strcmp(series->series.environment, row->environment) == 0 &&
	    strcmp(series->series.agent, row->agent) == 0 &&
	    strcmp(series->series.service, row->service) == 0 &&
	    strcmp(series->series.probe, row->subject) == 0;
}

static bool
is_of_fact(const struct regression_row *row, const struct fleet_fact *fact)
{
	return strcmp(fact->environment, row->environment) == 0 &&
	    strcmp(fact->agent, row->agent) == 0 &&
	    strcmp(fact->service, row->service) == 0 &&
	    strcmp(fact->name, row->subject) == 0;
}

uint64_t *
owner_find(const struct fleet *fleet, const struct regression_row *row)
{
	bool is_fact =
	    row->kind == REGRESSION_DRIFT || row->kind == REGRESSION_GUARD;
	uint64_t *id;

	MAP_EACH (struct fleet_series, series, fleet->series) {
		id = owner_in_series(series, row->kind);
		if (id != NULL && is_of_series(row, series))
			return id;
	}
	MAP_EACH (struct fleet_fact, fact, fleet->facts)
		if (is_fact && is_of_fact(row, fact) && fact->open == 0)
			return &fact->open;
	MAP_EACH (struct fleet_agent, agent, fleet->agents)
		if (row->kind == REGRESSION_SILENCE &&
		    strcmp(agent->environment, row->environment) == 0 &&
		    strcmp(agent->agent, row->agent) == 0)
			return &agent->open;
	return NULL;
}
