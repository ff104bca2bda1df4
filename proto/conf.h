/*
 * conf.h - reads a YAML file by a schema; every complaint names its place.
 *
 * libcyaml checks names and types ("agent.yaml:12:5: probes[3].intervall:
 * unknown key"); what only our own code can check uses conf_complain(), which
 * finds line and column of a path such as "probes[3].interval" again.
 * Messages never quote a value: it may be a secret.
 */
#ifndef PROTO_CONF_H
#define PROTO_CONF_H

#include <cyaml/cyaml.h>
#include <stddef.h>

#include "proto/base/err.h"

#define CONF_MAX_BYTES (4 * 1024 * 1024)

struct conf; /* the file, remembered for messages */

/* Loads path by schema into *out_data (free with conf_free).  *out is owned
 * by the caller and free'd last. */
int conf_load(struct conf **out, void **out_data, const char *path,
    const cyaml_schema_value_t *schema, struct err *err);

/* err_set with "FILE:LINE:COLUMN: PATH: " before the text; returns -1.  The
 * place is that of the deepest part of the path that exists. */
int conf_complain(const struct conf *conf, struct err *err, const char *path,
    const char *format, ...) __attribute__((format(printf, 4, 5)));

void
conf_free(struct conf *conf, const cyaml_schema_value_t *schema, void *data);

#endif
