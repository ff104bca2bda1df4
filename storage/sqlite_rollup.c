/* Rollups as rows; and how those that are damaged or missing are made anew. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/base/crc32c.h"
#include "proto/base/text.h"
#include "storage/sqlite_chunk.h"

/* --- rows ----------------------------------------------------------------------- */

int
rollup_get(struct sqlite *s, struct rollup *rollup, enum rollup_row *out,
    const struct rollup_key *key, struct err *err)
{
	sqlite3_stmt *statement = s->statements[SQL_ROLLUP_GET];
	const void *bytes;
	size_t n;
	int found;

	*out = ROLLUP_MISSING;
	sqlite_bind(
	    s, SQL_ROLLUP_GET, "iii", key->series_id, key->span_ms, key->at_ms);
	found = sqlite_step(s, SQL_ROLLUP_GET, err);
	if (found <= 0)
		return found;
	bytes = sqlite3_column_blob(statement, 1);
	n = (size_t)sqlite3_column_bytes(statement, 1);
	*out =
	    sqlite_int(s, SQL_ROLLUP_GET, 0) == (int64_t)crc32c(0, bytes, n) &&
		rollup_merge_bytes(rollup, bytes, n, NULL) == 0
	    ? ROLLUP_SOUND
	    : ROLLUP_DAMAGED;
	sqlite_end(s, SQL_ROLLUP_GET);
	return 0;
}

int
rollup_put(struct sqlite *s, const struct rollup *rollup,
    const struct rollup_key *key, struct err *err)
{
	unsigned char *bytes = NULL;
	size_t n;
	int rc;

	rollup_encode(&bytes, &n, rollup);
	sqlite_bind(s, SQL_ROLLUP_PUT, "iiiib", key->series_id, key->span_ms,
	    key->at_ms, (int64_t)crc32c(0, bytes, n), (const void *)bytes, n);
	rc = sqlite_run(s, SQL_ROLLUP_PUT, err);
	free(bytes);
	return rc;
}

/* --- from chunks ------------------------------------------------------------------ */

/* Adds those of its results that lie in the span; a damaged chunk has none. */
static int
add_chunk(struct sqlite *s, struct rollup *rollup, int64_t id,
    const struct rollup_key *key, struct err *err)
{
	const struct chunk_view *view;
	struct chunk_row row;
	int rc = chunk_get(s, &row, id, err);

	if (rc <= 0)
		return rc;
	if (!row.whole ||
	    chunk_open(s->unpacker, &row.key, row.bytes, row.n_bytes, NULL) <
		0 ||
	    chunk_decode(s->unpacker, CHUNK_TIMES | CHUNK_DURATIONS, NULL) < 0)
		goto out;
	view = chunk_view(s->unpacker);
	for (size_t i = 0; i < view->n; i++) {
		const struct chunk_state *state = &view->states[view->state[i]];

		if (view->at_ms[i] >= key->at_ms &&
		    view->at_ms[i] < key->at_ms + key->span_ms)
			rollup_add(rollup, state->outcome, state->censored,
			    view->duration_us[i]);
	}
out:
	sqlite_end(s, SQL_CHUNK_GET);
	return 0;
}

int
rollup_from_chunks(struct sqlite *s, struct rollup *rollup,
    const struct rollup_key *key, struct err *err)
{
	int rc;

	if (s->unpacker == NULL)
		s->unpacker = chunk_reader_new();
	sqlite_bind(
	    s, SQL_CHUNK_OF_DAY, "ii", key->series_id, day_of(key->at_ms));
	while ((rc = sqlite_step(s, SQL_CHUNK_OF_DAY, err)) > 0)
		if (add_chunk(s, rollup, sqlite_int(s, SQL_CHUNK_OF_DAY, 0),
			key, err) < 0) {
			sqlite_end(s, SQL_CHUNK_OF_DAY);
			return -1;
		}
	return rc;
}

static bool
is_empty(const struct rollup *rollup)
{
	for (size_t i = 0; i < ROLLUP_OUTCOMES; i++)
		if (rollup->n[i] > 0)
			return false;
	return true;
}

/* --- repairing ---------------------------------------------------------------------- */

struct repair {
	struct sqlite *s;
	struct store_repaired *out;
	store_damage_fn *on_loss;
	void *arg;
};

