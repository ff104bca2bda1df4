/*
 * settings_source.h - where the settings of a service are read.
 */
#ifndef AGENT_PROBES_SETTINGS_SOURCE_H
#define AGENT_PROBES_SETTINGS_SOURCE_H

#include <stdbool.h>

#include "agent/probe.h"

struct settings_source;

/* Borrows config. */
struct settings_source *
settings_source_new(const struct setting_source_config *config);

/* This key will be read. */
void settings_source_want(struct settings_source *source, const char *key);

/* Goes on reading: TURN_NEXT when that is over, well or not; never TURN_STOP. */
enum turn
settings_source_step(struct probe *probe, struct settings_source *source);

/* Could it be read?  If not, why: borrowed. */
bool settings_source_is_read(const struct settings_source *source);
const char *settings_source_why(const struct settings_source *source);
enum reason settings_source_reason(const struct settings_source *source);

/* The value of a key as text, owned by the caller, who wipes it; NULL when it
 * is not there. */
char *
settings_source_text(const struct settings_source *source, const char *key);

/* "process 812 (backend)", "file /etc/x.yaml"; borrowed. */
const char *settings_source_origin(const struct settings_source *source);
enum source settings_source_kind(const struct settings_source *source);

/* NULL is allowed. */
void settings_source_free(struct settings_source *source);

#endif
