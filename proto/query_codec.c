#include <string.h>

#include "proto/query_codec.h"
#include "proto/result_codec.h"

/* --- rows to messages ------------------------------------------------------- */

static Vedette__PlacedResult *
placed_pack(struct arena *arena, const struct series *series,
    const struct result *result)
{
	Vedette__PlacedResult *message = arena_zalloc(arena, sizeof(*message));
	struct result alone = *result;

	alone.series = 0;
	vedette__placed_result__init(message);
	message->environment = codec_lend(series->environment);
	message->agent = codec_lend(series->agent);
	message->series = series_pack(arena, series);
	message->result = result_pack(arena, &alone, 0);
	return message;
}

static Vedette__CellRow *
cell_pack(struct arena *arena, const struct cell_row *row)
{
	Vedette__CellRow *message = arena_zalloc(arena, sizeof(*message));

	vedette__cell_row__init(message);
	message->environment = codec_lend(row->environment);
	message->service = codec_lend(row->service);
	message->state = row->state;
	message->since_ms = row->since_ms;
	message->last_ms = row->last_ms;
	message->build = codec_lend(row->build);
	message->why = codec_lend(row->why);
	return message;
}

static Vedette__SeriesRow *
series_row_pack(struct arena *arena, const struct series_row *row)
{
	Vedette__SeriesRow *message = arena_zalloc(arena, sizeof(*message));

	vedette__series_row__init(message);
	message->last = placed_pack(arena, &row->series, &row->last);
	message->state = row->state;
	message->hard = row->hard;
	message->since_ms = row->since_ms;
	message->n_results = row->n_results;
	return message;
}

static Vedette__AgentRow *
agent_pack(struct arena *arena, const struct agent_row *row)
{
	Vedette__AgentRow *message = arena_zalloc(arena, sizeof(*message));

	vedette__agent_row__init(message);
	message->environment = codec_lend(row->environment);
	message->agent = codec_lend(row->agent);
	message->version = codec_lend(row->version);
	message->vantage = row->vantage;
	message->seen_ms = row->seen_ms;
	message->silent = row->silent;
	message->clock_offset_ms = row->clock_offset_ms;
	message->waiting = row->waiting;
	message->lost_results = row->lost_results;
	message->lost_from_ms = row->lost_from_ms;
	message->lost_to_ms = row->lost_to_ms;
	return message;
}

static Vedette__FindingRow *
finding_pack(struct arena *arena, const struct finding_row *row)
{
	Vedette__FindingRow *message = arena_zalloc(arena, sizeof(*message));

	vedette__finding_row__init(message);
	message->environment = codec_lend(row->environment);
	message->service = codec_lend(row->service);
	message->kind = codec_lend(row->kind);
	message->text = codec_lend(row->text);
	return message;
}

static Vedette__ChangeRow *
change_pack(struct arena *arena, const struct change_row *row)
{
	Vedette__ChangeRow *message = arena_zalloc(arena, sizeof(*message));

	vedette__change_row__init(message);
	message->environment = codec_lend(row->environment);
	message->service = codec_lend(row->service);
	message->name = codec_lend(row->name);
	message->source = row->source;
	message->before = codec_lend(row->before);
	message->after = codec_lend(row->after);
	message->after_ms = row->after_ms;
	message->before_ms = row->before_ms;
	message->agent = codec_lend(row->agent);
	return message;
}

Vedette__MarkRow *
mark_pack(struct arena *arena, const struct mark *mark)
{
	Vedette__MarkRow *message = arena_zalloc(arena, sizeof(*message));
	struct attribute *attributes;

	vedette__mark_row__init(message);
	message->at_ms = mark->at_ms;
	message->environment = codec_lend(mark->environment);
	message->service = codec_lend(mark->service);
	message->kind = mark->kind;
	message->subject = codec_lend(mark->subject);
	message->summary = codec_lend(mark->summary);
	message->by = codec_lend(mark_by(mark));
	/* Whoever told it has a field of their own. */
	attributes =
	    arena_zalloc(arena, mark->n_attributes * sizeof(*attributes));
	for (size_t i = 0; i < mark->n_attributes; i++)
		if (strcmp(mark->attributes[i].name, MARK_BY) != 0)
			attributes[message->n_attributes++] =
			    mark->attributes[i];
	message->attributes =
	    attributes_pack(arena, attributes, message->n_attributes);
	return message;
}

