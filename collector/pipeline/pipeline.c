#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "collector/pipeline/judge.h"
#include "collector/pipeline/owner.h"
#include "collector/pipeline/pipeline.h"
#include "collector/pipeline/retention.h"
#include "collector/pipeline/snapshot.h"
#include "proto/base/mem.h"

/* A restart judges again what came after the checkpoint, half a million
 * results per second; a checkpoint costs about as much as 64 results per
 * series, and writes 6 KiB of each. */
#define CHECKPOINT_RESULTS    20000
#define CHECKPOINT_PER_SERIES 64
#define CHECKPOINT_MS         60000
#define CHECKPOINT_SERIES_MS  3 /* and so much per series, so that a large */
#define CHECKPOINT_MAX_MS     600000 /* fleet does not write all the time */

#define OFFSET_MAX_MS    INT64_C(315576000000) /* ten years, either way */
#define EXPIRE_AT_ONCE   256
#define DERIVED_EVERY_MS INT64_C(3600000)
#define SEAL_AFTER_MS    INT64_C(600000) /* more at once packs better */
#define RETURN_MAX_MS    INT64_C(300000) /* longest back-off of an agent */

struct pipeline {
	struct store *store;
	const struct collector_config *config;
	struct fleet *fleet;
	struct ledger ledger;
	struct checkpoint stand; /* last_id: judged up to here */
	int64_t written_ms;      /* when the last checkpoint was written */
	uint64_t written_id;     /* the last batch it has */
	uint64_t n_results;      /* judged since */
	int64_t derived_ms;      /* when to look for old rollups, monotonic */
	int64_t newest_ms;       /* of all results judged since the start */
	bool is_due;             /* a checkpoint */
	bool is_watched;
	struct guards *guards;
	bool is_new; /* something is expected that was not judged yet */
};

/* --- judging ------------------------------------------------------------ */

/* Keeps a difference of clocks within what can be calculated with. */
static int64_t
offset_of(int64_t theirs_ms, int64_t ours_ms)
{
	int64_t offset_ms;

	if (__builtin_sub_overflow(theirs_ms, ours_ms, &offset_ms) ||
	    offset_ms > OFFSET_MAX_MS || offset_ms < -OFFSET_MAX_MS)
		return theirs_ms < ours_ms ? -OFFSET_MAX_MS : OFFSET_MAX_MS;
	return offset_ms;
}

static void
note_gap(struct fleet_agent *agent, const struct gap *gap)
{
	if (agent->lost_from_ms == 0 || gap->from_ms < agent->lost_from_ms)
		agent->lost_from_ms = gap->from_ms;
	if (gap->to_ms > agent->lost_to_ms)
		agent->lost_to_ms = gap->to_ms;
	agent->lost_results += gap->n_results;
}

static int
judge_facts(const struct judge *judge, const struct batch *batch,
    const struct fleet_agent *agent, const struct arrival *arrival,
    struct err *err)
{
	struct fleet_fact *fact;

	if (!vantage_counts(agent->vantage))
		return 0; /* what a workstation is like says nothing */
	for (size_t i = 0; i < batch->n_facts; i++) {
		fact = fleet_fact_of(judge->fleet, agent->environment,
		    agent->agent, &batch->facts[i]);
		if (judge_fact(judge, fact, &batch->facts[i], arrival, err) < 0)
			return -1;
	}
	return 0;
}

static int
judge_results(struct pipeline *pipeline, const struct judge *judge,
    const struct batch *batch, const struct arrival *arrival, struct err *err)
{
	struct fleet_series **series =
	    mem_calloc(batch->n_series, sizeof(*series));
	int rc = 0;

	for (size_t i = 0; i < batch->n_series; i++)
		series[i] = fleet_series_of(judge->fleet, &batch->series[i]);
	for (size_t i = 0; i < batch->n_results && rc == 0; i++) {
		const struct result *result = &batch->results[i];

		rc = judge_result(judge, series[result->series],
		    &batch->series[result->series], result, arrival, err);
		if (result->at_ms > pipeline->newest_ms)
			pipeline->newest_ms = result->at_ms;
	}
	pipeline->n_results += batch->n_results;
	free(series);
	return rc;
}

