/*
 * conf_inside.h - what the files that make up conf.h share.
 */
#ifndef PROTO_CONF_INSIDE_H
#define PROTO_CONF_INSIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <yaml.h>

#include "proto/base/err.h"
#include "proto/complaints.h"
#include "proto/conf.h"

struct conf {
	char *path;
	char *bytes;
	size_t n;
	yaml_document_t document;
	bool is_open; /* document is to be deleted */
	struct complaints *complaints;
	struct complaints own; /* when the caller has none */
	size_t file;           /* the how manieth, of the complaints */
};

/* path is that of the value, "" for none.  err gets the first complaint. */
int conf_complain_at(const struct conf *conf, struct err *err, yaml_mark_t mark,
    const char *path, const char *what);

static inline yaml_node_t *
conf_node(const struct conf *conf, int index)
{
	return yaml_document_get_node(
	    (yaml_document_t *)&conf->document, index);
}

static inline yaml_node_t *
conf_root(const struct conf *conf)
{
	return yaml_document_get_root_node((yaml_document_t *)&conf->document);
}

/* Compares the document with the schema, and complains of all that does not
 * fit. */
int conf_compare(const struct conf *conf, const cyaml_schema_value_t *schema,
    struct err *err);

#endif
