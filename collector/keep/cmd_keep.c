/* Keeping a store: verify, backup, compact. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "collector/keep/bar.h"
#include "collector/keep/cmd.h"
#include "collector/pipeline/snapshot.h"
#include "storage/store.h"

static const struct option store_only[] = {
	{ "store", required_argument, NULL, 's' },
	{ NULL, 0, NULL, 0 },
};

struct keep_options {
	const char *command, *store, *file;
	bool repair;
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
parse(struct keep_options *options, int argc, char **argv,
    const struct option *names, bool has_file)
{
	int letter;

	*options = (struct keep_options){ .command = argv[0] };
	optind = 0;
	while ((letter = getopt_long(argc, argv, ":", names, NULL)) != -1) {
		if (letter == ':')
			return complain(options, "a value is missing");
		if (letter == 's')
			options->store = optarg;
		else if (letter == 'r')
			options->repair = true;
		else
			return complain(options, "unknown option");
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

/* Whoever writes makes the file; one that is not there has nothing to work
 * on. */
static struct store *
open_there(const struct keep_options *options, enum store_mode mode)
{
	struct store *store = open_store(options, STORE_READ);

	if (store == NULL || mode == STORE_READ)
		return store;
	store_close(store);
	return open_store(options, mode);
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

static void
on_progress(void *arg, int64_t done, int64_t of)
{
	bar_draw(arg, 0, done, of);
}

/* Rollups that are damaged or missing, made anew. */
static int
repair(struct store *store, struct err *err)
{
	struct store_repaired repaired;

	if (store_begin(store, err) < 0 ||
	    store_repair(store, &repaired, on_damage, NULL, err) < 0 ||
	    store_commit(store, err) < 0)
		return -1;
	printf("%" PRIu64 " rollups made anew, %" PRIu64 " lost\n",
	    repaired.rebuilt, repaired.lost);
	return 0;
}

static void
tell_verified(
    const struct keep_options *options, const struct store_verified *found)
{
	printf("%s: %" PRIu64 " batches, %" PRIu64 " chunks, %" PRIu64
	       " results, %" PRIu64 " rollups, %" PRIu64 " pieces of state, "
	       "%" PRIu64 " marks, %" PRIu64 " changes, %" PRIu64
	       " regressions: ",
	    options->store, found->batches, found->chunks, found->results,
	    found->rollups, found->states, found->marks, found->changes,
	    found->regressions);
	if (found->damaged == 0)
		printf("all is well\n");
	else
		printf("%" PRIu64 " damages\n", found->damaged);
}

int
cmd_verify(int argc, char **argv)
{
	static const struct option names[] = {
		{ "store", required_argument, NULL, 's' },
		{ "repair", no_argument, NULL, 'r' },
		{ NULL, 0, NULL, 0 },
	};
	struct store_verified found;
	struct keep_options options;
	struct err err = { 0 };
	struct store *store;
	struct bar bar;
	int rc = 0;

	if (parse(&options, argc, argv, names, false) < 0)
		return CMD_WRONG;
	store = open_there(&options, options.repair ? STORE_WRITE : STORE_READ);
	if (store == NULL)
		return CMD_FAILED;
	bar_init(&bar, options.command, NULL);
	store_on_progress(store, on_progress, &bar);
	if (options.repair)
		rc = repair(store, &err);
	if (rc == 0)
		rc = store_verify(store, &found, on_damage, NULL, &err);
	bar_end(&bar);
	store_close(store);
	if (rc < 0)
		return fail(&options, &err);
	tell_verified(&options, &found);
	return found.damaged == 0 ? CMD_DONE : CMD_FAILED;
}

int
cmd_backup(int argc, char **argv)
{
	struct keep_options options;
	struct err err = { 0 };
	struct store *store;
	struct bar bar;
	int rc;

	if (parse(&options, argc, argv, store_only, true) < 0)
		return CMD_WRONG;
	store = open_store(&options, STORE_READ);
	if (store == NULL)
		return CMD_FAILED;
	bar_init(&bar, options.command, NULL);
	store_on_progress(store, on_progress, &bar);
	rc = store_backup(store, options.file, &err);
	bar_end(&bar);
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
seal_all(struct store *store, uint64_t *out_n, struct bar *bar,
    int64_t n_batches, struct err *err)
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
		bar_draw(bar, 0, (int64_t)*out_n, n_batches);
	}
	return 0;
}

static int
compact(const struct keep_options *options, struct store *store,
    struct bar *bar, struct err *err)
{
	struct store_size before, after;
	uint64_t n;
	int rc = 0;

	if (store_measure(store, &before, err) < 0 ||
	    seal_all(store, &n, bar, before.batches, err) < 0 ||
	    store_compact(store, err) < 0 ||
	    store_measure(store, &after, err) < 0)
		rc = -1;
	bar_end(bar);
	if (rc < 0)
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
	struct bar bar;
	int rc;

	if (parse(&options, argc, argv, store_only, false) < 0)
		return CMD_WRONG;
	store = open_there(&options, STORE_WRITE);
	if (store == NULL)
		return CMD_FAILED;
	bar_init(&bar, options.command, NULL);
	store_on_progress(store, on_progress, &bar);
	rc = compact(&options, store, &bar, &err);
	store_close(store);
	return rc == 0 ? CMD_DONE : fail(&options, &err);
}
