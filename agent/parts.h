/*
 * parts.h - the files that a configuration is written in.
 *
 * One file; or a folder, of which the files *.yaml count in the order of their
 * names: the first says everything, the others hold further probes.
 */
#ifndef AGENT_PARTS_H
#define AGENT_PARTS_H

#include <stddef.h>
#include <stdint.h>

#include "agent/config.h"
#include "proto/conf.h"

struct part {
	struct conf *conf;
	uint32_t first, n; /* its probes, among those of the configuration */
};

/* Starts as { 0 }. */
struct parts {
	struct part *all;
	size_t n;
	char *folder; /* what paths are relative to; "" or ends with '/' */
};

/* *out_config is as the files say, nothing checked and nothing filled in;
 * freed by config_free().  Adds to *complaints, which outlives parts.  parts are freed by parts_fini(), on failure too. */
int parts_load(struct parts *parts, struct agent_config **out_config,
    const char *path, struct complaints *complaints, struct err *err);

/* Of this probe of the configuration. */
const struct part *parts_of(const struct parts *parts, uint32_t probe);

void parts_fini(struct parts *parts);

#endif
