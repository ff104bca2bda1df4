/*
 * journey_check.h - what the schema cannot say about the steps of a journey.
 */
#ifndef AGENT_PROBES_JOURNEY_CHECK_H
#define AGENT_PROBES_JOURNEY_CHECK_H

#include "agent/probe.h"

/* The check of struct probe_kind. */
int journey_check(const struct conf *conf, const char *path,
    const struct probe_config *config, struct err *err);

/* The URL of a step before its names are filled in, owned by the caller. */
char *journey_url(const struct journey_config *journey,
    const struct journey_step_config *step);

#endif
