/*
 * keyed.h - a list of things that are written under their names.
 *
 *	environments:
 *	  staging: { compare_with: [ production ] }
 *	  production: {}
 *
 * libcyaml's mappings have fixed keys.  In a schema such a list is a field of
 * the outermost mapping, a sequence of mappings whose first field has the key
 * CONF_KEYED; it receives the name.  For conf.c alone.
 */
#ifndef PROTO_KEYED_H
#define PROTO_KEYED_H

#include <cyaml/cyaml.h>
#include <stdbool.h>
#include <stddef.h>

#include "proto/conf.h"

/* Is this value written under names? */
bool keyed_is(const cyaml_schema_value_t *schema);

/* Has this schema of a whole file such a field? */
bool keyed_within(const cyaml_schema_value_t *schema);

/* Writes the YAML of n bytes, which conf.c has checked against the schema,
 * anew with plain lists where it has such ones.  *out_bytes is owned by the
 * caller, who wipes it. */
int keyed_rewrite(char **out_bytes, size_t *out_n, const char *bytes, size_t n,
    const cyaml_schema_value_t *schema, struct err *err);

#endif
