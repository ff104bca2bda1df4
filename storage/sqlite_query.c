/* Plain SQL over a store, for reading. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/mem.h"
#include "storage/sqlite.h"
#include "storage/sqlite_lens.h"

/* What a question may do: read, and look at what there is to read.  The file
 * is opened for reading only; this keeps away from other files, too. */
static int
authorise(void *arg, int action, const char *what, const char *function,
    const char *schema, const char *trigger)
{
	static const char *const pragmas[] = { "table_info", "table_xinfo",
		"table_list" };

	(void)arg;
	(void)schema;
	(void)trigger;
	switch (action) {
	case SQLITE_SELECT:
	case SQLITE_READ:
	case SQLITE_RECURSIVE:
		return SQLITE_OK;
	case SQLITE_FUNCTION:
		return strcmp(function, "load_extension") == 0 ? SQLITE_DENY
							       : SQLITE_OK;
	case SQLITE_PRAGMA:
		for (size_t i = 0; i < sizeof(pragmas) / sizeof(pragmas[0]);
		     i++)
			if (strcmp(pragmas[i], what) == 0)
				return SQLITE_OK;
		return SQLITE_DENY;
	default:
		return SQLITE_DENY;
	}
}

static int
fail(struct sqlite *s, int rc, struct err *err)
{
	if ((rc & 0xff) == SQLITE_AUTH)
		return err_set(err, ERR_INVALID,
		    "sql: %s: a question may read, and nothing else",
		    sqlite3_errmsg(s->db));
	if ((rc & 0xff) == SQLITE_ERROR)
		return err_set(
		    err, ERR_INVALID, "sql: %s", sqlite3_errmsg(s->db));
	return sqlite_fail(s, err);
}

static void
read_cells(sqlite3_stmt *statement, struct store_cell *cells, size_t n)
{
	for (int i = 0; i < (int)n; i++) {
		int type = sqlite3_column_type(statement, i);

		cells[i] = (struct store_cell){
			.is_null = type == SQLITE_NULL,
			.is_number =
			    type == SQLITE_INTEGER || type == SQLITE_FLOAT,
			.text = (const char *)sqlite3_column_text(statement, i),
			.n = (size_t)sqlite3_column_bytes(statement, i),
		};
		if (cells[i].text == NULL)
			cells[i].text = "";
	}
}

static void
read_titles(sqlite3_stmt *statement, struct store_cell *cells, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const char *name = sqlite3_column_name(statement, (int)i);

		cells[i] =
		    (struct store_cell){ .text = name, .n = strlen(name) };
	}
}

/* Hands out the titles, then the rows. */
static int
hand_out(struct sqlite *s, sqlite3_stmt *statement, store_sql_fn *on_row,
    void *arg, struct err *err)
{
	size_t n = (size_t)sqlite3_column_count(statement);
	struct store_cell *cells = mem_calloc(n, sizeof(*cells));
	int rc, step = SQLITE_DONE;

	read_titles(statement, cells, n);
	rc = on_row(arg, cells, n, true, err);
	while (rc == 0 && (step = sqlite3_step(statement)) == SQLITE_ROW) {
		read_cells(statement, cells, n);
		rc = on_row(arg, cells, n, false, err);
	}
	if (rc == 0 && step != SQLITE_DONE)
		rc = fail(s, step, err);
	free(cells);
	return rc < 0 ? -1 : 0;
}

static bool
is_blank(const char *text)
{
	while (isspace((unsigned char)*text) || *text == ';')
		text++;
	return *text == '\0';
}

static int
answer(struct sqlite *s, const char *sql, store_sql_fn *on_row, void *arg,
    struct err *err)
{
	sqlite3_stmt *statement = NULL;
	const char *rest = "";
	int rc;

	rc = sqlite3_prepare_v2(s->db, sql, -1, &statement, &rest);
	if (rc != SQLITE_OK)
		rc = fail(s, rc, err);
	else if (statement == NULL)
		rc = err_set(err, ERR_INVALID, "sql: which question?");
	else if (!is_blank(rest))
		rc = err_set(err, ERR_INVALID,
		    "sql: more than one question: %.40s", rest);
	else if (!sqlite3_stmt_readonly(statement))
		rc = err_set(err, ERR_INVALID,
		    "sql: a question may read, and nothing else");
	else
		rc = hand_out(s, statement, on_row, arg, err);
	sqlite3_finalize(statement);
	return rc;
}

int
sqlite_sql(struct store *store, const char *sql, store_sql_fn *on_row,
    void *arg, struct err *err)
{
	struct sqlite *s = sqlite_of(store);
	int rc;

	if (lens_register(s->db) != SQLITE_OK)
		return sqlite_fail(s, err);
	sqlite3_set_authorizer(s->db, authorise, NULL);
	rc = answer(s, sql, on_row, arg, err);
	sqlite3_set_authorizer(s->db, NULL, NULL);
	return rc;
}
