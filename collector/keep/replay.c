#include <stdlib.h>

#include "collector/keep/reorder.h"
#include "collector/keep/replay.h"
#include "proto/base/clock.h"
#include "proto/base/crc32c.h"
#include "proto/base/mem.h"

#define PROGRESS_LINES 10000

struct replay {
	const struct replay_setup *setup;
	struct collector_config *config;
	struct jsonl_reader *reader;
	struct store *store;
	struct pipeline *pipeline;
	struct reorder *reorder;
	struct feed *feed;
	struct moment now; /* of an import */
};

static int
open_store(struct replay *replay, struct err *err)
{
	struct store_setup setup = { .uri = replay->setup->store,
		.mode = STORE_WRITE };
	char *salvaged = NULL;
	int rc = store_open(&replay->store, &salvaged, &setup, err);

	if (rc == 0 && salvaged != NULL)
		rc = err_set(err, ERR_CORRUPT,
		    "store %s: was damaged; a copy of it is %s: look at that, "
		    "then try again",
		    replay->setup->store, salvaged);
	free(salvaged);
	return rc;
}

static int
open_config(struct replay *replay, struct err *err)
{
	if (replay->setup->config != NULL)
		return config_load_rules(
		    &replay->config, replay->setup->config, err);
	replay->config = config_empty();
	return 0;
}

/* What the first line tells apart, a feed recognises again. */
static uint64_t
seed_of(const struct line *first)
{
	struct text text = { 0 };
	uint64_t seed;

	jsonl_write(&text, first);
	seed = UINT64_C(0xcbf29ce484222325) ^ crc32c(0, text.bytes, text.n);
	text_fini(&text);
	return seed;
}

/* When there is a first line, everything can be opened: a picture begins at
 * the data's time. */
static int
open_all(struct replay *replay, const struct line *first, struct err *err)
{
	struct moment start = { first->at_ms, first->at_ms };
	struct feed_setup setup = { .seed = seed_of(first) };

	if (replay->setup->import) {
		replay->now = start =
		    (struct moment){ clock_wall_ms(clock_system()),
			    clock_mono_ms(clock_system()) };
		setup.now = &replay->now;
	}
	if (open_store(replay, err) < 0 ||
	    pipeline_open(&replay->pipeline, replay->store, replay->config,
		start, err) < 0)
		return -1;
	setup.store = replay->store;
	setup.pipeline = replay->pipeline;
	replay->feed = feed_new(&setup);
	replay->reorder = reorder_new();
	return 0;
}

static int
hand_on(struct replay *replay, bool at_end, struct err *err)
{
	struct line *line;
	int64_t known_ms;
	int rc = 0;

	while (rc == 0 &&
	    (line = reorder_take(replay->reorder, &known_ms, at_end)) != NULL) {
		rc = feed_line(replay->feed, line, known_ms, err);
		free(line);
	}
	return rc;
}

static void
tell(const struct replay *replay, uint64_t lines)
{
	int64_t bytes, of;

	if (replay->setup->progress == NULL)
		return;
	jsonl_progress(replay->reader, &bytes, &of);
	replay->setup->progress(replay->setup->arg, lines, bytes, of);
}

/* Reads all lines; what came before a bad one is handed on as well. */
static int
read_all(struct replay *replay, struct err *err)
{
	struct err ignored;
	uint64_t lines = 0;
	struct line line;
	int rc;

	while ((rc = jsonl_next(replay->reader, &line, err)) > 0) {
		if (lines++ == 0 && open_all(replay, &line, err) < 0)
			return -1;
		reorder_put(
		    replay->reorder, &line, feed_foresee(replay->feed, &line));
		if (hand_on(replay, false, err) < 0)
			return -1;
		if (lines % PROGRESS_LINES == 0)
			tell(replay, lines);
	}
	tell(replay, lines);
	if (lines == 0)
		return rc < 0 ? -1
			      : err_set(err, ERR_INVALID, "%s: no line in it",
				    replay->setup->path);
	/* The complaint about the line is what people should read. */
	if (rc < 0)
		err = &ignored;
	if (hand_on(replay, true, err) < 0 ||
	    feed_finish(replay->feed, err) < 0)
		return -1;
	return rc;
}

int
replay_run(
    struct feed_counts *out, const struct replay_setup *setup, struct err *err)
{
	struct replay replay = { .setup = setup };
	int rc = -1;

	*out = (struct feed_counts){ 0 };
	if (open_config(&replay, err) < 0 ||
	    jsonl_open(&replay.reader, setup->path, err) < 0)
		goto out;
	rc = read_all(&replay, err);
	if (replay.feed != NULL)
		*out = *feed_counts(replay.feed);
out:
	feed_free(replay.feed);
	reorder_free(replay.reorder);
	pipeline_close(replay.pipeline);
	store_close(replay.store);
	jsonl_close(replay.reader);
	config_free(replay.config);
	return rc;
}
