#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "collector/cli/arguments.h"

#define COLLECTOR_DEFAULT "ipc:///run/vedette/collector.sock"
#define TIMEOUT_MAX_MS    (10 * 60 * 1000)
#define LIMIT_MAX         10000 /* of proto/query.h */
#define COUNT_MAX         1000000000
#define RATE_MIN          0.001
#define RATE_MAX          100000

enum kind { FLAG, TEXT, DURATION, POINT, NUMBER, NAME, COLUMN, RATE, STEP };

struct option {
	const char *name, *value; /* value: how help calls it; NULL for FLAG */
	enum kind kind;
	size_t at;            /* of its member in struct arguments */
	unsigned of;          /* OPTION_...; 0: every command takes it */
	int64_t max;          /* of a NUMBER or DURATION; 0: no limit */
	const char *variable; /* environment variable, or NULL */
	const char *help;     /* lines, 24 columns to the right */
};

#define AT(member) offsetof(struct arguments, member)

static const struct option options[] = {
	{ "service", "NAME", NAME, AT(service), OPTION_SERVICE, 0, NULL,
	    "only this service" },
	{ "probe", "NAME", TEXT, AT(probe), OPTION_PROBE, 0, NULL,
	    "only this probe" },
	{ "agent", "NAME", TEXT, AT(agent), OPTION_AGENT, 0, NULL,
	    "only what this agent saw" },
	{ "name", "PATTERN", TEXT, AT(name), OPTION_NAME, 0, NULL,
	    "only facts whose name matches, such as 'env/*'" },
	{ "since", "DURATION", DURATION, AT(since_ms), OPTION_SINCE, 0, NULL,
	    "only the last 90s, 15m, 1h, 7d, ..." },
	{ "from", "TIME", POINT, AT(from_ms), OPTION_RANGE, 0, NULL,
	    "not before this time, as 2026-01-05T10:00:00Z" },
	{ "to", "TIME", POINT, AT(to_ms), OPTION_RANGE, 0, NULL,
	    "before this time" },
	{ "at", "TIME", POINT, AT(to_ms), OPTION_AT, 0, NULL,
	    "as it was then, as 2026-01-05T10:00:00Z (default now)" },
	{ "format", "WORD", TEXT, AT(format), OPTION_FORMAT, 0, NULL,
	    "text (default), md, html or json" },
	{ "last", "DURATION", DURATION, AT(last_ms), OPTION_LAST, 0, NULL,
	    "the last 24h, 90d, ... before that" },
	{ "by", "STEP", STEP, AT(span_ms), OPTION_TREND, 0, NULL,
	    "hour, day (default) or week" },
	{ "together", NULL, FLAG, AT(together), OPTION_TREND, 0, NULL,
	    "all of them as one" },
	{ "environment", "NAME", NAME, AT(environment), OPTION_ENVIRONMENT, 0,
	    NULL, "where it happened" },
	{ "since-deploy", NULL, FLAG, AT(since_deploy), OPTION_DEPLOY, 0, NULL,
	    "since the newest deploy that was marked (default)" },
	{ "kind", "KIND", TEXT, AT(kind), OPTION_MARK, 0, NULL,
	    "deploy, rollback, restart, config_change,\n"
	    "secret_change, scale, maintenance_start,\n"
	    "maintenance_end, claim or incident_closed" },
	{ "subject", "TEXT", TEXT, AT(subject), OPTION_MARK, 0, NULL,
	    "what it is about, such as build/v2" },
	{ "summary", "TEXT", TEXT, AT(summary), OPTION_MARK, 0, NULL,
	    "for people" },
	{ "claim", "TEXT", TEXT, AT(claim), OPTION_MARK, 0, NULL,
	    "what somebody says: --kind claim --summary TEXT" },
	{ "csv", NULL, FLAG, AT(csv), OPTION_CSV, 0, NULL,
	    "comma separated values (RFC 4180)" },
	{ "explain", "ID", TEXT, AT(explain), OPTION_EXPLAIN, 0, NULL,
	    "one piece of evidence in full, such as E3" },
	{ "limit", "N", NUMBER, AT(limit), OPTION_LIMIT, LIMIT_MAX, NULL,
	    "at most N, the newest (default 100, at most 10000)" },
	{ "phases", NULL, FLAG, AT(phases), OPTION_PHASES, 0, NULL,
	    "how long each step took" },
	{ "open", NULL, FLAG, AT(open), OPTION_OPEN, 0, NULL,
	    "only those that are not cleared" },
	{ "results", NULL, FLAG, AT(results), OPTION_RESULTS, 0, NULL,
	    "every result, not only those that differ from before" },
	{ "lines", NULL, FLAG, AT(lines), OPTION_LINES, 0, NULL,
	    "one line per event, on a terminal too" },
	{ "count", "N", NUMBER, AT(count), OPTION_COUNT, COUNT_MAX, NULL,
	    "end after N events" },
	{ "for", "DURATION", DURATION, AT(for_ms), OPTION_FOR, 0, NULL,
	    "end after this time" },
	{ "time", "COLUMN", TEXT, AT(time), OPTION_DETECT, 0, NULL,
	    "when each row was; found by its name if not given" },
	{ "value", "COLUMN", COLUMN, 0, OPTION_DETECT, 0, NULL,
	    "what to watch; may be given several times" },
	{ "outcome", "COLUMN", TEXT, AT(outcome), OPTION_DETECT, 0, NULL,
	    "ok or critical, 0 or 1: watched for its share of\n"
	    "failures" },
	{ "series", "COLUMN", TEXT, AT(series), OPTION_DETECT, 0, NULL,
	    "which series a row belongs to" },
	{ "per-year", "N", RATE, AT(per_year), OPTION_DETECT, 0, NULL,
	    "false alarms wanted per series and year (default 1)" },
	{ "chart", NULL, FLAG, AT(chart), OPTION_DETECT, 0, NULL,
	    "draw each series" },
	{ "collector", "URL", TEXT, AT(collector), 0, 0, "VEDETTE_COLLECTOR",
	    "ipc:///PATH, tls+tcp://HOST:PORT or tcp://HOST:PORT\n"
	    "(default " COLLECTOR_DEFAULT ")" },
	{ "store", "FILE", TEXT, AT(store), 0, 0, NULL,
	    "ask this store, without a collector" },
	{ "config", "FILE", TEXT, AT(config), 0, 0, NULL,
	    "the collector's configuration, for --store" },
	{ "ca", "FILE", TEXT, AT(ca), 0, 0, "VEDETTE_CA",
	    "whom to trust (PEM), for tls+tcp://" },
	{ "certificate", "FILE", TEXT, AT(certificate), 0, 0,
	    "VEDETTE_CERTIFICATE", "who we are (PEM)" },
	{ "key", "FILE", TEXT, AT(key), 0, 0, "VEDETTE_KEY",
	    "its private key (PEM), readable by you alone" },
	{ "server-name", "NAME", TEXT, AT(server_name), 0, 0,
	    "VEDETTE_SERVER_NAME",
	    "name in the collector's certificate, if not HOST" },
	{ "insecure", NULL, FLAG, AT(insecure), 0, 0, NULL,
	    "allow tcp:// beyond this machine" },
	{ "timeout", "DURATION", DURATION, AT(timeout_ms), 0, TIMEOUT_MAX_MS,
	    NULL, "how long to wait for an answer (default 10s)" },
	{ "json", NULL, FLAG, AT(json), 0, 0, NULL,
	    "JSON instead of text; shapes in docs/cli.md" },
	{ "help", NULL, FLAG, AT(help), 0, 0, NULL, "this text" },
	{ "version", NULL, FLAG, AT(version), 0, 0, NULL,
	    "the version of this program" },
};

