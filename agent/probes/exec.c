#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/child.h"
#include "agent/probes/inputs.h"
#include "agent/probes/kinds.h"
#include "agent/probes/perfdata.h"
#include "proto/redact.h"
#include "proto/base/mem.h"
#include "proto/base/text.h"

#define OUTPUT_MAX_BYTES (64 * 1024) /* eight times what Nagios reads */
#define ARGUMENTS_MAX    64
#define VARIABLES_MAX    64
#define KEY_BYTES        160
#define PATH                                          \
	"PATH=/usr/lib/nagios/plugins:/usr/local/bin" \
	":/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"
#define HOME "HOME=/" /* some do not start without any */

struct exec {
	char *environment[VARIABLES_MAX + 3];
	size_t n_environment;
};

/* Each is hidden from what the program says: it may say it all. */
static enum turn
take_environment(struct probe *p, struct exec *exec)
{
	const struct exec_config *config = probe_config(p)->exec;
	struct secret *secret = NULL;
	char key[KEY_BYTES];

	exec->environment[exec->n_environment++] = mem_strdup(PATH);
	exec->environment[exec->n_environment++] = mem_strdup(HOME);
	for (uint32_t i = 0; i < config->n_environment; i++) {
		const struct exec_variable *variable = &config->environment[i];

		snprintf(key, sizeof(key), "variable %s", variable->name);
		if (inputs_secret(p, &secret, key, variable->value) !=
		    TURN_NEXT)
			return TURN_STOP;
		exec->environment[exec->n_environment++] =
		    mem_printf("%s=%s", variable->name, secret_reveal(secret));
		secret_free(secret);
	}
	return TURN_NEXT;
}

static enum turn
start(struct probe *p, struct exec *exec)
{
	const struct exec_config *config = probe_config(p)->exec;
	const char *argv[ARGUMENTS_MAX + 1] = { 0 };
	const struct child_setup setup = {
		.argv = argv,
		.environment = (const char *const *)exec->environment,
		.max_bytes = OUTPUT_MAX_BYTES,
	};
	enum turn turn = take_environment(p, exec);

	if (turn != TURN_NEXT)
		return turn;
	for (uint32_t i = 0; i < config->n_command; i++)
		argv[i] = config->command[i];
	return probe_spawn(p, &setup);
}

static void
report_data(struct probe *p, const char *data)
{
	struct perfdata perfdata;

	while (perfdata_next(&perfdata, &data) == 1)
		probe_number(p, perfdata.name, perfdata.value);
}

/* The first line that is not empty, fit to be shown; owned by the caller. */
static char *
first_line(const struct child_said *said)
{
	const char *line = said->bytes == NULL ? "" : said->bytes;
	char *copy, *fit;

	line += strspn(line, " \t\r\n");
	copy = mem_strndup(line, strcspn(line, "\r\n"));
	fit = redact(copy);
	free(copy);
	return fit;
}

/* It said nothing, or did not end as a plug-in does: that is no answer, good
 * or bad. */
static enum turn
no_answer(struct probe *p, enum reason reason, const char *how,
    const struct child_end *end)
{
	const char *program = probe_config(p)->exec->command[0];
	const struct child_said *said = &end->said[CHILD_ERRORS];
	char *line;

	if (said->n == 0)
		said = &end->said[CHILD_OUTPUT];
	line = first_line(said);
	probe_unknown(p, reason, "%s %s%s%s", program, how,
	    line[0] != '\0' ? ": " : "", line);
	free(line);
	return TURN_STOP;
}

static enum turn
conclude(struct probe *p, int status, const char *text)
{
	switch (status) {
	case 0:
		probe_say(p, "%s", text);
		return TURN_NEXT;
	case 1:
		return probe_warn(p, REASON_EXIT, "%s", text);
	case 2:
		return probe_fail(p, REASON_EXIT, "%s", text);
	default:
		return probe_unknown(p, REASON_EXIT, "%s", text);
	}
}

