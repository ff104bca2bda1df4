#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "collector/pipeline/pipeline_inside.h"
#include "collector/pipeline/retention.h"
#include "proto/base/mem.h"

/* A restart judges again what came after the checkpoint, some million results
 * per second; a checkpoint costs about as much as 64 results per series, and
 * writes 6 KiB of each. */
#define CHECKPOINT_RESULTS    1000000
#define CHECKPOINT_PER_SERIES 64
#define CHECKPOINT_MS         60000
#define CHECKPOINT_SERIES_MS  3 /* and so much per series, so that a large */
#define CHECKPOINT_MAX_MS     600000 /* fleet does not write all the time */

#define OFFSET_MAX_MS    INT64_C(315576000000) /* ten years, either way */
#define EXPIRE_AT_ONCE   256
#define DERIVED_EVERY_MS INT64_C(3600000)
#define SEAL_AFTER_MS    INT64_C(600000) /* more at once packs better */

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

static void
judge_facts(const struct judge *judge, const struct batch *batch,
    const struct fleet_agent *agent, const struct arrival *arrival)
{
	struct fleet_fact *fact;

	if (!vantage_counts(agent->vantage))
		return; /* what a workstation is like says nothing */
	for (size_t i = 0; i < batch->n_facts; i++) {
		fact = fleet_fact_of(judge->fleet, agent->environment,
		    agent->agent, &batch->facts[i]);
		judge_fact(judge, fact, &batch->facts[i], arrival);
	}
}

static void
judge_results(struct pipeline *pipeline, const struct judge *judge,
    const struct batch *batch, const struct arrival *arrival)
{
	struct fleet_series **series =
	    mem_calloc(batch->n_series, sizeof(*series));

	for (size_t i = 0; i < batch->n_series; i++)
		series[i] = fleet_series_of(judge->fleet, &batch->series[i]);
	for (size_t i = 0; i < batch->n_results; i++) {
		const struct result *result = &batch->results[i];

		judge_result(judge, series[result->series],
		    &batch->series[result->series], result, arrival);
		if (result->at_ms > pipeline->newest_ms)
			pipeline->newest_ms = result->at_ms;
	}
	pipeline->n_results += batch->n_results;
	free(series);
}

void
pipeline_judge_batch(struct pipeline *pipeline, const struct batch *batch,
    struct fleet_agent *agent, const struct arrival *arrival)
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
	judge_heard(&judge, agent, arrival->at);
	judge_facts(&judge, batch, agent, arrival);
	judge_results(pipeline, &judge, batch, arrival);
}

/* --- from beginning to end ---------------------------------------------- */

