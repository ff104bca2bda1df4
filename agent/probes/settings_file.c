#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "agent/probes/json_path.h"
#include "agent/probes/settings_file.h"
#include "proto/base/mem.h"
#include "proto/base/text.h"

/* Aliases make a small document large: each use counts. */
#define NODES_MAX 20000
#define DEPTH_MAX 64

static const struct ending {
	const char *word, *ending;
	enum settings_format format;
} endings[] = {
	{ "env", ".env", FORMAT_ENV },
	{ "yaml", ".yaml", FORMAT_YAML },
	{ "yaml", ".yml", FORMAT_YAML },
	{ "json", ".json", FORMAT_JSON },
	{ "ini", ".ini", FORMAT_INI },
	{ "ini", ".conf", FORMAT_INI },
	{ "ini", ".cfg", FORMAT_INI },
	{ "ini", ".properties", FORMAT_INI },
};

int
settings_format_parse(
    enum settings_format *out, const char *word, const char *path)
{
	size_t n_path = strlen(path), n;

	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		n = strlen(endings[i].ending);
		if (word[0] != '\0' ? strcmp(word, endings[i].word) != 0
				    : n_path < n ||
			    strcmp(path + n_path - n, endings[i].ending) != 0)
			continue;
		*out = endings[i].format;
		return 0;
	}
	return -1;
}

/* --- YAML ----------------------------------------------------------------- */

struct walk {
	yaml_document_t *document;
	size_t n_nodes;
};

/* Mappings hold values, and values may be mappings. */
static json_t *json_of(struct walk *walk, int id, int depth);

static json_t *
object_of(struct walk *walk, const yaml_node_t *node, int depth)
{
	json_t *object = json_object(), *value;

	for (yaml_node_pair_t *at = node->data.mapping.pairs.start;
	     at < node->data.mapping.pairs.top; at++) {
		const yaml_node_t *key =
		    yaml_document_get_node(walk->document, at->key);

		value = json_of(walk, at->value, depth);
		if (value == NULL || key->type != YAML_SCALAR_NODE) {
			json_decref(value);
			if (value == NULL)
				break;
			continue;
		}
		json_object_set_new(
		    object, (const char *)key->data.scalar.value, value);
	}
	return object;
}

static json_t *
array_of(struct walk *walk, const yaml_node_t *node, int depth)
{
	json_t *array = json_array(), *value;

	for (yaml_node_item_t *at = node->data.sequence.items.start;
	     at < node->data.sequence.items.top; at++) {
		value = json_of(walk, *at, depth);
		if (value == NULL)
			break;
		json_array_append_new(array, value);
	}
	return array;
}

/* All scalars are texts: their type is the register's business.  NULL when
 * there is too much of it. */
static json_t *
json_of(struct walk *walk, int id, int depth)
{
	const yaml_node_t *node = yaml_document_get_node(walk->document, id);
	json_t *text;

	if (depth > DEPTH_MAX)
		walk->n_nodes = NODES_MAX;
	if (node == NULL || ++walk->n_nodes > NODES_MAX)
		return NULL;
	switch (node->type) {
	case YAML_MAPPING_NODE:
		return object_of(walk, node, depth + 1);
	case YAML_SEQUENCE_NODE:
		return array_of(walk, node, depth + 1);
	default:
		text = json_stringn((const char *)node->data.scalar.value,
		    node->data.scalar.length);
		return text != NULL ? text : json_null();
	}
}

static int
parse_yaml(json_t **out, const char *bytes, size_t n, struct err *err)
{
	yaml_parser_t parser;
	yaml_document_t document;
	struct walk walk = { .document = &document };
	int rc = 0;

	if (!yaml_parser_initialize(&parser))
		abort(); /* out of memory, as mem_zalloc() */
	yaml_parser_set_input_string(&parser, (const unsigned char *)bytes, n);
	if (!yaml_parser_load(&parser, &document)) {
		err_set(err, ERR_INVALID, "line %zu: not YAML",
		    parser.problem_mark.line + 1);
		yaml_parser_delete(&parser);
		return -1;
	}
	if (yaml_document_get_root_node(&document) == NULL)
		*out = json_object(); /* an empty file */
	else
		*out = json_of(&walk, 1, 0);
	if (walk.n_nodes > NODES_MAX)
		rc = err_set(err, ERR_LIMIT,
		    "more than %d values with aliases followed, or deeper "
		    "than %d",
		    NODES_MAX, DEPTH_MAX);
	if (rc < 0 || *out == NULL) {
		json_decref(*out);
		*out = NULL;
	}
	yaml_document_delete(&document);
	yaml_parser_delete(&parser);
	return rc;
}

