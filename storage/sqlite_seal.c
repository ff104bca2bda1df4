/* Sealing: batches leave the inbox, their results go into chunks. */
#include <stdlib.h>
#include <string.h>

#include "proto/base/map.h"
#include "proto/base/mem.h"
#include "proto/base/crc32c.h"
#include "proto/publish.h"
#include "storage/sqlite_seal.h"

/* Bounds of one piece of work. */
#define SEAL_RESULTS 20000
#define SEAL_BATCHES 4000
#define SEAL_BYTES   (8 * 1024 * 1024)

/* What is kept of a batch while its results are packed. */
struct leaving {
	int64_t id;
	struct seen seen;
	struct store_batch meta; /* without strings and content */
	struct batch *batch;     /* NULL: damaged */
};

struct group {
	struct series key;
	struct row *rows;
	size_t n, room;
};

struct sealing {
	struct sqlite *s;
	int64_t stream_id;
	struct leaving *list;
	size_t n, room, n_results, n_bytes;
	struct map *groups; /* by service and probe */
};

static void
finish(struct sealing *sealing)
{
	for (size_t i = 0; i < sealing->n; i++)
		batch_free(sealing->list[i].batch);
	free(sealing->list);
	MAP_EACH (struct group, group, sealing->groups) {
		free(group->rows);
		free(group);
	}
	map_free(sealing->groups);
}

/* Finds the stream that has waited longest.  1: it is due. */
static int
find_due(
    struct sealing *sealing, const struct store_seal *request, struct err *err)
{
	struct sqlite *s = sealing->s;
	bool due;
	int found;

	sqlite_bind(s, SQL_SEAL_NEXT, "i", (int64_t)request->upto);
	found = sqlite_step(s, SQL_SEAL_NEXT, err);
	if (found <= 0)
		return found;
	sealing->stream_id = sqlite_int(s, SQL_SEAL_NEXT, 0);
	due = sqlite_int(s, SQL_SEAL_NEXT, 1) < request->due_ms;
	sqlite_end(s, SQL_SEAL_NEXT);
	return due;
}

static void
add_leaving(struct sealing *sealing)
{
	struct sqlite *s = sealing->s;
	struct leaving *leaving;

	if (sealing->n == sealing->room) {
		sealing->room = 2 * sealing->room + 64;
		sealing->list = mem_resize(
		    sealing->list, sealing->room, sizeof(*sealing->list));
	}
	leaving = &sealing->list[sealing->n++];
	memset(leaving, 0, sizeof(*leaving));
	if (!batch_read(s, &leaving->meta, SQL_SEAL_BATCHES) ||
	    batch_decode(&leaving->batch, leaving->meta.content,
		leaving->meta.n_content, leaving->meta.environment,
		leaving->meta.agent, NULL) < 0)
		s->damaged++;
	leaving->id = (int64_t)leaving->meta.id;
	leaving->seen = (struct seen){ (int64_t)leaving->meta.sequence,
		leaving->meta.to_ms, leaving->meta.crc32c };
	sealing->n_bytes += leaving->meta.n_content;
	if (leaving->batch != NULL)
		sealing->n_results += leaving->batch->n_results;
	leaving->meta.content = leaving->meta.environment =
	    leaving->meta.agent = NULL;
}

static int
read_batches(
    struct sealing *sealing, const struct store_seal *request, struct err *err)
{
	struct sqlite *s = sealing->s;
	int rc;

	sqlite_bind(s, SQL_SEAL_BATCHES, "ii", sealing->stream_id,
	    (int64_t)request->upto);
	while (sealing->n_results < SEAL_RESULTS && sealing->n < SEAL_BATCHES &&
	    sealing->n_bytes < SEAL_BYTES) {
		rc = sqlite_step(s, SQL_SEAL_BATCHES, err);
		if (rc < 0)
			return -1;
		if (rc == 0)
			break;
		add_leaving(sealing);
	}
	sqlite_end(s, SQL_SEAL_BATCHES);
	return 0;
}