#define N_OPTIONS (sizeof(options) / sizeof(options[0]))

/* --- values ----------------------------------------------------------------- */

static int
set_number(int64_t *out, const struct option *option, const char *value,
    struct err *err)
{
	char *end;
	long long number;

	errno = 0;
	number = strtoll(value, &end, 10);
	if (!isdigit((unsigned char)value[0]) || *end != '\0' || errno != 0 ||
	    number < 1 || number > option->max)
		return err_set(err, ERR_INVALID,
		    "--%s: not a whole number from 1 to %lld", option->name,
		    (long long)option->max);
	*out = number;
	return 0;
}

static int
set_duration(int64_t *out, const struct option *option, const char *value,
    struct err *err)
{
	if (text_duration(out, value, err) < 0)
		return err_wrap(err, "--%s", option->name);
	if (*out == 0)
		return err_set(err, ERR_INVALID,
		    "--%s: longer than no time at all, please", option->name);
	if (option->max > 0 && *out > option->max)
		return err_set(err, ERR_INVALID, "--%s: at most %lld minutes",
		    option->name, (long long)(option->max / 60000));
	return 0;
}

/* Copies a name of an environment or a service. */
static int
set_name(char *out, const char *what, const char *value, struct err *err)
{
	if (!text_is_name(value))
		return err_set(err, ERR_INVALID,
		    "%s: a name has 1 to 64 characters of a-z 0-9 . _ - and "
		    "does not begin with a dot",
		    what);
	memcpy(out, value, strlen(value) + 1);
	return 0;
}

