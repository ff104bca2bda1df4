#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "collector/keep/export.h"
#include "proto/base/mem.h"
#include "proto/jsonl.h"
#include "proto/publish.h"

#define WINDOW_MS     INT64_C(86400000)      /* chunks are those of days */
#define WINDOW_LINES  50000                  /* some 20 MB of results */
#define NEVER_MS      INT64_C(7258118400001) /* after all times there are */
#define NOTHING_FOUND INT64_MAX

/* A line that is written, in the text of all. */
struct written {
	int64_t at_ms;
	size_t start, n;
};

struct export
{
	const struct export_setup *setup;
	int64_t from_ms, to_ms; /* the window */
	struct text text;
	struct written *lines;
	size_t n, room;
	bool found; /* while looking for whether there is something */
};

/* --- writing ------------------------------------------------------------------- */

static void
put_csv(struct text *text, const struct line *line)
{
	const struct series *series = &line->series;
	const struct result *result = &line->result;
	char at[TEXT_TIME_BYTES], reason[REASON_TEXT_BYTES];
	const char *cells[] = { text_time(at, line->at_ms), line->environment,
		series->service, line->agent, vantage_name(series->vantage),
		series->probe, series->kind, outcome_name(result->outcome),
		result_reason(reason, series, result) };

	for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++) {
		text_add_field(text, cells[i]);
		text_add_bytes(text, ",", 1);
	}
	text_addf(text, "%lld.%03lld,%u,%d,%u,",
	    (long long)result->duration_us / 1000,
	    (long long)result->duration_us % 1000, result->limit_ms,
	    result->censored, result->attempts);
	text_add_field(text, result->message);
	text_add(text, "\r\n");
}

static const char csv_head[] =
    "at,environment,service,agent,vantage,probe,kind,outcome,reason,"
    "duration_ms,limit_ms,censored,attempts,message\r\n";

/* Adds a line of the window; others are another window's. */
static void
add(struct export *export, const struct line *line)
{
	struct written *written;
	size_t start = export->text.n;

	if (line->at_ms < export->from_ms || line->at_ms >= export->to_ms)
		return;
	if (export->setup->format == EXPORT_CSV && line->type != LINE_RESULT)
		return;
	if (export->setup->format == EXPORT_CSV)
		put_csv(&export->text, line);
	else
		jsonl_write(&export->text, line);
	if (export->n == export->room) {
		export->room = 2 * export->room + 1024;
		export->lines = mem_resize(
		    export->lines, export->room, sizeof(*export->lines));
	}
	written = &export->lines[export->n++];
	*written =
	    (struct written){ line->at_ms, start, export->text.n - start };
}

static int
compare(const void *left, const void *right, void *arg)
{
	const struct written *a = left, *b = right;
	const char *bytes = arg;
	int rc = (a->at_ms > b->at_ms) - (a->at_ms < b->at_ms);

	if (rc == 0)
		rc = memcmp(bytes + a->start, bytes + b->start,
		    a->n < b->n ? a->n : b->n);
	return rc != 0 ? rc : (a->n > b->n) - (a->n < b->n);
}

/* Writes the lines of the window in their order. */
static int
write_window(struct export *export, struct err *err)
{
	FILE *out = export->setup->out;

	if (export->n > 0)
		qsort_r(export->lines, export->n, sizeof(*export->lines),
		    compare, export->text.bytes);
	for (size_t i = 0; i < export->n; i++)
		fwrite(export->text.bytes + export->lines[i].start, 1,
		    export->lines[i].n, out);
	if (ferror(out))
		return err_set(err, errno == ENOSPC ? ERR_FULL : ERR_IO,
		    "export: %s", strerror(errno));
	return 0;
}

/* --- collecting ------------------------------------------------------------------ */

static int
on_result(void *arg, const struct series *series, const struct result *result,
    struct err *err)
{
	struct line line = { .type = LINE_RESULT,
		.at_ms = result->at_ms,
		.environment = series->environment,
		.agent = series->agent,
		.series = *series,
		.result = *result };

	(void)err;
	add(arg, &line);
	return 0;
}

static int
on_batch(void *arg, const struct store_batch *stored, struct err *err)
{
	struct line line = { .environment = stored->environment,
		.agent = stored->agent };
	struct batch *batch;

	if (batch_decode(&batch, stored->content, stored->n_content,
		stored->environment, stored->agent, err) < 0)
		return -1;
	line.type = LINE_FACT;
	for (size_t i = 0; i < batch->n_facts; i++) {
		line.fact = batch->facts[i];
		line.at_ms = line.fact.at_ms;
		add(arg, &line);
	}
	line.type = LINE_GAP;
	for (size_t i = 0; i < batch->n_gaps; i++) {
		line.gap = batch->gaps[i];
		line.at_ms = line.gap.from_ms;
		add(arg, &line);
	}
	batch_free(batch);
	return 0;
}

static int
on_mark(void *arg, const struct mark *mark, struct err *err)
{
	struct line line = { .type = LINE_EVENT,
		.at_ms = mark->at_ms,
		.environment = mark->environment,
		.mark = *mark };

	(void)err;
	add(arg, &line);
	return 0;
}

