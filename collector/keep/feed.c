#include <stdlib.h>
#include <string.h>

#include "collector/keep/derive.h"
#include "collector/keep/feed.h"
#include "collector/pipeline/judge.h"
#include "collector/keep/rhythm.h"
#include "proto/base/crc32c.h"
#include "proto/base/mem.h"
#include "proto/label.h"
#include "proto/redact.h"

#define TRANSACTION_BATCHES 4096   /* a few MB, and few syncs */
#define SEAL_RESULTS        500000 /* a pause of about a second between */
#define BATCH_FULL_BYTES    (BATCH_MAX_BYTES - 80 * 1024) /* one more fits */
#define TICK_MS             1000
#define HEARTBEAT_MIN_MS    1000
#define NOBODY              "control_plane"

/* An agent. */
struct speaker {
	char *environment, *agent;
	uint64_t stream, sequence;
	enum vantage vantage;
	int64_t beat_ms; /* its last heartbeat; 0: none */
	uint32_t heartbeat_ms;
	int64_t offset_ms;
	struct batch *batch; /* that is being filled; or NULL */
};

/* What the pipeline borrows until the end of a transaction. */
struct sent {
	struct batch *batch;
	unsigned char *content;
	struct envelope envelope;
};

struct feed {
	struct feed_setup setup;
	struct feed_counts counts;
	struct map *speakers;  /* "environment/agent" */
	struct map *rhythms;   /* of series, struct rhythm */
	struct map *agents;    /* of a service: its struct speaker */
	struct speaker **open; /* have a batch, in order of opening */
	size_t n_open, room_open;
	int64_t open_ms;           /* when the first was opened */
	int64_t known_ms, tick_ms; /* the clock; when it ticked last */
	bool in_transaction;
	struct sent sent[TRANSACTION_BATCHES];
	size_t n_sent;
	uint64_t unsealed; /* results */
};

struct feed *
feed_new(const struct feed_setup *setup)
{
	struct feed *feed = mem_zalloc(sizeof(*feed));

	feed->setup = *setup;
	feed->speakers = map_new();
	feed->agents = map_new();
	feed->rhythms = map_new();
	return feed;
}

static void
forget_sent(struct feed *feed)
{
	for (size_t i = 0; i < feed->n_sent; i++) {
		batch_free(feed->sent[i].batch);
		free(feed->sent[i].content);
	}
	feed->n_sent = 0;
}

void
feed_free(struct feed *feed)
{
	if (feed == NULL)
		return;
	forget_sent(feed);
	MAP_EACH (struct speaker, speaker, feed->speakers) {
		batch_free(speaker->batch);
		free(speaker->environment);
		free(speaker->agent);
		free(speaker);
	}
	MAP_EACH (struct rhythm, rhythm, feed->rhythms)
		free(rhythm);
	map_free(feed->rhythms);
	map_free(feed->speakers);
	map_free(feed->agents);
	free(feed->open);
	free(feed);
}

const struct feed_counts *
feed_counts(const struct feed *feed)
{
	return &feed->counts;
}

/* --- who speaks -------------------------------------------------------------------- */

static struct speaker *
speaker_of(struct feed *feed, const char *environment, const char *agent)
{
	char *key = mem_printf("%s/%s", environment, agent);
	struct speaker *speaker = map_get(feed->speakers, key);
	uint64_t stream = feed->setup.seed;

	if (speaker == NULL) {
		/* FNV-1a, of seed and key. */
		for (const char *at = key; *at != '\0'; at++)
			stream = (stream ^ (unsigned char)*at) *
			    UINT64_C(0x100000001b3);
		speaker = mem_zalloc(sizeof(*speaker));
		speaker->environment = mem_strdup(environment);
		speaker->agent = mem_strdup(agent);
		speaker->stream = stream | 1;
		speaker->vantage = VANTAGE_CONTROL_PLANE;
		speaker->heartbeat_ms = UINT32_MAX;
		map_put(feed->speakers, key, speaker);
	}
	free(key);
	return speaker;
}

/* The first agent that counts and has, or will have, results of the
 * service. */
