/*
 * config_otlp.h - what the configuration may say of exporting metrics.  For
 * config.c only.
 */
#ifndef COLLECTOR_CONFIG_CONFIG_OTLP_H
#define COLLECTOR_CONFIG_CONFIG_OTLP_H

#include "collector/config/check.h"

/* Checks check->config->http->otlp, if there is one, and fills in defaults. */
int config_otlp_check(const struct check *check);

#endif
