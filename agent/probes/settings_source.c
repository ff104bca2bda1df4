#include <stdlib.h>
#include <string.h>

#include "agent/probes/http_client.h"
#include "agent/probes/postgres_show.h"
#include "agent/probes/settings_file.h"
#include "agent/probes/settings_source.h"
#include "agent/variables.h"
#include "proto/base/file.h"
#include "proto/base/mem.h"

#define FILE_MAX_BYTES (1024 * 1024)

struct settings_source {
	const struct setting_source_config *config;
	char *origin;
	bool is_read;
	enum reason reason; /* why it is not */
	char *why;
	struct variables *variables;
	json_t *tree;
	struct http_client *client;
	struct postgres_show *show;
};

struct settings_source *
settings_source_new(const struct setting_source_config *config)
{
	struct settings_source *source = mem_zalloc(sizeof(*source));

	source->config = config;
	source->origin = mem_printf("source %s", config->name);
	if (config->postgres != NULL)
		source->show = postgres_show_new(config->postgres);
	return source;
}

void
settings_source_want(struct settings_source *source, const char *key)
{
	if (source->show != NULL)
		postgres_show_ask(source->show, key);
}

static void
name_origin(struct settings_source *source, const char *what, const char *name)
{
	free(source->origin);
	source->origin = mem_printf("%s%s%s", what, what[0] ? " " : "", name);
}

static enum turn
give_up(struct settings_source *source, enum reason reason, const char *why)
{
	source->reason = reason;
	free(source->why);
	source->why = mem_strdup(why);
	return TURN_NEXT;
}

static enum turn
give_up_err(struct settings_source *source, const struct err *err)
{
	enum reason reason = err->code == ERR_DENIED ? REASON_DENIED
	    : err->code == ERR_INVALID               ? REASON_SHAPE
	    : err->code == ERR_LIMIT                 ? REASON_LIMIT
	    : err->code != ERR_NOT_FOUND             ? REASON_INTERNAL
	    : source->config->file != NULL           ? REASON_MISSING
						     : REASON_PROCESS;

	return give_up(source, reason, err->text);
}

/* --- the kinds of source -------------------------------------------------- */

static enum turn
read_variables(
    struct settings_source *source, const struct variables_config *config)
{
	struct err err;

	if (variables_read(&source->variables, config, &err) < 0)
		return give_up_err(source, &err);
	name_origin(source, "", variables_origin(source->variables));
	source->is_read = true;
	return TURN_NEXT;
}

static enum turn
read_file(struct settings_source *source)
{
	const struct setting_source_config *config = source->config;
	struct variables_config env = { .file = config->file };
	enum settings_format format;
	char *bytes = NULL;
	struct err err;
	size_t n;
	int rc;

	if (settings_format_parse(&format,
		config->format != NULL ? config->format : "", config->file) < 0)
		return give_up(source, REASON_INTERNAL, "no known format");
	if (format == FORMAT_ENV)
		return read_variables(source, &env);
	name_origin(source, "file", config->file);
	if (file_read(&bytes, &n, config->file, FILE_MAX_BYTES, &err) < 0)
		return give_up_err(source, &err);
	rc = settings_file_parse(&source->tree, format, bytes, n, &err);
	explicit_bzero(bytes, n);
	free(bytes);
	if (rc < 0) {
		err_wrap(&err, "%s", config->file);
		return give_up_err(source, &err);
	}
	source->is_read = true;
	return TURN_NEXT;
}

static enum turn
take_answer(struct settings_source *source)
{
	long status = http_client_status(source->client);
	struct err err;
	size_t n;
	const char *body = http_client_body(source->client, &n);

	if (status != 200)
		err_set(&err, ERR_INVALID, "%s: status %ld", source->origin,
		    status);
	else if (settings_file_parse(
		     &source->tree, FORMAT_JSON, body, n, &err) < 0)
		err_wrap(&err, "%s", source->origin);
	if (source->tree == NULL)
		return give_up(source,
		    status != 200 ? REASON_STATUS : REASON_PROTOCOL, err.text);
	source->is_read = true;
	return TURN_NEXT;
}

static enum turn
read_url(struct probe *p, struct settings_source *source)
{
	struct http_setup setup = {
		.ca_file = source->config->ca_file,
		.max_bytes = FILE_MAX_BYTES,
		.wants_body = true,
	};
	struct http_request request = { .url = source->config->url,
		.method = "GET" };
	enum turn turn;

	if (source->client == NULL) {
		source->client = http_client_new(p, &setup);
		if (source->client == NULL ||
		    http_client_ask(source->client, &request) < 0)
			return give_up(
			    source, REASON_INTERNAL, "the url cannot be used");
		name_origin(source, "", http_client_target(source->client));
	}
	turn = http_client_step(source->client);
	if (turn == TURN_STOP)
		return give_up(source, probe_reason(p), probe_message(p));
	return turn == TURN_NEXT ? take_answer(source) : turn;
}

static enum turn
read_server(struct probe *p, struct settings_source *source)
{
	enum turn turn = postgres_show_step(p, source->show);

	if (turn == TURN_STOP)
		return give_up(source, probe_reason(p), probe_message(p));
	if (turn == TURN_NEXT) {
		name_origin(
		    source, "postgres", postgres_show_host(source->show));
		source->is_read = true;
	}
	return turn;
}

/* --- public --------------------------------------------------------------- */

enum turn
settings_source_step(struct probe *p, struct settings_source *source)
{
	const struct setting_source_config *config = source->config;

	if (config->variables != NULL)
		return read_variables(source, config->variables);
	if (config->file != NULL)
		return read_file(source);
	return config->url != NULL ? read_url(p, source)
				   : read_server(p, source);
}

bool
settings_source_is_read(const struct settings_source *source)
{
	return source->is_read;
}

const char *
settings_source_why(const struct settings_source *source)
{
	return source->why != NULL ? source->why : "not read";
}

enum reason
settings_source_reason(const struct settings_source *source)
{
	return source->reason;
}

char *
settings_source_text(const struct settings_source *source, const char *key)
{
	if (source->variables != NULL)
		return mem_strdup(variables_get(source->variables, key));
	if (source->show != NULL)
		return mem_strdup(postgres_show_value(source->show, key));
	return settings_file_text(source->tree, key);
}

const char *
settings_source_origin(const struct settings_source *source)
{
	return source->origin;
}

enum source
settings_source_kind(const struct settings_source *source)
{
	return source->variables != NULL  ? variables_source(source->variables)
	    : source->show != NULL        ? SOURCE_SERVER
	    : source->config->url != NULL ? SOURCE_SERVICE
					  : SOURCE_FILE;
}

void
settings_source_free(struct settings_source *source)
{
	if (source == NULL)
		return;
	variables_free(source->variables);
	json_decref(source->tree);
	http_client_free(source->client);
	postgres_show_free(source->show);
	free(source->origin);
	free(source->why);
	free(source);
}