static int
set_rate(double *out, const struct option *option, const char *value,
    struct err *err)
{
	char *end;

	*out = strtod(value, &end);
	if (end == value || *end != '\0' ||
	    !(*out >= RATE_MIN && *out <= RATE_MAX))
		return err_set(err, ERR_INVALID,
		    "--%s: not a number from 0.001 to 100000", option->name);
	return 0;
}

static int
set_step(int64_t *out, const struct option *option, const char *value,
    struct err *err)
{
	static const struct {
		const char *name;
		int64_t ms;
	} steps[] = { { "hour", INT64_C(3600000) },
		{ "day", INT64_C(86400000) }, { "week", INT64_C(604800000) } };

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		if (strcmp(steps[i].name, value) != 0)
			continue;
		*out = steps[i].ms;
		return 0;
	}
	return err_set(
	    err, ERR_INVALID, "--%s: hour, day or week", option->name);
}

static int
add_column(struct arguments *out, const struct option *option,
    const char *value, struct err *err)
{
	if (out->n_values == ARGUMENTS_VALUES_MAX)
		return err_set(err, ERR_LIMIT, "--%s: at most %d columns",
		    option->name, ARGUMENTS_VALUES_MAX);
	out->values[out->n_values++] = value;
	return 0;
}

static int
set_value(struct arguments *out, const struct option *option, const char *value,
    struct err *err)
{
	void *member = (char *)out + option->at;

	switch (option->kind) {
	case FLAG:
		*(bool *)member = true;
		return 0;
	case TEXT:
		*(const char **)member = value;
		return 0;
	case DURATION:
		return set_duration(member, option, value, err);
	case POINT:
		if (text_time_parse(member, value, err) < 0)
			return err_wrap(err, "--%s", option->name);
		return 0;
	case NUMBER:
		return set_number(member, option, value, err);
	case NAME:
		if (set_name(member, "name", value, err) < 0)
			return err_wrap(err, "--%s", option->name);
		return 0;
	case COLUMN:
		return add_column(out, option, value, err);
	case RATE:
		return set_rate(member, option, value, err);
	case STEP:
		return set_step(member, option, value, err);
	}
	return 0;
}

/* --- reading ---------------------------------------------------------------- */

struct reader {
	struct arguments *out;
	char **argv; /* of what is not read yet; ends with a NULL */
	const struct command *const *commands;
	unsigned used;     /* OPTION_... that were given */
	bool options_over; /* "--" was met */
	const char *place; /* "staging/backend" or NULL */
	const char *other; /* "production" or NULL */
};

static const struct option *
find_option(const char *name, size_t n)
{
	for (size_t i = 0; i < N_OPTIONS; i++)
		if (strlen(options[i].name) == n &&
		    strncmp(options[i].name, name, n) == 0)
			return &options[i];
	return NULL;
}

/* Reads the option at argv[0], which begins with "--". */
static int
read_option(struct reader *reader, struct err *err)
{
	const char *name = *reader->argv++ + 2;
	const char *value = strchr(name, '=');
	size_t n = value != NULL ? (size_t)(value - name) : strlen(name);
	const struct option *option = find_option(name, n);

	if (option == NULL)
		return err_set(err, ERR_INVALID, "unknown option --%.*s",
		    (int)(n < 40 ? n : 40), name);
	if (option->kind == FLAG && value != NULL)
		return err_set(
		    err, ERR_INVALID, "--%s takes no value", option->name);
	if (value != NULL)
		value++;
	else if (option->kind != FLAG) {
		if (*reader->argv == NULL)
			return err_set(err, ERR_INVALID, "--%s: %s is missing",
			    option->name, option->value);
		value = *reader->argv++;
	}
	reader->used |= option->of;
	return set_value(reader->out, option, value, err);
}

/* Reads the command, and after it the place. */
static int
read_word(struct reader *reader, struct err *err)
{
	const char *word = *reader->argv++;

	if (reader->out->command != NULL && reader->place == NULL) {
		reader->place = word;
		return 0;
	}
	if (reader->out->command != NULL && reader->other == NULL &&
	    reader->out->command->second != NULL) {
		reader->other = word;
		return 0;
	}
	if (reader->out->command != NULL)
		return err_set(
		    err, ERR_INVALID, "one argument too many: %.40s", word);
	for (const struct command *const *at = reader->commands; *at != NULL;
	     at++)
		if (strcmp((*at)->name, word) == 0)
			reader->out->command = *at;
	if (reader->out->command == NULL)
		return err_set(err, ERR_INVALID, "unknown command %.40s", word);
	return 0;
}

