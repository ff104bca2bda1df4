/*
 * The picture from the store: the checkpoint, then the batches after it.
 *
 * Of those up to the mark that every transaction with rows leaves, what
 * judging finds is in the store already: they are recalled.  The rest was
 * stored and acknowledged, but not judged before the end came: they are judged
 * now, as they would have been then.
 */
#include <string.h>

#include "collector/pipeline/owner.h"
#include "collector/pipeline/pipeline_inside.h"
#include "proto/base/mem.h"

#define RETURN_MAX_MS INT64_C(300000) /* longest back-off of an agent */

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

struct recall {
	struct pipeline *pipeline;
	struct moment now;
	uint64_t judged; /* up to here */
};

static void
end_recall(struct pipeline *pipeline)
{
	if (!ledger_is_in_recall(&pipeline->ledger))
		return;
	agree(pipeline);
	ledger_recall_end(&pipeline->ledger);
}

/* The reverse of told_of(); returns whether there was anything. */
static bool
introduce_again(struct fleet_agent *agent, bool *out_behind, int64_t told)
{
	*out_behind = (told & 1) != 0;
	if (told == 0)
		return false;
	agent->vantage = (enum vantage)((told >> 1 & 0x7f) - 1);
	agent->silence.heartbeat_ms = (uint32_t)(told >> 8);
	return true;
}

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

	if (stored->id > recall->judged)
		end_recall(pipeline);
	if (batch_decode(&batch, stored->content, stored->n_content,
		stored->environment, stored->agent, err) < 0)
		return err_wrap(
		    err, "store: batch %llu", (unsigned long long)stored->id);
	agent =
	    fleet_agent_of(pipeline->fleet, stored->environment, stored->agent);
	/* Batches of an older version do not say where the agent stood. */
	if (!introduce_again(agent, &arrival.is_behind, stored->told) &&
	    agent->seen_ms == 0 && batch->n_series > 0)
		agent->vantage = batch->series[0].vantage;
	pipeline_judge_batch(pipeline, batch, agent, &arrival);
	pipeline->stand =
	    (struct checkpoint){ stored->id, stored->received_ms, false };
	batch_free(batch);
	return 0;
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
read_judged(
    void *arg, const char *key, const void *bytes, size_t n, struct err *err)
{
	struct recall *recall = arg;

	(void)err;
	if (strcmp(key, JUDGED_KEY) != 0 || n != sizeof(recall->judged))
		return 0;
	memcpy(&recall->judged, bytes, n);
	recall->pipeline->has_judged = true;
	return 0;
}

/* Nobody is told of single results again. */
static int
recall_batches(struct recall *recall, struct err *err)
{
	struct pipeline *pipeline = recall->pipeline;
	int rc;

	pipeline->ledger.is_watched = false;
	rc = store_scan_batches(pipeline->store, pipeline->stand.last_id,
	    recall_batch, recall, err);
	pipeline->ledger.is_watched = pipeline->is_watched;
	end_recall(pipeline);
	return rc;
}

int
pipeline_restore(struct pipeline *pipeline, struct moment now, struct err *err)
{
	struct recall recall = { pipeline, now, UINT64_MAX };
	struct checkpoint read;

	start_empty(pipeline);
	if (snapshot_read(pipeline->store, pipeline->fleet, &read, err) < 0)
		return -1;
	if (read.last_id == 0)
		start_empty(pipeline);
	if (store_scan_states(
		pipeline->store, JUDGED_KEY, read_judged, &recall, err) < 0 ||
	    guards_load(pipeline->guards, pipeline->store, INT64_MAX, err) <
		0 ||
	    ledger_recall(&pipeline->ledger, err) < 0)
		return -1;
	pipeline->stand = read;
	pipeline->written_ms = read.is_older ? 0 : read.wall_ms;
	pipeline->written_id = read.last_id;
	pipeline->is_due = read.last_id == 0 || read.is_older;
	reopen_all(pipeline);
	if (recall_batches(&recall, err) < 0)
		return -1;
	set_times(pipeline->fleet, now);
	return 0;
}
