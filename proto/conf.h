/*
 * conf.h - reads a YAML file by a schema; every complaint names its place.
 *
 * The document is compared with the schema ("agent.yaml:12:5:
 * probes[3].intervall: unknown key; did you mean interval?"), then libcyaml
 * fills in the structs.  What only our own code can check uses
 * conf_complain(), which finds line and column of a path such as
 * "probes[3].interval" again.  Messages never quote a value: it may be a
 * secret; what is freed is wiped first for the same reason.
 *
 * Stricter than libcyaml: a boolean is true or false, a number has no sign, no
 * leading zero and no base, a key without a value is refused, and so is a
 * second document.
 */
#ifndef PROTO_CONF_H
#define PROTO_CONF_H

#include <cyaml/cyaml.h>
#include <stddef.h>

#include "proto/base/err.h"
#include "proto/complaints.h"

#define CONF_MAX_BYTES (4 * 1024 * 1024)

/* The key of the first field of those entries that are written under their
 * names: "staging: {...}" instead of "- {name: staging, ...}".  A field of the
 * outermost mapping that is a sequence of such entries is a mapping in the
 * file; this field, a text, receives the name. */
#define CONF_KEYED ""

struct conf; /* the file, remembered for messages */

/* Loads path by schema into *out_data (free with conf_free).  *out is owned
 * by the caller and free'd last. */
int conf_load(struct conf **out, void **out_data, const char *path,
    const cyaml_schema_value_t *schema, struct err *err);

/* The same; every complaint goes to *complaints as well, which outlives conf,
 * and err gets the first of them.  Whoever checks further goes on after one,
 * so that people are told all at once. */
int conf_load_all(struct conf **out, void **out_data, const char *path,
    const cyaml_schema_value_t *schema, struct complaints *complaints,
    struct err *err);

/* err_set with "FILE:LINE:COLUMN: PATH: " before the text, unless there is a
 * complaint already; returns -1.  The place is that of the deepest part of the path that exists. */
int conf_complain(const struct conf *conf, struct err *err, const char *path,
    const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Writes "FILE:LINE:COLUMN" of a path, as conf_complain() finds it; cut when it
 * does not fit.  Returns out. */
#define CONF_PLACE_BYTES 256
char *conf_place(
    char out[CONF_PLACE_BYTES], const struct conf *conf, const char *path);

/* conf, data or both may be NULL.  Members of data that were allocated by
 * mem_*() since are freed too. */
void
conf_free(struct conf *conf, const cyaml_schema_value_t *schema, void *data);

#endif
