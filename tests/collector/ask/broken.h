/*
 * broken.h - a store with regressions of a test's own, in minutes before the
 * moment asked about.
 */
#ifndef TESTS_COLLECTOR_ASK_BROKEN_H
#define TESTS_COLLECTOR_ASK_BROKEN_H

#include <stdio.h>

#include "tests/support/folder.h"
#include "tests/support/table.h"

#include "storage/store.h"

#define BROKEN_AT_MS     INT64_C(1767607200000)
#define BROKEN_MINUTE_MS INT64_C(60000)

struct broken {
	const char *environment, *subject; /* subject NULL: db */
	int from, to;                      /* to 0: it goes on */
	bool is_late;
	int detected;    /* 0: at once */
	const char *why; /* "connect.refused"; NULL: nobody said */
};

struct broken_store {
	struct folder folder;
	char path[FOLDER_PATH_BYTES];
	struct store *store;
};

/* Ends with store_commit(). */
static inline void
broken_open(struct broken_store *out)
{
	struct store_setup setup = { .uri = out->path, .mode = STORE_WRITE };
	struct err err = { 0 };
	char *salvaged = NULL;

	folder_open(&out->folder);
	folder_path(out->path, &out->folder, "store.db");
	if (store_open(&out->store, &salvaged, &setup, &err) < 0 ||
	    store_begin(out->store, &err) < 0)
		fail_msg("%s", err.text);
}

static inline void
broken_close(struct broken_store *store)
{
	store_close(store->store);
	folder_close(&store->folder);
}

static inline int64_t
broken_ms(int minutes)
{
	return BROKEN_AT_MS - minutes * BROKEN_MINUTE_MS;
}

static inline void
broken_put(struct store *store, const struct broken *broken, uint64_t id)
{
	char after[64] = "critical, 5 ms";
	const struct regression_row row = {
		.id = id,
		.kind = REGRESSION_STATE,
		.environment = broken->environment,
		.service = "backend",
		.agent = "a",
		.subject = broken->subject != NULL ? broken->subject : "db",
		.severity = OUTCOME_CRITICAL,
		.onset_from_ms = broken_ms(broken->from) - 5000,
		.onset_to_ms = broken_ms(broken->from),
		.detected_ms = broken->detected != 0
		    ? broken_ms(broken->detected)
		    : broken_ms(broken->from) + 10000,
		.cleared_ms = broken->to == 0 ? 0 : broken_ms(broken->to),
		.late = broken->is_late,
		.before = "",
		.after = after,
		.message = "",
	};
	struct err err = { 0 };
	uint64_t given;

	if (broken->why != NULL)
		snprintf(
		    after, sizeof(after), "critical, %s, 5 ms", broken->why);
	if (store_put_regression(store, &given, &row, &err) < 0)
		fail_msg("%s", err.text);
}

#endif