static int
judge_batch(struct pipeline *pipeline, const struct batch *batch,
    struct fleet_agent *agent, const struct arrival *arrival, struct err *err)
{
	struct judge judge = {
		.config = pipeline->config,
		.guards = pipeline->guards,
		.fleet = pipeline->fleet,
		.ledger = &pipeline->ledger,
	};

	agent->clock_offset_ms = arrival->clock_offset_ms;
	for (size_t i = 0; i < batch->n_gaps; i++)
		note_gap(agent, &batch->gaps[i]);
	if (judge_heard(&judge, agent, arrival->at, err) < 0 ||
	    judge_facts(&judge, batch, agent, arrival, err) < 0)
		return -1;
	return judge_results(pipeline, &judge, batch, arrival, err);
}

/* --- restoring ---------------------------------------------------------- */

struct recall {
	struct pipeline *pipeline;
	struct moment now;
};

static int
recall_batch(void *arg, const struct store_batch *stored, struct err *err)
{
	struct recall *recall = arg;
	struct pipeline *pipeline = recall->pipeline;
	struct arrival arrival = {
		.at = { stored->received_ms,
		    recall->now.mono_ms -
			(recall->now.wall_ms - stored->received_ms) },
		.clock_offset_ms = stored->clock_offset_ms,
	};
	struct fleet_agent *agent;
	struct batch *batch = NULL;
	int rc;

	if (batch_decode(&batch, stored->content, stored->n_content,
		stored->environment, stored->agent, err) < 0)
		return err_wrap(
		    err, "store: batch %llu", (unsigned long long)stored->id);
	agent =
	    fleet_agent_of(pipeline->fleet, stored->environment, stored->agent);
	/* What an agent says of itself is not in its batches; it is in the
	 * checkpoint, but for stores of another version. */
	if (agent->seen_ms == 0 && batch->n_series > 0)
		agent->vantage = batch->series[0].vantage;
	rc = judge_batch(pipeline, batch, agent, &arrival, err);
	pipeline->stand =
	    (struct checkpoint){ stored->id, stored->received_ms };
	batch_free(batch);
	return rc;
}

/* An id in the snapshot without an open row is none. */
static void
reopen(struct ledger *ledger, uint64_t *id)
{
	if (*id != 0 && !ledger_reopen(ledger, *id))
		*id = 0;
}

static void
reopen_all(struct pipeline *pipeline)
{
	struct fleet *fleet = pipeline->fleet;

	MAP_EACH (struct fleet_series, series, fleet->series) {
		reopen(&pipeline->ledger, &series->open);
		reopen(&pipeline->ledger, &series->open_slower);
		reopen(&pipeline->ledger, &series->open_failing);
	}
	MAP_EACH (struct fleet_fact, fact, fleet->facts)
		reopen(&pipeline->ledger, &fact->open);
	MAP_EACH (struct fleet_agent, agent, fleet->agents)
		reopen(&pipeline->ledger, &agent->open);
}

/* Another configuration may judge the same batches differently.  What the
 * store says is open, is open; results will clear it. */
static void
agree(struct pipeline *pipeline)
{
	struct fleet *fleet = pipeline->fleet;
	const struct regression_row *row;
	uint64_t *owner;
	size_t at = 0;

	MAP_EACH (const struct fleet_regression, open, fleet->open) {
		if (open->row.cleared_ms == 0)
			continue;
		owner = owner_find(fleet, &open->row);
		if (owner != NULL && *owner == open->row.id)
			*owner = 0;
		fleet_close(fleet, open->row.id);
	}
	while ((row = ledger_recalled_open(&pipeline->ledger, &at)) != NULL) {
		if (fleet_regression(fleet, row->id) != NULL)
			continue;
		fleet_open(fleet, row);
		owner = owner_find(fleet, row);
		if (owner != NULL)
			*owner = row->id;
	}
}

