#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "collector/cli/chart.h"
#include "collector/cli/cmd.h"
#include "collector/cli/columns.h"
#include "collector/cli/csv.h"
#include "collector/cli/moment.h"
#include "collector/cli/output.h"
#include "proto/shape.h"
#include "collector/detect/detector.h"
#include "collector/detect/rate.h"
#include "proto/base/map.h"
#include "proto/base/mem.h"

#define SERIES_MAX  1000000
#define FLUSH_BYTES 65536

/* How outcomes are written; what is in neither list is refused. */
static const char *const good_words[] = { "0", "ok", "good", "up", "success",
	"pass", "passed", "false", "warning", NULL };
static const char *const bad_words[] = { "1", "critical", "failed", "failure",
	"fail", "error", "down", "true", NULL };

/* One column of one series. */
struct watched {
	struct detector detector; /* of values, or */
	struct rate rate;         /* of outcomes */
	struct chart *chart;      /* owned; NULL unless asked for */
	json_t *flags;            /* owned; NULL unless asked for */
	uint64_t missing;
};

struct curve {
	char *name;
	uint64_t rows;
	struct watched watched[]; /* as many as columns */
};

struct detection {
	const struct arguments *arguments;
	struct csv *csv;
	struct columns columns;
	struct map *all; /* of struct curve, owned */
	char *file_name;
	struct page page;
};

/* What was found in a column, of either kind. */
struct found {
	uint64_t onset, alarm;
	const char *kind;
	double before, after;
	int64_t at_ms;
};

/* --- what was found --------------------------------------------------------- */

/* Quotes what would break the row. */
static void
add_quoted(struct text *text, const char *field)
{
	if (strpbrk(field, ",\"\r\n") == NULL) {
		text_add(text, field);
		return;
	}
	text_add(text, "\"");
	for (; *field != '\0'; field++)
		text_add_bytes(text, *field == '"' ? "\"\"" : field,
		    *field == '"' ? 2 : 1);
	text_add(text, "\"");
}

static void
add_row(struct detection *detection, const struct curve *curve, size_t i,
    const struct found *found)
{
	struct text *text = &detection->page.text;

	add_quoted(text, curve->name);
	text_addf(text, ",%llu,%llu,%s,%.10g,%.10g",
	    (unsigned long long)found->onset, (unsigned long long)found->alarm,
	    found->kind, found->before, found->after);
	if (detection->columns.n > 1) {
		text_add(text, ",");
		add_quoted(text, detection->columns.titles[i]);
	}
	text_add(text, "\n");
}

static void
add_flag(struct watched *watched, const struct found *found)
{
	char at[TEXT_TIME_BYTES];

	json_array_append_new(watched->flags,
	    json_pack("{s:I, s:I, s:s, s:f, s:f, s:s?}", "index",
		(json_int_t)found->onset, "alarm", (json_int_t)found->alarm,
		"kind", found->kind, "before", found->before, "after",
		found->after, "at",
		found->at_ms != PACE_NO_TIME ? text_time(at, found->at_ms)
					     : NULL));
}

static void
tell(struct detection *detection, struct curve *curve, size_t i,
    const struct found *found)
{
	struct watched *watched = &curve->watched[i];

	if (watched->chart != NULL)
		chart_mark(watched->chart, found->onset,
		    strcmp(found->kind, "down") != 0);
	if (watched->flags != NULL)
		add_flag(watched, found);
	else
		add_row(detection, curve, i, found);
}

/* --- rows ------------------------------------------------------------------- */

static struct curve *
curve_new(const struct detection *detection, const char *name)
{
	const struct arguments *arguments = detection->arguments;
	struct curve *curve = mem_zalloc(
	    sizeof(*curve) + detection->columns.n * sizeof(curve->watched[0]));

	curve->name = mem_strdup(name);
	for (size_t i = 0; i < detection->columns.n; i++) {
		struct watched *watched = &curve->watched[i];

		detector_init(&watched->detector, arguments->per_year, 0);
		rate_init(&watched->rate, arguments->per_year);
		if (arguments->chart) {
			watched->chart = mem_zalloc(sizeof(*watched->chart));
			chart_init(watched->chart);
		}
		if (arguments->json || arguments->chart)
			watched->flags = json_array();
	}
	return curve;
}

static void
curve_free(struct curve *curve, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(curve->watched[i].chart);
		json_decref(curve->watched[i].flags);
	}
	free(curve->name);
	free(curve);
}

/* The series that the row belongs to. */
static int
curve_of(struct curve **out, struct detection *detection, struct err *err)
{
	const char *name = detection->columns.series != COLUMNS_NONE
	    ? csv_field(detection->csv, detection->columns.series)
	    : detection->file_name;

	*out = map_get(detection->all, name);
	if (*out != NULL)
		return 0;
	if (map_count(detection->all) >= SERIES_MAX)
		return csv_fault(detection->csv, detection->columns.series, err,
		    "more than a million series; is this the right column?");
	*out = curve_new(detection, name);
	map_put(detection->all, name, *out);
	return 0;
}

