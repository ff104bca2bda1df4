/*
 * http_check.h - what the schema cannot say about the settings of http.
 */
#ifndef AGENT_PROBES_HTTP_CHECK_H
#define AGENT_PROBES_HTTP_CHECK_H

#include "agent/probe.h"

/* The check of struct probe_kind. */
int http_check(const struct conf *conf, const char *path,
    const struct probe_config *config, struct err *err);

/* Names of headers, and what may be a status. */
int http_check_lists(const struct conf *conf, const char *path,
    const struct http_header *headers, uint32_t n_headers,
    const uint16_t *status, uint32_t n_status, struct err *err);

/* Both or none, and the key is nobody else's. */
int http_check_certificate(const struct conf *conf, const char *path,
    const char *certificate_file, const char *key_file, struct err *err);

/* Checks one thing that must hold, and reads its bounds. */
int http_check_expect(const struct conf *conf, const char *path,
    struct http_expect_config *expect, struct err *err);

#endif
