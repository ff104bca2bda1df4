/* The virtual table `results`, as SQLite wants it. */
#include "storage/sqlite_lens.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/mem.h"
#include "proto/base/text.h"
#include "storage/chunk.h"
#include "storage/rollup.h"
#include "storage/sqlite_lens_scan.h"

SQLITE_EXTENSION_INIT3

#define DATE_BYTES  10 /* 2026-01-05 */
#define TIME_BYTES  24 /* 2026-01-05T10:00:00.120Z, as `at` is written */
#define COST_OF_ALL 1e9

static const char schema[] =
    "CREATE TABLE results(environment TEXT, service TEXT, agent TEXT,"
    " probe TEXT, kind TEXT, vantage TEXT, reference_of TEXT,"
    " interval_ms INTEGER, at TEXT, at_ms INTEGER, outcome TEXT, reason TEXT,"
    " duration_ms REAL, limit_ms INTEGER, censored INTEGER, attempts INTEGER,"
    " phases TEXT, message TEXT, attributes TEXT)";

struct table {
	sqlite3_vtab base; /* first */
	sqlite3 *db;
};

struct cursor {
	sqlite3_vtab_cursor base; /* first */
	struct lens_scan *scan;
	bool is_over;
};

/* --- what is asked for ------------------------------------------------------------ */

/* How a constraint is written into the plan: a letter each. */
static char
letter_of(int column, int op)
{
	bool is_equal = op == SQLITE_INDEX_CONSTRAINT_EQ;
	bool is_lower = op == SQLITE_INDEX_CONSTRAINT_GE ||
	    op == SQLITE_INDEX_CONSTRAINT_GT;
	bool is_upper = op == SQLITE_INDEX_CONSTRAINT_LE ||
	    op == SQLITE_INDEX_CONSTRAINT_LT;

	switch (column) {
	case LENS_ENVIRONMENT:
		return is_equal ? 'e' : '\0';
	case LENS_SERVICE:
		return is_equal ? 's' : '\0';
	case LENS_AGENT:
		return is_equal ? 'a' : '\0';
	case LENS_PROBE:
		return is_equal ? 'p' : '\0';
	case LENS_OUTCOME:
		return is_equal ? 'o' : '\0';
	case LENS_AT:
		return is_equal ? 'E' : is_lower ? 'G' : is_upper ? 'L' : '\0';
	case LENS_AT_MS:
		return is_equal ? 'q' : is_lower ? 'g' : is_upper ? 'l' : '\0';
	default:
		return '\0';
	}
}

/* What a constraint leaves of the whole, roughly: to choose among plans. */
static double
share_of(char letter)
{
	switch (letter) {
	case 'E':
	case 'q':
		return 1e-5;
	case 'o':
		return 0.5; /* chunks are opened all the same */
	case 'g':
	case 'G':
	case 'l':
	case 'L':
		return 0.1;
	default:
		return 0.05;
	}
}

static unsigned
columns_of(sqlite3_uint64 used)
{
	static const struct {
		enum lens_column column;
		unsigned of;
	} needs[] = {
		{ LENS_AT, CHUNK_TIMES },
		{ LENS_AT_MS, CHUNK_TIMES },
		{ LENS_REASON, CHUNK_TEXTS },
		{ LENS_DURATION_MS, CHUNK_DURATIONS },
		{ LENS_PHASES, CHUNK_DURATIONS | CHUNK_PHASES },
		{ LENS_MESSAGE, CHUNK_TEXTS },
		{ LENS_ATTRIBUTES, CHUNK_TEXTS },
	};
	unsigned columns = 0;

	for (size_t i = 0; i < sizeof(needs) / sizeof(needs[0]); i++)
		if (used & ((sqlite3_uint64)1 << needs[i].column))
			columns |= needs[i].of;
	return columns;
}

