/* A line in one piece of memory. */
#include <stdlib.h>
#include <string.h>

#include "proto/base/mem.h"
#include "proto/jsonl.h"

/* Where the next text goes; without bytes, only how long they all are. */
struct tail {
	char *bytes;
	size_t n;
};

static void
move_text(struct tail *tail, const char **text)
{
	size_t n;

	if (*text == NULL)
		return;
	n = strlen(*text) + 1;
	if (tail->bytes != NULL) {
		memcpy(tail->bytes + tail->n, *text, n);
		*text = tail->bytes + tail->n;
	}
	tail->n += n;
}

static void
move_attributes(struct tail *tail, struct attribute *attributes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		move_text(tail, &attributes[i].name);
		move_text(tail, &attributes[i].text);
	}
}

/* Visits every text of the line but those of its attributes. */
static void
move_texts(struct tail *tail, struct line *line)
{
	move_text(tail, &line->environment);
	move_text(tail, &line->agent);
	if (line->type == LINE_RESULT) {
		move_text(tail, &line->series.service);
		move_text(tail, &line->series.probe);
		move_text(tail, &line->series.kind);
		move_text(tail, &line->series.reference_of);
		for (size_t i = 0; i < line->series.n_phases; i++)
			move_text(tail, &line->series.phases[i]);
		move_text(tail, &line->result.message);
	} else if (line->type == LINE_FACT) {
		move_text(tail, &line->fact.service);
		move_text(tail, &line->fact.name);
		move_text(tail, &line->fact.value);
		move_text(tail, &line->fact.fingerprint);
	} else if (line->type == LINE_EVENT) {
		move_text(tail, &line->mark.service);
		move_text(tail, &line->mark.subject);
		move_text(tail, &line->mark.summary);
	} else if (line->type == LINE_GAP) {
		move_text(tail, &line->gap.why);
	}
}

struct line *
line_copy(const struct line *line)
{
	bool is_result = line->type == LINE_RESULT;
	size_t n = is_result           ? line->result.n_attributes
	    : line->type == LINE_EVENT ? line->mark.n_attributes
				       : 0;
	const struct attribute *from =
	    is_result ? line->result.attributes : line->mark.attributes;
	struct attribute *attributes = mem_calloc(n, sizeof(*attributes));
	struct line measured = *line, *copy;
	struct tail tail = { 0 };

	if (n > 0)
		memcpy(attributes, from, n * sizeof(*attributes));
	move_texts(&tail, &measured);
	move_attributes(&tail, attributes, n);
	copy = mem_zalloc(sizeof(*copy) + n * sizeof(*attributes) + tail.n);
	*copy = *line;
	if (n > 0)
		memcpy(copy + 1, from, n * sizeof(*attributes));
	free(attributes);
	attributes = (struct attribute *)(void *)(copy + 1);
	copy->result.attributes = copy->mark.attributes = attributes;
	tail = (struct tail){ (char *)(attributes + n), 0 };
	move_texts(&tail, copy);
	move_attributes(&tail, attributes, n);
	copy->series.environment = copy->mark.environment = copy->environment;
	copy->series.agent = copy->agent;
	return copy;
}
