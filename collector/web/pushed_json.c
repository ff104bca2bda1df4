#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "collector/web/pushed_json.h"
#include "proto/base/mem.h"
#include "proto/jsonl_value.h"

#define KIND  "push" /* of results that do not say any */
#define BLANK " \t\r\n"

struct reading {
	struct pushed *out;
	const struct pusher *pusher;
	struct line usual;
	struct jsonl_parser *parser;
	size_t n_items;
};

static int
check_speaker(const struct reading *reading, struct line *line, struct err *err)
{
	const struct pusher *pusher = reading->pusher;

	if (!pusher_speaks_for(pusher, line->environment))
		return err_set(err, ERR_DENIED,
		    "field \"environment\": this token may not speak for %s",
		    line->environment);
	if (line->agent[0] != '\0' && strcmp(line->agent, pusher->agent) != 0)
		return err_set(err, ERR_DENIED,
		    "field \"agent\": this token speaks as %s; leave it out",
		    pusher->agent);
	if (line->type == LINE_RESULT &&
	    line->series.vantage != pusher->vantage &&
	    line->series.vantage != VANTAGE_WORKSTATION)
		return err_set(err, ERR_DENIED,
		    "field \"vantage\": this token speaks from %s; leave it "
		    "out",
		    vantage_name(pusher->vantage));
	return 0;
}

/* Who does not say when tells of what has just ended. */
static int
set_time(const struct reading *reading, struct line *line, struct err *err)
{
	int64_t now_ms = reading->usual.at_ms;

	if (line->at_ms > now_ms + PUSHED_AHEAD_MS)
		return err_set(err, ERR_INVALID,
		    "field \"at\" lies in the future, by the collector's "
		    "clock");
	if (line->type == LINE_RESULT && line->at_ms == now_ms)
		line->result.at_ms -= line->result.duration_us / 1000;
	return 0;
}

static struct batch *
batch_for(struct reading *reading, const char *environment)
{
	uint32_t i = 0;

	while (strcmp(reading->pusher->environments[i], environment) != 0)
		i++;
	if (reading->out->batches[i] == NULL)
		reading->out->batches[i] = batch_new();
	return reading->out->batches[i];
}

static int
add(struct reading *reading, struct line *line, struct err *err)
{
	struct batch *batch;

	if (line->type != LINE_RESULT && line->type != LINE_FACT)
		return err_set(err, ERR_INVALID,
		    "field \"type\": a push holds results and facts");
	if (check_speaker(reading, line, err) < 0 ||
	    set_time(reading, line, err) < 0)
		return -1;
	batch = batch_for(reading, line->environment);
	if (line->type == LINE_RESULT) {
		batch_add_result(batch, &line->series, &line->result);
		reading->out->n_results++;
	} else {
		batch_add_fact(batch, &line->fact);
		reading->out->n_facts++;
	}
	if (reading->out->n_results > BATCH_MAX_RESULTS ||
	    reading->out->n_facts > BATCH_MAX_FACTS)
		return err_set(err, ERR_LIMIT,
		    "more than %d at once; push them in parts",
		    BATCH_MAX_RESULTS);
	return 0;
}

/* Takes root. */
static int
read_item(struct reading *reading, json_t *root, struct err *err)
{
	struct line line;

	reading->n_items++;
	if (jsonl_parse_value(reading->parser, &line, root, err) < 0 ||
	    add(reading, &line, err) < 0)
		return err_wrap(err, "item %zu", reading->n_items);
	return 0;
}

/* Takes root: an item, or a list of them. */
static int
read_items(struct reading *reading, json_t *root, struct err *err)
{
	size_t i;
	json_t *item;
	int rc = 0;

	if (!json_is_array(root))
		return read_item(reading, root, err);
	json_array_foreach(root, i, item)
	{
		if (rc == 0)
			rc = read_item(reading, json_incref(item), err);
	}
	json_decref(root);
	return rc;
}

static int
read_all(struct reading *reading, const char *bytes, size_t n, struct err *err)
{
	json_error_t problem;
	json_t *root;

	for (size_t at = 0;; at += (size_t)problem.position) {
		at += strspn(bytes + at, BLANK);
		if (at == n)
			break;
		root = json_loadb(bytes + at, n - at,
		    JSON_REJECT_DUPLICATES | JSON_DISABLE_EOF_CHECK, &problem);
		if (root == NULL)
			return err_set(err, ERR_INVALID,
			    "item %zu: line %d, column %d of it: %s",
			    reading->n_items + 1, problem.line, problem.column,
			    problem.text);
		if (read_items(reading, root, err) < 0)
			return -1;
	}
	if (reading->n_items > 0)
		return 0;
	return err_set(err, ERR_INVALID,
	    "nothing in it; a result is {\"service\": ..., \"probe\": ..., "
	    "\"outcome\": \"ok\"}");
}

int
pushed_json_read(struct pushed *out, const struct pusher *pusher,
    int64_t now_ms, const char *bytes, size_t n, struct err *err)
{
	struct reading reading = {
		.out = out,
		.pusher = pusher,
		.usual = { .type = LINE_RESULT,
		    .at_ms = now_ms,
		    .agent = pusher->agent,
		    .environment = pusher->n_environments == 1
			? pusher->environments[0]
			: "",
		    .series = { .vantage = pusher->vantage, .kind = KIND } },
		.parser = jsonl_parser_new(),
	};
	int rc;

	*out = (struct pushed){ .n = pusher->n_environments };
	out->batches = mem_calloc(out->n, sizeof(struct batch *));
	jsonl_parser_set_usual(reading.parser, &reading.usual);
	rc = read_all(&reading, bytes, n, err);
	jsonl_parser_free(reading.parser);
	if (rc < 0)
		pushed_fini(out);
	return rc;
}

void
pushed_fini(struct pushed *pushed)
{
	for (uint32_t i = 0; i < pushed->n; i++)
		batch_free(pushed->batches[i]);
	free(pushed->batches);
	*pushed = (struct pushed){ 0 };
}
