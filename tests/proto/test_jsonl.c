#include "tests/support/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/mem.h"
#include "proto/base/random.h"
#include "proto/jsonl.h"
#include "tests/support/folder.h"

#define AT   "\"at\":\"2026-01-05T10:00:00.120Z\""
#define HEAD AT ",\"environment\":\"staging\""
#define RESULT                                                      \
	"{\"type\":\"result\"," HEAD ",\"vantage\":\"in_service\"," \
	"\"probe\":\"db\",\"outcome\":\"critical\",\"duration_ms\":1"
#define FACT  "{\"type\":\"fact\"," HEAD ",\"name\":\"build\""
#define EVENT "{\"type\":\"event\"," HEAD

/* A line, and what the writer makes of it; NULL: the same. */
static const struct good {
	const char *name;
	const char *line, *written;
} goods[] = {
	{ "the result of the format's description stays as it is but for "
	  "what is implied and for numbers",
	    "{\"type\":\"result\"," HEAD ",\"service\":\"backend\",\"agent\":"
	    "\"stg-1\",\"vantage\":\"in_service\",\"probe\":\"db\",\"kind\":"
	    "\"postgres\",\"outcome\":\"critical\",\"reason\":"
	    "\"connect.timeout\",\"duration_ms\":35000.0,\"limit_ms\":35000,"
	    "\"censored\":true,\"phases\":{\"resolve\":1.1,\"connect\":"
	    "34998.9},\"message\":\"connection to 192.0.2.7:5432 timed out\","
	    "\"attributes\":{\"server\":\"192.0.2.7:5432\"}}",
	    "{\"type\":\"result\"," HEAD ",\"service\":\"backend\",\"agent\":"
	    "\"stg-1\",\"vantage\":\"in_service\",\"probe\":\"db\",\"kind\":"
	    "\"postgres\",\"outcome\":\"critical\",\"reason\":"
	    "\"connect.timeout\",\"duration_ms\":35000,\"limit_ms\":35000,"
	    "\"censored\":true,\"phases\":{\"resolve\":1.1,\"connect\":"
	    "34998.9},\"message\":\"connection to 192.0.2.7:5432 timed out\","
	    "\"attributes\":{\"server\":\"192.0.2.7:5432\"}}" },
	{ "what is required is enough for a result", RESULT "}", NULL },
	{ "a duration at its limit is censored",
	    RESULT "000,\"limit_ms\":1000}",
	    RESULT "000,\"limit_ms\":1000,\"censored\":true}" },
	{ "a duration below its limit is not", RESULT ",\"limit_ms\":1000}",
	    NULL },
	{ "who says that it is not censored is believed",
	    RESULT "000,\"limit_ms\":1000,\"censored\":false}", NULL },
	{ "microseconds are kept", RESULT ".001}", NULL },
	{ "finer fractions are rounded", RESULT ".0005}", RESULT ".001}" },
	{ "a reason of a phase that was not timed is kept",
	    "{\"type\":\"result\"," HEAD ",\"vantage\":\"external\",\"probe\":"
	    "\"db\",\"outcome\":\"critical\",\"reason\":\"connect.timeout\","
	    "\"duration_ms\":1}",
	    NULL },
	{ "a foreign reason is kept",
	    "{\"type\":\"result\"," HEAD ",\"vantage\":\"external\",\"probe\":"
	    "\"db\",\"outcome\":\"critical\",\"reason\":\"E_CONN 17\","
	    "\"reason_derived\":true,\"duration_ms\":1}",
	    NULL },
	{ "an unknown kind is kept",
	    "{\"type\":\"result\"," HEAD ",\"vantage\":\"external\",\"probe\":"
	    "\"db\",\"kind\":\"smoke\",\"reference_of\":\"db2\","
	    "\"interval_ms\":30000,\"outcome\":\"ok\",\"duration_ms\":0,"
	    "\"attempts\":3}",
	    NULL },
	{ "attributes are texts and numbers",
	    RESULT ",\"attributes\":{\"a\":\"\",\"b\":0.1,\"c\":-3,"
		   "\"d\":1e+300,\"e\":9007199254740992}}",
	    NULL },
	{ "a time of another zone is written in UTC",
	    "{\"type\":\"fact\",\"at\":\"2026-01-05T12:30:00+02:30\","
	    "\"environment\":\"staging\",\"name\":\"build\"}",
	    "{\"type\":\"fact\",\"at\":\"2026-01-05T10:00:00.000Z\","
	    "\"environment\":\"staging\",\"name\":\"build\",\"source\":"
	    "\"process\"}" },
	{ "a fact has a value",
	    "{\"type\":\"fact\"," HEAD ",\"service\":\"backend\",\"name\":"
	    "\"setting/egress\",\"value\":\"all-traffic\",\"source\":"
	    "\"control_plane\"}",
	    NULL },
	{ "or a fingerprint",
	    "{\"type\":\"fact\"," HEAD ",\"agent\":\"stg-1\",\"name\":"
	    "\"env/POSTGRES_HOST\",\"fingerprint\":\"k1:9f2c\",\"source\":"
	    "\"process\",\"last_at\":\"2026-01-05T09:00:00.000Z\"}",
	    NULL },
	{ "a value that is a number is kept as text", FACT ",\"value\":35.5}",
	    FACT ",\"value\":\"35.5\",\"source\":"
		 "\"process\"}" },
	{ "an event stays as it is",
	    EVENT ",\"service\":\"backend\",\"kind\":\"deploy\",\"subject\":"
		  "\"build/v2\",\"summary\":\"released v2\",\"attributes\":"
		  "{\"revision\":\"backend-00690\"}}",
	    NULL },
	{ "a heartbeat may be behind",
	    "{\"type\":\"heartbeat\"," HEAD ",\"agent\":\"stg-1\","
	    "\"clock_offset_ms\":-3.5}",
	    NULL },
	{ "a gap says what is lost",
	    "{\"type\":\"gap\"," HEAD ",\"agent\":\"stg-1\",\"to\":"
	    "\"2026-01-05T11:00:00.000Z\",\"first_sequence\":3,"
	    "\"last_sequence\":9,\"results\":700,\"why\":\"spool full\"}",
	    NULL },
	{ "characters are escaped where they must",
	    EVENT ",\"kind\":\"claim\",\"summary\":\"a\\\"b\\\\c\\n\\t\\u0001"
		  "\xc3\xa9\\u007f\"}",
	    NULL },
	{ "the order of fields on input does not matter",
	    "{\"kind\":\"claim\",\"environment\":\"staging\"," AT
	    ",\"type\":\"event\"}",
	    EVENT ",\"kind\":\"claim\"}" },
};

