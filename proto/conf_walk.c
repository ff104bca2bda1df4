#include <assert.h>
#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "proto/base/text.h"
#include "proto/conf_inside.h"
#include "proto/keyed.h"

#define NODES_MAX      1000000 /* visited: aliases count each time */
#define FIELDS_MAX     64      /* of one mapping in a schema */
#define KEY_SHOWN_MAX  40
#define ENTRY_NAME_MAX 64 /* of an entry written under its name */
#define TYPO_MAX_EDITS 2
#define PATH_BYTES     512

/* libcyaml takes any word for true, 080 for 0 and a missing value for an
 * empty text, and gives the place of the mapping where the place of the key is
 * wanted.  So the document is compared with the schema here first. */
struct walk {
	const struct conf *conf;
	struct err *err;
	char path[PATH_BYTES];
	size_t n;       /* of path */
	size_t n_nodes; /* visited */
};

static int
wrong(struct walk *walk, const yaml_node_t *node, const char *what)
{
	return conf_complain_at(
	    walk->conf, walk->err, node->start_mark, walk->path, what);
}

/* Returns the length of the path before. */
static size_t
enter_key(struct walk *walk, const char *key)
{
	size_t before = walk->n;

	snprintf(walk->path + before, PATH_BYTES - before, "%s%s",
	    before > 0 ? "." : "", key);
	walk->n = strlen(walk->path);
	return before;
}

static size_t
enter_item(struct walk *walk, size_t i)
{
	size_t before = walk->n;

	snprintf(walk->path + before, PATH_BYTES - before, "[%zu]", i);
	walk->n = strlen(walk->path);
	return before;
}

static void
leave(struct walk *walk, size_t before)
{
	walk->n = before;
	walk->path[before] = '\0';
}

static size_t
smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* The number of insertions, removals and exchanges between two words
 * (Levenshtein), of which neither is longer than KEY_SHOWN_MAX. */
static size_t
edits(const char *a, const char *b)
{
	size_t row[KEY_SHOWN_MAX + 1], n = strlen(b), diagonal, above;

	for (size_t j = 0; j <= n; j++)
		row[j] = j;
	for (size_t i = 0; a[i] != '\0'; i++) {
		diagonal = row[0];
		row[0] = i + 1;
		for (size_t j = 0; j < n; j++) {
			above = row[j + 1];
			row[j + 1] = smaller(diagonal + (a[i] != b[j]),
			    smaller(above, row[j]) + 1);
			diagonal = above;
		}
	}
	return row[n];
}

static const char *
nearest(const cyaml_schema_field_t *fields, const char *key)
{
	size_t best = TYPO_MAX_EDITS + 1, n;
	const char *name = NULL;

	for (; fields->key != NULL; fields++) {
		if (strlen(fields->key) > KEY_SHOWN_MAX)
			continue;
		n = edits(key, fields->key);
		if (n < best && n < strlen(fields->key)) {
			best = n;
			name = fields->key;
		}
	}
	return name;
}

/* Something that does not look like a key may be a misplaced value. */
static bool
is_shown(const yaml_node_t *key)
{
	const unsigned char *at = key->data.scalar.value;

	if (key->data.scalar.length == 0 ||
	    key->data.scalar.length > KEY_SHOWN_MAX)
		return false;
	for (size_t i = 0; i < key->data.scalar.length; i++)
		if (!isalnum(at[i]) && at[i] != '_' && at[i] != '-')
			return false;
	return true;
}

static int
unknown(struct walk *walk, const cyaml_schema_field_t *fields,
    const yaml_node_t *key)
{
	const char *name, *hint;
	char what[128];
	size_t before;

	if (!is_shown(key))
		return wrong(walk, key, "unknown key; remove it");
	name = (const char *)key->data.scalar.value;
	hint = nearest(fields, name);
	before = enter_key(walk, name);
	if (hint != NULL)
		snprintf(
		    what, sizeof(what), "unknown key; did you mean %s?", hint);
	else
		snprintf(what, sizeof(what), "unknown key; remove it");
	wrong(walk, key, what);
	leave(walk, before);
	return -1;
}

