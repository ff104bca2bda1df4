/* History in and out: replay, import, export. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "collector/keep/bar.h"
#include "collector/keep/cmd.h"
#include "collector/keep/export.h"
#include "collector/keep/replay.h"
#include "proto/base/text.h"

struct options {
	const char *command;
	const char *file, *store, *config, *output, *environment;
	enum export_format format;
	int64_t from_ms, to_ms;
};

/* --- arguments ----------------------------------------------------------------- */

static int
complain(const struct options *options, const char *what, const char *of)
{
	fprintf(stderr,
	    "vedette-collector %s: %s%s; see vedette-collector --help\n",
	    options->command, what, of);
	return -1;
}

static int
take_time(const struct options *options, int64_t *out_ms, const char *text)
{
	if (text_time_parse(out_ms, text, NULL) == 0)
		return 0;
	return complain(
	    options, "not a time, such as 2026-01-05T10:00:00Z: ", text);
}

static int
take_option(struct options *options, int letter)
{
	switch (letter) {
	case 's':
		options->store = optarg;
		return 0;
	case 'c':
		options->config = optarg;
		return 0;
	case 'o':
		options->output = optarg;
		return 0;
	case 'e':
		options->environment = optarg;
		return 0;
	case 'f':
		return take_time(options, &options->from_ms, optarg);
	case 't':
		return take_time(options, &options->to_ms, optarg);
	case 'F':
		options->format =
		    strcmp(optarg, "csv") == 0 ? EXPORT_CSV : EXPORT_JSONL;
		if (strcmp(optarg, "csv") == 0 || strcmp(optarg, "jsonl") == 0)
			return 0;
		return complain(
		    options, "--format is jsonl or csv, not ", optarg);
	case ':':
		return complain(options, "a value is missing", "");
	default:
		return complain(options, "unknown option", "");
	}
}

/* Every command has --store; names are those it has beside that. */
static int
parse(struct options *options, int argc, char **argv,
    const struct option *names, bool has_file)
{
	int letter;

	*options = (struct options){ .command = argv[0], .environment = "" };
	optind = 1;
	opterr = 0;
	while ((letter = getopt_long(argc, argv, ":", names, NULL)) != -1)
		if (take_option(options, letter) < 0)
			return -1;
	if (has_file && optind < argc)
		options->file = argv[optind++];
	if (has_file && options->file == NULL)
		return complain(options, "which file?", "");
	if (optind < argc)
		return complain(options, "what is ", argv[optind]);
	if (options->store == NULL)
		return complain(options, "--store STORE is missing", "");
	return 0;
}

static int
fail(const struct options *options, const struct err *err)
{
	fprintf(
	    stderr, "vedette-collector %s: %s\n", options->command, err->text);
	return err->code == ERR_INVALID || err->code == ERR_LIMIT ||
		err->code == ERR_NOT_FOUND
	    ? CMD_WRONG
	    : CMD_FAILED;
}

/* --- commands ----------------------------------------------------------------------- */

static void
on_lines(void *arg, uint64_t lines, int64_t bytes, int64_t of)
{
	bar_draw(arg, lines, bytes, of);
}

static void
report(const struct options *options, const struct feed_counts *counts)
{
	fprintf(stderr,
	    "%s: %llu results, %llu facts, %llu events, %llu heartbeats, "
	    "%llu gaps in %llu batches",
	    options->command, (unsigned long long)counts->results,
	    (unsigned long long)counts->facts,
	    (unsigned long long)counts->marks,
	    (unsigned long long)counts->heartbeats,
	    (unsigned long long)counts->gaps,
	    (unsigned long long)counts->batches);
	if (counts->repeated > 0)
		fprintf(stderr, ", %llu of which were there before",
		    (unsigned long long)counts->repeated);
	fputc('\n', stderr);
}

static int
take_in(int argc, char **argv, bool import)
{
	static const struct option names[] = {
		{ "store", required_argument, NULL, 's' },
		{ "config", required_argument, NULL, 'c' },
		{ NULL, 0, NULL, 0 },
	};
	struct options options;
	struct feed_counts counts;
	struct replay_setup setup = { .import = import, .progress = on_lines };
	struct err err = { 0 };
	struct bar bar;
	int rc;

	if (parse(&options, argc, argv, names, true) < 0)
		return CMD_WRONG;
	bar_init(&bar, options.command, "lines");
	setup.path = options.file;
	setup.store = options.store;
	setup.config = options.config;
	setup.arg = &bar;
	rc = replay_run(&counts, &setup, &err);
	bar_end(&bar);
	report(&options, &counts);
	return rc < 0 ? fail(&options, &err) : CMD_DONE;
}

int
cmd_replay(int argc, char **argv)
{
	return take_in(argc, argv, false);
}

int
cmd_import(int argc, char **argv)
{
	return take_in(argc, argv, true);
}

static void
on_window(
    void *arg, uint64_t lines, int64_t at_ms, int64_t from_ms, int64_t to_ms)
{
	bar_draw(arg, lines, at_ms - from_ms, to_ms - from_ms);
}

static int
write_out(
    const struct options *options, struct export_setup *setup, struct err *err)
{
	struct bar bar;
	uint64_t lines;
	int rc;

	bar_init(&bar, options->command, "lines");
	setup->format = options->format;
	setup->environment = options->environment;
	setup->from_ms = options->from_ms;
	setup->to_ms = options->to_ms;
	setup->progress = on_window;
	setup->arg = &bar;
	rc = export_run(&lines, setup, err);
	bar_end(&bar);
	fprintf(stderr, "%s: %llu lines\n", options->command,
	    (unsigned long long)lines);
	return rc;
}

static int
export_to(const struct options *options, struct err *err)
{
	struct store_setup store = { .uri = options->store,
		.mode = STORE_READ };
	struct export_setup setup = { .out = stdout };
	char *salvaged = NULL;
	int rc = -1;

	if (store_open(&setup.store, &salvaged, &store, err) < 0)
		return -1;
	if (options->output != NULL)
		setup.out = fopen(options->output, "we");
	if (setup.out == NULL)
		err_set(
		    err, ERR_IO, "%s: %s", options->output, strerror(errno));
	else
		rc = write_out(options, &setup, err);
	if (options->output != NULL && setup.out != NULL &&
	    fclose(setup.out) != 0 && rc == 0)
		rc = err_set(
		    err, ERR_IO, "%s: %s", options->output, strerror(errno));
	store_close(setup.store);
	return rc;
}

int
cmd_export(int argc, char **argv)
{
	static const struct option names[] = {
		{ "store", required_argument, NULL, 's' },
		{ "output", required_argument, NULL, 'o' },
		{ "format", required_argument, NULL, 'F' },
		{ "environment", required_argument, NULL, 'e' },
		{ "from", required_argument, NULL, 'f' },
		{ "to", required_argument, NULL, 't' },
		{ NULL, 0, NULL, 0 },
	};
	struct options options;
	struct err err = { 0 };

	if (parse(&options, argc, argv, names, false) < 0)
		return CMD_WRONG;
	return export_to(&options, &err) < 0 ? fail(&options, &err) : CMD_DONE;
}