static void
test_good(void **state)
{
	const struct good *row = *state;
	const char *expected = row->written != NULL ? row->written : row->line;
	struct jsonl_parser *parser = jsonl_parser_new();
	struct text text = { 0 };
	struct err err = { 0 };
	struct line line;

	if (jsonl_parse(parser, &line, row->line, strlen(row->line), &err) < 0)
		fail_msg("%s", err.text);
	jsonl_write(&text, &line);
	assert_int_equal(text.bytes[text.n - 1], '\n');
	text.bytes[text.n - 1] = '\0';
	assert_string_equal(text.bytes, expected);
	text_fini(&text);
	jsonl_parser_free(parser);
}

static const struct bad {
	const char *name;
	const char *line;
	const char *said; /* part of the message */
} bads[] = {
	{ "an unknown type is refused", "{\"type\":\"metric\"}",
	    "field \"type\": \"metric\" is not one of result, fact, event, "
	    "heartbeat, gap" },
	{ "a missing type is refused", "{}", "field \"type\" is missing" },
	{ "an unknown field is refused", RESULT ",\"colour\":\"red\"}",
	    "field \"colour\": unknown; a result has type, at, environment, "
	    "service, agent, vantage, probe" },
	{ "a field of another type is refused", FACT ",\"probe\":\"db\"}",
	    "field \"probe\": unknown; a fact has" },
	{ "a missing field is named",
	    "{\"type\":\"result\"," HEAD ",\"probe\":\"db\"}",
	    "field \"vantage\" is missing: a result needs it" },
	{ "a field given twice is refused", RESULT ",\"duration_ms\":2}",
	    "duplicate" },
	{ "a time without zone is refused",
	    "{\"type\":\"fact\",\"at\":\"2026-01-05T10:00:00\"}",
	    "field \"at\": \"2026-01-05T10:00:00\" is not a time with a zone" },
	{ "a time before 1970 is refused",
	    "{\"type\":\"fact\",\"at\":\"1969-01-05T10:00:00Z\"}",
	    "is not a time from 1970 to 2200" },
	{ "a bad name is refused", "{\"type\":\"result\",\"probe\":\"a\\nb\"}",
	    "field \"probe\": \"a\\nb\" is not a name: 1 to 64 bytes of "
	    "printable UTF-8" },
	{ "an environment with a slash is refused",
	    "{\"type\":\"fact\",\"environment\":\"a/b\"}",
	    "field \"environment\": \"a/b\" is not a name: 1 to 64 bytes of "
	    "printable UTF-8, without a space at either end or a slash" },
	{ "an unknown outcome is refused",
	    "{\"type\":\"result\",\"outcome\":\"bad\"}",
	    "field \"outcome\": \"bad\" is not one of ok, warning, critical, "
	    "unknown" },
	{ "an unknown vantage is refused",
	    "{\"type\":\"result\",\"vantage\":\"laptop\"}",
	    "is not one of workstation, in_service, in_environment, "
	    "control_plane, external" },
	{ "an unknown kind of event is refused",
	    "{\"type\":\"event\",\"kind\":\"party\"}",
	    "\"party\" is not one of deploy, rollback, restart" },
	{ "a negative duration is refused",
	    "{\"type\":\"result\",\"duration_ms\":-1}",
	    "field \"duration_ms\": -1 is not a number of milliseconds, 0 or "
	    "more" },
	{ "a duration in words is refused",
	    "{\"type\":\"result\",\"duration_ms\":\"3 s\"}",
	    "field \"duration_ms\": \"3 s\" is not a number" },
	{ "an endless duration is refused",
	    "{\"type\":\"result\",\"duration_ms\":1e300}", "at most a year" },
	{ "half a millisecond is no limit",
	    "{\"type\":\"result\",\"limit_ms\":0.5}",
	    "field \"limit_ms\": 0.5 is not a whole number" },
	{ "no attempt at all is refused",
	    "{\"type\":\"result\",\"attempts\":0}",
	    "field \"attempts\": 0 is not a whole number from 1" },
	{ "a phase without a number is refused",
	    "{\"type\":\"result\",\"phases\":{\"dns\":\"1\"}}",
	    "field \"dns\": \"1\" is not a number of milliseconds" },
	{ "thirteen phases are refused",
	    "{\"type\":\"result\",\"phases\":{\"a\":1,\"b\":1,\"c\":1,\"d\":1,"
	    "\"e\":1,\"f\":1,\"g\":1,\"h\":1,\"i\":1,\"j\":1,\"k\":1,\"l\":1,"
	    "\"m\":1}}",
	    "is not an object of at most 12 durations by phase" },
	{ "an attribute within an attribute is refused",
	    "{\"type\":\"event\",\"attributes\":{\"a\":{\"b\":1}}}",
	    "field \"a\": {\"b\":1} is not a text or a number" },
	{ "an attribute of our own is refused",
	    "{\"type\":\"event\",\"attributes\":{\"reason.given\":\"x\"}}",
	    "write reason, reason_derived" },
	{ "a fact with value and fingerprint is refused",
	    FACT ",\"value\":\"a\",\"fingerprint\":\"k1:1\"}",
	    "a fact has one of them" },
	{ "a fact's name without a space at its end is asked for",
	    "{\"type\":\"fact\",\"name\":\"a \"}",
	    "without a space at either end" },
	{ "a gap that ends before it begins is refused",
	    "{\"type\":\"gap\"," HEAD ",\"to\":\"2026-01-05T09:00:00Z\","
	    "\"first_sequence\":1,\"last_sequence\":1,\"results\":1}",
	    "\"to\" is before \"at\"" },
	{ "half a line is refused", "{\"type\":\"fact\"", "column 14" },
	{ "a list is refused", "[1]", "not an object" },
	{ "text that is not UTF-8 is refused",
	    "{\"type\":\"event\",\"summary\":\"\xff\"}",
	    "column 27: unable to decode byte 0xff" },
	{ "a long value is cut in the message",
	    "{\"type\":\"result\",\"outcome\":\"0123456789012345678901234567890"
	    "12345678901234567890123456789\"}",
	    "\"0123456789012345678901234567890123456789012... is not" },
};