static bool
is_missing(const char *field)
{
	static const char *const words[] = { "", "nan", "na", "n/a", "null",
		"none", "-", NULL };

	for (const char *const *at = words; *at != NULL; at++)
		if (strcasecmp(*at, field) == 0)
			return true;
	return false;
}

static bool
is_among(const char *field, const char *const *words)
{
	for (; *words != NULL; words++)
		if (strcasecmp(*words, field) == 0)
			return true;
	return false;
}

/* The number in field i; NaN where it is missing. */
static int
read_value(double *out, const struct csv *csv, size_t i, struct err *err)
{
	const char *field = csv_field(csv, i);
	char *end;

	*out = (double)NAN;
	if (is_missing(field))
		return 0;
	*out = strtod(field, &end);
	while (isspace((unsigned char)*end))
		end++;
	if (end == field || *end != '\0')
		return csv_fault(csv, i, err, "not a number: %.40s", field);
	return 0;
}

static int
watch_value(struct detection *detection, struct curve *curve, size_t i,
    int64_t at_ms, struct err *err)
{
	struct watched *watched = &curve->watched[i];
	struct flag flag;
	double value;

	if (read_value(
		&value, detection->csv, detection->columns.fields[i], err) < 0)
		return -1;
	watched->missing += !isfinite(value);
	if (watched->chart != NULL)
		chart_add(watched->chart, value);
	if (!detector_add(&flag, &watched->detector, at_ms, value))
		return 0;
	tell(detection, curve, i,
	    &(struct found){ .onset = flag.onset,
		.alarm = flag.alarm,
		.kind = flag.change == CHANGE_UP ? "up" : "down",
		.before = flag.before,
		.after = flag.after,
		.at_ms = at_ms });
	return 0;
}

static int
watch_outcome(struct detection *detection, struct curve *curve, size_t i,
    int64_t at_ms, struct err *err)
{
	struct watched *watched = &curve->watched[i];
	const char *field =
	    csv_field(detection->csv, detection->columns.fields[i]);
	bool failed = is_among(field, bad_words);
	struct rate_flag flag;

	if (!failed && !is_among(field, good_words) && !is_missing(field) &&
	    strcasecmp(field, "unknown") != 0)
		return csv_fault(detection->csv, detection->columns.fields[i],
		    err,
		    "not an outcome: %.40s; write ok or critical, or 0 or 1 "
		    "for failed",
		    field);
	if (!failed && !is_among(field, good_words)) {
		watched->missing++;
		rate_skip(&watched->rate);
		return 0;
	}
	if (watched->chart != NULL)
		chart_add(watched->chart, failed);
	if (!rate_add(&flag, &watched->rate, at_ms, failed))
		return 0;
	tell(detection, curve, i,
	    &(struct found){ .onset = flag.onset,
		.alarm = flag.alarm,
		.kind = "rate",
		.before = flag.before,
		.after = flag.after,
		.at_ms = at_ms });
	return 0;
}

static int
watch_row(struct detection *detection, size_t n, struct err *err)
{
	const struct csv *csv = detection->csv;
	struct curve *curve;
	int64_t at_ms = PACE_NO_TIME;

	if (csv_n(csv) != n)
		return csv_fault(csv, csv_n(csv) - 1, err,
		    "%zu fields in this row, %zu in the first", csv_n(csv), n);
	if (detection->columns.time != COLUMNS_NONE &&
	    !is_missing(csv_field(csv, detection->columns.time)) &&
	    !moment_parse(&at_ms, csv_field(csv, detection->columns.time)))
		return csv_fault(csv, detection->columns.time, err,
		    "not a time: %.40s; write 2026-01-05T10:00:00Z or seconds "
		    "since 1970",
		    csv_field(csv, detection->columns.time));
	if (curve_of(&curve, detection, err) < 0)
		return -1;
	/* Without a time, rows are a minute apart. */
	if (detection->columns.time == COLUMNS_NONE)
		at_ms = (int64_t)curve->rows * 60000;
	curve->rows++;
	for (size_t i = 0; i < detection->columns.n; i++) {
		int rc =
		    detection->columns.fields[i] == detection->columns.outcome
		    ? watch_outcome(detection, curve, i, at_ms, err)
		    : watch_value(detection, curve, i, at_ms, err);

		if (rc < 0)
			return -1;
	}
	return 0;
}

/* --- the end ---------------------------------------------------------------- */

static void
print_json(struct detection *detection)
{
	json_t *all = json_array();

	MAP_EACH (struct curve, curve, detection->all)
		for (size_t i = 0; i < detection->columns.n; i++) {
			const struct watched *watched = &curve->watched[i];

			json_array_append_new(all,
			    json_pack("{s:s, s:s, s:I, s:I, s:O}", "series",
				curve->name, "column",
				detection->columns.titles[i], "rows",
				(json_int_t)curve->rows, "missing",
				(json_int_t)watched->missing, "flags",
				watched->flags));
		}
	shape_print(&detection->page.text,
	    json_pack("{s:f, s:o}", "per_year", detection->arguments->per_year,
		"series", all),
	    false);
}

