#include <assert.h>
#include <ctype.h>
#include <malloc.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <yaml.h>

#include "proto/base/file.h"
#include "proto/base/mem.h"
#include "proto/base/text.h"
#include "proto/conf.h"
#include "proto/keyed.h"

#define NODES_MAX      1000000 /* visited: aliases count each time */
#define FIELDS_MAX     64      /* of one mapping in a schema */
#define KEY_SHOWN_MAX  40
#define TYPO_MAX_EDITS 2
#define PATH_BYTES     512

struct conf {
	char *path;
	char *bytes;
	size_t n;
	yaml_document_t document;
	bool is_open; /* document is to be deleted */
};

/* --- places ----------------------------------------------------------------- */

static int
complain_at(const struct conf *conf, struct err *err, yaml_mark_t mark,
    const char *path, const char *what)
{
	return err_set(err, ERR_INVALID, "%s:%zu:%zu: %s%s%s", conf->path,
	    mark.line + 1, mark.column + 1, path, path[0] != '\0' ? ": " : "",
	    what);
}

static yaml_node_t *
node_at(const struct conf *conf, int index)
{
	return yaml_document_get_node(
	    (yaml_document_t *)&conf->document, index);
}

static yaml_node_t *
root_of(const struct conf *conf)
{
	return yaml_document_get_root_node((yaml_document_t *)&conf->document);
}

/* The value of the key of n bytes in a mapping, or NULL. */
static yaml_node_t *
member(
    const struct conf *conf, const yaml_node_t *node, const char *key, size_t n)
{
	yaml_node_pair_t *pair;

	if (node->type != YAML_MAPPING_NODE)
		return NULL;
	for (pair = node->data.mapping.pairs.start;
	     pair < node->data.mapping.pairs.top; pair++) {
		const yaml_node_t *name = node_at(conf, pair->key);

		if (name->type == YAML_SCALAR_NODE &&
		    name->data.scalar.length == n &&
		    memcmp(name->data.scalar.value, key, n) == 0)
			return node_at(conf, pair->value);
	}
	return NULL;
}

static yaml_node_t *
item(const struct conf *conf, const yaml_node_t *node, size_t i)
{
	if (node->type != YAML_SEQUENCE_NODE ||
	    i >= (size_t)(node->data.sequence.items.top -
		     node->data.sequence.items.start))
		return NULL;
	return node_at(conf, node->data.sequence.items.start[i]);
}

/* Goes one part of a path such as "probes[3].name" down, and *path past it;
 * NULL when there is no such part. */
static yaml_node_t *
descend(const struct conf *conf, const yaml_node_t *node, const char **path)
{
	const char *part = *path;
	char *end;
	size_t n;

	if (*part == '[') {
		n = strtoul(part + 1, &end, 10);
		*path = *end == ']' ? end + 1 : end;
		return item(conf, node, n);
	}
	if (*part == '.')
		part++;
	n = strcspn(part, ".[");
	*path = part + n;
	return member(conf, node, part, n);
}

/* The deepest part of the path that exists. */
static const yaml_node_t *
deepest(const struct conf *conf, const char *path)
{
	yaml_node_t *node = root_of(conf), *below = node;

	while (below != NULL && *path != '\0') {
		below = descend(conf, node, &path);
		if (below != NULL)
			node = below;
	}
	return node;
}

int
conf_complain(const struct conf *conf, struct err *err, const char *path,
    const char *format, ...)
{
	char what[sizeof(err->text)];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	return complain_at(
	    conf, err, deepest(conf, path)->start_mark, path, what);
}

char *
conf_place(
    char out[CONF_PLACE_BYTES], const struct conf *conf, const char *path)
{
	yaml_mark_t mark = deepest(conf, path)->start_mark;

	snprintf(out, CONF_PLACE_BYTES, "%s:%zu:%zu", conf->path, mark.line + 1,
	    mark.column + 1);
	return out;
}

/* --- YAML ------------------------------------------------------------------- */

static bool
is_indented_by_tab(const struct conf *conf, size_t line)
{
	const char *at = conf->bytes;

	for (; line > 0 && at != NULL; line--) {
		at = strchr(at, '\n');
		at = at != NULL ? at + 1 : NULL;
	}
	return at != NULL && at[strspn(at, " -")] == '\t';
}

/* The texts of libyaml are constants: none quotes the input. */
static int
complain_yaml(
    const struct conf *conf, const yaml_parser_t *parser, struct err *err)
{
	yaml_mark_t mark = parser->problem_mark;
	char what[256];

	if (parser->error == YAML_READER_ERROR) {
		mark.column = 0;
		mark.line = 0;
		for (size_t i = 0; i < parser->problem_offset && i < conf->n;
		     i++)
			mark.line += conf->bytes[i] == '\n';
	}
	snprintf(what, sizeof(what), "not YAML: %s%s%s%s",
	    parser->context != NULL ? parser->context : "",
	    parser->context != NULL ? ": " : "",
	    parser->problem != NULL ? parser->problem : "unreadable",
	    is_indented_by_tab(conf, mark.line)
		? "; indent with spaces, not with tabs"
		: "");
	return complain_at(conf, err, mark, "", what);
}

