/*
 * place.h - a store in a folder of its own, and batches to put into it.
 */
#ifndef TESTS_STORAGE_PLACE_H
#define TESTS_STORAGE_PLACE_H

#include "tests/support/folder.h"
#include "tests/support/table.h"

#include "proto/base/crc32c.h"
#include "proto/base/mem.h"
#include "proto/publish.h"
#include "storage/store.h"

/* One of each engine; the path follows. */
static const char *const schemes[] = { "sqlite" };

struct place {
	struct folder folder;
	char path[FOLDER_PATH_BYTES];
	char uri[FOLDER_PATH_BYTES + 16];
	struct store *store;
};

static inline struct store *
place_open_store(const struct place *place, enum store_mode mode)
{
	struct store_setup setup = { .uri = place->uri, .mode = mode };
	struct store *store = NULL;
	char *salvaged = NULL;
	struct err err = { 0 };

	if (store_open(&store, &salvaged, &setup, &err) < 0)
		fail_msg("%s", err.text);
	assert_null(salvaged);
	return store;
}

static inline void
place_open(struct place *place, const char *scheme)
{
	folder_open(&place->folder);
	folder_path(place->path, &place->folder, "store.db");
	snprintf(place->uri, sizeof(place->uri), "%s:%s", scheme, place->path);
	place->store = place_open_store(place, STORE_WRITE);
}

static inline void
place_reopen(struct place *place)
{
	store_close(place->store);
	place->store = place_open_store(place, STORE_WRITE);
}

static inline void
place_close(struct place *place)
{
	store_close(place->store);
	folder_close(&place->folder);
}

static inline void
place_begin(struct place *place)
{
	struct err err = { 0 };

	if (store_begin(place->store, &err) < 0)
		fail_msg("%s", err.text);
}

static inline void
place_commit(struct place *place)
{
	struct err err = { 0 };

	if (store_commit(place->store, &err) < 0)
		fail_msg("%s", err.text);
}

/* A result to be put into a batch. */
struct point {
	const char *service, *probe;
	int64_t at_ms, duration_us;
	enum outcome outcome;
};

/* Encodes n points as one batch; its content is owned by the caller. */
static inline struct store_batch
encode_points(const char *environment, const char *agent, uint64_t stream,
    uint64_t sequence, const struct point *points, size_t n)
{
	struct batch *batch = batch_new();
	struct store_batch out = { .environment = environment,
		.agent = agent,
		.stream = stream,
		.sequence = sequence,
		.received_ms = 1767607200000,
		.n_results = (uint32_t)n };
	unsigned char *content = NULL;

	for (size_t i = 0; i < n; i++) {
		struct series series = { .service = points[i].service,
			.probe = points[i].probe,
			.kind = "tcp",
			.reference_of = "",
			.vantage = VANTAGE_IN_SERVICE,
			.interval_ms = 30000,
			.phases = { "resolve", "connect" },
			.n_phases = 2 };
		struct result result = { .at_ms = points[i].at_ms,
			.duration_us = points[i].duration_us,
			.limit_ms = 5000,
			.outcome = points[i].outcome,
			.reason = points[i].outcome == OUTCOME_OK
			    ? REASON_NONE
			    : REASON_TIMEOUT,
			.attempts = 1,
			.phase_us = { 10, points[i].duration_us },
			.n_phases = 2,
			.message =
			    points[i].outcome == OUTCOME_OK ? "" : "no" };

		batch_add_result(batch, &series, &result);
	}
	batch_span(&out.from_ms, &out.to_ms, batch);
	batch_encode(&content, &out.n_content, batch);
	batch_free(batch);
	out.content = content;
	out.crc32c = crc32c(0, content, out.n_content);
	return out;
}

/* Puts within the transaction that is open. */
static inline enum store_put
place_put(struct place *place, const struct store_batch *batch, uint64_t *id)
{
	enum store_put put = STORE_CONFLICT;
	struct err err = { 0 };

	if (store_put_batch(place->store, &put, id, batch, &err) < 0)
		fail_msg("%s", err.text);
	return put;
}

/* Puts one batch of one result in a transaction of its own. */
static inline enum store_put
place_put_one(
    struct place *place, uint64_t stream, uint64_t sequence, int64_t at_ms)
{
	struct point point = { "backend", "db", at_ms, (int64_t)sequence,
		OUTCOME_OK };
	struct store_batch batch =
	    encode_points("staging", "stg-1", stream, sequence, &point, 1);
	enum store_put put;
	uint64_t id;

	place_begin(place);
	put = place_put(place, &batch, &id);
	place_commit(place);
	free((void *)(uintptr_t)batch.content);
	return put;
}

static inline struct store_size
place_measure(struct store *store)
{
	struct store_size size;
	struct err err = { 0 };

	if (store_measure(store, &size, &err) < 0)
		fail_msg("%s", err.text);
	return size;
}

#endif
