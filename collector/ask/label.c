#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/ask/label.h"
#include "proto/mark.h"

struct gathering {
	struct labels *out;
	struct arena *arena;
	size_t room;
};

static const struct attribute *
attribute_of(const struct mark *mark, const char *name)
{
	for (size_t i = 0; i < mark->n_attributes; i++)
		if (strcmp(mark->attributes[i].name, name) == 0)
			return &mark->attributes[i];
	return NULL;
}

/* A number, also one that is written as text. */
static uint64_t
number_of(const struct attribute *attribute)
{
	if (attribute == NULL)
		return 0;
	if (attribute->text != NULL)
		return strtoull(attribute->text, NULL, 10);
	return attribute->number >= 1 && attribute->number < 9e15
	    ? (uint64_t)attribute->number
	    : 0;
}

/* A share that is written as a number, in permyriad; -1: there is none. */
static int
permyriad_of(const struct mark *mark, const char *name)
{
	const struct attribute *attribute = attribute_of(mark, name);

	if (attribute == NULL || attribute->text != NULL ||
	    !(attribute->number >= 0 && attribute->number <= 1))
		return -1;
	return (int)(attribute->number * 10000 + 0.5);
}

/* NULL unless all of it is there. */
static const struct label_said *
said_in(const struct mark *mark, struct arena *arena)
{
	const char *word = mark_text(mark, MARK_SAID);
	const char *subject = mark_text(mark, MARK_SAID_SUBJECT);
	struct label_said *said = arena_zalloc(arena, sizeof(*said));
	char name[32];

	said->blame = BLAME_UNDETERMINED;
	said->subject = arena_strdup(arena, subject != NULL ? subject : "");
	said->permyriad = permyriad_of(mark, MARK_SAID_CONFIDENCE);
	if (word == NULL || said->permyriad < 0 ||
	    (blame_parse(&said->blame, word) < 0 &&
		strcmp(word, blame_name(BLAME_UNDETERMINED)) != 0))
		return NULL;
	for (int i = 0; i < BLAME_COUNT; i++) {
		snprintf(name, sizeof(name), MARK_SAID_OF "%s",
		    blame_name((enum blame)i));
		said->probabilities[i] = permyriad_of(mark, name);
		if (said->probabilities[i] < 0)
			return NULL;
	}
	return said;
}

static struct label *
add(struct gathering *gathering)
{
	struct labels *out = gathering->out;

	if (out->n == gathering->room) {
		size_t room = gathering->room * 2 + 16;
		struct label *list =
		    arena_zalloc(gathering->arena, room * sizeof(*list));

		if (out->n > 0)
			memcpy(list, out->list, out->n * sizeof(*list));
		out->list = list;
		gathering->room = room;
	}
	return &out->list[out->n++];
}

/* Who says it again need not have seen what was found: that stays. */
static void
inherit(struct label *label, const struct labels *earlier)
{
	for (size_t i = earlier->n; i > 0 && label->findings == NULL; i--)
		if (earlier->list[i - 1].incident == label->incident) {
			label->findings = earlier->list[i - 1].findings;
			label->said = earlier->list[i - 1].said;
			return;
		}
}

static int
on_mark(void *arg, const struct mark *mark, struct err *err)
{
	struct gathering *gathering = arg;
	const char *word = mark_text(mark, MARK_VERDICT);
	const char *findings = mark_text(mark, MARK_FINDINGS);
	uint64_t incident = number_of(attribute_of(mark, MARK_INCIDENT));
	struct label label;
	enum blame blame;

	(void)err;
	if (mark->kind != MARK_INCIDENT_CLOSED || incident == 0 ||
	    word == NULL || blame_parse(&blame, word) < 0)
		return 0; /* it says that it is over, not what it was */
	label = (struct label){
		.incident = incident,
		.at_ms = mark->at_ms,
		.blame = blame,
		.subject = arena_strdup(gathering->arena, mark->subject),
		.summary = arena_strdup(gathering->arena, mark->summary),
		.by = arena_strdup(gathering->arena, mark_by(mark)),
		.findings = findings == NULL
		    ? NULL
		    : arena_strdup(gathering->arena, findings),
		.said = said_in(mark, gathering->arena),
	};
	inherit(&label, gathering->out);
	*add(gathering) = label;
	return 0;
}

int
labels_find(struct labels *out, struct arena *arena, struct store *store,
    const char *environment, int64_t to_ms, struct err *err)
{
	const struct store_marks wanted = { environment, "", 0, to_ms };
	struct gathering gathering = { .out = out, .arena = arena };

	*out = (struct labels){ 0 };
	return store_scan_marks(store, &wanted, on_mark, &gathering, err);
}

static bool
is_of(const struct label *label, const struct incident *incident)
{
	for (size_t i = 0; i < incident->n_rows; i++)
		if (incident->rows[i]->id == label->incident)
			return true;
	return false;
}

const struct label *
labels_of(const struct labels *labels, const struct incident *incident)
{
	for (size_t i = labels->n; i > 0; i--)
		if (is_of(&labels->list[i - 1], incident))
			return &labels->list[i - 1];
	return NULL;
}

bool
label_same_subject(const char *a, const char *b)
{
	size_t n = strcspn(a, "#@");

	return strcspn(b, "#@") == n && strncmp(a, b, n) == 0;
}

bool
label_names(const struct label *label, const char *subject)
{
	return label->subject[0] == '\0' ||
	    label_same_subject(label->subject, subject);
}
