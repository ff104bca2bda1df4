#include <string.h>

#include "proto/base/crc32c.h"
#include "proto/base/text.h"
#include "proto/label.h"
#include "storage/sqlite.h"

/* --- changes ----------------------------------------------------------------- */

int
sqlite_put_change(
    struct store *store, const struct change_row *change, struct err *err)
{
	struct sqlite *s = sqlite_of(store);

	sqlite_bind(s, SQL_CHANGE_ADD, "tttitiitt", change->environment,
	    change->service, change->name, (int64_t)change->source,
	    change->agent, change->before_ms, change->after_ms, change->before,
	    change->after);
	return sqlite_run(s, SQL_CHANGE_ADD, err);
}

/* These rows carry no checksum, but some of what they may hold is known. */
static bool
is_place(const char *environment, const char *service)
{
	return label_is_environment(environment) &&
	    (service[0] == '\0' || label_is(service));
}

/* False: the row is damaged. */
static bool
read_change(struct sqlite *s, struct change_row *out)
{
	enum sql sql = SQL_CHANGE_SCAN;

	*out = (struct change_row){
		.environment = sqlite_str(s, sql, 0),
		.service = sqlite_str(s, sql, 1),
		.name = sqlite_str(s, sql, 2),
		.source = (enum source)sqlite_int(s, sql, 3),
		.agent = sqlite_str(s, sql, 4),
		.before_ms = sqlite_int(s, sql, 5),
		.after_ms = sqlite_int(s, sql, 6),
		.before = sqlite_str(s, sql, 7),
		.after = sqlite_str(s, sql, 8),
	};
	return is_place(out->environment, out->service) &&
	    out->name[0] != '\0' && (unsigned)out->source <= SOURCE_SERVER &&
	    out->before_ms >= 0 && out->after_ms >= 0;
}

int
sqlite_scan_changes(struct store *store, bool *out_more,
    const struct query_changes *request, store_change_fn *on_change, void *arg,
    struct err *err)
{
	struct sqlite *s = sqlite_of(store);
	struct change_row row;
	uint32_t n = 0;
	int rc;

	*out_more = false;
	sqlite_bind(s, SQL_CHANGE_SCAN, "ttii", request->environment,
	    request->service, request->from_ms, request->to_ms);
	for (;;) {
		rc = sqlite_step(s, SQL_CHANGE_SCAN, err);
		if (rc <= 0)
			return rc;
		if (!read_change(s, &row)) {
			s->damaged++;
			continue;
		}
		if (request->name[0] != '\0' &&
		    !text_matches(request->name, row.name))
			continue;
		if (n++ == request->limit) {
			*out_more = true;
			rc = 0;
			break;
		}
		rc = on_change(arg, &row, err);
		if (rc != 0)
			break;
	}
	sqlite_end(s, SQL_CHANGE_SCAN);
	return rc < 0 ? -1 : 0;
}

/* --- regressions --------------------------------------------------------------- */

int
sqlite_put_regression(struct store *store, uint64_t *out_id,
    const struct regression_row *row, struct err *err)
{
	struct sqlite *s = sqlite_of(store);

	sqlite_bind(s, SQL_REGRESSION_ADD, "iittttiiiiiittt", (int64_t)row->id,
	    (int64_t)row->kind, row->environment, row->service, row->agent,
	    row->subject, (int64_t)row->severity, row->onset_from_ms,
	    row->onset_to_ms, row->detected_ms, row->cleared_ms,
	    (int64_t)row->late, row->before, row->after, row->message);
	if (sqlite_run(s, SQL_REGRESSION_ADD, err) < 0)
		return -1;
	if (row->id == 0)
		*out_id = (uint64_t)sqlite3_last_insert_rowid(s->db);
	return 0;
}

int
sqlite_last_regression(struct store *store, uint64_t *out_id, struct err *err)
{
	struct sqlite *s = sqlite_of(store);
	int found;

	sqlite_bind(s, SQL_REGRESSION_LAST, "");
	found = sqlite_step(s, SQL_REGRESSION_LAST, err);
	if (found < 0)
		return -1;
	if (found)
		*out_id = (uint64_t)sqlite_int(s, SQL_REGRESSION_LAST, 0);
	sqlite_end(s, SQL_REGRESSION_LAST);
	return 0;
}