/* How long after a start an agent may still be waiting: its back-off has grown
 * with the absence of the collector, to twice that at most. */
static int64_t
return_ms(const struct fleet *fleet, struct moment now)
{
	int64_t heard_ms = 0, away_ms;

	MAP_EACH (struct fleet_agent, agent, fleet->agents)
		if (agent->seen_ms > heard_ms)
			heard_ms = agent->seen_ms;
	away_ms = now.wall_ms - heard_ms;
	if (away_ms < 0)
		return 0;
	return 2 * away_ms < RETURN_MAX_MS ? 2 * away_ms : RETURN_MAX_MS;
}

/* Monotonic times of before mean nothing now; and nobody could be heard while
 * the collector was down. */
static void
set_times(const struct fleet *fleet, struct moment now)
{
	int64_t grace_ms = return_ms(fleet, now);

	MAP_EACH (struct fleet_series, series, fleet->series)
		series->mono_ms =
		    now.mono_ms - (now.wall_ms - series->fresh_ms);
	MAP_EACH (struct fleet_agent, agent, fleet->agents)
		agent->silence.heard_ms = now.mono_ms + grace_ms;
}

static void
start_empty(struct pipeline *pipeline)
{
	ledger_fini(&pipeline->ledger);
	fleet_free(pipeline->fleet);
	pipeline->fleet = fleet_new();
	ledger_init(&pipeline->ledger, pipeline->store, pipeline->fleet);
	pipeline->ledger.is_watched = pipeline->is_watched;
	guards_free(pipeline->guards);
	pipeline->guards = guards_new();
	memset(&pipeline->stand, 0, sizeof(pipeline->stand));
	pipeline->n_results = 0;
}

static int
restore(struct pipeline *pipeline, struct moment now, struct err *err)
{
	struct recall recall = { pipeline, now };
	struct checkpoint read;

	start_empty(pipeline);
	if (snapshot_read(pipeline->store, pipeline->fleet, &read, err) < 0)
		return -1;
	if (read.last_id == 0)
		start_empty(pipeline);
	if (guards_load(pipeline->guards, pipeline->store, INT64_MAX, err) <
		0 ||
	    ledger_recall(&pipeline->ledger, err) < 0)
		return -1;
	pipeline->stand = read;
	pipeline->written_ms = read.wall_ms;
	pipeline->written_id = read.last_id;
	pipeline->is_due = read.last_id == 0;
	reopen_all(pipeline);
	if (store_scan_batches(
		pipeline->store, read.last_id, recall_batch, &recall, err) < 0)
		return -1;
	agree(pipeline);
	ledger_recall_end(&pipeline->ledger);
	set_times(pipeline->fleet, now);
	return 0;
}

int
pipeline_open(struct pipeline **out, struct store *store,
    const struct collector_config *config, struct moment now, struct err *err)
{
	struct pipeline *pipeline = mem_zalloc(sizeof(*pipeline));

	pipeline->store = store;
	pipeline->config = config;
	pipeline->is_watched = true;
	pipeline->is_new = true;
	if (restore(pipeline, now, err) < 0) {
		pipeline_close(pipeline);
		return -1;
	}
	*out = pipeline;
	return 0;
}

void
pipeline_close(struct pipeline *pipeline)
{
	if (pipeline == NULL)
		return;
	ledger_fini(&pipeline->ledger);
	fleet_free(pipeline->fleet);
	guards_free(pipeline->guards);
	free(pipeline);
}

void
pipeline_set_config(
    struct pipeline *pipeline, const struct collector_config *config)
{
	pipeline->config = config;
	pipeline->is_new = true;
}

void
pipeline_set_watched(struct pipeline *pipeline, bool is_watched)
{
	pipeline->is_watched = is_watched;
	pipeline->ledger.is_watched = is_watched;
}

const struct fleet *
pipeline_fleet(const struct pipeline *pipeline)
{
	return pipeline->fleet;
}

/* --- transactions ------------------------------------------------------- */