static void
test_bad(void **state)
{
	const struct bad *row = *state;
	struct jsonl_parser *parser = jsonl_parser_new();
	struct err err = { 0 };
	struct line line;

	assert_int_equal(
	    jsonl_parse(parser, &line, row->line, strlen(row->line), &err), -1);
	assert_int_equal(err.code, ERR_INVALID);
	if (strstr(err.text, row->said) == NULL)
		fail_msg("%s", err.text);
	jsonl_parser_free(parser);
}

/* --- whatever is written is read back --------------------------------------------- */

static const char *
pick(const struct random *random, const char *const *of, size_t n)
{
	return of[random_below(random, n)];
}

#define PICK(random, ...)                                  \
	pick(random, (const char *const[]){ __VA_ARGS__ }, \
	    sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *))

static void
random_result(struct line *line, const struct random *random)
{
	struct series *series = &line->series;
	struct result *result = &line->result;

	*series = (struct series){
		.service = PICK(random, "", "backend"),
		.probe = PICK(random, "db", "http.login"),
		.kind = PICK(random, "other", "tcp", "smoke"),
		.reference_of = PICK(random, "", "db"),
		.vantage = (enum vantage)random_below(random, 5),
		.interval_ms = (uint32_t)random_below(random, 3) * 1000,
		.phases = { "resolve", "connect", "tls" },
		.n_phases = random_below(random, 4),
	};
	*result = (struct result){
		.duration_us = (int64_t)random_below(random, 100000000),
		.limit_ms = (uint32_t)random_below(random, 3) * 20000,
		.outcome = (enum outcome)random_below(random, 4),
		.censored = random_below(random, 2) != 0,
		.attempts = 1 + (uint32_t)random_below(random, 3),
		.reason = (enum reason)random_below(random, REASON_COUNT),
		.n_phases = series->n_phases,
		.message = PICK(random, "", "a \"b\"\n", "\xe2\x82\xac"),
		.attributes = line->mark.attributes,
		.n_attributes = random_below(random, 4),
	};
	for (size_t i = 0; i < series->n_phases; i++)
		result->phase_us[i] = (int64_t)random_below(random, 1000000);
}

