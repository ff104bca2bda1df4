#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/processes.h"
#include "agent/variables.h"
#include "proto/base/file.h"
#include "proto/base/mem.h"
#include "proto/base/text.h"

/* More than Linux lets any process have. */
#define ENVIRON_MAX_BYTES (8 * 1024 * 1024)
#define FILE_MAX_BYTES    (1024 * 1024)

struct variables {
	enum source source;
	pid_t pid;
	char *origin;
	/* "NAME=value" 00 "NAME=value" 00 ... */
	char *block;
	size_t n_block;
};

/* --- processes ------------------------------------------------------------ */

static int
read_process(struct variables *variables, pid_t pid, struct err *err)
{
	unsigned long long started;
	char *name, state = '?';

	if (process_stat(pid, &state, &started, NULL) < 0)
		return err_set(
		    err, ERR_NOT_FOUND, "process %d does not exist", (int)pid);
	if (state == 'Z' || state == 'X')
		return err_set(err, ERR_NOT_FOUND,
		    "process %d has ended and is a zombie", (int)pid);
	name = process_name(pid);
	variables->pid = pid;
	variables->origin = mem_printf("process %d (%s)", (int)pid, name);
	free(name);
	if (process_read(&variables->block, &variables->n_block, pid, "environ",
		ENVIRON_MAX_BYTES, err) == 0)
		return 0;
	if (err != NULL && err->code == ERR_DENIED)
		return err_set(err, ERR_DENIED,
		    "the environment of %s is not ours to read: run the agent "
		    "as the same user, or with CAP_SYS_PTRACE",
		    variables->origin);
	return -1;
}

/* Our own are taken from memory: a process that may not be dumped, as the agent
 * is, cannot read its /proc/self/environ unless it is root. */
static void
read_self(struct variables *variables)
{
	struct text block = { 0 };
	char *name = process_name(getpid());
	size_t n = 1;

	for (char **at = environ; *at != NULL; at++)
		n += strlen(*at) + 1;
	block.bytes = mem_zalloc(n); /* it never grows: no copies */
	block.room = n;
	for (char **at = environ; *at != NULL; at++)
		text_add_bytes(&block, *at, strlen(*at) + 1);
	variables->n_block = block.n;
	variables->block = text_take(&block);
	variables->pid = getpid();
	variables->origin = mem_printf("process %d (%s)", (int)getpid(), name);
	free(name);
}

/* --- files ---------------------------------------------------------------- */

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* Adds what one line says; -1 when it is not NAME=value.  As a shell and
 * systemd do, takes one pair of quotes off. */
static int
take_line(struct text *block, const char *line, size_t n)
{
	const char *equals;
	size_t n_name, n_value;

	while (n > 0 && is_blank(line[n - 1]))
		n--;
	while (n > 0 && is_blank(*line))
		line++, n--;
	if (n == 0 || *line == '#' || *line == ';')
		return 0;
	if (n > 7 && strncmp(line, "export ", 7) == 0)
		line += 7, n -= 7;
	equals = memchr(line, '=', n);
	n_name = equals == NULL ? 0 : (size_t)(equals - line);
	if (n_name == 0 || memchr(line, ' ', n_name) != NULL ||
	    memchr(line, '\0', n) != NULL)
		return -1;
	n_value = n - n_name - 1;
	text_add_bytes(block, line, n_name + 1);
	if (n_value >= 2 && (equals[1] == '"' || equals[1] == '\'') &&
	    line[n - 1] == equals[1])
		text_add_bytes(block, equals + 2, n_value - 2);
	else
		text_add_bytes(block, equals + 1, n_value);
	text_add_bytes(block, "", 1);
	return 0;
}

static int
read_file(struct variables *variables, const char *path, struct err *err)
{
	struct text block = { 0 };
	char *bytes = NULL, *line, *end;
	size_t n, number = 1;
	int rc = 0;

	if (file_read(&bytes, &n, path, FILE_MAX_BYTES, err) < 0)
		return -1;
	/* All of it fits: growing would leave copies of values behind. */
	block.bytes = mem_zalloc(n + 2);
	block.room = n + 2;
	for (line = bytes; rc == 0 && line < bytes + n; line = end + 1) {
		end = memchr(line, '\n', (size_t)(bytes + n - line));
		if (end == NULL)
			end = bytes + n;
		if (take_line(&block, line, (size_t)(end - line)) < 0)
			rc = err_set(err, ERR_INVALID, "%s:%zu: not NAME=value",
			    path, number);
		number++;
	}
	explicit_bzero(bytes, n);
	free(bytes);
	variables->n_block = block.n;
	variables->block = text_take(&block);
	variables->source = SOURCE_FILE;
	variables->origin = mem_printf("file %s", path);
	return rc;
}

/* --- public --------------------------------------------------------------- */

int
variables_read(struct variables **out, const struct variables_config *source,
    struct err *err)
{
	struct variables *variables = mem_zalloc(sizeof(*variables));
	pid_t pid = 0;
	int rc = 0;

	variables->source = SOURCE_PROCESS;
	if (source->file != NULL)
		rc = read_file(variables, source->file, err);
	else if (source->self)
		read_self(variables);
	else
		rc = process_find(&pid, source, err);
	if (rc == 0 && pid != 0)
		rc = read_process(variables, pid, err);
	if (rc < 0) {
		variables_free(variables);
		return -1;
	}
	*out = variables;
	return 0;
}

const char *
variables_get(const struct variables *variables, const char *name)
{
	const char *at = variables->block, *value = NULL;
	const char *end = at + variables->n_block;
	size_t n = strlen(name);

	for (; at < end; at += strlen(at) + 1) {
		if (strncmp(at, name, n) != 0 || at[n] != '=')
			continue;
		value = at + n + 1;
		/* getenv() takes the first, but in a file the last counts. */
		if (variables->source == SOURCE_PROCESS)
			break;
	}
	return value;
}

const char *
variables_next(const struct variables *variables, size_t *at)
{
	const char *entry = variables->block + *at;

	if (*at >= variables->n_block)
		return NULL;
	*at += strlen(entry) + 1;
	return entry;
}

const char *
variables_origin(const struct variables *variables)
{
	return variables->origin;
}

enum source
variables_source(const struct variables *variables)
{
	return variables->source;
}

pid_t
variables_pid(const struct variables *variables)
{
	return variables->pid;
}

void
variables_free(struct variables *variables)
{
	if (variables == NULL)
		return;
	if (variables->block != NULL)
		explicit_bzero(variables->block, variables->n_block);
	free(variables->block);
	free(variables->origin);
	free(variables);
}
