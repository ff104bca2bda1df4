/*
 * engine.h - what an engine of the store provides; seen by engines only.
 *
 * One const struct of functions each, listed in store.c.  The dispatcher has
 * checked the arguments: transactions are begun before they are written to,
 * names are valid, limits and ends of spans are filled in.
 */
#ifndef STORAGE_ENGINE_H
#define STORAGE_ENGINE_H

#include "storage/store.h"

struct engine {
	const char *scheme; /* what comes before the colon of a URI */

	int (*open)(struct store **out, char **out_salvaged, const char *path,
	    const struct store_setup *setup, struct err *err);
	void (*close)(struct store *store);

	int (*begin)(struct store *store, struct err *err);
	int (*commit)(struct store *store, struct err *err);
	void (*rollback)(struct store *store);

	int (*put_batch)(struct store *store, enum store_put *out,
	    uint64_t *out_id, const struct store_batch *batch, struct err *err);
	int (*put_change)(struct store *store, const struct change_row *change,
	    struct err *err);
	int (*put_regression)(struct store *store, uint64_t *out_id,
	    const struct regression_row *row, struct err *err);
	int (*last_regression)(
	    struct store *store, uint64_t *out_id, struct err *err);
	int (*put_state)(struct store *store, const char *key,
	    const void *bytes, size_t n, struct err *err);
	int (*seal)(struct store *store, uint64_t *out_n,
	    const struct store_seal *request, struct err *err);
	int (*expire)(struct store *store, uint64_t *out_n,
	    const char *environment, int64_t before_ms, uint32_t limit,
	    struct err *err);
	int (*expire_derived)(struct store *store, uint64_t *out_n,
	    enum store_derived what, const char *environment, int64_t before_ms,
	    uint32_t limit, struct err *err);

	int (*scan_batches)(struct store *store, uint64_t after,
	    store_batch_fn *on_batch, void *arg, struct err *err);
	int (*scan_span)(struct store *store, const char *environment,
	    const char *agent, int64_t from_ms, int64_t to_ms,
	    store_batch_fn *on_batch, void *arg, struct err *err);
	int (*scan_results)(struct store *store, bool *out_more,
	    const struct query_history *request, store_result_fn *on_result,
	    void *arg, struct err *err);
	/* from_ms and to_ms are whole spans. */
	int (*scan_rollups)(struct store *store,
	    const struct store_trend *request, store_rollup_fn *on_row,
	    void *arg, struct err *err);
	int (*scan_moment)(struct store *store, const char *environment,
	    int64_t at_ms, bool whole, store_moment_fn *on_row, void *arg,
	    struct err *err);
	int (*scan_changes)(struct store *store, bool *out_more,
	    const struct query_changes *request, store_change_fn *on_change,
	    void *arg, struct err *err);
	int (*scan_regressions)(struct store *store, bool *out_more,
	    const struct query_regressions *request,
	    store_regression_fn *on_row, void *arg, struct err *err);
	int (*scan_states)(struct store *store, const char *prefix,
	    store_state_fn *on_state, void *arg, struct err *err);
	int (*put_mark)(
	    struct store *store, const struct mark *mark, struct err *err);
	int (*scan_marks)(struct store *store,
	    const struct store_marks *request, store_mark_fn *on_mark,
	    void *arg, struct err *err);
	int (*sql)(struct store *store, const char *sql, store_sql_fn *on_row,
	    void *arg, struct err *err);
	int (*measure)(
	    struct store *store, struct store_size *out, struct err *err);
	int (*verify)(struct store *store, struct store_verified *out,
	    store_damage_fn *on_damage, void *arg, struct err *err);
	int (*repair)(struct store *store, struct store_repaired *out,
	    store_damage_fn *on_loss, void *arg, struct err *err);
	int (*compact)(struct store *store, struct err *err);
	int (*backup)(struct store *store, const char *path, struct err *err);
};

/* The first member of each engine's own struct. */
struct store {
	const struct engine *engine;
	bool writing; /* between begin and commit or rollback */
	store_progress_fn *on_progress; /* or NULL */
	void *progress_arg;
};

static inline void
store_progress(const struct store *store, int64_t done, int64_t of)
{
	if (store->on_progress != NULL)
		store->on_progress(store->progress_arg, done, of);
}

#endif
