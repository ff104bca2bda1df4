/*
 * schema.h - the keys of the collector's configuration file, for
 * proto/conf.h.
 *
 * Says what is a mapping, a list, a number or a text, and where in struct
 * collector_config it goes; config_load() checks everything else.
 */
#ifndef COLLECTOR_CONFIG_SCHEMA_H
#define COLLECTOR_CONFIG_SCHEMA_H

#include <cyaml/cyaml.h>

/* Of struct collector_config. */
extern const cyaml_schema_value_t schema_collector;

#endif
