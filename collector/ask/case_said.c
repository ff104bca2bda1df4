#include <string.h>

#include "collector/ask/case_said.h"
#include "collector/diagnose/signature.h"
#include "proto/base/text.h"
#include "proto/copy.h"

/* Texts of a series whose meaning is looked for: it takes a while. */
#define LOOKS_MAX 200

bool
case_said_is_of(const struct series *series)
{
	return text_same(series->kind, "log");
}

static bool
is_trouble(const char *text)
{
	struct signature_found found;

	signature_find(&found, text, strlen(text));
	return found.signature != SIGNATURE_UNKNOWN;
}

static bool
is_dull(const struct case_said *said, uint64_t print)
{
	for (size_t i = 0; i < said->n_dull && i < SCENE_SAID; i++)
		if (said->dull[i] == print)
			return true;
	return false;
}

static void
extend(struct scene_said *said, int64_t at_ms)
{
	if (at_ms < said->from_ms)
		said->from_ms = at_ms;
	if (at_ms > said->to_ms)
		said->to_ms = at_ms;
}

static void
add_text(struct case_said *said, struct arena *arena,
    const struct result *result, const char *text)
{
	uint64_t print = signature_fingerprint(text, strlen(text));
	struct result *told;

	for (size_t i = 0; i < said->n; i++)
		if (said->texts[i] == print) {
			extend(&said->list[i], result->at_ms);
			return;
		}
	if (said->n == SCENE_SAID || is_dull(said, print) ||
	    said->n_looks == LOOKS_MAX)
		return;
	said->n_looks++;
	if (!is_trouble(text)) {
		said->dull[said->n_dull++ % SCENE_SAID] = print;
		return;
	}
	told = arena_zalloc(arena, sizeof(*told));
	result_copy(told, arena, result);
	told->message = arena_strdup(arena, text);
	told->outcome = OUTCOME_CRITICAL;
	said->texts[said->n] = print;
	said->list[said->n++] =
	    (struct scene_said){ result->at_ms, result->at_ms, told };
}

void
case_said_add(
    struct case_said *said, struct arena *arena, const struct result *result)
{
	/* What a first look finds may be of any day. */
	if (result->outcome == OUTCOME_UNKNOWN)
		return;
	if (result->outcome != OUTCOME_OK)
		add_text(said, arena, result, result->message);
	for (size_t i = 0; i < result->n_attributes; i++)
		if (text_same(result->attributes[i].name, "last_error") &&
		    result->attributes[i].text != NULL)
			add_text(
			    said, arena, result, result->attributes[i].text);
}