static struct group *
group_of(struct sealing *sealing, const struct series *series)
{
	/* A name holds no line end. */
	char *name = mem_printf("%s\n%s", series->service, series->probe);
	struct group *group = map_get(sealing->groups, name);

	if (group == NULL) {
		group = mem_zalloc(sizeof(*group));
		group->key = *series;
		map_put(sealing->groups, name, group);
	}
	free(name);
	return group;
}

static void
add_to_groups(struct sealing *sealing, const struct batch *batch)
{
	struct group **groups = mem_calloc(batch->n_series, sizeof(*groups));

	for (size_t i = 0; i < batch->n_series; i++)
		groups[i] = group_of(sealing, &batch->series[i]);
	for (size_t i = 0; i < batch->n_results; i++) {
		const struct result *result = &batch->results[i];
		struct group *group = groups[result->series];

		if (group->n == group->room) {
			group->room = 2 * group->room + 64;
			group->rows = mem_resize(
			    group->rows, group->room, sizeof(*group->rows));
		}
		group->rows[group->n] =
		    (struct row){ &batch->series[result->series], result,
			    group->n };
		group->n++;
	}
	free(groups);
}

/* Keeps what a batch holds besides its results. */
static int
keep_rest(
    struct sealing *sealing, const struct leaving *leaving, struct err *err)
{
	struct key key = { sealing->stream_id, leaving->seen.sequence };
	const struct batch *whole = leaving->batch;
	struct store_batch rest = leaving->meta;
	unsigned char *content = NULL;
	struct batch *batch;
	int rc;

	if (whole->n_facts == 0 && whole->n_gaps == 0)
		return 0;
	batch = batch_new();
	for (size_t i = 0; i < whole->n_facts; i++)
		batch_add_fact(batch, &whole->facts[i]);
	for (size_t i = 0; i < whole->n_gaps; i++)
		batch_add_gap(batch, &whole->gaps[i]);
	batch_span(&rest.from_ms, &rest.to_ms, batch);
	batch_encode(&content, &rest.n_content, batch);
	batch_free(batch);
	rest.n_results = 0;
	rest.content = content;
	rest.crc32c = crc32c(0, content, rest.n_content);
	rc = batch_remain(sealing->s, &key, &rest, err);
	free(content);
	return rc;
}

static int
leave_inbox(struct sealing *sealing, struct err *err)
{
	struct seen *seen = mem_calloc(sealing->n, sizeof(*seen));
	struct sqlite *s = sealing->s;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < sealing->n; i++) {
		const struct leaving *leaving = &sealing->list[i];

		seen[i] = leaving->seen;
		if (leaving->batch != NULL) {
			rc = keep_rest(sealing, leaving, err);
		} else {
			sqlite_bind(s, SQL_SEAL_ASIDE, "i", leaving->id);
			rc = sqlite_run(s, SQL_SEAL_ASIDE, err);
		}
		if (rc < 0)
			break;
		sqlite_bind(s, SQL_BATCH_DROP, "i", leaving->id);
		rc = sqlite_run(s, SQL_BATCH_DROP, err);
	}
	if (rc == 0)
		rc = seen_add(s, sealing->stream_id, seen, sealing->n, err);
	free(seen);
	return rc;
}

int
sqlite_seal(struct store *store, uint64_t *out_n,
    const struct store_seal *request, struct err *err)
{
	struct sealing sealing = { .s = sqlite_of(store) };
	int rc;

	*out_n = 0;
	rc = find_due(&sealing, request, err);
	if (rc <= 0)
		return rc;
	sealing.groups = map_new();
	rc = read_batches(&sealing, request, err);
	if (rc < 0)
		goto out;
	for (size_t i = 0; i < sealing.n; i++)
		if (sealing.list[i].batch != NULL)
			add_to_groups(&sealing, sealing.list[i].batch);
	MAP_EACH (struct group, group, sealing.groups) {
		if (rc == 0)
			rc = chunk_store(
			    sealing.s, &group->key, group->rows, group->n, err);
	}
	if (rc == 0)
		rc = leave_inbox(&sealing, err);
	if (rc == 0)
		*out_n = sealing.n;
out:
	finish(&sealing);
	return rc;
}
