/*
 * http_check.h - what the schema cannot say about the settings of http.
 */
#ifndef AGENT_PROBES_HTTP_CHECK_H
#define AGENT_PROBES_HTTP_CHECK_H

#include "agent/probe.h"

/* The check of struct probe_kind. */
int http_check(const struct conf *conf, const char *path,
    const struct probe_config *config, struct err *err);

/* Checks one thing that must hold, and reads its bounds. */
int http_check_expect(const struct conf *conf, const char *path,
    struct http_expect_config *expect, struct err *err);

#endif