/* --- the others ----------------------------------------------------------- */

static int
parse_json(json_t **out, const char *bytes, size_t n, struct err *err)
{
	json_error_t error;

	*out = json_loadb(bytes, n, 0, &error);
	if (*out != NULL)
		return 0;
	return err_set(err, ERR_INVALID, "line %d: not JSON", error.line);
}

static void
trim(const char **text, size_t *n)
{
	while (*n > 0 && strchr(" \t\r", (*text)[*n - 1]) != NULL)
		--*n;
	while (*n > 0 && strchr(" \t\r", **text) != NULL)
		++*text, --*n;
}

static void
trim_quotes(const char **text, size_t *n)
{
	if (*n < 2 || (**text != '"' && **text != '\'') ||
	    (*text)[*n - 1] != **text)
		return;
	++*text;
	*n -= 2;
}

/* One line; section is the one that it begins or stands in. */
static int
take_line(json_t *root, struct text *section, const char *line, size_t n)
{
	const char *equals, *value;
	size_t n_name, n_value;
	struct text key = { 0 };
	json_t *text;

	trim(&line, &n);
	if (n == 0 || *line == '#' || *line == ';')
		return 0;
	if (*line == '[' && line[n - 1] == ']') {
		text_fini(section);
		text_add_bytes(section, line + 1, n - 2);
		return 0;
	}
	equals = memchr(line, '=', n);
	if (equals == NULL)
		equals = memchr(line, ':', n);
	if (equals == NULL || equals == line)
		return -1;
	n_name = (size_t)(equals - line);
	value = equals + 1;
	n_value = n - n_name - 1;
	trim(&line, &n_name);
	trim(&value, &n_value);
	trim_quotes(&value, &n_value);
	if (section->n > 0)
		text_addf(&key, "%s.", section->bytes);
	text_add_bytes(&key, line, n_name);
	text = json_stringn(value, n_value);
	json_object_set_new(root, key.bytes, text != NULL ? text : json_null());
	text_fini(&key);
	return 0;
}

static int
parse_ini(json_t **out, const char *bytes, size_t n, struct err *err)
{
	json_t *root = json_object();
	struct text section = { 0 };
	const char *line, *end = bytes;
	size_t number = 1;
	int rc = 0;

	for (line = bytes; rc == 0 && line < bytes + n; line = end + 1) {
		end = memchr(line, '\n', (size_t)(bytes + n - line));
		if (end == NULL)
			end = bytes + n;
		if (take_line(root, &section, line, (size_t)(end - line)) < 0)
			rc = err_set(err, ERR_INVALID,
			    "line %zu: not key = value", number);
		number++;
	}
	text_fini(&section);
	if (rc < 0)
		json_decref(root);
	else
		*out = root;
	return rc;
}

int
settings_file_parse(json_t **out, enum settings_format format,
    const char *bytes, size_t n, struct err *err)
{
	*out = NULL;
	if (memchr(bytes, '\0', n) != NULL)
		return err_set(err, ERR_INVALID, "holds a zero byte: no text");
	switch (format) {
	case FORMAT_YAML:
		return parse_yaml(out, bytes, n, err);
	case FORMAT_JSON:
		return parse_json(out, bytes, n, err);
	default:
		return parse_ini(out, bytes, n, err);
	}
}

char *
settings_file_text(const json_t *root, const char *key)
{
	const json_t *whole = json_object_get(root, key);

	return json_is_string(whole) ? mem_strdup(json_string_value(whole))
				     : json_path_text(root, key);
}
