/*
 * settings_check.h - what the schema cannot say about a register of settings.
 */
#ifndef AGENT_PROBES_SETTINGS_CHECK_H
#define AGENT_PROBES_SETTINGS_CHECK_H

#include "agent/probe.h"

/* The check of struct probe_kind; sets what the configuration's texts mean. */
int settings_check(const struct conf *conf, const char *path,
    const struct probe_config *config, struct err *err);

#endif