static bool
is_word(const yaml_node_t *node, const char *word)
{
	return node->data.scalar.length == strlen(word) &&
	    memcmp(node->data.scalar.value, word, strlen(word)) == 0;
}

static bool
is_null(const yaml_node_t *node)
{
	static const char *const words[] = { "", "~", "null", "Null", "NULL" };

	if (node->data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
		return false;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (is_word(node, words[i]))
			return true;
	return false;
}

static int
check_unsigned(struct walk *walk, const yaml_node_t *node, uint32_t size_bytes)
{
	uint64_t max =
	    size_bytes >= 8 ? UINT64_MAX : (UINT64_C(1) << size_bytes * 8) - 1;
	const unsigned char *at = node->data.scalar.value;
	size_t n = node->data.scalar.length;
	char what[80];
	uint64_t value = 0;
	bool is_good = n > 0 && (n == 1 || at[0] != '0');

	for (size_t i = 0; is_good && i < n; i++) {
		is_good = isdigit(at[i]) &&
		    value <= (max - (uint64_t)(at[i] - '0')) / 10;
		value = value * 10 + (uint64_t)(at[i] - '0');
	}
	if (is_good)
		return 0;
	snprintf(what, sizeof(what), "must be a whole number from 0 to %llu",
	    (unsigned long long)max);
	return wrong(walk, node, what);
}

static int
check_scalar(struct walk *walk, const cyaml_schema_value_t *schema,
    const yaml_node_t *node)
{
	if (node->type != YAML_SCALAR_NODE)
		return wrong(walk, node, "must be a single value");
	if (is_null(node))
		return wrong(walk, node,
		    "has no value; write one, or leave the key out");
	if (memchr(node->data.scalar.value, '\0', node->data.scalar.length) !=
	    NULL)
		return wrong(walk, node, "must not hold a NUL");
	if (schema->type == CYAML_BOOL && !is_word(node, "true") &&
	    !is_word(node, "false"))
		return wrong(walk, node, "must be true or false");
	if (schema->type == CYAML_UINT)
		return check_unsigned(walk, node, schema->data_size);
	return 0;
}

static int check_node(
    struct walk *walk, const cyaml_schema_value_t *schema, yaml_node_t *node);

static int
check_sequence(struct walk *walk, const cyaml_schema_value_t *schema,
    const yaml_node_t *node)
{
	yaml_node_item_t *at;
	size_t before;
	int rc = 0;

	if (node->type != YAML_SEQUENCE_NODE)
		return wrong(walk, node, "must be a list: [ ... ]");
	for (at = node->data.sequence.items.start;
	     at < node->data.sequence.items.top; at++) {
		before = enter_item(
		    walk, (size_t)(at - node->data.sequence.items.start));
		rc |= check_node(
		    walk, schema->sequence.entry, conf_node(walk->conf, *at));
		leave(walk, before);
	}
	return rc;
}

static int
check_pair(struct walk *walk, const cyaml_schema_field_t *fields,
    const yaml_node_pair_t *pair, bool *seen)
{
	yaml_node_t *key = conf_node(walk->conf, pair->key);
	size_t before, i = 0;
	int rc;

	if (key->type != YAML_SCALAR_NODE)
		return wrong(walk, key, "a key must be a word");
	while (fields[i].key != NULL && !is_word(key, fields[i].key))
		i++;
	if (fields[i].key == NULL)
		return unknown(walk, fields, key);
	before = enter_key(walk, fields[i].key);
	if (seen[i])
		rc = wrong(walk, key, "given twice; remove one");
	else
		rc = check_node(
		    walk, &fields[i].value, conf_node(walk->conf, pair->value));
	seen[i] = true;
	leave(walk, before);
	return rc;
}

static int
check_mapping(struct walk *walk, const cyaml_schema_field_t *fields,
    const yaml_node_t *node)
{
	bool seen[FIELDS_MAX] = { false };
	yaml_node_pair_t *pair;
	size_t n = 0, before;
	int rc = 0;

	while (fields[n].key != NULL)
		n++;
	assert(n <= FIELDS_MAX);
	if (node->type != YAML_MAPPING_NODE)
		return wrong(walk, node, "must be a mapping: key: value ...");
	for (pair = node->data.mapping.pairs.start;
	     pair < node->data.mapping.pairs.top; pair++)
		rc |= check_pair(walk, fields, pair, seen);
	for (size_t i = 0; i < n; i++) {
		if (seen[i] || (fields[i].value.flags & CYAML_FLAG_OPTIONAL))
			continue;
		before = enter_key(walk, fields[i].key);
		rc = wrong(walk, node, "required key is missing");
		leave(walk, before);
	}
	return rc;
}

/* Was this name given before, among the entries of a mapping? */
static bool
is_repeated(const struct conf *conf, const yaml_node_t *node,
    const yaml_node_pair_t *pair, const char *name)
{
	const yaml_node_pair_t *before = node->data.mapping.pairs.start;

	for (; before < pair; before++)
		if (is_word(conf_node(conf, before->key), name))
			return true;
	return false;
}

/* What the name may be is for the owner of the entry to say. */
static bool
is_entry_name(const yaml_node_t *key)
{
	const char *name = (const char *)key->data.scalar.value;
	size_t n = key->data.scalar.length;

	if (key->type != YAML_SCALAR_NODE || n == 0 || n > ENTRY_NAME_MAX)
		return false;
	for (size_t i = 0; i < n; i++)
		if (iscntrl((unsigned char)name[i]))
			return false;
	return text_is_utf8(name, n);
}

/* Entries that are written under their names. */
static int
check_keyed(struct walk *walk, const cyaml_schema_value_t *schema,
    const yaml_node_t *node)
{
	const cyaml_schema_field_t *fields =
	    schema->sequence.entry->mapping.fields + 1; /* after the name */
	yaml_node_pair_t *pair;
	const char *name;
	size_t length;
	int rc = 0;

	if (node->type != YAML_MAPPING_NODE)
		return wrong(walk, node, "must be a mapping: NAME: {...} ...");
	for (pair = node->data.mapping.pairs.start;
	     pair < node->data.mapping.pairs.top; pair++) {
		const yaml_node_t *key = conf_node(walk->conf, pair->key);

		if (!is_entry_name(key)) {
			rc = wrong(walk, key, "a key must be a name");
			continue;
		}
		name = (const char *)key->data.scalar.value;
		length = enter_key(walk, name);
		if (is_repeated(walk->conf, node, pair, name))
			rc = wrong(walk, key, "given twice; remove one");
		else
			rc |= check_mapping(
			    walk, fields, conf_node(walk->conf, pair->value));
		leave(walk, length);
	}
	return rc;
}

static int
check_node(
    struct walk *walk, const cyaml_schema_value_t *schema, yaml_node_t *node)
{
	if (++walk->n_nodes == NODES_MAX)
		return wrong(walk, node, "too many values, aliases included");
	if (walk->n_nodes > NODES_MAX)
		return -1; /* said once */
	switch (schema->type) {
	case CYAML_MAPPING:
		return check_mapping(walk, schema->mapping.fields, node);
	case CYAML_SEQUENCE:
		return keyed_is(schema) ? check_keyed(walk, schema, node)
					: check_sequence(walk, schema, node);
	case CYAML_STRING:
	case CYAML_BOOL:
	case CYAML_UINT:
		return check_scalar(walk, schema, node);
	default:
		return 0; /* libcyaml will say */
	}
}

int
conf_compare(const struct conf *conf, const cyaml_schema_value_t *schema,
    struct err *err)
{
	struct walk walk = { .conf = conf, .err = err };

	return check_node(&walk, schema, conf_root(conf));
}