/* False: the row is damaged. */
static bool
read_regression(struct sqlite *s, struct regression_row *out, enum sql sql)
{
	*out = (struct regression_row){
		.id = (uint64_t)sqlite_int(s, sql, 0),
		.kind = (enum regression_kind)sqlite_int(s, sql, 1),
		.environment = sqlite_str(s, sql, 2),
		.service = sqlite_str(s, sql, 3),
		.agent = sqlite_str(s, sql, 4),
		.subject = sqlite_str(s, sql, 5),
		.severity = (enum outcome)sqlite_int(s, sql, 6),
		.onset_from_ms = sqlite_int(s, sql, 7),
		.onset_to_ms = sqlite_int(s, sql, 8),
		.detected_ms = sqlite_int(s, sql, 9),
		.cleared_ms = sqlite_int(s, sql, 10),
		.late = sqlite_int(s, sql, 11) != 0,
		.before = sqlite_str(s, sql, 12),
		.after = sqlite_str(s, sql, 13),
		.message = sqlite_str(s, sql, 14),
	};
	return is_place(out->environment, out->service) &&
	    (unsigned)out->kind <= REGRESSION_SILENCE &&
	    (unsigned)out->severity <= OUTCOME_UNKNOWN &&
	    out->onset_from_ms >= 0 && out->onset_to_ms >= 0 &&
	    out->detected_ms >= 0 && out->cleared_ms >= 0;
}

int
sqlite_scan_regressions(struct store *store, bool *out_more,
    const struct query_regressions *request, store_regression_fn *on_row,
    void *arg, struct err *err)
{
	enum sql sql =
	    request->open_only ? SQL_REGRESSION_OPEN : SQL_REGRESSION_SCAN;
	struct sqlite *s = sqlite_of(store);
	struct regression_row row;
	int rc;

	*out_more = false;
	sqlite_bind(s, sql, "ttiii", request->environment, request->service,
	    request->from_ms, request->to_ms, (int64_t)request->limit + 1);
	for (uint32_t n = 0;; n++) {
		rc = sqlite_step(s, sql, err);
		if (rc <= 0)
			return rc;
		if (n == request->limit) {
			*out_more = true;
			rc = 0;
			break;
		}
		if (!read_regression(s, &row, sql)) {
			s->damaged++;
			continue;
		}
		rc = on_row(arg, &row, err);
		if (rc != 0)
			break;
	}
	sqlite_end(s, sql);
	return rc < 0 ? -1 : 0;
}

/* --- state ------------------------------------------------------------------- */

static uint32_t
seal_of(const char *key, const void *bytes, size_t n)
{
	return crc32c(crc32c(0, key, strlen(key)), bytes, n);
}

int
sqlite_put_state(struct store *store, const char *key, const void *bytes,
    size_t n, struct err *err)
{
	struct sqlite *s = sqlite_of(store);

	if (n == 0) {
		sqlite_bind(s, SQL_STATE_DROP, "t", key);
		return sqlite_run(s, SQL_STATE_DROP, err);
	}
	sqlite_bind(s, SQL_STATE_PUT, "tib", key,
	    (int64_t)seal_of(key, bytes, n), bytes, n);
	return sqlite_run(s, SQL_STATE_PUT, err);
}

int
sqlite_scan_states(struct store *store, const char *prefix,
    store_state_fn *on_state, void *arg, struct err *err)
{
	struct sqlite *s = sqlite_of(store);
	sqlite3_stmt *statement = s->statements[SQL_STATE_SCAN];
	const char *key;
	const void *bytes;
	size_t n;
	int rc;

	sqlite_bind(s, SQL_STATE_SCAN, "t", prefix);
	for (;;) {
		rc = sqlite_step(s, SQL_STATE_SCAN, err);
		if (rc <= 0)
			return rc;
		key = sqlite_str(s, SQL_STATE_SCAN, 0);
		rc = 0;
		if (strncmp(key, prefix, strlen(prefix)) != 0)
			break;
		bytes = sqlite3_column_blob(statement, 2);
		n = (size_t)sqlite3_column_bytes(statement, 2);
		if (sqlite_int(s, SQL_STATE_SCAN, 1) !=
		    (int64_t)seal_of(key, bytes, n)) {
			s->damaged++;
			continue;
		}
		rc = on_state(arg, key, bytes, n, err);
		if (rc != 0)
			break;
	}
	sqlite_end(s, SQL_STATE_SCAN);
	return rc < 0 ? -1 : 0;
}
