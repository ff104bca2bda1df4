/*
 * config_heartbeats.h - what the configuration may say of jobs that call.
 * For config.c only.
 */
#ifndef COLLECTOR_CONFIG_CONFIG_HEARTBEATS_H
#define COLLECTOR_CONFIG_CONFIG_HEARTBEATS_H

#include "collector/config/check.h"

/* Checks check->config->heartbeats and fills in defaults. */
int config_heartbeats_check(const struct check *check);

#endif