static void
random_line(struct line *line, struct attribute attributes[3],
    const struct random *random)
{
	attributes[0] =
	    (struct attribute){ "n", NULL, (double)random_u64(random) / 1e6 };
	attributes[1] = (struct attribute){ "t", PICK(random, "", "x\ty"), 0 };
	attributes[2] = (struct attribute){ "m", NULL,
		(double)random_below(random, 1000) / 8 };
	*line = (struct line){
		.type = (enum line_type)random_below(random, 5),
		.at_ms = (int64_t)random_below(random, 4000000000000),
		.environment = PICK(random, "staging", "production"),
		.agent = PICK(random, "", "stg-1"),
	};
	line->mark = (struct mark){
		.service = PICK(random, "", "backend"),
		.kind = (enum mark_kind)random_below(random, MARK_COUNT),
		.subject = PICK(random, "", "build/v2"),
		.summary = PICK(random, "", "it is \\ the \x7f database"),
		.attributes = attributes,
		.n_attributes = random_below(random, 4),
	};
	random_result(line, random);
	line->fact = (struct fact){
		.service = PICK(random, "", "backend"),
		.name = PICK(random, "build", "env/POSTGRES_HOST"),
		.source = (enum source)random_below(random, 5),
		.last_ms = (int64_t)random_below(random, 2) * 1000000000000,
	};
	if (random_below(random, 2))
		line->fact.value = PICK(random, "", "v");
	else if (random_below(random, 2))
		line->fact.fingerprint = "k1:9f2c";
	line->gap = (struct gap){ random_below(random, 100),
		random_below(random, 100), random_u64(random) >> 1, line->at_ms,
		line->at_ms + 5, PICK(random, "", "full") };
	line->clock_offset_us = (int64_t)random_below(random, 1000000) - 500000;
}

