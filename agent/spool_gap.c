#include <string.h>

#include "agent/spool_gap.h"
#include "agent/spool_load.h"

static const char *const whys[WHY_COUNT] = { "spool full", "spool too old",
	"spool damaged", "refused by the collector" };

struct gap_row {
	int64_t id, why, stream, first, last, n_results, from_ms, to_ms;
	bool sealed;
};

static int
put_gap(struct spool *spool, const struct gap_row *row, struct err *err)
{
	int64_t v[9] = { row->id, row->why, row->stream, row->first, row->last,
		row->n_results, row->from_ms, row->to_ms };

	/* Without the id, which SQLite chooses for a new row. */
	v[8] = spool_db_seal(v + 1, 7);
	spool_db_bind(spool, SQL_GAP_PUT, v, 9);
	if (row->id == 0)
		sqlite3_bind_null(spool->statements[SQL_GAP_PUT], 1);
	return spool_db_step(spool, SQL_GAP_PUT, err);
}

static void
read_gap(struct gap_row *row, sqlite3_stmt *statement)
{
	int64_t v[9];

	for (int i = 0; i < 9; i++)
		v[i] = sqlite3_column_int64(statement, i);
	*row = (struct gap_row){ v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7],
		v[8] == spool_db_seal(v + 1, 7) };
	sqlite3_reset(statement);
}

int
spool_gap_add(struct spool *spool, enum why why, const struct entry_row *row,
    const struct spool_counts *counts, struct err *err)
{
	int64_t now_ms = clock_wall_ms(spool->setup.clock);
	int64_t sequence = (row->sealed ? row->id : counts->acked + 1);
	int64_t key[3] = { why, (int64_t)spool->stream };
	struct gap_row gap = { .why = why, .stream = key[1] };
	int found;

	sequence -= spool->base;
	if (sequence < 1)
		sequence = 1;
	key[2] = sequence - 1;
	spool_db_bind(spool, SQL_GAP_BEFORE, key, 3);
	found = spool_db_step(spool, SQL_GAP_BEFORE, err);
	if (found < 0)
		return -1;
	if (found)
		read_gap(&gap, spool->statements[SQL_GAP_BEFORE]);
	if (!found || !gap.sealed) {
		gap.id = 0;
		gap.first = sequence;
		gap.n_results = 0;
		gap.from_ms = row->sealed ? row->from_ms : now_ms;
		gap.to_ms = row->sealed ? row->to_ms : now_ms;
	}
	gap.last = sequence;
	if (row->sealed) {
		gap.n_results += row->n_results;
		if (row->from_ms < gap.from_ms)
			gap.from_ms = row->from_ms;
		if (row->to_ms > gap.to_ms)
			gap.to_ms = row->to_ms;
	}
	return put_gap(spool, &gap, err);
}

int
spool_gap(struct spool *spool, int *out_found, struct gap *out, struct err *err)
{
	int64_t now_ms = clock_wall_ms(spool->setup.clock);
	struct gap_row row = { 0 };

	*out_found = 0;
	if (spool_load_again(spool, err) < 0)
		return -1;
	spool_db_bind(spool, SQL_GAP_FIRST, NULL, 0);
	*out_found = spool_db_step(spool, SQL_GAP_FIRST, err);
	if (*out_found <= 0)
		return *out_found;
	read_gap(&row, spool->statements[SQL_GAP_FIRST]);
	if (!row.sealed || row.why < 0 || row.why >= WHY_COUNT) {
		/* Something was lost, and so is what it was. */
		row = (struct gap_row){ .id = row.id,
			.why = WHY_DAMAGED,
			.from_ms = now_ms,
			.to_ms = now_ms };
		if (put_gap(spool, &row, err) < 0)
			return -1;
	}
	*out = (struct gap){ (uint64_t)row.first, (uint64_t)row.last,
		(uint64_t)row.n_results, row.from_ms, row.to_ms,
		whys[row.why] };
	return 0;
}

int
spool_gap_reported(struct spool *spool, const struct gap *gap, struct err *err)
{
	struct gap_row row;
	int found;

	if (spool_load_again(spool, err) < 0)
		return -1;
	spool_db_bind(spool, SQL_GAP_FIRST, NULL, 0);
	found = spool_db_step(spool, SQL_GAP_FIRST, err);
	if (found <= 0)
		return found;
	read_gap(&row, spool->statements[SQL_GAP_FIRST]);
	if ((uint64_t)row.first != gap->first_sequence || row.why < 0 ||
	    row.why >= WHY_COUNT || strcmp(whys[row.why], gap->why) != 0)
		return 0;
	if ((uint64_t)row.last == gap->last_sequence)
		return spool_db_run(spool, SQL_GAP_DELETE, &row.id, 1, err);
	/* It grew since: what is left is another gap. */
	row.first = (int64_t)gap->last_sequence + 1;
	row.n_results -= (int64_t)gap->n_results;
	row.from_ms = gap->to_ms;
	return put_gap(spool, &row, err);
}