int
pipeline_begin(struct pipeline *pipeline, struct err *err)
{
	return store_begin(pipeline->store, err);
}

/* What the agent says of itself.  It is not in the batch that is stored, so a
 * difference is worth a checkpoint. */
static void
introduce(struct pipeline *pipeline, struct fleet_agent *agent,
    const struct envelope *envelope)
{
	if (agent->seen_ms == 0 || agent->vantage != envelope->vantage ||
	    agent->silence.heartbeat_ms != envelope->heartbeat_ms ||
	    strcmp(agent->version, envelope->version) != 0)
		pipeline->is_due = true;
	agent->vantage = envelope->vantage;
	agent->silence.heartbeat_ms = envelope->heartbeat_ms;
	agent->waiting = envelope->waiting;
	agent->is_dirty = true;
	fleet_text(&agent->version, envelope->version);
}

int
pipeline_take(struct pipeline *pipeline, enum store_put *out,
    const struct arrived *arrived, struct moment now, struct err *err)
{
	const struct envelope *envelope = arrived->envelope;
	struct store_batch stored = {
		.environment = envelope->environment,
		.agent = envelope->agent,
		.stream = envelope->stream,
		.sequence = envelope->sequence,
		.received_ms = now.wall_ms,
		.clock_offset_ms = offset_of(envelope->wall_ms, now.wall_ms),
		.n_results = (uint32_t)arrived->batch->n_results,
		.crc32c = envelope->crc32c,
		.content = envelope->content,
		.n_content = envelope->n_content,
	};
	struct arrival arrival = { now, stored.clock_offset_ms,
		envelope->waiting > 0 };
	struct fleet_agent *agent;

	batch_span(&stored.from_ms, &stored.to_ms, arrived->batch);
	if (store_put_batch(pipeline->store, out, &stored.id, &stored, err) < 0)
		return -1;
	if (*out != STORE_NEW) {
		pipeline_heard(
		    pipeline, envelope->environment, envelope->agent, now);
		return 0;
	}
	agent = fleet_agent_of(
	    pipeline->fleet, envelope->environment, envelope->agent);
	introduce(pipeline, agent, envelope);
	pipeline->stand = (struct checkpoint){ stored.id, now.wall_ms };
	return judge_batch(pipeline, arrived->batch, agent, &arrival, err);
}

int
pipeline_mark(
    struct pipeline *pipeline, const struct mark *mark, struct err *err)
{
	pipeline->is_new |= guards_learn(pipeline->guards, mark);
	return ledger_mark(&pipeline->ledger, mark, err);
}

bool
pipeline_is_due(const struct pipeline *pipeline, struct moment now)
{
	if (pipeline->is_new)
		return true;
	MAP_EACH (const struct fleet_agent, agent, pipeline->fleet->agents)
		if (judge_is_silent(agent, now))
			return true;
	return false;
}

/* No batch says that something else is expected now: only a checkpoint can,
 * as for silence. */
static int
expect_anew(struct pipeline *pipeline, const struct judge *judge,
    struct moment now, struct err *err)
{
	if (!pipeline->is_new)
		return 0;
	MAP_EACH (struct fleet_fact, fact, pipeline->fleet->facts)
		if (judge_again(judge, fact, now, err) < 0)
			return -1;
	pipeline->is_new = false;
	pipeline->is_due = true;
	return 0;
}

int
pipeline_tick(struct pipeline *pipeline, struct moment now, struct err *err)
{
	struct judge judge = {
		.config = pipeline->config,
		.guards = pipeline->guards,
		.fleet = pipeline->fleet,
		.ledger = &pipeline->ledger,
	};

	if (expect_anew(pipeline, &judge, now, err) < 0)
		return -1;
	MAP_EACH (struct fleet_agent, agent, pipeline->fleet->agents) {
		if (!judge_is_silent(agent, now))
			continue;
		if (judge_silence(&judge, agent, now, err) < 0)
			return -1;
		pipeline->is_due = true;
	}
	return 0;
}