static void
test_round_trip(void **state)
{
	struct jsonl_parser *parser = jsonl_parser_new();
	struct text first = { 0 }, second = { 0 };
	struct attribute attributes[3];
	struct random_seeded seeded;
	struct line line, again;
	struct err err = { 0 };

	(void)state;
	random_seeded_init(&seeded, 2026);
	for (int i = 0; i < 20000; i++) {
		random_line(&line, attributes, &seeded.random);
		first.n = second.n = 0;
		jsonl_write(&first, &line);
		if (jsonl_parse(parser, &again, first.bytes, first.n, &err) < 0)
			fail_msg("%s: %s", first.bytes, err.text);
		assert_int_equal(again.type, line.type);
		assert_true(again.at_ms == line.at_ms);
		if (line.type == LINE_RESULT) {
			assert_int_equal(
			    again.result.reason, line.result.reason);
			assert_int_equal(
			    again.result.censored, line.result.censored);
			assert_true(again.result.duration_us ==
			    line.result.duration_us);
		}
		jsonl_write(&second, &again);
		assert_string_equal(first.bytes, second.bytes);
	}
	text_fini(&first);
	text_fini(&second);
	jsonl_parser_free(parser);
}

/* --- files ------------------------------------------------------------------------ */

static struct jsonl_reader *
open_text(struct folder *folder, const char *bytes, size_t n)
{
	char path[FOLDER_PATH_BYTES];
	struct jsonl_reader *reader = NULL;
	struct err err = { 0 };

	folder_open(folder);
	folder_write(path, folder, "lines.jsonl", bytes, n);
	if (jsonl_open(&reader, path, &err) < 0)
		fail_msg("%s", err.text);
	return reader;
}

static void
test_file(void **state)
{
	static const char text[] =
	    "\n" FACT "}\r\n  \n{\"type\":1}\n" FACT "}\n" FACT "}";
	struct folder folder;
	struct jsonl_reader *reader =
	    open_text(&folder, text, sizeof(text) - 1);
	struct err err = { 0 };
	struct line line;
	int64_t bytes, of;

	(void)state;
	assert_int_equal(jsonl_next(reader, &line, &err), 1);
	assert_int_equal(jsonl_line(reader), 2);
	assert_int_equal(jsonl_next(reader, &line, &err), -1);
	assert_non_null(strstr(err.text, "lines.jsonl: line 4: field"));
	assert_int_equal(jsonl_next(reader, &line, &err), 1);
	assert_int_equal(jsonl_next(reader, &line, &err), 1);
	assert_int_equal(jsonl_line(reader), 6);
	assert_string_equal(line.fact.name, "build");
	assert_int_equal(jsonl_next(reader, &line, &err), 0);
	assert_int_equal(jsonl_next(reader, &line, &err), 0);
	jsonl_progress(reader, &bytes, &of);
	assert_int_equal(bytes, sizeof(text) - 1);
	assert_int_equal(of, sizeof(text) - 1);
	jsonl_close(reader);
	folder_close(&folder);
}

static void
test_long_line(void **state)
{
	size_t n = 3 * LINE_MAX_BYTES;
	char *text = mem_zalloc(n + 1000);
	struct folder folder;
	struct jsonl_reader *reader;
	struct err err = { 0 };
	struct line line;

	(void)state;
	memset(text, 'x', n);
	snprintf(text + n, 1000, "\n" FACT "}\n");
	reader = open_text(&folder, text, strlen(text));
	assert_int_equal(jsonl_next(reader, &line, &err), -1);
	assert_non_null(strstr(err.text, "line 1: longer than 262144 bytes"));
	assert_int_equal(jsonl_next(reader, &line, &err), 1);
	assert_int_equal(jsonl_line(reader), 2);
	assert_int_equal(jsonl_next(reader, &line, &err), 0);
	jsonl_close(reader);
	folder_close(&folder);
	free(text);
}

static void
test_missing_file(void **state)
{
	struct jsonl_reader *reader;
	struct err err = { 0 };

	(void)state;
	assert_int_equal(jsonl_open(&reader, "/none/such.jsonl", &err), -1);
	assert_int_equal(err.code, ERR_NOT_FOUND);
	assert_non_null(strstr(err.text, "/none/such.jsonl"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_long_line),
		cmocka_unit_test(test_missing_file),
	};

	return TABLE_RUN(goods, test_good) + TABLE_RUN(bads, test_bad) +
	    cmocka_run_group_tests_name("jsonl", tests, NULL, NULL);
}