static Vedette__RegressionRow *
regression_pack(struct arena *arena, const struct regression_row *row)
{
	Vedette__RegressionRow *message = arena_zalloc(arena, sizeof(*message));

	vedette__regression_row__init(message);
	message->id = row->id;
	message->kind = row->kind;
	message->environment = codec_lend(row->environment);
	message->service = codec_lend(row->service);
	message->agent = codec_lend(row->agent);
	message->subject = codec_lend(row->subject);
	message->severity = row->severity;
	message->onset_from_ms = row->onset_from_ms;
	message->onset_to_ms = row->onset_to_ms;
	message->detected_ms = row->detected_ms;
	message->cleared_ms = row->cleared_ms;
	message->late = row->late;
	message->before = codec_lend(row->before);
	message->after = codec_lend(row->after);
	message->message = codec_lend(row->message);
	return message;
}

/* --- answers to messages ---------------------------------------------------- */

/* Packs each row of a list into one of pointers. */
#define PACK_ROWS(arena, out, n_out, rows, n_rows, pack)                  \
	do {                                                              \
		(n_out) = (n_rows);                                       \
		(out) = arena_zalloc((arena), (n_rows) * sizeof(*(out))); \
		for (size_t row_ = 0; row_ < (n_rows); row_++)            \
			(out)[row_] = pack((arena), &(rows)[row_]);       \
	} while (0)

Vedette__StatusAnswer *
status_pack(struct arena *arena, const struct status_answer *answer)
{
	Vedette__StatusAnswer *message = arena_zalloc(arena, sizeof(*message));

	vedette__status_answer__init(message);
	message->at_ms = answer->at_ms;
	PACK_ROWS(arena, message->cells, message->n_cells, answer->cells,
	    answer->n_cells, cell_pack);
	PACK_ROWS(arena, message->series, message->n_series, answer->series,
	    answer->n_series, series_row_pack);
	PACK_ROWS(arena, message->agents, message->n_agents, answer->agents,
	    answer->n_agents, agent_pack);
	PACK_ROWS(arena, message->findings, message->n_findings,
	    answer->findings, answer->n_findings, finding_pack);
	PACK_ROWS(arena, message->open, message->n_open, answer->open,
	    answer->n_open, regression_pack);
	return message;
}

static Vedette__PlacedResult *
history_row_pack(struct arena *arena, const struct history_row *row)
{
	return placed_pack(arena, &row->series, &row->result);
}

Vedette__HistoryAnswer *
history_pack(struct arena *arena, const struct history_answer *answer)
{
	Vedette__HistoryAnswer *message = arena_zalloc(arena, sizeof(*message));

	vedette__history_answer__init(message);
	message->more = answer->more;
	PACK_ROWS(arena, message->rows, message->n_rows, answer->rows,
	    answer->n_rows, history_row_pack);
	return message;
}

Vedette__ChangesAnswer *
changes_pack(struct arena *arena, const struct changes_answer *answer)
{
	Vedette__ChangesAnswer *message = arena_zalloc(arena, sizeof(*message));

	vedette__changes_answer__init(message);
	message->more = answer->more;
	PACK_ROWS(arena, message->rows, message->n_rows, answer->rows,
	    answer->n_rows, change_pack);
	PACK_ROWS(arena, message->marks, message->n_marks, answer->marks,
	    answer->n_marks, mark_pack);
	return message;
}

Vedette__RegressionsAnswer *
regressions_pack(struct arena *arena, const struct regressions_answer *answer)
{
	Vedette__RegressionsAnswer *message =
	    arena_zalloc(arena, sizeof(*message));

	vedette__regressions_answer__init(message);
	message->more = answer->more;
	PACK_ROWS(arena, message->rows, message->n_rows, answer->rows,
	    answer->n_rows, regression_pack);
	return message;
}

Vedette__Event *
event_pack(struct arena *arena, const struct event *event)
{
	Vedette__Event *message = arena_zalloc(arena, sizeof(*message));

	vedette__event__init(message);
	message->kind = event->kind;
	message->at_ms = event->at_ms;
	message->transition = event->transition;
	message->serial = event->serial;
	if (event->kind == EVENT_RESULT)
		message->result = placed_pack(
		    arena, &event->result.series, &event->result.result);
	else if (event->kind == EVENT_CHANGE)
		message->change = change_pack(arena, &event->change);
	else if (event->kind == EVENT_MARK)
		message->mark = mark_pack(arena, &event->mark);
	else
		message->regression =
		    regression_pack(arena, &event->regression);
	return message;
}

/* --- messages to rows ------------------------------------------------------- */

static int
refuse(struct err *err, const char *what)
{
	return err_set(err, ERR_INVALID, "malformed %s of an answer", what);
}