/* Collects the window; *out_more when it holds too much at once. */
static int
collect(struct export *export, bool *out_more, struct err *err)
{
	struct store *store = export->setup->store;
	const char *environment = export->setup->environment;
	struct query_history results = {
		.environment = environment,
		.service = "",
		.agent = "",
		.probe = "",
		.from_ms = export->from_ms,
		.to_ms = export->to_ms,
		.limit = WINDOW_LINES,
	};
	struct store_marks marks = { environment, "", export->from_ms,
		export->to_ms };

	export->n = export->text.n = 0;
	if (store_scan_results(
		store, out_more, &results, on_result, export, err) < 0)
		return -1;
	if (*out_more && export->to_ms - export->from_ms > 1)
		return 0;
	if (*out_more)
		return err_set(err, ERR_LIMIT,
		    "export: more than %d results of one millisecond",
		    WINDOW_LINES);
	if (store_scan_marks(store, &marks, on_mark, export, err) < 0)
		return -1;
	return store_scan_span(store, environment, "", export->from_ms,
	    export->to_ms, on_batch, export, err);
}

/* --- looking for the next thing ---------------------------------------------------- */

static int
found_result(void *arg, const struct series *series,
    const struct result *result, struct err *err)
{
	struct export *export = arg;

	(void)series;
	(void)result;
	(void)err;
	export->found = true;
	return 1;
}

static int
found_batch(void *arg, const struct store_batch *batch, struct err *err)
{
	struct export *export = arg;

	(void)batch;
	(void)err;
	export->found = true;
	return 1;
}

static int
found_mark(void *arg, const struct mark *mark, struct err *err)
{
	struct export *export = arg;

	(void)mark;
	(void)err;
	export->found = true;
	return 1;
}

/* Sets export->found: is there anything from from_ms until to_ms? */
static int
look(struct export *export, int64_t from_ms, int64_t to_ms, struct err *err)
{
	struct store *store = export->setup->store;
	const char *environment = export->setup->environment;
	struct query_history results = { environment, "", "", "", from_ms,
		to_ms, 1 };
	struct store_marks marks = { environment, "", from_ms, to_ms };
	bool more;

	export->found = false;
	if (store_scan_marks(store, &marks, found_mark, export, err) < 0)
		return -1;
	if (!export->found &&
	    store_scan_span(store, environment, "", from_ms, to_ms, found_batch,
		export, err) < 0)
		return -1;
	if (!export->found &&
	    store_scan_results(
		store, &more, &results, found_result, export, err) < 0)
		return -1;
	return 0;
}

/* The first moment from from_ms on, before to_ms, of which there is
 * something; NOTHING_FOUND when there is not. */
static int
find_next(struct export *export, int64_t *out_ms, int64_t from_ms,
    int64_t to_ms, struct err *err)
{
	int64_t low = from_ms, high = to_ms;

	if (look(export, from_ms, to_ms, err) < 0)
		return -1;
	*out_ms = NOTHING_FOUND;
	if (!export->found)
		return 0;
	/* There is something before high, and nothing before low. */
	while (high - low > 1) {
		int64_t middle = low + (high - low) / 2;

		if (look(export, from_ms, middle, err) < 0)
			return -1;
		if (export->found)
			high = middle;
		else
			low = middle;
	}
	*out_ms = low;
	return 0;
}

/* --- all of it ------------------------------------------------------------------------ */

/* Windows that shrink when they hold too much, and grow again. */
static int
run(struct export *export, uint64_t *out_lines, int64_t begin_ms,
    int64_t end_ms, struct err *err)
{
	int64_t width_ms = WINDOW_MS, first_ms = NOTHING_FOUND;
	bool more, jump = true;

	for (int64_t at_ms = begin_ms; at_ms < end_ms;) {
		if (jump && find_next(export, &at_ms, at_ms, end_ms, err) < 0)
			return -1;
		if (at_ms == NOTHING_FOUND)
			return 0;
		if (first_ms == NOTHING_FOUND)
			first_ms = at_ms;
		export->from_ms = at_ms;
		export->to_ms =
		    end_ms - at_ms > width_ms ? at_ms + width_ms : end_ms;
		if (collect(export, &more, err) < 0)
			return -1;
		jump = false;
		if (more) {
			width_ms = (export->to_ms - export->from_ms) / 2;
			continue;
		}
		if (write_window(export, err) < 0)
			return -1;
		*out_lines += export->n;
		at_ms = export->to_ms;
		jump = export->n == 0;
		if (export->n < WINDOW_LINES / 4 && width_ms < WINDOW_MS)
			width_ms *= 2;
		if (export->setup->progress != NULL)
			export->setup->progress(export->setup->arg, *out_lines,
			    at_ms, first_ms, end_ms);
	}
	return 0;
}

int
export_run(
    uint64_t *out_lines, const struct export_setup *setup, struct err *err)
{
	struct export export = { .setup = setup };
	int64_t end_ms = setup->to_ms > 0 ? setup->to_ms : NEVER_MS;
	int rc;

	*out_lines = 0;
	if (setup->format == EXPORT_CSV)
		fputs(csv_head, setup->out);
	rc = run(&export, out_lines, setup->from_ms, end_ms, err);
	if (rc == 0 && (fflush(setup->out) != 0 || ferror(setup->out)))
		rc = err_set(err, errno == ENOSPC ? ERR_FULL : ERR_IO,
		    "export: %s", strerror(errno));
	text_fini(&export.text);
	free(export.lines);
	return rc;
}