static int
read_all(struct reader *reader, struct err *err)
{
	const char *word;
	int rc = 0;

	while (rc == 0 && *reader->argv != NULL) {
		word = *reader->argv;
		if (!reader->options_over && strcmp(word, "--") == 0) {
			reader->options_over = true;
			reader->argv++;
		} else if (!reader->options_over && strcmp(word, "-h") == 0) {
			reader->out->help = true;
			reader->argv++;
		} else if (!reader->options_over &&
		    strncmp(word, "--", 2) == 0) {
			rc = read_option(reader, err);
		} else if (!reader->options_over && word[0] == '-' &&
		    word[1] != '\0') {
			rc = err_set(
			    err, ERR_INVALID, "unknown option %.40s", word);
		} else {
			rc = read_word(reader, err);
		}
	}
	return rc;
}

/* --- checking --------------------------------------------------------------- */

/* "staging/backend" to its two names. */
static int
split_place(struct arguments *out, const char *place, struct err *err)
{
	const char *slash = strchr(place, '/');
	char environment[66] = "";
	size_t n = slash != NULL ? (size_t)(slash - place) : strlen(place);

	/* One more than a name may have is enough to be refused. */
	memcpy(environment, place, n < 65 ? n : 65);
	if (out->environment[0] != '\0' &&
	    strcmp(out->environment, environment) != 0)
		return err_set(err, ERR_INVALID,
		    "two environments: one after the command, one with "
		    "--environment");
	if (set_name(out->environment, "environment", environment, err) < 0)
		return -1;
	if (slash == NULL)
		return 0;
	if (out->service[0] != '\0' && strcmp(out->service, slash + 1) != 0)
		return err_set(err, ERR_INVALID,
		    "two services: one after the environment, one with "
		    "--service");
	return set_name(out->service, "service", slash + 1, err);
}

static int
check_options(const struct reader *reader, struct err *err)
{
	unsigned taken = reader->out->command->options;

	for (size_t i = 0; i < N_OPTIONS; i++)
		if ((reader->used & options[i].of & ~taken) != 0)
			return err_set(err, ERR_INVALID, "%s takes no --%s",
			    reader->out->command->name, options[i].name);
	return 0;
}

static int
check_range(const struct arguments *arguments, struct err *err)
{
	if (arguments->since_ms != 0 &&
	    (arguments->from_ms != 0 || arguments->to_ms != 0))
		return err_set(
		    err, ERR_INVALID, "--since goes without --from and --to");
	if (arguments->last_ms != 0 && arguments->from_ms != 0)
		return err_set(err, ERR_INVALID, "--last goes without --from");
	if (arguments->to_ms != 0 && arguments->to_ms <= arguments->from_ms)
		return err_set(
		    err, ERR_INVALID, "--to must be later than --from");
	return 0;
}