static int
placed_unpack(struct series *out_series, struct result *out_result,
    struct arena *arena, const Vedette__PlacedResult *message, struct err *err)
{
	struct result_place place = { .series = out_series, .n_series = 1 };

	if (message == NULL || message->series == NULL ||
	    message->result == NULL)
		return refuse(err, "result");
	if (series_unpack(out_series, message->series, err) < 0 ||
	    result_unpack(out_result, arena, message->result, &place, err) < 0)
		return -1;
	out_series->environment = message->environment;
	out_series->agent = message->agent;
	return 0;
}

static int
cell_unpack(struct cell_row *out, struct arena *arena,
    const Vedette__CellRow *message, struct err *err)
{
	(void)arena;
	if (message->state > STATE_BLIND)
		return refuse(err, "cell");
	out->environment = message->environment;
	out->service = message->service;
	out->state = (enum state)message->state;
	out->since_ms = message->since_ms;
	out->last_ms = message->last_ms;
	out->build = message->build;
	out->why = message->why;
	return 0;
}

static int
series_row_unpack(struct series_row *out, struct arena *arena,
    const Vedette__SeriesRow *message, struct err *err)
{
	if (message->state > STATE_BLIND)
		return refuse(err, "series");
	out->state = (enum state)message->state;
	out->hard = message->hard;
	out->since_ms = message->since_ms;
	out->n_results = message->n_results;
	return placed_unpack(
	    &out->series, &out->last, arena, message->last, err);
}

static int
agent_unpack(struct agent_row *out, struct arena *arena,
    const Vedette__AgentRow *message, struct err *err)
{
	(void)arena;
	if (message->vantage > VANTAGE_EXTERNAL)
		return refuse(err, "agent");
	out->environment = message->environment;
	out->agent = message->agent;
	out->version = message->version;
	out->vantage = (enum vantage)message->vantage;
	out->seen_ms = message->seen_ms;
	out->silent = message->silent;
	out->clock_offset_ms = message->clock_offset_ms;
	out->waiting = message->waiting;
	out->lost_results = message->lost_results;
	out->lost_from_ms = message->lost_from_ms;
	out->lost_to_ms = message->lost_to_ms;
	return 0;
}

static int
finding_unpack(struct finding_row *out, struct arena *arena,
    const Vedette__FindingRow *message, struct err *err)
{
	(void)arena;
	(void)err;
	out->environment = message->environment;
	out->service = message->service;
	out->kind = message->kind;
	out->text = message->text;
	return 0;
}

static int
change_unpack(struct change_row *out, struct arena *arena,
    const Vedette__ChangeRow *message, struct err *err)
{
	(void)arena;
	if (message->source > SOURCE_SERVER)
		return refuse(err, "change");
	out->environment = message->environment;
	out->service = message->service;
	out->name = message->name;
	out->source = (enum source)message->source;
	out->before = message->before;
	out->after = message->after;
	out->after_ms = message->after_ms;
	out->before_ms = message->before_ms;
	out->agent = message->agent;
	return 0;
}

int
mark_attributes(struct mark *out, struct arena *arena,
    const Vedette__MarkRow *message, const char *by, struct err *err)
{
	const struct attribute *told;
	struct attribute *all;
	size_t n = message->n_attributes;

	if (n >= ATTRIBUTES_MAX)
		return err_set(err, ERR_LIMIT, "a mark of %zu attributes", n);
	if (attributes_unpack(&told, arena, message->attributes, n, err) < 0)
		return -1;
	all = arena_zalloc(arena, (n + 1) * sizeof(*all));
	out->attributes = all;
	out->n_attributes = 0;
	if (by[0] != '\0')
		all[out->n_attributes++] = (struct attribute){ MARK_BY, by, 0 };
	for (size_t i = 0; i < n; i++)
		if (strcmp(told[i].name, MARK_BY) != 0)
			all[out->n_attributes++] = told[i];
	return 0;
}

static int
mark_unpack(struct mark *out, struct arena *arena,
    const Vedette__MarkRow *message, struct err *err)
{
	if (message->kind >= MARK_COUNT)
		return refuse(err, "mark");
	*out = (struct mark){
		.at_ms = message->at_ms,
		.environment = message->environment,
		.service = message->service,
		.kind = (enum mark_kind)message->kind,
		.subject = message->subject,
		.summary = message->summary,
	};
	return mark_attributes(out, arena, message, message->by, err);
}

