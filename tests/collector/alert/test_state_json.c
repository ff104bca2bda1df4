#include "tests/support/table.h"

#include <string.h>

#include "collector/alert/decide.h"
#include "collector/alert/state_json.h"
#include "tests/collector/alert/alerts.h"

static const struct round {
	const char *name;
	int64_t closed_ms;
	bool is_taken, is_told;
} rounds[] = {
	{ "an alert is read as it was written", 0, false, false },
	{ "also when it is over", 1767607300000, false, true },
	{ "also when somebody has it", 0, true, true },
};

static void
test_round(void **state)
{
	const struct round *row = *state;
	struct alert *alert = alerts_whole(), *read = NULL;
	char *text, *again;
	struct err err = { 0 };

	alert->closed_ms = row->closed_ms;
	if (row->is_taken) {
		alert_text(&alert->acked_by, "ann (uid 0)");
		alert->acked_ms = ALERTS_NOW_MS;
		alert->acked_until_ms = ALERTS_NOW_MS + 7200000;
	}
	if (row->is_told)
		decide_note(
		    alert, "chat", WORD_FIRING, alert->version, ALERTS_NOW_MS);
	text = state_write_alert(alert);
	assert_int_equal(state_read_alert(&read, text, strlen(text), &err), 0);
	again = state_write_alert(read);
	assert_string_equal(text, again);
	assert_false(read->is_dirty);
	assert_int_equal(read->n_members, 2);
	assert_int_equal(alert_told_find(read, "chat") != NULL, row->is_told);
	free(again);
	free(text);
	alert_free(read);
	alert_free(alert);
}

static const struct bad {
	const char *name;
	const char *bytes;
	int rc;
} bads[] = {
	{ "what is not JSON is refused", "{", -1 },
	{ "nothing is refused", "", -1 },
	{ "what is no object is refused", "[1]", -1 },
	{ "an object of another version is read as far as it goes",
	    "{\"id\": 3, \"later\": {}, \"members\": [{\"id\": 4}, 7], "
	    "\"told\": [{}], \"cause\": 5}",
	    0 },
	{ "wrong types are as if nothing had been said",
	    "{\"id\": \"x\", \"environment\": 5, \"members\": {}, "
	    "\"told\": 1}",
	    0 },
};

static void
test_bad(void **state)
{
	const struct bad *row = *state;
	struct alert *alert = NULL;
	struct err err = { 0 };

	assert_int_equal(
	    state_read_alert(&alert, row->bytes, strlen(row->bytes), &err),
	    row->rc);
	alert_free(alert);
}

int
main(void)
{
	return TABLE_RUN(rounds, test_round) + TABLE_RUN(bads, test_bad);
}
