/*
 * config_env.h - checks what a configuration says of environment variables,
 * and what other kinds say in the same words.
 */
#ifndef AGENT_CONFIG_ENV_H
#define AGENT_CONFIG_ENV_H

#include "agent/config.h"
#include "proto/conf.h"

/* path is where it stands: "probes[3].env.source". */
int config_check_source(const struct conf *conf, const char *path,
    const struct variables_config *source, struct err *err);

/* Reads "critical" or "warning". */
int config_check_severity(const struct conf *conf, enum outcome *out,
    const char *path, const char *text, struct err *err);

int config_check_variable(const struct conf *conf, const char *path,
    const char *name, struct err *err);

int config_check_env(const struct conf *conf, const char *path,
    struct env_config *env, struct err *err);

#endif
