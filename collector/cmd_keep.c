/* Keeping a store: verify, backup. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>

#include "collector/cmd.h"
#include "storage/store.h"

struct keep_options {
	const char *command, *store, *file;
};

static int
complain(const struct keep_options *options, const char *what)
{
	fprintf(stderr,
	    "vedette-collector %s: %s; see vedette-collector --help\n",
	    options->command, what);
	return -1;
}

static int
parse(struct keep_options *options, int argc, char **argv, bool has_file)
{
	static const struct option names[] = {
		{ "store", required_argument, NULL, 's' },
		{ NULL, 0, NULL, 0 },
	};
	int letter;

	*options = (struct keep_options){ .command = argv[0] };
	optind = 0;
	while ((letter = getopt_long(argc, argv, ":", names, NULL)) != -1) {
		if (letter == ':')
			return complain(options, "a value is missing");
		if (letter != 's')
			return complain(options, "unknown option");
		options->store = optarg;
	}
	if (options->store == NULL)
		return complain(options, "--store STORE is missing");
	if (argc - optind != (has_file ? 1 : 0))
		return complain(options,
		    has_file ? "the FILE to write is missing, or given twice"
			     : "there is an argument too many");
	options->file = has_file ? argv[optind] : NULL;
	return 0;
}

static struct store *
open_store(const struct keep_options *options)
{
	struct store_setup setup = { .uri = options->store,
		.mode = STORE_READ };
	struct store *store = NULL;
	char *salvaged = NULL;
	struct err err = { 0 };

	if (store_open(&store, &salvaged, &setup, &err) == 0)
		return store;
	fprintf(
	    stderr, "vedette-collector %s: %s\n", options->command, err.text);
	return NULL;
}

static void
on_damage(void *arg, const char *what)
{
	(void)arg;
	printf("%s\n", what);
}

int
cmd_verify(int argc, char **argv)
{
	struct store_verified found;
	struct keep_options options;
	struct err err = { 0 };
	struct store *store;
	int rc;

	if (parse(&options, argc, argv, false) < 0)
		return CMD_WRONG;
	store = open_store(&options);
	if (store == NULL)
		return CMD_FAILED;
	rc = store_verify(store, &found, on_damage, NULL, &err);
	store_close(store);
	if (rc < 0) {
		fprintf(stderr, "vedette-collector verify: %s\n", err.text);
		return CMD_FAILED;
	}
	printf("%s: %" PRIu64 " batches, %" PRIu64 " chunks, %" PRIu64
	       " results, %" PRIu64 " rollups, %" PRIu64 " pieces of state: ",
	    options.store, found.batches, found.chunks, found.results,
	    found.rollups, found.states);
	if (found.damaged == 0)
		printf("all is well\n");
	else
		printf("%" PRIu64 " damages\n", found.damaged);
	return found.damaged == 0 ? CMD_DONE : CMD_FAILED;
}

int
cmd_backup(int argc, char **argv)
{
	struct keep_options options;
	struct err err = { 0 };
	struct store *store;
	int rc;

	if (parse(&options, argc, argv, true) < 0)
		return CMD_WRONG;
	store = open_store(&options);
	if (store == NULL)
		return CMD_FAILED;
	rc = store_backup(store, options.file, &err);
	store_close(store);
	if (rc == 0)
		return CMD_DONE;
	fprintf(stderr, "vedette-collector backup: %s\n", err.text);
	return CMD_FAILED;
}
