/* Keeping a store: verify, backup, compact. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "collector/keep/cmd.h"
#include "collector/pipeline/snapshot.h"
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
open_store(const struct keep_options *options, enum store_mode mode)
{
	struct store_setup setup = { .uri = options->store, .mode = mode };
	struct store *store = NULL;
	char *salvaged = NULL;
	struct err err = { 0 };

	if (store_open(&store, &salvaged, &setup, &err) == 0) {
		if (salvaged != NULL)
			fprintf(stderr, "vedette-collector %s: %s\n",
			    options->command, salvaged);
		free(salvaged);
		return store;
	}
	fprintf(
	    stderr, "vedette-collector %s: %s\n", options->command, err.text);
	return NULL;
}

static int
fail(const struct keep_options *options, const struct err *err)
{
	fprintf(
	    stderr, "vedette-collector %s: %s\n", options->command, err->text);
	return CMD_FAILED;
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
	store = open_store(&options, STORE_READ);
	if (store == NULL)
		return CMD_FAILED;
	rc = store_verify(store, &found, on_damage, NULL, &err);
	store_close(store);
	if (rc < 0)
		return fail(&options, &err);
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
	store = open_store(&options, STORE_READ);
	if (store == NULL)
		return CMD_FAILED;
	rc = store_backup(store, options.file, &err);
	store_close(store);
	return rc == 0 ? CMD_DONE : fail(&options, &err);
}

/* --- compact ---------------------------------------------------------------- */

/* Up to where the last checkpoint has everything: what came after it is judged
 * again at the next start, from the inbox. */
static int
read_checkpoint(struct store *store, uint64_t *out, struct err *err)
{
	struct fleet *fleet = fleet_new();
	struct checkpoint checkpoint = { 0 };
	int rc = snapshot_read(store, fleet, &checkpoint, err);

	*out = checkpoint.last_id;
	fleet_free(fleet);
	return rc;
}

static int
seal_all(struct store *store, uint64_t *out_n, struct err *err)
{
	struct store_seal request = { .due_ms = INT64_MAX };
	uint64_t n = 1;

	*out_n = 0;
	if (read_checkpoint(store, &request.upto, err) < 0)
		return -1;
	while (n > 0) {
		if (store_begin(store, err) < 0 ||
		    store_seal(store, &n, &request, err) < 0 ||
		    store_commit(store, err) < 0)
			return -1;
		*out_n += n;
	}
	return 0;
}

static int
compact(
    const struct keep_options *options, struct store *store, struct err *err)
{
	struct store_size before, after;
	uint64_t n;

	if (store_measure(store, &before, err) < 0 ||
	    seal_all(store, &n, err) < 0 || store_compact(store, err) < 0 ||
	    store_measure(store, &after, err) < 0)
		return -1;
	printf("%s: %" PRId64 " -> %" PRId64 " bytes, %" PRIu64
	       " batches sealed\n",
	    options->store, before.bytes, after.bytes, n);
	return 0;
}

int
cmd_compact(int argc, char **argv)
{
	struct keep_options options;
	struct err err = { 0 };
	struct store *store;
	int rc;

	if (parse(&options, argc, argv, false) < 0)
		return CMD_WRONG;
	/* Whoever writes makes the file; one that is not there has nothing
	 * to compact. */
	store = open_store(&options, STORE_READ);
	if (store == NULL)
		return CMD_FAILED;
	store_close(store);
	store = open_store(&options, STORE_WRITE);
	if (store == NULL)
		return CMD_FAILED;
	rc = compact(&options, store, &err);
	store_close(store);
	return rc == 0 ? CMD_DONE : fail(&options, &err);
}