int
pipeline_expire(struct pipeline *pipeline, uint64_t *out_n, struct moment now,
    struct err *err)
{
	struct retention_rule rule = { pipeline->config,
		now.mono_ms >= pipeline->derived_ms };
	/* A clock that jumped ahead must not empty the store. */
	int64_t now_ms = now.wall_ms < pipeline->newest_ms
	    ? now.wall_ms
	    : pipeline->newest_ms;
	struct map *done = map_new();
	uint64_t n = 0;
	int rc = 0;

	*out_n = 0;
	MAP_EACH (struct fleet_agent, agent, pipeline->fleet->agents) {
		if (rc < 0 || map_put(done, agent->environment, agent) != NULL)
			continue;
		rc = retention_apply(pipeline->store, &n, &rule,
		    agent->environment, now_ms, err);
		*out_n += n;
	}
	if (rc == 0 && *out_n == 0 && rule.derived)
		pipeline->derived_ms = now.mono_ms + DERIVED_EVERY_MS;
	/* What is gone cannot be judged again. */
	if (*out_n > 0)
		pipeline->is_due = true;
	map_free(done);
	return rc;
}

int
pipeline_seal(struct pipeline *pipeline, uint64_t *out_n, struct moment now,
    struct err *err)
{
	struct store_seal request = { now.wall_ms - SEAL_AFTER_MS,
		pipeline->written_id };

	return store_seal(pipeline->store, out_n, &request, err);
}

void
pipeline_checkpoint(struct pipeline *pipeline)
{
	pipeline->is_due = true;
}

static bool
is_time_for_checkpoint(const struct pipeline *pipeline)
{
	uint64_t series = map_count(pipeline->fleet->series);
	int64_t age_ms = pipeline->stand.wall_ms - pipeline->written_ms;
	int64_t limit_ms =
	    CHECKPOINT_MS + CHECKPOINT_SERIES_MS * (int64_t)series;

	if (limit_ms > CHECKPOINT_MAX_MS)
		limit_ms = CHECKPOINT_MAX_MS;
	return pipeline->is_due || age_ms < 0 || age_ms >= limit_ms ||
	    pipeline->n_results >=
	    CHECKPOINT_RESULTS + CHECKPOINT_PER_SERIES * series;
}

int
pipeline_commit(struct pipeline *pipeline, struct err *err)
{
	bool writes = is_time_for_checkpoint(pipeline);

	if (writes &&
	    snapshot_write(pipeline->store, pipeline->fleet, &pipeline->stand,
		pipeline->is_due && pipeline->written_ms == 0, err) < 0)
		return -1;
	if (store_commit(pipeline->store, err) < 0)
		return -1;
	if (writes) {
		pipeline->written_ms = pipeline->stand.wall_ms;
		pipeline->written_id = pipeline->stand.last_id;
		pipeline->n_results = 0;
		pipeline->is_due = false;
	}
	return 0;
}

int
pipeline_abandon(struct pipeline *pipeline, struct moment now, struct err *err)
{
	store_rollback(pipeline->store);
	return restore(pipeline, now, err);
}

/* --- outside ------------------------------------------------------------ */

const struct event *
pipeline_events(const struct pipeline *pipeline, size_t *out_n)
{
	*out_n = pipeline->ledger.n_events;
	return pipeline->ledger.events;
}

void
pipeline_forget(struct pipeline *pipeline)
{
	ledger_clear(&pipeline->ledger);
}

void
pipeline_heard(struct pipeline *pipeline, const char *environment,
    const char *agent, struct moment now)
{
	char *key = mem_printf("%s/%s", environment, agent);
	struct fleet_agent *known = map_get(pipeline->fleet->agents, key);

	if (known != NULL)
		known->silence.heard_ms = now.mono_ms;
	free(key);
}

void
pipeline_forgive(struct pipeline *pipeline, int64_t ms)
{
	MAP_EACH (struct fleet_agent, agent, pipeline->fleet->agents)
		agent->silence.heard_ms += ms;
}