static void
draw_flag(struct page *page, const json_t *flag)
{
	const char *kind = json_string_value(json_object_get(flag, "kind"));

	page_put(page, strcmp(kind, "down") == 0 ? INK_GOOD : INK_BAD,
	    "  row %lld: %s, %.5g %s %.5g (known at row %lld)",
	    (long long)json_integer_value(json_object_get(flag, "index")), kind,
	    json_real_value(json_object_get(flag, "before")), page_arrow(page),
	    json_real_value(json_object_get(flag, "after")),
	    (long long)json_integer_value(json_object_get(flag, "alarm")));
	page_newline(page);
}

static void
print_charts(struct detection *detection)
{
	struct page *page = &detection->page;

	MAP_EACH (struct curve, curve, detection->all)
		for (size_t i = 0; i < detection->columns.n; i++) {
			const json_t *flags = curve->watched[i].flags, *flag;
			size_t k;

			page_put(page, INK_TITLE, "%s: %s", curve->name,
			    detection->columns.titles[i]);
			page_put(page, INK_DIM, ", %llu rows, %zu flags",
			    (unsigned long long)curve->rows,
			    json_array_size(flags));
			page_newline(page);
			chart_draw(curve->watched[i].chart, page);
			json_array_foreach(flags, k, flag)
			    draw_flag(page, flag);
		}
}

/* Reads all rows; flags are written as they are found. */
static int
detect(struct detection *detection, struct err *err)
{
	struct text *text = &detection->page.text;
	bool rows = !detection->arguments->json && !detection->arguments->chart;
	size_t n;
	int rc;

	if (columns_choose(&detection->columns, detection->csv,
		detection->arguments, err) < 0)
		return -1;
	n = csv_n(detection->csv);
	if (rows)
		text_addf(text, "series,index,alarm,kind,before,after%s\n",
		    detection->columns.n > 1 ? ",column" : "");
	while ((rc = csv_next(detection->csv, err)) > 0) {
		if (watch_row(detection, n, err) < 0)
			return -1;
		if (text->n > FLUSH_BYTES && output_write(text, err) < 0)
			return -1;
	}
	if (rc == 0 && detection->arguments->json)
		print_json(detection);
	if (rc == 0 && detection->arguments->chart)
		print_charts(detection);
	return rc;
}

/* "/a/b.csv" to "b", owned by the caller. */
static char *
name_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash != NULL ? slash + 1 : path;
	size_t n = strlen(name);

	if (n > 4 && strcasecmp(name + n - 4, ".csv") == 0)
		n -= 4;
	return mem_strndup(name, n);
}

static int
run(const struct arguments *arguments, const struct look *look)
{
	struct detection detection = { .arguments = arguments,
		.all = map_new(),
		.page = { .look = *look } };
	struct err err;
	int rc, told;

	detection.file_name = name_of(arguments->file);
	rc = csv_open(&detection.csv, arguments->file, &err);
	if (rc == 0)
		rc = detect(&detection, &err);
	if (rc < 0 && err.code != ERR_CLOSED)
		output_complain(err.text, NULL);
	/* What was found before the fault is good. */
	told = output_write(&detection.page.text, &err);
	if (rc == 0 && told < 0 && err.code != ERR_CLOSED)
		output_complain(err.text, NULL);
	csv_close(detection.csv);
	MAP_EACH (struct curve, curve, detection.all)
		curve_free(curve, detection.columns.n);
	map_free(detection.all);
	columns_fini(&detection.columns);
	free(detection.file_name);
	page_fini(&detection.page);
	if (rc < 0)
		return err.code == ERR_CLOSED ? OUTPUT_DONE : OUTPUT_USAGE;
	return told < 0 && err.code != ERR_CLOSED ? OUTPUT_NO_ANSWER
						  : OUTPUT_DONE;
}

const struct command cmd_detect = {
	.name = "detect",
	.summary = "regressions in the columns of a CSV file",
	.operand = "FILE.csv | -",
	.options = OPTION_DETECT,
	.description =
	    "Reads a table row by row, as if each value had just arrived, and "
	    "prints what a\ncollector would have flagged: index is the first "
	    "row of the new level (from 0,\nthe header not counted), alarm the "
	    "row at which that was known.  Nothing is\nrevised later.\n\nThe "
	    "first line names the columns.  Without --value it is the column "
	    "\"value\", or\nthe only one; times are found by their usual "
	    "names.  Times may be RFC 3339,\ndates, or seconds since 1970; "
	    "without a zone they are UTC.  Without a time, or\nwith small "
	    "numbers for it, rows are a minute apart.  Empty fields, NaN and "
	    "NA\nare missing values.\n",
	.examples =
	    "  vedette detect latency.csv\n"
	    "  vedette detect --time at --value p50 --value p99 latency.csv\n"
	    "  vedette detect --outcome state --per-year 4 checks.csv\n"
	    "  zcat metrics.csv.gz | vedette detect --series host --chart -\n",
	.exits = "  0   read to the end, whatever was found\n"
		 "  2   the command line or the file is not right\n"
		 "  3   nowhere to write to\n",
	.run = run,
};
