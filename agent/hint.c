#include <stdlib.h>
#include <string.h>

#include "agent/hint.h"
#include "agent/hints.h"
#include "proto/redact.h"
#include "proto/base/mem.h"

/* --- what commands are filled in with ------------------------------------------- */

/* Adds a word so that a shell takes it as it is. */
static void
add_quoted(struct text *out, const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789._:/@%+,-";

	if (word[0] != '\0' && word[strspn(word, plain)] == '\0') {
		text_add(out, word);
		return;
	}
	text_add(out, "'");
	for (; *word != '\0'; word++) {
		if (*word == '\'')
			text_add(out, "'\\''");
		else
			text_add_bytes(out, word, 1);
	}
	text_add(out, "'");
}

/* An attribute of the result, or NULL. */
static const struct attribute *
attribute_of(const struct finding *finding, const char *name)
{
	const struct result *result = finding->result;

	for (size_t i = 0; i < result->n_attributes; i++)
		if (strcmp(result->attributes[i].name, name) == 0)
			return &result->attributes[i];
	return NULL;
}

static const struct postgres_inputs *
inputs_of(const struct finding *finding)
{
	const struct postgres_config *postgres = finding->probe->postgres;

	return finding->series->reference_of[0] != '\0' &&
		postgres->reference != NULL
	    ? postgres->reference
	    : &postgres->inputs;
}

/* Splits "HOST:PORT" or "[V6]:PORT" in two; either may be missing. */
static void
split(struct text *host, struct text *port, const char *text, size_t n)
{
	const char *end = text + n, *close, *colon;

	close = n > 0 && *text == '[' ? memchr(text, ']', n) : NULL;
	colon = memrchr(text, ':', n);
	if (close != NULL) {
		text_add_bytes(host, text + 1, (size_t)(close - text) - 1);
		if (colon != NULL && colon < close)
			colon = NULL;
	} else {
		text_add_bytes(
		    host, text, (size_t)((colon != NULL ? colon : end) - text));
	}
	if (colon != NULL)
		text_add_bytes(port, colon + 1, (size_t)(end - colon) - 1);
}

/* The part of a URL between the slashes and the path, without any user. */
static const char *
authority_of(const char *url, size_t *out_n)
{
	const char *at = strstr(url, "://");
	const char *user;

	at = at != NULL ? at + 3 : url;
	*out_n = strcspn(at, "/?#");
	user = memrchr(at, '@', *out_n);
	if (user != NULL) {
		*out_n -= (size_t)(user + 1 - at);
		at = user + 1;
	}
	return at;
}

static void
find_postgres(
    struct text *host, struct text *port, const struct finding *finding)
{
	const struct postgres_inputs *inputs = inputs_of(finding);
	const struct attribute *server = attribute_of(finding, "server");

	if (inputs->host != NULL) {
		text_add(host, inputs->host);
		text_addf(port, "%u", inputs->port);
	} else if (server != NULL && server->text != NULL) {
		split(host, port, server->text, strlen(server->text));
	}
}

static void
find_redis(struct text *host, struct text *port, const struct finding *finding)
{
	const struct redis_inputs *inputs = &finding->probe->redis->inputs;
	const struct attribute *server = attribute_of(finding, "server");

	if (finding->series->reference_of[0] != '\0' &&
	    finding->probe->redis->reference != NULL)
		inputs = finding->probe->redis->reference;
	if (inputs->host != NULL) {
		text_add(host, inputs->host);
		text_addf(port, "%u", inputs->port);
	} else if (server != NULL && server->text != NULL) {
		split(host, port, server->text, strlen(server->text));
	}
}