/* There must be nothing after the first document. */
static int
check_end(const struct conf *conf, yaml_parser_t *parser, struct err *err)
{
	yaml_document_t next;
	yaml_node_t *root;
	yaml_mark_t mark;

	if (!yaml_parser_load(parser, &next))
		return complain_yaml(conf, parser, err);
	root = yaml_document_get_root_node(&next);
	mark = next.start_mark;
	yaml_document_delete(&next);
	if (root == NULL)
		return 0;
	return complain_at(conf, err, mark, "",
	    "a second document begins here; write one document only");
}

static int
parse(struct conf *conf, struct err *err)
{
	yaml_mark_t start = { 0 };
	yaml_parser_t parser;
	int rc;

	if (!yaml_parser_initialize(&parser))
		abort();
	yaml_parser_set_input_string(
	    &parser, (const unsigned char *)conf->bytes, conf->n);
	if (!yaml_parser_load(&parser, &conf->document)) {
		rc = complain_yaml(conf, &parser, err);
		goto out;
	}
	conf->is_open = true;
	if (root_of(conf) == NULL)
		rc = complain_at(conf, err, start, "",
		    "the file is empty; write at least the required keys");
	else
		rc = check_end(conf, &parser, err);
out:
	yaml_parser_delete(&parser);
	return rc;
}

/* --- the document against the schema ------------------------------------------ */

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
	return complain_at(
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

	if (!is_shown(key))
		return wrong(walk, key, "unknown key; remove it");
	name = (const char *)key->data.scalar.value;
	hint = nearest(fields, name);
	enter_key(walk, name);
	if (hint != NULL)
		snprintf(
		    what, sizeof(what), "unknown key; did you mean %s?", hint);
	else
		snprintf(what, sizeof(what), "unknown key; remove it");
	return wrong(walk, key, what);
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

	if (node->type != YAML_SEQUENCE_NODE)
		return wrong(walk, node, "must be a list: [ ... ]");
	for (at = node->data.sequence.items.start;
	     at < node->data.sequence.items.top; at++) {
		before = enter_item(
		    walk, (size_t)(at - node->data.sequence.items.start));
		if (check_node(walk, schema->sequence.entry,
			node_at(walk->conf, *at)) < 0)
			return -1;
		leave(walk, before);
	}
	return 0;
}

static int
check_pair(struct walk *walk, const cyaml_schema_field_t *fields,
    const yaml_node_pair_t *pair, bool *seen)
{
	yaml_node_t *key = node_at(walk->conf, pair->key);
	size_t before, i = 0;

	if (key->type != YAML_SCALAR_NODE)
		return wrong(walk, key, "a key must be a word");
	while (fields[i].key != NULL && !is_word(key, fields[i].key))
		i++;
	if (fields[i].key == NULL)
		return unknown(walk, fields, key);
	before = enter_key(walk, fields[i].key);
	if (seen[i])
		return wrong(walk, key, "given twice; remove one");
	seen[i] = true;
	if (check_node(
		walk, &fields[i].value, node_at(walk->conf, pair->value)) < 0)
		return -1;
	leave(walk, before);
	return 0;
}

static int
check_mapping(struct walk *walk, const cyaml_schema_field_t *fields,
    const yaml_node_t *node)
{
	bool seen[FIELDS_MAX] = { false };
	yaml_node_pair_t *pair;
	size_t n = 0;

	while (fields[n].key != NULL)
		n++;
	assert(n <= FIELDS_MAX);
	if (node->type != YAML_MAPPING_NODE)
		return wrong(walk, node, "must be a mapping: key: value ...");
	for (pair = node->data.mapping.pairs.start;
	     pair < node->data.mapping.pairs.top; pair++)
		if (check_pair(walk, fields, pair, seen) < 0)
			return -1;
	for (size_t i = 0; i < n; i++) {
		if (seen[i] || (fields[i].value.flags & CYAML_FLAG_OPTIONAL))
			continue;
		enter_key(walk, fields[i].key);
		return wrong(walk, node, "required key is missing");
	}
	return 0;
}

/* Entries that are written under their names. */
static int
check_keyed(struct walk *walk, const cyaml_schema_value_t *schema,
    const yaml_node_t *node)
{
	const cyaml_schema_field_t *fields =
	    schema->sequence.entry->mapping.fields + 1; /* after the name */
	yaml_node_pair_t *pair, *before;
	size_t length;

	if (node->type != YAML_MAPPING_NODE)
		return wrong(walk, node, "must be a mapping: NAME: {...} ...");
	for (pair = node->data.mapping.pairs.start;
	     pair < node->data.mapping.pairs.top; pair++) {
		const yaml_node_t *key = node_at(walk->conf, pair->key);

		if (key->type != YAML_SCALAR_NODE || !is_shown(key))
			return wrong(walk, key, "a key must be a name");
		length = enter_key(walk, (const char *)key->data.scalar.value);
		for (before = node->data.mapping.pairs.start; before < pair;
		     before++)
			if (is_word(node_at(walk->conf, before->key),
				(const char *)key->data.scalar.value))
				return wrong(
				    walk, key, "given twice; remove one");
		if (check_mapping(
			walk, fields, node_at(walk->conf, pair->value)) < 0)
			return -1;
		leave(walk, length);
	}
	return 0;
}