static int
best_index(sqlite3_vtab *base, sqlite3_index_info *info)
{
	char *plan = sqlite3_malloc(info->nConstraint + 1);
	double cost = COST_OF_ALL;
	int n = 0;

	(void)base;
	if (plan == NULL)
		return SQLITE_NOMEM;
	for (int i = 0; i < info->nConstraint; i++) {
		char letter = letter_of(
		    info->aConstraint[i].iColumn, info->aConstraint[i].op);

		if (letter == '\0' || !info->aConstraint[i].usable)
			continue;
		plan[n++] = letter;
		/* SQLite looks at each row once more: we may give too many. */
		info->aConstraintUsage[i].argvIndex = n;
		cost *= share_of(letter);
	}
	plan[n] = '\0';
	info->idxStr = plan;
	info->needToFreeIdxStr = 1;
	info->idxNum = (int)columns_of(info->colUsed);
	info->estimatedCost = cost;
	info->estimatedRows = (sqlite3_int64)cost + 1;
	return SQLITE_OK;
}

/* --- taking it up ------------------------------------------------------------------ */

static void
not_before(struct lens_filter *filter, int64_t at_ms)
{
	if (at_ms > filter->from_ms)
		filter->from_ms = at_ms;
}

static void
not_after(struct lens_filter *filter, int64_t at_ms)
{
	if (at_ms < filter->to_ms - 1)
		filter->to_ms = at_ms + 1;
}

/* `at` is compared as a text.  One that is written like it is a moment; of
 * any other that begins with a date the day is as much as can be said. */
static void
take_text_time(struct lens_filter *filter, char letter, const char *text)
{
	char day[DATE_BYTES + sizeof("T00:00:00.000Z")];
	int64_t from_ms, to_ms;

	if (strlen(text) == TIME_BYTES && text[DATE_BYTES] == 'T' &&
	    text[TIME_BYTES - 1] == 'Z' &&
	    text_time_parse(&from_ms, text, NULL) == 0) {
		to_ms = from_ms;
	} else {
		if (strlen(text) < DATE_BYTES)
			return;
		memcpy(day, text, DATE_BYTES);
		memcpy(day + DATE_BYTES, "T00:00:00.000Z",
		    sizeof("T00:00:00.000Z"));
		if (text_time_parse(&from_ms, day, NULL) < 0)
			return;
		to_ms = from_ms + ROLLUP_DAY_MS;
	}
	if (letter != 'L')
		not_before(filter, from_ms);
	if (letter != 'G')
		not_after(filter, to_ms);
}

/* Numbers with decimals and the like are left to SQLite. */
static void
take_number_time(struct lens_filter *filter, char letter, sqlite3_value *value)
{
	int64_t at_ms = sqlite3_value_int64(value);

	if (sqlite3_value_type(value) != SQLITE_INTEGER)
		return;
	if (letter != 'l')
		not_before(filter, at_ms);
	if (letter != 'g')
		not_after(filter, at_ms);
}

/* False: nothing can match. */
static bool
take(struct lens_filter *filter, char letter, sqlite3_value *value)
{
	const char *text;

	if (sqlite3_value_type(value) == SQLITE_NULL)
		return false;
	if (letter == 'q' || letter == 'g' || letter == 'l') {
		take_number_time(filter, letter, value);
		return true;
	}
	text = (const char *)sqlite3_value_text(value);
	if (text == NULL)
		return false;
	if (letter == 'e')
		filter->environment = text;
	else if (letter == 's')
		filter->service = text;
	else if (letter == 'a')
		filter->agent = text;
	else if (letter == 'p')
		filter->probe = text;
	else if (letter != 'o')
		take_text_time(filter, letter, text);
	else
		return filter->has_outcome =
			   outcome_parse(&filter->outcome, text) == 0;
	return true;
}

