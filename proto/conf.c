#include <malloc.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "proto/base/file.h"
#include "proto/base/mem.h"
#include "proto/base/text.h"
#include "proto/conf_inside.h"
#include "proto/keyed.h"

/* --- places ----------------------------------------------------------------- */

int
conf_complain_at(const struct conf *conf, struct err *err, yaml_mark_t mark,
    const char *path, const char *what)
{
	struct complaint complaint = {
		.file = conf->file,
		.line = mark.line + 1,
		.column = mark.column + 1,
	};
	struct err own;

	err_set(&own, ERR_INVALID, "%s:%zu:%zu: %s%s%s", conf->path,
	    complaint.line, complaint.column, path, path[0] != '\0' ? ": " : "",
	    what);
	text_sanitise(own.text, strlen(own.text));
	if (conf->complaints->n == 0)
		err_set(err, own.code, "%s", own.text);
	complaint.text = own.text;
	complaints_add(conf->complaints, &complaint);
	return -1;
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
		const yaml_node_t *name = conf_node(conf, pair->key);

		if (name->type == YAML_SCALAR_NODE &&
		    name->data.scalar.length == n &&
		    memcmp(name->data.scalar.value, key, n) == 0)
			return conf_node(conf, pair->value);
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
	return conf_node(conf, node->data.sequence.items.start[i]);
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
	yaml_node_t *node = conf_root(conf), *below = node;

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
	return conf_complain_at(
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
	return conf_complain_at(conf, err, mark, "", what);
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
	return conf_complain_at(conf, err, mark, "",
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
	if (conf_root(conf) == NULL)
		rc = conf_complain_at(conf, err, start, "",
		    "the file is empty; write at least the required keys");
	else
		rc = check_end(conf, &parser, err);
out:
	yaml_parser_delete(&parser);
	return rc;
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
			memcpy(memory, old, size < old_size ? size : old_size);
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
	return conf_complain_at(
	    conf, err, trace.mark, "", cyaml_strerror(code));
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
conf_load_all(struct conf **out, void **out_data, const char *path,
    const cyaml_schema_value_t *schema, struct complaints *complaints,
    struct err *err)
{
	struct conf *conf = mem_zalloc(sizeof(*conf));

	conf->path = mem_strdup(path);
	conf->complaints = complaints != NULL ? complaints : &conf->own;
	conf->file = conf->complaints->n_files++;
	if (read_file(conf, err) < 0 || parse(conf, err) < 0 ||
	    conf_compare(conf, schema, err) < 0 ||
	    fill_in(conf, out_data, schema, err) < 0) {
		conf_free(conf, schema, NULL);
		return -1;
	}
	*out = conf;
	return 0;
}

int
conf_load(struct conf **out, void **out_data, const char *path,
    const cyaml_schema_value_t *schema, struct err *err)
{
	return conf_load_all(out, out_data, path, schema, NULL, err);
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
	complaints_fini(&conf->own);
	free(conf->path);
	free(conf);
}