static void
find_target(struct text *host, struct text *port, const struct finding *finding)
{
	const struct probe_config *probe = finding->probe;
	const char *authority;
	size_t n;

	if (probe->icmp != NULL) {
		text_add(host, probe->icmp->host);
	} else if (probe->redis != NULL) {
		find_redis(host, port, finding);
	} else if (probe->tls != NULL) {
		text_add(host, probe->tls->host);
		text_addf(port, "%u", probe->tls->port);
	} else if (probe->tcp != NULL) {
		text_add(host, probe->tcp->host);
		text_addf(port, "%u", probe->tcp->port);
	} else if (probe->http != NULL) {
		authority = authority_of(probe->http->url, &n);
		split(host, port, authority, n);
		if (port->n == 0)
			text_add(port,
			    strncmp(probe->http->url, "https", 5) == 0 ? "443"
								       : "80");
	} else if (probe->postgres != NULL) {
		find_postgres(host, port, finding);
	}
	if (host->n == 0)
		text_add(host, "HOST");
	if (port->n == 0)
		text_add(port, probe->postgres != NULL ? "5432" : "PORT");
}

/* The URL without user and query, which may hold secrets. */
static void
add_url(struct text *out, const char *url)
{
	const char *scheme = strstr(url, "://");
	size_t n;
	const char *authority = authority_of(url, &n);
	size_t n_path = strcspn(authority + n, "?#");
	struct text plain = { 0 };

	if (scheme != NULL)
		text_add_bytes(&plain, url, (size_t)(scheme + 3 - url));
	text_add_bytes(&plain, authority, n + n_path);
	add_quoted(out, plain.bytes);
	text_fini(&plain);
}

static void
add_conninfo(struct text *out, const struct finding *finding)
{
	const struct postgres_inputs *inputs = inputs_of(finding);
	struct text host = { 0 }, port = { 0 }, info = { 0 };

	find_target(&host, &port, finding);
	text_addf(&info, "host=%s port=%s", host.bytes, port.bytes);
	if (inputs->database != NULL)
		text_addf(&info, " dbname=%s", inputs->database);
	if (inputs->user != NULL)
		text_addf(&info, " user=%s", inputs->user);
	text_add(&info, " connect_timeout=10");
	add_quoted(out, info.bytes);
	text_fini(&host);
	text_fini(&port);
	text_fini(&info);
}

/* A shell expression for the process whose environment counts. */
static void
add_pid(struct text *out, const struct finding *finding)
{
	const struct variables_config *source = &finding->probe->env->source;
	const struct attribute *pid = attribute_of(finding, "pid");

	if (source->pidfile != NULL) {
		text_add(out, "$(cat ");
		add_quoted(out, source->pidfile);
		text_add(out, ")");
	} else if (source->command == NULL) {
		text_add(out, "self");
	} else if (pid != NULL && pid->text == NULL) {
		text_addf(out, "%.0f", pid->number);
	} else {
		text_add(out, "PID");
	}
}

/* Names only: no value is shown. */
static void
add_names(struct text *out, const struct finding *finding)
{
	const struct variables_config *source = &finding->probe->env->source;

	if (source->file != NULL) {
		text_add(out, "cut -d= -f1 ");
		add_quoted(out, source->file);
		return;
	}
	text_add(out, "tr '\\0' '\\n' </proc/");
	add_pid(out, finding);
	text_add(out, "/environ | cut -d= -f1 | sort");
}

static void
add_process(struct text *out, const struct finding *finding)
{
	const struct variables_config *source = &finding->probe->env->source;

	if (source->file != NULL) {
		text_add(out, "ls -l ");
		add_quoted(out, source->file);
	} else if (source->command != NULL) {
		text_add(out, "ps -eo pid,user,args");
	} else {
		text_add(out, "ps -o pid,user,args -p ");
		add_pid(out, finding);
	}
}

/* dig's way to name a server; nothing for that of the system. */
static void
add_server(struct text *out, const char *server)
{
	struct text host = { 0 }, port = { 0 };

	if (server == NULL)
		return;
	split(&host, &port, server, strlen(server));
	text_add(out, "@");
	add_quoted(out, host.bytes);
	if (port.n > 0) {
		text_add(out, " -p ");
		add_quoted(out, port.bytes);
	}
	text_fini(&host);
	text_fini(&port);
}

