/*
 * case_rules.h - what people said that values have to do with those of other
 * environments, for case.c and for proposals.
 *
 * By the configuration (must_match, must_differ), then by guards in the order
 * in which they were told.
 */
#ifndef COLLECTOR_ASK_CASE_RULES_H
#define COLLECTOR_ASK_CASE_RULES_H

#include "collector/config/config.h"
#include "collector/diagnose/scene.h"
#include "proto/base/err.h"
#include "proto/base/mem.h"
#include "storage/store.h"

/* Sets rules, as they were at scene->at_ms, in the arena. */
int case_rules(struct scene *scene, struct arena *arena, struct store *store,
    const struct collector_config *config, struct err *err);

#endif
