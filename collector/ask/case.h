/*
 * case.h - gathers what a verdict may know of a moment, from the history.
 *
 * Reads the store and nothing else, so that the same moment gives the same
 * scene, now and in a year.  Offline stores and running collectors alike.
 */
#ifndef COLLECTOR_ASK_CASE_H
#define COLLECTOR_ASK_CASE_H

#include "collector/config/config.h"
#include "collector/diagnose/scene.h"
#include "proto/base/err.h"
#include "proto/base/mem.h"
#include "storage/store.h"

struct case_request {
	const char *environment;
	int64_t at_ms;
};

/* *out is in the arena.  ERR_NOT_FOUND when neither the configuration nor the
 * history knows the environment. */
int case_build(struct scene *out, struct arena *arena, struct store *store,
    const struct collector_config *config, const struct case_request *request,
    struct err *err);

#endif