static void
add_argv(struct text *out, const struct exec_config *exec)
{
	char *shown;

	for (uint32_t i = 0; i < exec->n_command; i++) {
		shown = redact(exec->command[i]);
		text_add(out, i > 0 ? " " : "");
		add_quoted(out, shown);
		free(shown);
	}
}

/* Where a program is, and who may run it. */
static void
add_find(struct text *out, const char *program)
{
	text_add(out, strchr(program, '/') != NULL ? "ls -l " : "command -v ");
	add_quoted(out, program);
}

static void
add_log(struct text *out, const struct log_config *log)
{
	text_add(
	    out, log->file != NULL ? "ls -l " : "journalctl -n 50 --unit ");
	add_quoted(out, log->file != NULL ? log->file : log->unit);
	if (log->file == NULL)
		return;
	text_add(out, "; tail -n 50 ");
	add_quoted(out, log->file);
}

static void
add_again(struct text *out, const struct report *report)
{
	text_add(out, "vedette-agent check --full --config ");
	add_quoted(out, report->path);
}

/* Adds what a word stands for. */
static void
fill(struct text *out, const char *word, const struct report *report,
    const struct finding *finding)
{
	const struct probe_config *probe = finding->probe;
	struct text host = { 0 }, port = { 0 };

	find_target(&host, &port, finding);
	if (strcmp(word, "host") == 0)
		add_quoted(out, host.bytes);
	else if (strcmp(word, "port") == 0)
		add_quoted(out, port.bytes);
	else if (strcmp(word, "url") == 0)
		add_url(out, probe->http->url);
	else if (strcmp(word, "conninfo") == 0)
		add_conninfo(out, finding);
	else if (strcmp(word, "name") == 0)
		add_quoted(out, probe->dns->name);
	else if (strcmp(word, "type") == 0)
		add_quoted(out, probe->dns->type);
	else if (strcmp(word, "server") == 0)
		add_server(out, probe->dns->server);
	else if (strcmp(word, "names") == 0)
		add_names(out, finding);
	else if (strcmp(word, "process") == 0)
		add_process(out, finding);
	else if (strcmp(word, "argv") == 0)
		add_argv(out, probe->exec);
	else if (strcmp(word, "find") == 0)
		add_find(out, probe->exec->command[0]);
	else if (strcmp(word, "log") == 0)
		add_log(out, probe->log);
	else if (strcmp(word, "again") == 0)
		add_again(out, report);
	text_fini(&host);
	text_fini(&port);
}

/* Adds a command with its words filled in. */
static void
expand(struct text *out, const char *command, const struct report *report,
    const struct finding *finding)
{
	const char *open, *close;
	char *word;

	while ((open = strchr(command, '{')) != NULL) {
		close = strchr(open, '}');
		word = mem_strndup(open + 1, (size_t)(close - open) - 1);
		text_add_bytes(out, command, (size_t)(open - command));
		fill(out, word, report, finding);
		free(word);
		command = close + 1;
		if (out->n > 0 && out->bytes[out->n - 1] == ' ' &&
		    *command == ' ')
			command++; /* the word stood for nothing */
	}
	text_add(out, command);
}

static bool
fits(const struct hint *hint, const struct finding *finding)
{
	const struct result *result = finding->result;
	const struct series *series = finding->series;
	const char *phase =
	    result->n_phases > 0 && result->n_phases <= series->n_phases
	    ? series->phases[result->n_phases - 1]
	    : "";

	return hint->reason == result->reason &&
	    (hint->kind[0] == '\0' || strcmp(hint->kind, series->kind) == 0) &&
	    (hint->phase[0] == '\0' || strcmp(hint->phase, phase) == 0);
}

void
hint_write(struct text *meaning, struct text *command,
    const struct report *report, const struct finding *finding)
{
	if (finding->result->outcome == OUTCOME_OK)
		return;
	for (const struct hint *hint = hints; hint->kind != NULL; hint++) {
		if (!fits(hint, finding))
			continue;
		text_add(meaning, hint->meaning);
		expand(command, hint->command, report, finding);
		return;
	}
	text_add(meaning, "the message says what was seen");
	add_again(command, report);
}