static bool
begins(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

static int
check_collector(const struct arguments *arguments, struct err *err)
{
	if (!begins(arguments->collector, "ipc://") &&
	    !begins(arguments->collector, "tcp://") &&
	    !begins(arguments->collector, "tls+tcp://"))
		return err_set(err, ERR_INVALID,
		    "--collector: write ipc:///PATH, tls+tcp://HOST:PORT or "
		    "tcp://HOST:PORT");
	if (!begins(arguments->collector, "tls+tcp://"))
		return 0;
	if (arguments->ca == NULL || arguments->certificate == NULL ||
	    arguments->key == NULL)
		return err_set(err, ERR_INVALID,
		    "tls+tcp:// needs --ca, --certificate and --key, or "
		    "VEDETTE_CA, VEDETTE_CERTIFICATE and VEDETTE_KEY");
	return 0;
}

static void
set_defaults(struct arguments *out)
{
	*out = (struct arguments){ .collector = COLLECTOR_DEFAULT,
		.server_name = "",
		.probe = "",
		.agent = "",
		.name = "",
		.explain = "",
		.format = "",
		.timeout_ms = 10000,
		.per_year = 1 };
	for (size_t i = 0; i < N_OPTIONS; i++) {
		const char *value = options[i].variable != NULL
		    ? getenv(options[i].variable)
		    : NULL;

		if (value != NULL && value[0] != '\0')
			set_value(out, &options[i], value, NULL);
	}
}

/* What stood beside the command. */
static int
take_words(const struct reader *reader, struct err *err)
{
	struct arguments *out = reader->out;
	const struct command *command = out->command;

	if (command->operand != NULL && reader->place == NULL)
		return err_set(err, ERR_INVALID, "%s: which %s?  %s",
		    command->name,
		    begins(command->operand, "FILE") ? "file" : "one",
		    command->operand);
	if (command->second != NULL && reader->other == NULL)
		return err_set(err, ERR_INVALID, "%s: which two?  %s",
		    command->name, command->second);
	if (reader->other != NULL &&
	    set_name(out->other, "environment", reader->other, err) < 0)
		return -1;
	if (command->operand != NULL)
		out->file = reader->place;
	else if (reader->place != NULL)
		return split_place(out, reader->place, err);
	return 0;
}

int
arguments_parse(struct arguments *out, int argc, char **argv,
    const struct command *const *commands, struct err *err)
{
	struct reader reader = {
		.out = out, .argv = argv + (argc > 0), .commands = commands
	};

	set_defaults(out);
	if (read_all(&reader, err) < 0)
		return -1;
	if (out->help || out->version)
		return 0;
	if (out->command == NULL)
		return err_set(err, ERR_INVALID, "which command?");
	if (check_options(&reader, err) < 0 || check_range(out, err) < 0 ||
	    check_collector(out, err) < 0)
		return -1;
	return take_words(&reader, err);
}

int64_t
arguments_from_ms(const struct arguments *arguments, int64_t now_ms)
{
	if (arguments->since_ms != 0)
		return now_ms - arguments->since_ms;
	return arguments->from_ms;
}

/* --- help ------------------------------------------------------------------- */

static void
add_option(struct text *text, const struct option *option)
{
	const char *line = option->help, *end;
	struct text head = { 0 };

	text_addf(&head, "  --%s%s%s", option->name,
	    option->value != NULL ? " " : "",
	    option->value != NULL ? option->value : "");
	text_addf(text, "%-23s ", head.bytes);
	text_fini(&head);
	while ((end = strchr(line, '\n')) != NULL) {
		text_addf(text, "%.*s\n%24s", (int)(end - line), line, "");
		line = end + 1;
	}
	text_addf(text, "%s\n", line);
	if (option->variable != NULL)
		text_addf(text, "%24s(or %s)\n", "", option->variable);
}

static void
add_options(struct text *text, unsigned of)
{
	for (size_t i = 0; i < N_OPTIONS; i++)
		if (of == 0 ? options[i].of == 0 : (options[i].of & of) != 0)
			add_option(text, &options[i]);
}

void
arguments_help(struct text *text, const struct command *const *commands)
{
	text_add(text,
	    "usage: vedette [OPTIONS] COMMAND [ENVIRONMENT[/SERVICE]]\n\n"
	    "Asks a collector how the environments of a product stand, "
	    "what changed, and\nsince when.\n\ncommands:\n");
	for (; *commands != NULL; commands++)
		text_addf(text, "  %-21s %s\n", (*commands)->name,
		    (*commands)->summary);
	text_add(text, "\noptions:\n");
	add_options(text, 0);
	text_add(text,
	    "\nCOLUMNS sets the width where there is no terminal (80); "
	    "NO_COLOR switches colour\noff.  vedette COMMAND --help tells "
	    "more.\n\nexamples:\n"
	    "  vedette status\n"
	    "  vedette --collector tls+tcp://vedette.example:7000 status "
	    "staging\n"
	    "\nexit codes:\n"
	    "  0   answered\n"
	    "  2   the command line or the request is not right\n"
	    "  3   the collector was not reached, did not answer or refused\n"
	    "  status has its own: see vedette status --help\n");
}

void
arguments_command_help(struct text *text, const struct command *command)
{
	text_addf(text, "usage: vedette %s [OPTIONS] %s\n\n%s\n", command->name,
	    command->operand != NULL      ? command->operand
		: command->second != NULL ? command->second
					  : "[ENVIRONMENT[/SERVICE]]",
	    command->description);
	text_add(text, "options:\n");
	if (command->options != 0)
		add_options(text, command->options);
	text_add(text, "\noptions of every command:\n");
	add_options(text, 0);
	text_addf(text, "\nexamples:\n%s\nexit codes:\n%s", command->examples,
	    command->exits);
}