static int
check_node(
    struct walk *walk, const cyaml_schema_value_t *schema, yaml_node_t *node)
{
	if (++walk->n_nodes > NODES_MAX)
		return wrong(walk, node, "too many values, aliases included");
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

/* --- libcyaml --------------------------------------------------------------- */

/* Allocates for libcyaml.  What is given back is wiped: it may have been a
 * password. */
static void *
wiping_memory(void *ctx, void *old, size_t size)
{
	size_t old_size = old != NULL ? malloc_usable_size(old) : 0;
	void *memory = NULL;

	(void)ctx;
	if (size > 0) {
		memory = mem_zalloc(size);
		if (old != NULL)
			memcpy(memory, old, smaller(size, old_size));
	}
	if (old != NULL)
		explicit_bzero(old, old_size);
	free(old);
	return memory;
}

/* The first place of the backtrace, which is the innermost.  The lines before
 * it quote the value and are dropped. */
struct backtrace {
	yaml_mark_t mark;
	bool is_known;
};

static void __attribute__((format(printf, 3, 0)))
on_log(cyaml_log_t level, void *ctx, const char *format, va_list args)
{
	struct backtrace *trace = ctx;
	const char *place;
	char line[256];

	(void)level;
	vsnprintf(line, sizeof(line), format, args);
	place = strstr(line, "(line: ");
	if (strncmp(line, "  in ", 5) != 0 || place == NULL || trace->is_known)
		return;
	trace->is_known = sscanf(place, "(line: %zu, column: %zu)",
			      &trace->mark.line, &trace->mark.column) == 2;
}

static cyaml_config_t
cyaml_setup(struct backtrace *trace)
{
	return (cyaml_config_t){
		.log_fn = on_log,
		.log_ctx = trace,
		.mem_fn = wiping_memory,
		.log_level = CYAML_LOG_ERROR,
	};
}

static int
fill_in(const struct conf *conf, void **out_data,
    const cyaml_schema_value_t *schema, struct err *err)
{
	struct backtrace trace = { .mark = { 0, 1, 1 } };
	cyaml_config_t setup = cyaml_setup(&trace);
	char *bytes = conf->bytes, *rewritten = NULL;
	size_t n = conf->n;
	cyaml_err_t code;

	if (keyed_within(schema)) {
		if (keyed_rewrite(
			&rewritten, &n, conf->bytes, conf->n, schema, err) < 0)
			return -1;
		bytes = rewritten;
	}
	code = cyaml_load_data(
	    (const uint8_t *)bytes, n, &setup, schema, out_data, NULL);
	if (rewritten != NULL)
		explicit_bzero(rewritten, n);
	free(rewritten);
	if (code == CYAML_OK)
		return 0;
	trace.mark.line -= trace.mark.line > 0;
	trace.mark.column -= trace.mark.column > 0;
	return complain_at(conf, err, trace.mark, "", cyaml_strerror(code));
}

/* --- loading ---------------------------------------------------------------- */

static int
read_file(struct conf *conf, struct err *err)
{
	struct stat st;

	if (stat(conf->path, &st) == 0 && !S_ISREG(st.st_mode))
		return err_set(err, ERR_INVALID,
		    "%s: not a file; name a YAML file", conf->path);
	return file_read(
	    &conf->bytes, &conf->n, conf->path, CONF_MAX_BYTES, err);
}

int
conf_load(struct conf **out, void **out_data, const char *path,
    const cyaml_schema_value_t *schema, struct err *err)
{
	struct conf *conf = mem_zalloc(sizeof(*conf));
	struct walk walk = { .conf = conf, .err = err };

	conf->path = mem_strdup(path);
	if (read_file(conf, err) < 0 || parse(conf, err) < 0 ||
	    check_node(&walk, schema, root_of(conf)) < 0 ||
	    fill_in(conf, out_data, schema, err) < 0) {
		conf_free(conf, schema, NULL);
		return -1;
	}
	*out = conf;
	return 0;
}

static void
wipe_document(yaml_document_t *document)
{
	yaml_node_t *node = document->nodes.start;

	for (; node < document->nodes.top; node++)
		if (node->type == YAML_SCALAR_NODE)
			explicit_bzero(
			    node->data.scalar.value, node->data.scalar.length);
	yaml_document_delete(document);
}

void
conf_free(struct conf *conf, const cyaml_schema_value_t *schema, void *data)
{
	struct backtrace trace = { .is_known = true };
	cyaml_config_t setup = cyaml_setup(&trace);

	if (data != NULL)
		cyaml_free(&setup, schema, data, 0);
	if (conf == NULL)
		return;
	if (conf->is_open)
		wipe_document(&conf->document);
	if (conf->bytes != NULL)
		explicit_bzero(conf->bytes, conf->n);
	free(conf->bytes);
	free(conf->path);
	free(conf);
}