static enum turn
judge(struct probe *p, const struct child_end *end)
{
	const struct child_said *said = &end->said[CHILD_OUTPUT];
	char *text = NULL, *data = NULL, *fit, how[64];
	enum turn turn;

	if (end->is_flooding) {
		snprintf(how, sizeof(how), "said more than %d bytes",
		    OUTPUT_MAX_BYTES);
		return no_answer(p, REASON_LIMIT, how, end);
	}
	if (end->signal != 0) {
		snprintf(
		    how, sizeof(how), "was ended by signal %d", end->signal);
		return no_answer(p, REASON_INTERNAL, how, end);
	}
	probe_number(p, "exit_code", end->status);
	if (end->status > 3) {
		snprintf(how, sizeof(how),
		    "ended with exit code %d, which no plug-in has",
		    end->status);
		return no_answer(p, REASON_EXIT, how, end);
	}
	perfdata_split(&text, &data, said->bytes == NULL ? "" : said->bytes);
	if (text[0] == '\0') {
		snprintf(how, sizeof(how),
		    "ended with exit code %d and said nothing", end->status);
		turn = no_answer(p, REASON_EMPTY, how, end);
	} else {
		report_data(p, data);
		fit = redact(text);
		turn = conclude(p, end->status, fit);
		free(fit);
	}
	free(text);
	free(data);
	return turn;
}

static enum turn
run_step(struct probe *p, void *state)
{
	const struct child_end *end = probe_child_end(p);

	return end == NULL ? start(p, state) : judge(p, end);
}

static void
expire(struct probe *p, void *state)
{
	char span[TEXT_SPAN_BYTES];

	(void)state;
	text_span(span, (int64_t)probe_config(p)->timeout_ms * 1000);
	probe_fail(p, REASON_TIMEOUT,
	    "%s did not end within %s and was killed, with what it started",
	    probe_config(p)->exec->command[0], span);
}

static void
cleanup(void *state)
{
	struct exec *exec = state;

	for (size_t i = 0; i < exec->n_environment; i++) {
		explicit_bzero(
		    exec->environment[i], strlen(exec->environment[i]));
		free(exec->environment[i]);
	}
}

/* --- the configuration ---------------------------------------------------- */

static int
check_variable(const struct conf *conf, const char *path,
    const struct exec_variable *variable, struct err *err)
{
	char at[256];

	if (variable->name[0] != '\0' && strchr(variable->name, '=') == NULL)
		return 0;
	snprintf(at, sizeof(at), "%s.name", path);
	return conf_complain(conf, err, at, "not the name of a variable");
}

static int
check(const struct conf *conf, const char *path,
    const struct probe_config *config, struct err *err)
{
	const struct exec_config *exec = config->exec;
	char at[256];
	int rc = 0;

	snprintf(at, sizeof(at), "%s.command", path);
	if (exec->n_command == 0 || exec->command[0][0] == '\0')
		rc = conf_complain(conf, err, at,
		    "must list the program and its arguments: [check_load, "
		    "-w, 5, -c, 10]");
	if (exec->n_command > ARGUMENTS_MAX)
		rc = conf_complain(conf, err, at,
		    "at most %d arguments; put them into a script",
		    ARGUMENTS_MAX);
	/* Likely a line meant for a shell, which there is none. */
	if (exec->n_command == 1 && strpbrk(exec->command[0], " \t") != NULL)
		rc = conf_complain(conf, err, at,
		    "is one word with blanks; list each argument by itself, "
		    "no shell parts them");
	snprintf(at, sizeof(at), "%s.environment", path);
	if (exec->n_environment > VARIABLES_MAX)
		rc = conf_complain(
		    conf, err, at, "at most %d variables", VARIABLES_MAX);
	for (uint32_t i = 0; i < exec->n_environment; i++) {
		snprintf(at, sizeof(at), "%s.environment[%u]", path, i);
		rc |= check_variable(conf, at, &exec->environment[i], err);
	}
	return rc;
}

static const struct probe_step steps[] = {
	{ "run", run_step },
	{ NULL, NULL },
};

const struct probe_kind exec_kind = {
	.name = "exec",
	.state_size = sizeof(struct exec),
	.steps = steps,
	.expire = expire,
	.cleanup = cleanup,
	.check = check,
};
