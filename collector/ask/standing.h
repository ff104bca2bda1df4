/*
 * standing.h - how services stand now: cells of the matrix, and sentences that
 * compare.
 *
 * Arithmetic over the fleet at one moment; texts are put into an arena.
 */
#ifndef COLLECTOR_ASK_STANDING_H
#define COLLECTOR_ASK_STANDING_H

#include "collector/config/config.h"
#include "collector/pipeline/fleet.h"
#include "proto/base/mem.h"

/* Results older than this many intervals (and a few seconds for short ones)
 * say nothing of now. */
#define STANDING_INTERVALS 3
#define STANDING_SPARE_MS  2000

enum state
standing_series(const struct fleet_series *series, struct moment now);

struct standing {
	const struct collector_config *config;
	const struct fleet *fleet;
	struct moment now;
	struct arena *arena; /* of the answer */
};

/* Has its agent gone on without it for an hour and twenty intervals?  Then it
 * was taken out of the configuration, most likely: it is no part of a cell,
 * but a finding. */
bool standing_is_retired(
    const struct standing *standing, const struct fleet_series *series);

/* One cell of each service in each environment, configured or seen. */
void standing_cells(const struct standing *standing, struct status_answer *out);

/* What comparisons say of the cells, which are in *out already. */
void
standing_findings(const struct standing *standing, struct status_answer *out);

#endif
