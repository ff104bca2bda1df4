/*
 * config_alerts.h - what the configuration may say of alerts.  For config.c
 * only.
 */
#ifndef COLLECTOR_CONFIG_CONFIG_ALERTS_H
#define COLLECTOR_CONFIG_CONFIG_ALERTS_H

#include "collector/config/check.h"

/* Checks check->config->alerts, if there is one, and fills in defaults. */
int config_alerts_check(const struct check *check);

#endif
