/*
 * retention.h - deletes what is older than its environment keeps it.
 */
#ifndef COLLECTOR_PIPELINE_RETENTION_H
#define COLLECTOR_PIPELINE_RETENTION_H

#include <stdbool.h>
#include <stdint.h>

#include "collector/config/config.h"
#include "proto/base/err.h"
#include "storage/store.h"

struct retention_rule {
	const struct collector_config *config;
	/* Look for rollups, changes and regressions as well: of a large fleet
	 * that takes a while. */
	bool derived;
};

/* Deletes some of what is too old, within a transaction; *out_n says how
 * much. */
int retention_apply(struct store *store, uint64_t *out_n,
    const struct retention_rule *rule, const char *environment, int64_t now_ms,
    struct err *err);

#endif
