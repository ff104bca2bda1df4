/* Questions that span inbox and chunks. */
#include <stdlib.h>

#include "storage/chunk.h"
#include "storage/results.h"
#include "storage/sqlite_chunk.h"
#include "storage/sqlite_seal.h"

/* What a scan of results works with. */
struct scan {
	struct sqlite *s;
	const struct query_history *request;
	struct results *results;
	struct chunk_reader *reader;
};

static int
take_batch(void *arg, const struct store_batch *row, struct err *err)
{
	struct scan *scan = arg;
	struct batch *batch = NULL;

	(void)err;
	if (results_is_past(scan->results, row->to_ms))
		return 1;
	if (row->n_results == 0)
		return 0;
	/* Its CRC is right, but it is no batch: it never was one. */
	if (batch_decode(&batch, row->content, row->n_content, row->environment,
		row->agent, NULL) < 0)
		scan->s->damaged++;
	else
		results_add(scan->results, batch);
	return 0;
}

static int
take_chunk(struct scan *scan, int64_t id, struct err *err)
{
	struct chunk_row row;
	int rc;

	rc = chunk_get(scan->s, &row, id, err);
	if (rc <= 0)
		return rc;
	if (!row.whole ||
	    chunk_open(scan->reader, &row.key, row.bytes, row.n_bytes, NULL) <
		0 ||
	    results_add_chunk(scan->results, scan->reader, NULL) < 0)
		scan->s->damaged++;
	sqlite_end(scan->s, SQL_CHUNK_GET);
	return 0;
}

static int
take_chunks(struct scan *scan, struct err *err)
{
	const struct query_history *q = scan->request;
	bool narrow =
	    q->service[0] != '\0' || q->agent[0] != '\0' || q->probe[0] != '\0';
	enum sql sql = narrow ? SQL_CHUNK_OF_SERIES : SQL_CHUNK_OF_SPAN;
	struct sqlite *s = scan->s;
	int rc;

	sqlite_bind(s, sql, "ttttiiii", q->environment, q->agent, q->service,
	    q->probe, q->from_ms, q->to_ms, day_of(q->from_ms),
	    day_of(q->to_ms));
	for (;;) {
		rc = sqlite_step(s, sql, err);
		if (rc <= 0)
			return rc;
		if (results_is_past(scan->results, sqlite_int(s, sql, 1)))
			break;
		rc = take_chunk(scan, sqlite_int(s, sql, 0), err);
		if (rc < 0)
			break;
	}
	sqlite_end(s, sql);
	return rc < 0 ? -1 : 0;
}

int
sqlite_scan_results(struct store *store, bool *out_more,
    const struct query_history *request, store_result_fn *on_result, void *arg,
    struct err *err)
{
	struct sqlite *s = sqlite_of(store);
	struct scan scan = { .s = s, .request = request };
	bool held;
	int rc;

	if (sqlite_hold(s, &held, err) < 0)
		return -1;
	scan.results = results_new(request);
	scan.reader = chunk_reader_new();
	rc = sqlite_scan_span(store, request->environment, request->agent,
	    request->from_ms, request->to_ms, take_batch, &scan, err);
	if (rc == 0)
		rc = take_chunks(&scan, err);
	sqlite_release(s, held);
	if (rc == 0)
		rc = results_visit(scan.results, out_more, on_result, arg, err);
	chunk_reader_free(scan.reader);
	results_free(scan.results);
	return rc;
}