static struct speaker *
speaker_about(struct feed *feed, const char *environment, const char *service)
{
	char *key = mem_printf("%s/%s", environment, service);
	struct speaker *speaker = map_get(feed->agents, key);

	free(key);
	return speaker != NULL ? speaker
			       : speaker_of(feed, environment, NOBODY);
}

static struct speaker *
speaker_in(struct feed *feed, const struct line *line)
{
	if (line->agent[0] != '\0')
		return speaker_of(feed, line->environment, line->agent);
	if (line->type == LINE_RESULT)
		return speaker_of(feed, line->environment,
		    vantage_name(line->series.vantage));
	if (line->type == LINE_FACT)
		return speaker_about(
		    feed, line->environment, line->fact.service);
	return speaker_of(feed, line->environment, NOBODY);
}

int64_t
feed_foresee(struct feed *feed, const struct line *line)
{
	struct speaker *speaker;
	char *key;

	if (line->type == LINE_EVENT)
		return 0;
	speaker = speaker_in(feed, line);
	if (line->type == LINE_HEARTBEAT)
		speaker->offset_ms = line->clock_offset_us / 1000;
	/* A workstation does not speak for a service. */
	if (line->type != LINE_RESULT || !vantage_counts(line->series.vantage))
		return speaker->offset_ms;
	key = mem_printf("%s/%s", line->environment, line->series.service);
	if (map_get(feed->agents, key) == NULL) {
		map_put(feed->agents, key, speaker);
		if (speaker->sequence == 0)
			speaker->vantage = line->series.vantage;
	}
	free(key);
	return speaker->offset_ms;
}

/* --- transactions --------------------------------------------------------------------- */

static struct moment
moment_of(const struct feed *feed, int64_t known_ms)
{
	return feed->setup.now != NULL ? *feed->setup.now
				       : (struct moment){ known_ms, known_ms };
}

static int
begin(struct feed *feed, struct err *err)
{
	if (feed->in_transaction)
		return 0;
	if (pipeline_begin(feed->setup.pipeline, err) < 0)
		return -1;
	feed->in_transaction = true;
	return 0;
}

static int
commit(struct feed *feed, struct err *err)
{
	if (!feed->in_transaction)
		return 0;
	if (pipeline_commit(feed->setup.pipeline, err) < 0)
		return -1;
	feed->in_transaction = false;
	pipeline_forget(feed->setup.pipeline);
	forget_sent(feed);
	return 0;
}

/* Moves what is judged and in a checkpoint into chunks. */
static int
seal(struct feed *feed, struct err *err)
{
	struct store_seal all = { INT64_MAX, INT64_MAX };
	uint64_t n = 1;

	if (begin(feed, err) < 0)
		return -1;
	pipeline_checkpoint(feed->setup.pipeline);
	if (commit(feed, err) < 0)
		return -1;
	while (n > 0)
		if (store_begin(feed->setup.store, err) < 0 ||
		    store_seal(feed->setup.store, &n, &all, err) < 0 ||
		    store_commit(feed->setup.store, err) < 0)
			return -1;
	feed->unsealed = 0;
	return 0;
}

/* --- batches ------------------------------------------------------------------------- */

/* Sends what the speaker has said so far. */
static int
send_batch(struct feed *feed, struct speaker *speaker, struct err *err)
{
	struct sent *sent = &feed->sent[feed->n_sent];
	struct moment now = moment_of(feed, feed->known_ms);
	struct arrived arrived = { &sent->envelope, NULL };
	enum store_put put;

	if (begin(feed, err) < 0)
		return -1;
	*sent = (struct sent){ 0 };
	sent->envelope = (struct envelope){
		.environment = speaker->environment,
		.agent = speaker->agent,
		.stream = speaker->stream,
		.sequence = ++speaker->sequence,
		.wall_ms = now.wall_ms + speaker->offset_ms,
		.mono_ms = now.mono_ms,
		.heartbeat_ms = speaker->heartbeat_ms,
		.vantage = speaker->vantage,
		.version = "replay",
	};
	batch_encode(&sent->content, &sent->envelope.n_content, speaker->batch);
	batch_free(speaker->batch);
	speaker->batch = NULL;
	feed->n_sent++;
	sent->envelope.content = sent->content;
	sent->envelope.crc32c =
	    crc32c(0, sent->content, sent->envelope.n_content);
	if (batch_decode(&sent->batch, sent->content, sent->envelope.n_content,
		speaker->environment, speaker->agent, err) < 0)
		return -1;
	arrived.batch = sent->batch;
	if (pipeline_take(feed->setup.pipeline, &put, &arrived, now, err) < 0)
		return -1;
	if (put == STORE_CONFLICT)
		return err_set(err, ERR_EXISTS,
		    "%s/%s: the store holds another history that begins like "
		    "this one: take a new store",
		    speaker->environment, speaker->agent);
	feed->counts.batches++;
	feed->counts.repeated += put == STORE_REPEAT;
	feed->unsealed += sent->batch->n_results;
	return feed->n_sent == TRANSACTION_BATCHES ? commit(feed, err) : 0;
}

