/*
 * schema.h - the keys of the agent's configuration file, for proto/conf.h.
 *
 * Says what is a mapping, a list, a number or a text, and where in struct
 * agent_config it goes; config_load() checks everything else.
 */
#ifndef AGENT_SCHEMA_H
#define AGENT_SCHEMA_H

#include <cyaml/cyaml.h>
#include <stdbool.h>

struct probe_config;

/* Of struct agent_config. */
extern const cyaml_schema_value_t schema_agent;

/* Of a further file of a folder: struct agent_config, of which only probes may
 * be given. */
extern const cyaml_schema_value_t schema_part;

/* The fields of struct probe_config, ending with a NULL key: those that are
 * mappings are the kinds. */
extern const cyaml_schema_field_t schema_probe[];

/* Of kinds, and of what several kinds share; each ends with a NULL key. */
extern const cyaml_schema_field_t schema_variables[];
extern const cyaml_schema_field_t schema_inputs[];
extern const cyaml_schema_field_t schema_gcp_run[];
extern const cyaml_schema_field_t schema_gcp_secret[];
extern const cyaml_schema_field_t schema_gcp_sql[];
extern const cyaml_schema_field_t schema_gcp_vpc_connector[];
extern const cyaml_schema_field_t schema_journey[];
extern const cyaml_schema_field_t schema_settings[];
extern const cyaml_schema_value_t schema_expect_item;
extern const cyaml_schema_value_t schema_header_item;

/* Do two probes say the same in every key, defaults filled in? */
bool
schema_same_probe(const struct probe_config *a, const struct probe_config *b);

#endif
