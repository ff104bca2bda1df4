#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "collector/cli/cmd.h"
#include "collector/cli/output.h"
#include "collector/cli/render.h"
#include "collector/ask/sql.h"
#include "proto/base/mem.h"

#define FLUSH_BYTES 65536
#define TABLE_MAX   100000 /* rows that a table may have: it is kept whole */

/* What is printed of the answer, in one of three ways. */
struct sheet {
	const struct arguments *arguments;
	struct page page;
	struct column *columns;
	char **titles; /* owned */
	size_t n_columns;
	struct table *table;
	uint64_t n_rows;
};

/* --- three ways -------------------------------------------------------------------- */

static void
put_csv(struct sheet *sheet, const struct store_cell *cells, size_t n)
{
	struct text *text = &sheet->page.text;

	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			text_add(text, ",");
		text_add_field(text, cells[i].text);
	}
	text_add(text, "\r\n");
}

static void
put_value(struct text *text, const struct store_cell *cell)
{
	double number = strtod(cell->text, NULL);
	char *clean;

	if (cell->is_null || (cell->is_number && !isfinite(number))) {
		text_add(text, "null");
		return;
	}
	if (cell->is_number) {
		text_add_bytes(text, cell->text, cell->n);
		return;
	}
	clean = mem_strndup(cell->text, cell->n);
	if (!text_is_utf8(clean, strlen(clean)))
		text_sanitise(clean, strlen(clean));
	text_add_quoted(text, clean);
	free(clean);
}

/* A list of objects, a line each. */
static void
put_json(struct sheet *sheet, const struct store_cell *cells, size_t n)
{
	struct text *text = &sheet->page.text;

	text_add(text, sheet->n_rows == 0 ? "[\n" : ",\n");
	for (size_t i = 0; i < n; i++) {
		text_add(text, i == 0 ? "{" : ",");
		text_add_quoted(text, sheet->titles[i]);
		text_add(text, ":");
		put_value(text, &cells[i]);
	}
	text_add(text, "}");
}

static int
put_row(struct sheet *sheet, const struct store_cell *cells, size_t n,
    struct err *err)
{
	if (sheet->n_rows == TABLE_MAX)
		return err_set(err, ERR_LIMIT,
		    "more than %d rows do not make a table: use LIMIT, --csv "
		    "or --json",
		    TABLE_MAX);
	for (size_t i = 0; i < n; i++)
		table_add(sheet->table, cells[i].is_null ? INK_DIM : INK_PLAIN,
		    "%s", cells[i].is_null ? "-" : cells[i].text);
	return 0;
}

/* --- rows --------------------------------------------------------------------------- */

static void
begin(struct sheet *sheet, const struct store_cell *cells, size_t n)
{
	sheet->n_columns = n;
	sheet->columns = mem_calloc(n, sizeof(*sheet->columns));
	sheet->titles = mem_calloc(n, sizeof(*sheet->titles));
	for (size_t i = 0; i < n; i++) {
		sheet->titles[i] = mem_strdup(cells[i].text);
		sheet->columns[i].title = sheet->titles[i];
	}
	if (sheet->arguments->csv)
		put_csv(sheet, cells, n);
	else if (!sheet->arguments->json)
		sheet->table = table_new(sheet->columns, n);
}

static int
on_row(void *arg, const struct store_cell *cells, size_t n, bool is_title,
    struct err *err)
{
	struct sheet *sheet = arg;

	if (is_title) {
		begin(sheet, cells, n);
		return 0;
	}
	if (sheet->arguments->csv)
		put_csv(sheet, cells, n);
	else if (sheet->arguments->json)
		put_json(sheet, cells, n);
	else if (put_row(sheet, cells, n, err) < 0)
		return -1;
	sheet->n_rows++;
	return sheet->page.text.n > FLUSH_BYTES
	    ? output_write(&sheet->page.text, err)
	    : 0;
}

static void
end(struct sheet *sheet)
{
	if (sheet->arguments->json)
		text_add(
		    &sheet->page.text, sheet->n_rows == 0 ? "[]\n" : "\n]\n");
	if (sheet->table != NULL)
		table_print(sheet->table, &sheet->page);
	sheet->table = NULL;
}

static void
sheet_fini(struct sheet *sheet)
{
	if (sheet->table != NULL)
		table_print(sheet->table, &sheet->page);
	for (size_t i = 0; i < sheet->n_columns; i++)
		free(sheet->titles[i]);
	free(sheet->titles);
	free(sheet->columns);
	page_fini(&sheet->page);
}

static int
run(const struct arguments *arguments, const struct look *look)
{
	struct sheet sheet = { .arguments = arguments,
		.page = { .look = *look } };
	int code = OUTPUT_DONE, rc;
	struct err err = { 0 };

	/* Whoever asks for twenty columns wants to see them. */
	sheet.page.look.width = LOOK_WIDTH_MAX;
	if (arguments->csv && arguments->json) {
		output_complain("sql: --csv or --json, not both", NULL);
		return OUTPUT_USAGE;
	}
	if (arguments->store == NULL) {
		output_complain(
		    "sql: asks a store file, and no collector: name it with "
		    "--store FILE",
		    "on the collector's machine, where it may be running, or "
		    "a copy that vedette-collector backup made");
		return OUTPUT_USAGE;
	}
	rc = sql_run(arguments->store, arguments->file, on_row, &sheet, &err);
	if (rc == 0) {
		end(&sheet);
		rc = output_write(&sheet.page.text, &err);
	}
	if (rc < 0 && err.code != ERR_CLOSED) {
		output_complain(err.text, NULL);
		code = err.code == ERR_INVALID || err.code == ERR_LIMIT ||
			err.code == ERR_NOT_FOUND
		    ? OUTPUT_USAGE
		    : OUTPUT_NO_ANSWER;
	}
	sheet_fini(&sheet);
	return code;
}

const struct command cmd_sql = {
	.name = "sql",
	.summary = "plain SQL over a store file",
	.options = OPTION_CSV,
	.operand = "'SELECT ...'",
	.description = "Asks a store file in SQL, for reading only, beside a "
		       "collector that writes it:\n"
		       "the table results (environment service agent probe "
		       "kind vantage reference_of\n"
		       "interval_ms at at_ms outcome reason duration_ms "
		       "limit_ms censored attempts\n"
		       "phases message attributes), and changes, regressions, "
		       "marks. Conditions on\n"
		       "environment, service, agent, probe, outcome and at "
		       "keep it from reading\n"
		       "everything. Prints a table, or --csv, or --json.\n",
	.examples =
	    "  vedette --store s.db sql \"select probe, avg(duration_ms) from "
	    "results\n      where environment = 'staging' and at >= "
	    "'2026-01-05' group by probe\"\n"
	    "  vedette --store s.db --csv sql \"select * from changes\"\n",
	.exits = "  0   answered\n"
		 "  2   the command line or the question is not right\n"
		 "  3   the store could not be read\n",
	.run = run,
};