/* Sends the batches of everybody, in the order in which they were begun. */
static int
flush(struct feed *feed, struct err *err)
{
	for (size_t i = 0; i < feed->n_open; i++)
		if (feed->open[i]->batch != NULL &&
		    send_batch(feed, feed->open[i], err) < 0)
			return -1;
	feed->n_open = 0;
	return feed->unsealed >= SEAL_RESULTS ? seal(feed, err) : 0;
}

/* The batch to add to. */
static struct batch *
batch_of(struct feed *feed, struct speaker *speaker)
{
	if (speaker->batch != NULL)
		return speaker->batch;
	if (feed->n_open == feed->room_open) {
		feed->room_open = 2 * feed->room_open + 16;
		feed->open = mem_resize(
		    feed->open, feed->room_open, sizeof(*feed->open));
	}
	if (feed->n_open == 0)
		feed->open_ms = feed->known_ms;
	feed->open[feed->n_open++] = speaker;
	speaker->batch = batch_new();
	return speaker->batch;
}

/* --- the clock -------------------------------------------------------------------------- */

/* The first moment at which somebody's silence is due, by then; -1: none. */
static int64_t
next_silence(const struct feed *feed, int64_t by_ms)
{
	const struct fleet *fleet = pipeline_fleet(feed->setup.pipeline);
	int64_t first_ms = -1;

	MAP_EACH (const struct fleet_agent, agent, fleet->agents) {
		int64_t due_ms = silence_due_ms(&agent->silence);

		if (due_ms > by_ms || (first_ms >= 0 && due_ms >= first_ms) ||
		    !judge_is_silent(agent, (struct moment){ due_ms, due_ms }))
			continue;
		first_ms = due_ms;
	}
	return first_ms;
}

/* Lets time pass up to known_ms: whoever falls silent on the way is missed
 * when it happens. */
static int
pass(struct feed *feed, int64_t known_ms, struct err *err)
{
	struct pipeline *pipeline = feed->setup.pipeline;
	int64_t due_ms;

	if (feed->setup.now != NULL || known_ms < feed->tick_ms + TICK_MS)
		return 0;
	feed->tick_ms = known_ms;
	while ((due_ms = next_silence(feed, known_ms)) >= 0) {
		struct moment due = { due_ms, due_ms };

		if (begin(feed, err) < 0)
			return -1;
		pipeline_tick(pipeline, due);
	}
	return 0;
}

/* --- lines -------------------------------------------------------------------------------- */

static void
note_heartbeat(struct speaker *speaker, const struct line *line)
{
	int64_t interval_ms = line->at_ms - speaker->beat_ms;

	if (speaker->beat_ms != 0 && interval_ms >= HEARTBEAT_MIN_MS &&
	    interval_ms < speaker->heartbeat_ms)
		speaker->heartbeat_ms = (uint32_t)interval_ms;
	speaker->beat_ms = line->at_ms;
}

/* How often the series of a result is run. */
static uint32_t
interval_of(
    struct feed *feed, const struct speaker *speaker, const struct line *line)
{
	struct rhythm *rhythm;
	char *key;

	if (line->series.interval_ms > 0)
		return line->series.interval_ms;
	key = mem_printf("%s" LABEL_CUT "%s" LABEL_CUT "%s" LABEL_CUT "%s",
	    line->environment, speaker->agent, line->series.service,
	    line->series.probe);
	rhythm = map_get(feed->rhythms, key);
	if (rhythm == NULL) {
		rhythm = mem_zalloc(sizeof(*rhythm));
		map_put(feed->rhythms, key, rhythm);
	}
	free(key);
	return rhythm_add(rhythm, line->at_ms);
}

