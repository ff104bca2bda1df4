/*
 * arguments.h - what was asked for on the command line.
 *
 * Options stand before or after the command, as --name VALUE or --name=VALUE;
 * "--" ends them.  Those about the collector may come from the environment
 * instead.  Every complaint says which argument it is about.
 */
#ifndef COLLECTOR_CLI_ARGUMENTS_H
#define COLLECTOR_CLI_ARGUMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collector/cli/look.h"
#include "proto/base/err.h"
#include "proto/base/text.h"

/* The options only some commands take. */
enum {
	OPTION_SERVICE = 1 << 0,
	OPTION_PROBE = 1 << 1,
	OPTION_AGENT = 1 << 2,
	OPTION_NAME = 1 << 3,
	OPTION_SINCE = 1 << 4,
	OPTION_RANGE = 1 << 5, /* --from, --to */
	OPTION_LIMIT = 1 << 6,
	OPTION_PHASES = 1 << 7,
	OPTION_OPEN = 1 << 8,
	OPTION_RESULTS = 1 << 9,
	OPTION_COUNT = 1 << 10,
	OPTION_FOR = 1 << 11,
	OPTION_DETECT = 1 << 12, /* columns of a file, and what is wanted */
	OPTION_AT = 1 << 13,
	OPTION_EXPLAIN = 1 << 14,
	OPTION_FORMAT = 1 << 15,
	OPTION_TREND = 1 << 16, /* --by, --together */
	OPTION_MARK = 1 << 17,  /* what is to be told */
	OPTION_CSV = 1 << 18,
	OPTION_LAST = 1 << 19,
	OPTION_DEPLOY = 1 << 20,
	OPTION_ENVIRONMENT = 1 << 21,
	OPTION_LINES = 1 << 22,
	OPTION_VERDICT = 1 << 23, /* --verdict */
	OPTION_ISSUE = 1 << 24,   /* --issue */
	OPTION_TOLD = 1 << 25,    /* --subject, --summary */
	OPTION_ORDER = 1 << 27,   /* to the alerts: --for, --by, --why */
	OPTION_CHECK = 1 << 26,   /* --self-check */
};

#define ARGUMENTS_VALUES_MAX 64
#define ARGUMENTS_WORDS_MAX  4

struct arguments;

struct command {
	const char *name, *summary;
	unsigned options;        /* OPTION_... */
	const char *operand;     /* what it is about; NULL: a place */
	const char *second;      /* a second environment; NULL: none */
	const char *words;       /* instead of all these: words of its own,
				  * which it checks itself; NULL: none */
	const char *description; /* paragraphs for --help */
	const char *examples;    /* whole lines */
	const char *exits;       /* whole lines */
	/* Does it and returns the exit code of the program. */
	int (*run)(const struct arguments *arguments, const struct look *look);
};

/* Texts are those of argv and of the environment, borrowed; "" when not
 * given, but for the files, which are NULL. */
struct arguments {
	const struct command *command; /* NULL with --help or --version only */
	bool help, version, json, insecure;
	const char *collector, *server_name;
	const char *store, *config; /* offline, or NULL */
	const char *ca, *certificate, *key;
	int64_t timeout_ms;

	char environment[65], service[65];
	const char *probe, *agent, *name, *explain, *format;
	int64_t since_ms;         /* a duration; 0 when not given */
	int64_t from_ms, to_ms;   /* points; 0 when not given */
	int64_t limit;            /* 0 when not given */
	int64_t span_ms, last_ms; /* 0 when not given */
	char other[65];           /* the second environment */
	bool phases, open, results, together, csv, since_deploy, lines;
	bool self_check;
	int64_t count;  /* 0: no end */
	int64_t for_ms; /* 0: no end */

	/* What is to be told; NULL when not given. */
	const char *kind, *subject, *summary, *claim, *verdict, *issue;

	const char *by, *why; /* of an order; NULL when not given */

	const char *words[ARGUMENTS_WORDS_MAX]; /* of a command that has them */
	size_t n_words;

	const char *file;                    /* "-": standard input */
	const char *time, *outcome, *series; /* columns, or NULL */
	const char *values[ARGUMENTS_VALUES_MAX];
	size_t n_values;
	double per_year;
	bool chart;
};

/* commands ends with a NULL.  Checks everything that can be checked here;
 * out->command is set as soon as it is known, on failure too. */
int arguments_parse(struct arguments *out, int argc, char **argv,
    const struct command *const *commands, struct err *err);

/* The point where --since or --from begins, seen from now; 0 for neither. */
int64_t arguments_from_ms(const struct arguments *arguments, int64_t now_ms);

/* --- for completion --------------------------------------------------------- */

/* Adds "--name\tdescription\n" of each option that command (NULL: whichever)
 * takes. */
void arguments_list_options(struct text *out, const struct command *command);
/* How help calls the value of an option; NULL: there is none, or no such
 * option.  option is without its dashes. */
const char *arguments_value_name(const char *option);

/* Help for the program, and for one command. */
void arguments_help(struct text *text, const struct command *const *commands);
void arguments_command_help(struct text *text, const struct command *command);

#endif
