#include <string.h>

#include "proto/shape.h"
#include "tests/collector/cli/answers.h"
#include "tests/collector/cli/hostile.h"
#include "tests/support/table.h"

/* Prints a value, which it takes, and reads it again as anybody would. */
static json_t *
print_and_read(json_t *value)
{
	struct text text = { 0 };
	json_error_t error;
	json_t *read;

	shape_print(&text, value, false);
	for (size_t i = 0; i < text.n; i++)
		assert_true(text.bytes[i] == '\n' ||
		    (text.bytes[i] >= 0x20 && text.bytes[i] < 0x7f));
	read = json_loads(text.bytes, 0, &error);
	if (read == NULL)
		fail_msg("line %d: %s", error.line, error.text);
	text_fini(&text);
	return read;
}

static struct event
event_of(enum event_kind kind)
{
	return (struct event){
		.kind = kind,
		.at_ms = NOW,
		.result = history_rows[1],
		.transition = true,
		.change = changes[0],
		.regression = regressions[2],
	};
}

static json_t *
make_status(void)
{
	return shape_status(&outage);
}

static json_t *
make_history(void)
{
	struct history_answer answer = { history_rows, 3, true };

	return shape_history(&answer);
}

static json_t *
make_changes(void)
{
	struct changes_answer answer = { changes, 2, false, NULL, 0 };

	return shape_changes(&answer);
}

static json_t *
make_regressions(void)
{
	struct regressions_answer answer = { regressions, 3, false };

	return shape_regressions(&answer);
}

static json_t *
make_result_event(void)
{
	struct event event = event_of(EVENT_RESULT);

	return shape_event(&event);
}

static json_t *
make_cleared_event(void)
{
	struct event event = event_of(EVENT_CLEARED);

	return shape_event(&event);
}

static json_t *
make_connection(void)
{
	return shape_connection(NOW, false, "ipc:///x", "closed");
}

/* Goes down "cells.0.state"; NULL where there is nothing. */
static json_t *
find(json_t *value, const char *path)
{
	char copy[80], *save = NULL;

	assert_true(strlen(path) < sizeof(copy));
	strcpy(copy, path);
	for (char *step = strtok_r(copy, ".", &save); step != NULL;
	     step = strtok_r(NULL, ".", &save))
		value = json_is_array(value)
		    ? json_array_get(value, (size_t)atoi(step))
		    : json_object_get(value, step);
	return value;
}

static const struct value {
	const char *name;
	json_t *(*make)(void);
	const char *path, *expect; /* expect: as compact JSON */
} values[] = {
	{ "a status has the collector's time", make_status, "at",
	    "\"2026-01-05T10:00:20.000Z\"" },
	{ "cells are in the order of their places", make_status,
	    "cells.0.environment", "\"local\"" },
	{ "the last cell is the last by name", make_status, "cells.4.service",
	    "\"database\"" },
	{ "a cell has a state", make_status, "cells.3.state", "\"critical\"" },
	{ "a time that is not known is null", make_status, "cells.2.last",
	    "null" },
	{ "a build that is not known is null", make_status, "cells.2.build",
	    "null" },
	{ "a finding is a sentence", make_status, "findings.2.text",
	    "\"b41f is also on production/backend, which is ok\"" },
	{ "an open regression is in the status", make_status,
	    "regressions.1.id", "12" },
	{ "an agent may count for nothing", make_status, "agents.0.counts",
	    "false" },
	{ "a clock's offset has a sign", make_status,
	    "agents.1.clock_offset_ms", "-12" },
	{ "a series has its last result", make_status, "series.0.last.reason",
	    "\"check.missing\"" },
	{ "a series says whether it is confirmed", make_status, "series.1.hard",
	    "false" },
	{ "results are newest first, as answered", make_history,
	    "results.0.probe", "\"env\"" },
	{ "a duration is a number of milliseconds", make_history,
	    "results.0.duration_ms", "0.42" },
	{ "a limit that was reached is marked", make_history,
	    "results.1.censored", "true" },
	{ "phases are in order, with names", make_history, "results.1.phases",
	    "[{\"name\":\"resolve\",\"duration_ms\":3.2},{\"name\":"
	    "\"connect\",\"duration_ms\":4996.8}]" },
	{ "a result without a failure has no reason", make_history,
	    "results.2.reason", "null" },
	{ "attributes are texts and numbers", make_history,
	    "results.2.attributes",
	    "{\"server_version\":\"15.5\",\"rows\":1.0}" },
	{ "what is left out is told", make_history, "more", "true" },
	{ "a change has an end", make_changes, "changes.0.new_first_seen",
	    "\"2026-01-05T10:00:06.000Z\"" },
	{ "a first sight has no beginning", make_changes,
	    "changes.1.old_last_seen", "null" },
	{ "a fact of the environment has no service", make_changes,
	    "changes.1.service", "null" },
	{ "a change has a source", make_changes, "changes.0.source",
	    "\"process\"" },
	{ "a regression has a kind", make_regressions, "regressions.1.kind",
	    "\"latency\"" },
	{ "a late one is marked", make_regressions, "regressions.1.late",
	    "true" },
	{ "an open one is not cleared", make_regressions,
	    "regressions.0.cleared", "null" },
	{ "a cleared one is not open", make_regressions, "regressions.2.open",
	    "false" },
	{ "an event says what it is", make_result_event, "event",
	    "\"result\"" },
	{ "an event of a result says whether it differs", make_result_event,
	    "transition", "true" },
	{ "an event holds its row", make_cleared_event, "regression.id", "3" },
	{ "a connection lost is an event", make_connection, "",
	    "{\"event\":\"connection\",\"at\":\"2026-01-05T10:00:20.000Z\","
	    "\"up\":false,\"collector\":\"ipc:///x\",\"message\":"
	    "\"closed\"}" },
};

static void
test_value(void **state)
{
	const struct value *row = *state;
	json_t *read = print_and_read(row->make()), *at;
	char *found;

	at = find(read, row->path);
	assert_non_null(at);
	found = json_dumps(
	    at, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
	assert_string_equal(found, row->expect);
	free(found);
	json_decref(read);
}

static void
test_hostile(void **state)
{
	struct history_answer history = { hostile_rows, 2, false };
	struct changes_answer change = { hostile_changes, 2, false, NULL, 0 };
	struct status_answer status = hostile_status;
	json_t *read;

	(void)state;
	status.n_cells = 5; /* a state without a word never arrives here */
	json_decref(print_and_read(shape_status(&status)));
	json_decref(print_and_read(shape_changes(&change)));
	read = print_and_read(shape_history(&history));
	assert_true(json_is_null(find(read, "results.0.at")));
	assert_true(json_is_null(find(read, "results.0.attributes.nan")));
	assert_true(json_is_null(find(read, "results.0.attributes.infinite")));
	json_decref(read);
}

static void
test_one_line(void **state)
{
	struct text text = { 0 };

	(void)state;
	shape_print(&text, make_result_event(), true);
	assert_ptr_equal(strchr(text.bytes, '\n'), text.bytes + text.n - 1);
	text_fini(&text);
}

int
main(void)
{
	const struct CMUnitTest others[] = {
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_one_line),
	};

	return TABLE_RUN(values, test_value) +
	    cmocka_run_group_tests_name("others", others, NULL, NULL);
}