/* Adds a result; a reason that was not given, or in words that are none of
 * ours, is derived, and marked so. */
static void
add_result(struct feed *feed, struct speaker *speaker, const struct line *line)
{
	struct series series = line->series;
	struct attribute attributes[ATTRIBUTES_MAX];
	struct result result = line->result;

	if (result.reason == REASON_NONE)
		result.reason = derive_reason(&result);
	if (result.reason != line->result.reason &&
	    result.n_attributes < ATTRIBUTES_MAX) {
		if (result.n_attributes > 0)
			memcpy(attributes, result.attributes,
			    result.n_attributes * sizeof(*attributes));
		attributes[result.n_attributes++] =
		    (struct attribute){ ATTRIBUTE_DERIVED, NULL, 1 };
		result.attributes = attributes;
	}
	series.interval_ms = interval_of(feed, speaker, line);
	batch_add_result(speaker->batch, &series, &result);
}

/* Adds what the line says to the batch of its speaker. */
static void
add(struct feed *feed, struct speaker *speaker, const struct line *line)
{
	struct batch *batch = batch_of(feed, speaker);

	switch (line->type) {
	case LINE_RESULT:
		speaker->vantage = line->series.vantage;
		add_result(feed, speaker, line);
		feed->counts.results++;
		break;
	case LINE_FACT:
		batch_add_fact(batch, &line->fact);
		feed->counts.facts++;
		break;
	case LINE_GAP:
		batch_add_gap(batch, &line->gap);
		feed->counts.gaps++;
		break;
	case LINE_HEARTBEAT:
		note_heartbeat(speaker, line);
		feed->counts.heartbeats++;
		break;
	case LINE_EVENT:
		break; /* goes to the store as it is */
	}
}

static bool
is_full(const struct batch *batch)
{
	return batch != NULL &&
	    (batch->n_results >= BATCH_MAX_RESULTS ||
		batch->n_facts >= BATCH_MAX_FACTS ||
		batch->n_gaps >= BATCH_MAX_GAPS ||
		batch_size_bytes(batch) >= BATCH_FULL_BYTES);
}

/* Stores it.  A guard is judged at once, by what was known until then. */
static int
keep_mark(struct feed *feed, const struct mark *mark, struct err *err)
{
	struct moment now = { feed->known_ms, feed->known_ms };

	if (mark->kind == MARK_GUARD && feed->setup.now == NULL) {
		feed->tick_ms = 0;
		if (flush(feed, err) < 0 || pass(feed, feed->known_ms, err) < 0)
			return -1;
	}
	if (begin(feed, err) < 0 ||
	    pipeline_mark(feed->setup.pipeline, mark, err) < 0)
		return -1;
	pipeline_learn(feed->setup.pipeline, mark);
	if (mark->kind == MARK_GUARD && feed->setup.now == NULL)
		pipeline_tick(feed->setup.pipeline, now);
	return 0;
}

/* As people said it, but for what looks like a secret. */
static int
take_mark(struct feed *feed, const struct mark *mark, struct err *err)
{
	struct mark kept = *mark;
	char *summary = redact(mark->summary);
	int rc;

	feed->counts.marks++;
	kept.summary = summary;
	rc = keep_mark(feed, &kept, err);
	free(summary);
	return rc;
}

int
feed_line(struct feed *feed, const struct line *line, int64_t known_ms,
    struct err *err)
{
	struct speaker *speaker;

	if (feed->n_open > 0 && known_ms - feed->open_ms > FEED_MS &&
	    flush(feed, err) < 0)
		return -1;
	if (known_ms > feed->known_ms) {
		if (pass(feed, known_ms, err) < 0)
			return -1;
		feed->known_ms = known_ms;
	}
	if (line->type == LINE_EVENT)
		return take_mark(feed, &line->mark, err);
	speaker = speaker_in(feed, line);
	if (is_full(speaker->batch) && flush(feed, err) < 0)
		return -1;
	add(feed, speaker, line);
	return 0;
}

int
feed_finish(struct feed *feed, struct err *err)
{
	return flush(feed, err) < 0 ? -1 : seal(feed, err);
}
