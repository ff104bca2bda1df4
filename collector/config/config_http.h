/*
 * config_http.h - what the configuration may say of HTTP.  For config.c only.
 */
#ifndef COLLECTOR_CONFIG_CONFIG_HTTP_H
#define COLLECTOR_CONFIG_CONFIG_HTTP_H

#include "collector/config/config.h"
#include "proto/conf.h"

/* Files are relative to folder, which ends with a slash or is "". */
int config_http_check(const struct conf *conf, struct http_config *http,
    const char *folder, struct err *err);

/* A path that is relative is made relative to folder; NULL stays. */
void config_resolve(char **path, const char *folder);

#endif
