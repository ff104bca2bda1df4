#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "collector/cli/arguments.h"
#include "collector/cli/options.h"
#include "proto/label.h"

#define RATE_MIN 0.001
#define RATE_MAX 100000

#define NOT_UTF8                                                        \
	"not UTF-8, in which all texts travel; is the terminal set to " \
	"another encoding?"

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
	if (!label_is(value))
		return err_set(err, ERR_INVALID, "%s: not " LABEL_RULE, what);
	memcpy(out, value, strlen(value) + 1);
	return 0;
}

/* Copies the name of an environment. */
static int
set_environment(char *out, const char *what, const char *value, struct err *err)
{
	if (strchr(value, '/') != NULL)
		return err_set(err, ERR_INVALID,
		    "%s: %.140s: the name of an environment has no slash; "
		    "--service names a service",
		    what, value);
	if (!label_is_environment(value))
		return err_set(err, ERR_INVALID, "%s: not " LABEL_RULE, what);
	memcpy(out, value, strlen(value) + 1);
	return 0;
}

/* What is told and asked travels as UTF-8; names of files and of columns need
 * not be. */
static int
set_text(const char **out, const struct option *option, const char *value,
    struct err *err)
{
	bool travels = option->of != 0 && (option->of & OPTION_DETECT) == 0;

	if (option->kind == WORD && value[0] == '\0')
		return err_set(err, ERR_INVALID, "--%s: %s is missing",
		    option->name, option->value);
	if (travels && !text_is_utf8(value, strlen(value)))
		return err_set(
		    err, ERR_INVALID, "--%s: " NOT_UTF8, option->name);
	*out = value;
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
	case WORD:
		return set_text(member, option, value, err);
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
	case ENVIRONMENT:
		if (set_environment(member, "name", value, err) < 0)
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
	bool used[OPTIONS_MAX];
	bool options_over; /* "--" was met */
	const char *place; /* "staging/backend" or NULL */
	const char *other; /* "production" or NULL */
};

/* Some names mean different things to different commands: the one that the
 * command takes, if it is known by then, else the first. */
static const struct option *
find_option(const struct command *command, const char *name, size_t n)
{
	const struct option *found = NULL;

	for (size_t i = 0; options[i].name != NULL; i++) {
		if (strlen(options[i].name) != n ||
		    strncmp(options[i].name, name, n) != 0)
			continue;
		if (command != NULL && (options[i].of & command->options) != 0)
			return &options[i];
		if (found == NULL)
			found = &options[i];
	}
	return found;
}

/* Reads the option at argv[0], which begins with "--". */
static int
read_option(struct reader *reader, struct err *err)
{
	const char *name = *reader->argv++ + 2;
	const char *value = strchr(name, '=');
	size_t n = value != NULL ? (size_t)(value - name) : strlen(name);
	const struct option *option =
	    find_option(reader->out->command, name, n);

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
	reader->used[option - options] = true;
	return set_value(reader->out, option, value, err);
}

/* Reads the command, and after it the place. */
static int
read_word(struct reader *reader, struct err *err)
{
	const char *word = *reader->argv++;

	if (reader->out->command != NULL &&
	    reader->out->command->words != NULL &&
	    reader->out->n_words < ARGUMENTS_WORDS_MAX) {
		if (!text_is_utf8(word, strlen(word)))
			return err_set(err, ERR_INVALID, "%s: " NOT_UTF8,
			    reader->out->command->name);
		reader->out->words[reader->out->n_words++] = word;
		return 0;
	}
	if (reader->out->command != NULL &&
	    reader->out->command->words == NULL && reader->place == NULL) {
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

	for (size_t i = 0; options[i].name != NULL; i++)
		if (reader->used[i] && options[i].of != 0 &&
		    (options[i].of & taken) == 0)
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
	*out = (struct arguments){ .collector = OPTIONS_COLLECTOR_DEFAULT,
		.server_name = "",
		.probe = "",
		.agent = "",
		.name = "",
		.explain = "",
		.format = "",
		.timeout_ms = 10000,
		.per_year = 1 };
	for (size_t i = 0; options[i].name != NULL; i++) {
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
	    set_environment(out->other, "environment", reader->other, err) < 0)
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