static int
step(struct cursor *cursor)
{
	int rc = lens_scan_next(cursor->scan);

	cursor->is_over = rc != SQLITE_ROW;
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int
filter_rows(sqlite3_vtab_cursor *base, int columns, const char *plan, int n,
    sqlite3_value **values)
{
	struct cursor *cursor = (struct cursor *)(void *)base;
	struct table *table = (struct table *)(void *)base->pVtab;
	/* Times of agents are within these by far. */
	struct lens_filter filter = { .from_ms = INT64_MIN / 4,
		.to_ms = INT64_MAX / 4,
		.columns = (unsigned)columns };
	int rc;

	lens_scan_close(cursor->scan);
	cursor->scan = NULL;
	cursor->is_over = true;
	for (int i = 0; i < n; i++)
		if (!take(&filter, plan[i], values[i]))
			return SQLITE_OK;
	rc = lens_scan_open(&cursor->scan, table->db, &filter);
	return rc == SQLITE_OK ? step(cursor) : rc;
}

/* --- values ------------------------------------------------------------------------ */

static void
give_text(sqlite3_context *context, const char *text)
{
	sqlite3_result_text(context, text, -1, SQLITE_TRANSIENT);
}

/* NULL for what is unsaid. */
static void
give_known(sqlite3_context *context, const char *text)
{
	if (text[0] != '\0')
		give_text(context, text);
}

static void
give_built(sqlite3_context *context, struct text *text)
{
	sqlite3_result_text(
	    context, text->bytes, (int)text->n, SQLITE_TRANSIENT);
	text_fini(text);
}

/* {"resolve":1.1,"connect":2.5}, milliseconds; NULL when there are none. */
static void
give_phases(sqlite3_context *context, const struct series *series,
    const struct result *result)
{
	struct text text = { 0 };

	if (result->n_phases == 0)
		return;
	for (size_t i = 0; i < result->n_phases; i++) {
		text_add(&text, i == 0 ? "{" : ",");
		text_add_quoted(&text, series->phases[i]);
		text_addf(&text, ":%lld.%03d",
		    (long long)(result->phase_us[i] / 1000),
		    (int)(result->phase_us[i] % 1000));
	}
	text_add(&text, "}");
	give_built(context, &text);
}

static void
give_attributes(sqlite3_context *context, const struct result *result)
{
	struct text text = { 0 };

	if (result->n_attributes == 0)
		return;
	for (size_t i = 0; i < result->n_attributes; i++) {
		const struct attribute *attribute = &result->attributes[i];

		text_add(&text, i == 0 ? "{" : ",");
		text_add_quoted(&text, attribute->name);
		text_add(&text, ":");
		if (attribute->text != NULL)
			text_add_quoted(&text, attribute->text);
		else
			text_addf(&text, "%.17g", attribute->number);
	}
	text_add(&text, "}");
	give_built(context, &text);
}

static void
give_of_series(
    sqlite3_context *context, const struct series *series, int column)
{
	switch (column) {
	case LENS_ENVIRONMENT:
		give_text(context, series->environment);
		return;
	case LENS_SERVICE:
		give_text(context, series->service);
		return;
	case LENS_AGENT:
		give_text(context, series->agent);
		return;
	case LENS_PROBE:
		give_text(context, series->probe);
		return;
	case LENS_KIND:
		give_text(context, series->kind);
		return;
	case LENS_VANTAGE:
		give_text(context, vantage_name(series->vantage));
		return;
	case LENS_REFERENCE_OF:
		give_known(context, series->reference_of);
		return;
	case LENS_INTERVAL_MS:
		sqlite3_result_int64(context, series->interval_ms);
		return;
	default:
		return;
	}
}

static void
give_of_result(
    sqlite3_context *context, const struct lens_scan *scan, int column)
{
	const struct series *series = lens_scan_series(scan);
	const struct result *result = lens_scan_result(scan);
	char time[TEXT_TIME_BYTES], reason[REASON_TEXT_BYTES];

	switch (column) {
	case LENS_AT:
		give_text(context, text_time(time, result->at_ms));
		return;
	case LENS_AT_MS:
		sqlite3_result_int64(context, result->at_ms);
		return;
	case LENS_OUTCOME:
		give_text(context, outcome_name(result->outcome));
		return;
	case LENS_REASON:
		give_known(context, result_reason(reason, series, result));
		return;
	case LENS_DURATION_MS:
		sqlite3_result_double(
		    context, (double)result->duration_us / 1000);
		return;
	case LENS_LIMIT_MS:
		if (result->limit_ms != 0)
			sqlite3_result_int64(context, result->limit_ms);
		return;
	case LENS_CENSORED:
		sqlite3_result_int(context, result->censored);
		return;
	case LENS_ATTEMPTS:
		sqlite3_result_int64(context, result->attempts);
		return;
	case LENS_PHASES:
		give_phases(context, series, result);
		return;
	case LENS_MESSAGE:
		give_known(context, result->message);
		return;
	default:
		give_attributes(context, result);
	}
}

static int
give_column(sqlite3_vtab_cursor *base, sqlite3_context *context, int column)
{
	const struct cursor *cursor = (struct cursor *)(void *)base;

	if (column <= LENS_INTERVAL_MS)
		give_of_series(context, lens_scan_series(cursor->scan), column);
	else
		give_of_result(context, cursor->scan, column);
	return SQLITE_OK;
}

/* --- the module -------------------------------------------------------------------- */

static int
connect_table(sqlite3 *db, void *arg, int argc, const char *const *argv,
    sqlite3_vtab **out, char **out_error)
{
	struct table *table;
	int rc;

	(void)arg;
	(void)argc;
	(void)argv;
	(void)out_error;
	rc = sqlite3_declare_vtab(db, schema);
	if (rc != SQLITE_OK)
		return rc;
	table = mem_zalloc(sizeof(*table));
	table->db = db;
	*out = &table->base;
	return SQLITE_OK;
}

static int
disconnect_table(sqlite3_vtab *base)
{
	free(base);
	return SQLITE_OK;
}

static int
open_cursor(sqlite3_vtab *base, sqlite3_vtab_cursor **out)
{
	struct cursor *cursor = mem_zalloc(sizeof(*cursor));

	(void)base;
	cursor->is_over = true;
	*out = &cursor->base;
	return SQLITE_OK;
}

static int
close_cursor(sqlite3_vtab_cursor *base)
{
	struct cursor *cursor = (struct cursor *)(void *)base;

	lens_scan_close(cursor->scan);
	free(cursor);
	return SQLITE_OK;
}

static int
next_row(sqlite3_vtab_cursor *base)
{
	return step((struct cursor *)(void *)base);
}

static int
is_at_end(sqlite3_vtab_cursor *base)
{
	return ((struct cursor *)(void *)base)->is_over;
}

static int
give_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *out)
{
	*out = lens_scan_id(((struct cursor *)(void *)base)->scan);
	return SQLITE_OK;
}

/* Without xCreate it is there by its name alone, in every schema. */
const sqlite3_module lens_results = {
	.xConnect = connect_table,
	.xBestIndex = best_index,
	.xDisconnect = disconnect_table,
	.xDestroy = disconnect_table,
	.xOpen = open_cursor,
	.xClose = close_cursor,
	.xFilter = filter_rows,
	.xNext = next_row,
	.xEof = is_at_end,
	.xColumn = give_column,
	.xRowid = give_rowid,
};

int
lens_register(sqlite3 *db)
{
	char *views = lens_views();
	int rc;

	rc = sqlite3_create_module_v2(db, "results", &lens_results, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(db, views, NULL, NULL, NULL);
	/* Connects it, before anybody forbids to make tables. */
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(
		    db, "SELECT 1 FROM results LIMIT 0", NULL, NULL, NULL);
	sqlite3_free(views);
	return rc;
}
