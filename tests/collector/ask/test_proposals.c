/* What values did for two weeks, and which rule that suggests. */
#include "tests/collector/batches.h"

#include <jansson.h>

#include "collector/ask/document.h"

/* Rows leave out what they do not speak of. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

static const struct row {
	const char *name;
	const char *story; /* a fact, env or setting, here and in production */
	const char *guard; /* told at the end, or NULL */
	const char *expect;
	bool is_unseen; /* nobody is in production any more */
} rows[] = {
	{ "what was equal for two weeks should match",
	    "env/MODE=k1:aa @production env/MODE=k1:aa +1209700", NULL,
	    "envvar:MODE matches 0" },
	{ "also when it changed in both at a time",
	    "env/MODE=k1:aa @production env/MODE=k1:aa +604800 "
	    "env/MODE=k1:bb @staging env/MODE=k1:bb +1209700",
	    NULL, "envvar:MODE matches 0" },
	{ "what differed, and changed meanwhile, should differ",
	    "env/TOKEN=k1:aa @production env/TOKEN=k1:bb +604800 "
	    "env/TOKEN=k1:cc +604900",
	    NULL, "envvar:TOKEN differs 1" },
	{ "what nobody looked at says nothing",
	    "env/MODE=k1:aa @production env/MODE=k1:aa +1209700", NULL, "",
	    true },
	{ "less than two weeks say nothing",
	    "env/MODE=k1:aa @production env/MODE=k1:aa +1209500", NULL, "" },
	{ "nor do two weeks with a difference between",
	    "env/MODE=k1:aa @production env/MODE=k1:aa +604800 "
	    "env/MODE=k1:bb +604900",
	    NULL, "" },
	{ "nor fingerprints of different keys",
	    "env/MODE=k1:aa @production env/MODE=k2:aa +1209700", NULL, "" },
	{ "what matches by its name needs no rule",
	    "setting/pool=5 @production setting/pool=5 +1209700", NULL, "" },
	{ "unless it does not, which nobody minds",
	    "setting/pool=5 @production setting/pool=9 +1209700", NULL,
	    "config:pool free 0" },
	{ "what differs by its name needs none",
	    "env/DB_HOST=k1:aa @production env/DB_HOST=k1:bb +1209700", NULL,
	    "" },
	{ "and one database for both is no rule at all",
	    "env/DB_HOST=k1:aa @production env/DB_HOST=k1:aa +1209700", NULL,
	    "" },
	{ "other facts are not compared",
	    "build=v1 @production build=v1 +1209700", NULL, "" },
	{ "what people said already is not proposed",
	    "env/MODE=k1:aa @production env/MODE=k1:aa +1209700",
	    "envvar:MODE free", "" },
};

static void
put_guard(struct bench *bench, const char *condition)
{
	const struct mark mark = {
		.at_ms = bench->now.wall_ms,
		.environment = "staging",
		.service = "",
		.kind = MARK_GUARD,
		.subject = condition,
		.summary = "",
	};
	struct err err = { 0 };

	if (store_begin(bench->store, &err) < 0 ||
	    store_put_mark(bench->store, &mark, &err) < 0 ||
	    store_commit(bench->store, &err) < 0)
		fail_msg("%s", err.text);
}

/* "CONDITION CHANGES", each on its own. */
static char *
proposed(const char *json)
{
	json_t *document = json_loads(json, 0, NULL), *row;
	struct text text = { 0 };
	size_t i;

	text_add(&text, "");
	json_array_foreach(json_object_get(document, "proposals"), i, row)
	    text_addf(&text, "%s%s %lld", i > 0 ? ", " : "",
		json_string_value(json_object_get(row, "condition")),
		(long long)json_integer_value(json_object_get(row, "changes")));
	json_decref(document);
	return text_take(&text);
}

static void
test_row(void **state)
{
	static char staging[] = "staging", production[] = "production";
	struct environment_config environments[] = { { .name = staging },
		{ .name = production } };
	const struct row *row = *state;
	struct query_document request = { .question = "proposals",
		.environment = "staging",
		.service = "",
		.agent = "",
		.probe = "",
		.other = "" };
	struct arena *arena = arena_new(0);
	struct collector_config config;
	struct document_source source;
	struct bench bench;
	struct err err = { 0 };
	const char *json;
	char *found;

	bench_open(&bench);
	bench_play(&bench, row->story);
	bench_play(&bench, row->is_unseen ? "@staging" : "@production db:g");
	bench_play(&bench, "@staging db:g");
	if (row->guard != NULL)
		put_guard(&bench, row->guard);
	config = *bench.config;
	config.environments = environments;
	config.n_environments = 2;
	source =
	    (struct document_source){ bench.store, &config, bench.now.wall_ms };
	if (document_make(&json, arena, &source, &request, &err) < 0)
		fail_msg("%s", err.text);
	found = proposed(json);
	assert_string_equal(found, row->expect);
	free(found);
	arena_free(arena);
	bench_close(&bench);
}

int
main(void)
{
	return TABLE_RUN(rows, test_row);
}