int
pipeline_open(struct pipeline **out, struct store *store,
    const struct collector_config *config, struct moment now, struct err *err)
{
	struct pipeline *pipeline = mem_zalloc(sizeof(*pipeline));

	pipeline->store = store;
	pipeline->config = config;
	pipeline->is_watched = true;
	pipeline->is_new = true;
	if (pipeline_restore(pipeline, now, err) < 0) {
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
	entries_free(pipeline->told);
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

const struct guards *
pipeline_guards(const struct pipeline *pipeline)
{
	return pipeline->guards;
}

/* --- transactions ------------------------------------------------------- */

int
pipeline_begin(struct pipeline *pipeline, struct err *err)
{
	return store_begin(pipeline->store, err);
}

int64_t
told_of(const struct envelope *envelope)
{
	return (int64_t)envelope->heartbeat_ms << 8 |
	    ((int64_t)envelope->vantage + 1) << 1 | (envelope->waiting > 0);
}

int
pipeline_store(struct pipeline *pipeline, struct stored *out,
    const struct arrived *arrived, struct moment now, struct err *err)
{
	const struct envelope *envelope = arrived->envelope;
	struct store_batch row = {
		.environment = envelope->environment,
		.agent = envelope->agent,
		.stream = envelope->stream,
		.sequence = envelope->sequence,
		.received_ms = now.wall_ms,
		.clock_offset_ms = offset_of(envelope->wall_ms, now.wall_ms),
		.n_results = (uint32_t)arrived->batch->n_results,
		.told = told_of(envelope),
		.crc32c = envelope->crc32c,
		.content = envelope->content,
		.n_content = envelope->n_content,
	};

	batch_span(&row.from_ms, &row.to_ms, arrived->batch);
	out->at = now;
	return store_put_batch(pipeline->store, &out->put, &out->id, &row, err);
}

/* What the agent says of itself.  Its version is in no batch, so another one
 * is worth a checkpoint. */
static void
introduce(struct pipeline *pipeline, struct fleet_agent *agent,
    const struct envelope *envelope)
{
	if (agent->seen_ms == 0 ||
	    strcmp(agent->version, envelope->version) != 0)
		pipeline->is_due = true;
	agent->vantage = envelope->vantage;
	agent->silence.heartbeat_ms = envelope->heartbeat_ms;
	agent->waiting = envelope->waiting;
	agent->is_dirty = true;
	fleet_text(&agent->version, envelope->version);
}

void
pipeline_judge(struct pipeline *pipeline, const struct stored *stored,
    const struct arrived *arrived)
{
	const struct envelope *envelope = arrived->envelope;
	struct arrival arrival = { stored->at,
		offset_of(envelope->wall_ms, stored->at.wall_ms),
		envelope->waiting > 0 };
	struct fleet_agent *agent;

	if (stored->put != STORE_NEW) {
		pipeline_heard(pipeline, envelope->environment, envelope->agent,
		    stored->at);
		return;
	}
	agent = fleet_agent_of(
	    pipeline->fleet, envelope->environment, envelope->agent);
	introduce(pipeline, agent, envelope);
	pipeline->stand =
	    (struct checkpoint){ stored->id, stored->at.wall_ms, false };
	pipeline_judge_batch(pipeline, arrived->batch, agent, &arrival);
}

int
pipeline_take(struct pipeline *pipeline, enum store_put *out,
    const struct arrived *arrived, struct moment now, struct err *err)
{
	struct stored stored;

	if (pipeline_store(pipeline, &stored, arrived, now, err) < 0)
		return -1;
	pipeline_judge(pipeline, &stored, arrived);
	*out = stored.put;
	return 0;
}

int
pipeline_mark(
    struct pipeline *pipeline, const struct mark *mark, struct err *err)
{
	return store_put_mark(pipeline->store, mark, err);
}

bool
pipeline_learn(struct pipeline *pipeline, const struct mark *mark)
{
	bool is_new = guards_learn(pipeline->guards, mark);

	pipeline->is_new |= is_new;
	return is_new;
}

bool
pipeline_has_found(const struct pipeline *pipeline)
{
	return pipeline->ledger.entries->n_rows > 0;
}

int
pipeline_keep(struct pipeline *pipeline, const char *key, const void *bytes,
    size_t n, struct err *err)
{
	return store_put_state(pipeline->store, key, bytes, n, err);
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
static void
expect_anew(
    struct pipeline *pipeline, const struct judge *judge, struct moment now)
{
	if (!pipeline->is_new)
		return;
	MAP_EACH (struct fleet_fact, fact, pipeline->fleet->facts)
		judge_again(judge, fact, now);
	pipeline->is_new = false;
	pipeline->is_due = true;
}

void
pipeline_tick(struct pipeline *pipeline, struct moment now)
{
	struct judge judge = {
		.config = pipeline->config,
		.guards = pipeline->guards,
		.fleet = pipeline->fleet,
		.ledger = &pipeline->ledger,
	};

	expect_anew(pipeline, &judge, now);
	MAP_EACH (struct fleet_agent, agent, pipeline->fleet->agents) {
		if (!judge_is_silent(agent, now))
			continue;
		judge_silence(&judge, agent, now);
		pipeline->is_due = true;
	}
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

void
pipeline_gather(struct pipeline *pipeline, struct writing *out)
{
	*out = (struct writing){
		.entries = ledger_take(&pipeline->ledger),
		.stand = pipeline->stand,
		.with_picture = is_time_for_checkpoint(pipeline),
		.with_everything =
		    pipeline->is_due && pipeline->written_ms == 0,
	};
	out->with_judged = out->entries->n_rows > 0 || !pipeline->has_judged;
}

int
pipeline_write(
    struct pipeline *pipeline, const struct writing *writing, struct err *err)
{
	const struct checkpoint *stand = &writing->stand;

	if (entries_write(writing->entries, pipeline->store, err) < 0)
		return -1;
	if (writing->with_judged &&
	    store_put_state(pipeline->store, JUDGED_KEY, &stand->last_id,
		sizeof(stand->last_id), err) < 0)
		return -1;
	if (!writing->with_picture)
		return 0;
	return snapshot_write(pipeline->store, pipeline->fleet, stand,
	    writing->with_everything, err);
}

void
pipeline_written(struct pipeline *pipeline, struct writing *writing)
{
	entries_free(pipeline->told);
	pipeline->told = writing->entries;
	writing->entries = NULL;
	pipeline->has_judged = true;
	if (!writing->with_picture)
		return;
	snapshot_wash(pipeline->fleet);
	pipeline->written_ms = writing->stand.wall_ms;
	pipeline->written_id = writing->stand.last_id;
	pipeline->n_results = 0;
	pipeline->is_due = false;
}

int
pipeline_end(struct pipeline *pipeline, struct err *err)
{
	return store_commit(pipeline->store, err);
}

int
pipeline_commit(struct pipeline *pipeline, struct err *err)
{
	struct writing writing;

	pipeline_gather(pipeline, &writing);
	if (pipeline_write(pipeline, &writing, err) < 0 ||
	    store_commit(pipeline->store, err) < 0) {
		entries_free(writing.entries);
		return -1;
	}
	pipeline_written(pipeline, &writing);
	return 0;
}

int
pipeline_abandon(struct pipeline *pipeline, struct moment now, struct err *err)
{
	store_rollback(pipeline->store);
	return pipeline_restore(pipeline, now, err);
}

/* --- outside ------------------------------------------------------------ */

const struct event *
pipeline_events(const struct pipeline *pipeline, size_t *out_n)
{
	*out_n = pipeline->ledger.n_results;
	return pipeline->ledger.results;
}

const struct event *
pipeline_told(const struct pipeline *pipeline, size_t *out_n)
{
	*out_n = pipeline->told != NULL ? pipeline->told->n_events : 0;
	return pipeline->told != NULL ? pipeline->told->events : NULL;
}

void
pipeline_forget(struct pipeline *pipeline)
{
	ledger_clear(&pipeline->ledger);
	entries_free(pipeline->told);
	pipeline->told = NULL;
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
