#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "proto/base/mem.h"
#include "proto/base/text.h"
#include "proto/keyed.h"

#define STRING_TAG (const yaml_char_t *)YAML_STR_TAG

bool
keyed_is(const cyaml_schema_value_t *schema)
{
	const cyaml_schema_value_t *entry;

	if (schema->type != CYAML_SEQUENCE)
		return false;
	entry = schema->sequence.entry;
	return entry->type == CYAML_MAPPING &&
	    strcmp(entry->mapping.fields[0].key, CONF_KEYED) == 0;
}

bool
keyed_within(const cyaml_schema_value_t *schema)
{
	const cyaml_schema_field_t *field;

	if (schema->type != CYAML_MAPPING)
		return false;
	field = schema->mapping.fields;
	while (field->key != NULL && !keyed_is(&field->value))
		field++;
	return field->key != NULL;
}

/* Nodes are named by their numbers: adding one moves them all. */
static yaml_node_t *
node_at(yaml_document_t *document, int number)
{
	return yaml_document_get_node(document, number);
}

static const cyaml_schema_value_t *
field_of(const cyaml_schema_value_t *schema, const yaml_node_t *key)
{
	const cyaml_schema_field_t *field = schema->mapping.fields;

	while (field->key != NULL &&
	    strcmp(field->key, (const char *)key->data.scalar.value) != 0)
		field++;
	return field->key != NULL ? &field->value : NULL;
}

/* Copies the pairs of from into the mapping to; -1 when memory ran out. */
static int
copy_pairs(yaml_document_t *document, int to, int from)
{
	yaml_node_t *node = node_at(document, from);
	size_t n = (size_t)(node->data.mapping.pairs.top -
	    node->data.mapping.pairs.start);

	for (size_t i = 0; i < n; i++) {
		yaml_node_pair_t pair =
		    node_at(document, from)->data.mapping.pairs.start[i];

		if (!yaml_document_append_mapping_pair(
			document, to, pair.key, pair.value))
			return -1;
	}
	return 0;
}

/* Returns the number of a new mapping: the name, then what is under it. */
static int
named_entry(yaml_document_t *document, yaml_node_pair_t pair)
{
	const yaml_node_t *name = node_at(document, pair.key);
	char *text = mem_strdup((const char *)name->data.scalar.value);
	int entry, key, value;

	entry =
	    yaml_document_add_mapping(document, NULL, YAML_FLOW_MAPPING_STYLE);
	key = yaml_document_add_scalar(document, STRING_TAG,
	    (const yaml_char_t *)CONF_KEYED, (int)strlen(CONF_KEYED),
	    YAML_DOUBLE_QUOTED_SCALAR_STYLE);
	value = yaml_document_add_scalar(document, STRING_TAG,
	    (const yaml_char_t *)text, (int)strlen(text),
	    YAML_DOUBLE_QUOTED_SCALAR_STYLE);
	free(text);
	if (entry == 0 || key == 0 || value == 0 ||
	    !yaml_document_append_mapping_pair(document, entry, key, value) ||
	    copy_pairs(document, entry, pair.value) < 0)
		return 0;
	return entry;
}

/* Returns the number of a sequence with the entries of a mapping, 0 when
 * memory ran out. */
static int
as_list(yaml_document_t *document, int mapping)
{
	yaml_node_t *node = node_at(document, mapping);
	size_t n = (size_t)(node->data.mapping.pairs.top -
	    node->data.mapping.pairs.start);
	int list, entry;

	list = yaml_document_add_sequence(
	    document, NULL, YAML_FLOW_SEQUENCE_STYLE);
	if (list == 0)
		return 0;
	for (size_t i = 0; i < n; i++) {
		entry = named_entry(document,
		    node_at(document, mapping)->data.mapping.pairs.start[i]);
		if (entry == 0 ||
		    !yaml_document_append_sequence_item(document, list, entry))
			return 0;
	}
	return list;
}

static int
rewrite_fields(yaml_document_t *document, const cyaml_schema_value_t *schema)
{
	yaml_node_t *root = yaml_document_get_root_node(document);
	size_t n = (size_t)(root->data.mapping.pairs.top -
	    root->data.mapping.pairs.start);

	for (size_t i = 0; i < n; i++) {
		yaml_node_pair_t *pair;
		const cyaml_schema_value_t *field;
		int list;

		root = yaml_document_get_root_node(document);
		pair = &root->data.mapping.pairs.start[i];
		field = field_of(schema, node_at(document, pair->key));
		if (field == NULL || !keyed_is(field))
			continue;
		list = as_list(document, pair->value);
		if (list == 0)
			return -1;
		root = yaml_document_get_root_node(document);
		root->data.mapping.pairs.start[i].value = list;
	}
	return 0;
}

static int
append(void *arg, unsigned char *bytes, size_t n)
{
	text_add_bytes(arg, bytes, n);
	return 1;
}

/* Takes the document. */
static int
write_out(struct text *text, yaml_document_t *document)
{
	yaml_emitter_t emitter;
	int rc;

	if (!yaml_emitter_initialize(&emitter)) {
		yaml_document_delete(document);
		return -1;
	}
	yaml_emitter_set_output(&emitter, append, text);
	yaml_emitter_set_unicode(&emitter, 1);
	yaml_emitter_set_width(&emitter, -1);
	rc = yaml_emitter_open(&emitter) &&
		yaml_emitter_dump(&emitter, document) &&
		yaml_emitter_close(&emitter)
	    ? 0
	    : -1;
	yaml_emitter_delete(&emitter);
	return rc;
}

int
keyed_rewrite(char **out_bytes, size_t *out_n, const char *bytes, size_t n,
    const cyaml_schema_value_t *schema, struct err *err)
{
	struct text text = { 0 };
	yaml_document_t document;
	yaml_parser_t parser;
	int rc = -1;

	if (!yaml_parser_initialize(&parser))
		abort();
	yaml_parser_set_input_string(&parser, (const unsigned char *)bytes, n);
	if (yaml_parser_load(&parser, &document)) {
		if (rewrite_fields(&document, schema) == 0)
			rc = write_out(&text, &document);
		else
			yaml_document_delete(&document);
	}
	yaml_parser_delete(&parser);
	if (rc < 0) {
		text_fini(&text);
		return err_set(err, ERR_LIMIT, "too large to be rewritten");
	}
	*out_n = text.n;
	*out_bytes = text_take(&text);
	return 0;
}