static void
tell_lost(const struct repair *repair, const struct rollup_key *key)
{
	char text[160], at[TEXT_TIME_BYTES];

	snprintf(text, sizeof(text),
	    "rollup of series %" PRId64 " at %s (%s): its results are gone, "
	    "and it with them",
	    key->series_id, text_time(at, key->at_ms),
	    key->span_ms == ROLLUP_DAY_MS ? "day" : "hour");
	repair->on_loss(repair->arg, text);
	repair->out->lost++;
}

static int
drop(struct sqlite *s, const struct rollup_key *key, struct err *err)
{
	sqlite_bind(s, SQL_ROLLUP_DROP, "iii", key->series_id, key->span_ms,
	    key->at_ms);
	return sqlite_run(s, SQL_ROLLUP_DROP, err);
}

/* One rollup that may be damaged, or missing. */
static int
mend(const struct repair *repair, const struct rollup_key *key, struct err *err)
{
	struct rollup stored = { 0 }, made = { 0 };
	enum rollup_row found;
	int rc;

	rc = rollup_get(repair->s, &stored, &found, key, err);
	rollup_fini(&stored);
	if (rc < 0 || found == ROLLUP_SOUND)
		return rc;
	rc = rollup_from_chunks(repair->s, &made, key, err);
	if (rc == 0 && !is_empty(&made)) {
		rc = rollup_put(repair->s, &made, key, err);
		repair->out->rebuilt += rc == 0;
	} else if (rc == 0 && found == ROLLUP_DAMAGED) {
		rc = drop(repair->s, key, err);
		tell_lost(repair, key);
	}
	rollup_fini(&made);
	return rc;
}

/* Those of a day of which there are chunks, from_ms to to_ms. */
static int
mend_day(const struct repair *repair, int64_t series_id, int64_t from_ms,
    int64_t to_ms, struct err *err)
{
	struct rollup_key key = { series_id, ROLLUP_DAY_MS,
		day_of(from_ms) * ROLLUP_DAY_MS };

	if (mend(repair, &key, err) < 0)
		return -1;
	key.span_ms = ROLLUP_HOUR_MS;
	key.at_ms += (from_ms - key.at_ms) / ROLLUP_HOUR_MS * ROLLUP_HOUR_MS;
	for (; key.at_ms <= to_ms; key.at_ms += ROLLUP_HOUR_MS)
		if (mend(repair, &key, err) < 0)
			return -1;
	return 0;
}

static int
mend_days(const struct repair *repair, struct err *err)
{
	struct sqlite *s = repair->s;
	int rc;

	sqlite_bind(s, SQL_CHUNK_DAYS, "");
	while ((rc = sqlite_step(s, SQL_CHUNK_DAYS, err)) > 0) {
		store_progress(&s->store, 0, 0);
		if (mend_day(repair, sqlite_int(s, SQL_CHUNK_DAYS, 0),
			sqlite_int(s, SQL_CHUNK_DAYS, 1),
			sqlite_int(s, SQL_CHUNK_DAYS, 2), err) < 0) {
			sqlite_end(s, SQL_CHUNK_DAYS);
			return -1;
		}
	}
	return rc;
}

/* Damaged rows of days without chunks.  Rows that the scan has passed may be
 * replaced or deleted meanwhile. */
static int
mend_rest(const struct repair *repair, struct err *err)
{
	struct sqlite *s = repair->s;
	struct rollup_key key;
	int rc;

	sqlite_bind(s, SQL_ROLLUP_ALL, "");
	while ((rc = sqlite_step(s, SQL_ROLLUP_ALL, err)) > 0) {
		key = (struct rollup_key){ sqlite_int(s, SQL_ROLLUP_ALL, 0),
			sqlite_int(s, SQL_ROLLUP_ALL, 4),
			sqlite_int(s, SQL_ROLLUP_ALL, 1) };
		if (mend(repair, &key, err) < 0) {
			sqlite_end(s, SQL_ROLLUP_ALL);
			return -1;
		}
	}
	return rc;
}

int
sqlite_repair(struct store *store, struct store_repaired *out,
    store_damage_fn *on_loss, void *arg, struct err *err)
{
	const struct repair repair = { sqlite_of(store), out, on_loss, arg };

	*out = (struct store_repaired){ 0 };
	if (mend_days(&repair, err) < 0)
		return -1;
	return mend_rest(&repair, err);
}