static int
regression_unpack(struct regression_row *out, struct arena *arena,
    const Vedette__RegressionRow *message, struct err *err)
{
	(void)arena;
	if (message->kind > REGRESSION_SILENCE ||
	    message->severity > OUTCOME_UNKNOWN)
		return refuse(err, "regression");
	out->id = message->id;
	out->kind = (enum regression_kind)message->kind;
	out->environment = message->environment;
	out->service = message->service;
	out->agent = message->agent;
	out->subject = message->subject;
	out->severity = (enum outcome)message->severity;
	out->onset_from_ms = message->onset_from_ms;
	out->onset_to_ms = message->onset_to_ms;
	out->detected_ms = message->detected_ms;
	out->cleared_ms = message->cleared_ms;
	out->late = message->late;
	out->before = message->before;
	out->after = message->after;
	out->message = message->message;
	return 0;
}

/* --- messages to answers ---------------------------------------------------- */

/* Unpacks each of a list of messages into an array of rows; from here the
 * function returns when it is not possible. */
#define UNPACK_ROWS(arena, out, n_out, type, messages, n, unpack, err)      \
	do {                                                                \
		type *rows_ = arena_zalloc((arena), (n) * sizeof(type));    \
		if (rows_ == NULL)                                          \
			return err_set((err), ERR_LIMIT, "too many rows");  \
		for (size_t row_ = 0; row_ < (n); row_++)                   \
			if (unpack(&rows_[row_], (arena), (messages)[row_], \
				(err)) < 0)                                 \
				return -1;                                  \
		(out) = rows_;                                              \
		(n_out) = (n);                                              \
	} while (0)

int
status_unpack(struct status_answer *out, struct arena *arena,
    const Vedette__StatusAnswer *message, struct err *err)
{
	out->at_ms = message->at_ms;
	UNPACK_ROWS(arena, out->cells, out->n_cells, struct cell_row,
	    message->cells, message->n_cells, cell_unpack, err);
	UNPACK_ROWS(arena, out->series, out->n_series, struct series_row,
	    message->series, message->n_series, series_row_unpack, err);
	UNPACK_ROWS(arena, out->agents, out->n_agents, struct agent_row,
	    message->agents, message->n_agents, agent_unpack, err);
	UNPACK_ROWS(arena, out->findings, out->n_findings, struct finding_row,
	    message->findings, message->n_findings, finding_unpack, err);
	UNPACK_ROWS(arena, out->open, out->n_open, struct regression_row,
	    message->open, message->n_open, regression_unpack, err);
	return 0;
}

static int
history_row_unpack(struct history_row *out, struct arena *arena,
    const Vedette__PlacedResult *message, struct err *err)
{
	return placed_unpack(&out->series, &out->result, arena, message, err);
}

int
history_unpack(struct history_answer *out, struct arena *arena,
    const Vedette__HistoryAnswer *message, struct err *err)
{
	out->more = message->more;
	UNPACK_ROWS(arena, out->rows, out->n_rows, struct history_row,
	    message->rows, message->n_rows, history_row_unpack, err);
	return 0;
}

int
changes_unpack(struct changes_answer *out, struct arena *arena,
    const Vedette__ChangesAnswer *message, struct err *err)
{
	out->more = message->more;
	UNPACK_ROWS(arena, out->rows, out->n_rows, struct change_row,
	    message->rows, message->n_rows, change_unpack, err);
	UNPACK_ROWS(arena, out->marks, out->n_marks, struct mark,
	    message->marks, message->n_marks, mark_unpack, err);
	return 0;
}

int
regressions_unpack(struct regressions_answer *out, struct arena *arena,
    const Vedette__RegressionsAnswer *message, struct err *err)
{
	out->more = message->more;
	UNPACK_ROWS(arena, out->rows, out->n_rows, struct regression_row,
	    message->rows, message->n_rows, regression_unpack, err);
	return 0;
}

int
event_unpack(struct event *out, struct arena *arena,
    const Vedette__Event *message, struct err *err)
{
	*out = (struct event){ .at_ms = message->at_ms,
		.serial = message->serial,
		.transition = message->transition };
	if (message->kind > EVENT_MARK)
		return refuse(err, "event");
	out->kind = (enum event_kind)message->kind;
	if (out->kind == EVENT_RESULT)
		return history_row_unpack(
		    &out->result, arena, message->result, err);
	if (out->kind == EVENT_CHANGE)
		return message->change == NULL
		    ? refuse(err, "event")
		    : change_unpack(&out->change, arena, message->change, err);
	if (out->kind == EVENT_MARK)
		return message->mark == NULL
		    ? refuse(err, "event")
		    : mark_unpack(&out->mark, arena, message->mark, err);
	if (message->regression == NULL)
		return refuse(err, "event");
	return regression_unpack(
	    &out->regression, arena, message->regression, err);
}
