/*
 * schema_json.h - the keys of the configuration as a JSON Schema.
 *
 * For editors that complete and complain while somebody writes.  It says no
 * less than agent/schema.h, from which it is made, and no more: what needs
 * arithmetic or a look elsewhere is config check's.
 */
#ifndef AGENT_SCHEMA_JSON_H
#define AGENT_SCHEMA_JSON_H

#include "proto/base/text.h"

/* Adds a document of draft 2020-12 that ends with a line end. */
void schema_json(struct text *out);

#endif
