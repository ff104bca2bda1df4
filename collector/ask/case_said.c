#include <string.h>

#include "collector/ask/case_said.h"
#include "collector/diagnose/signature.h"
#include "proto/base/text.h"
#include "proto/copy.h"

#define AROUND_MS   INT64_C(600000) /* of an onset */
#define RESULTS_MAX 2000

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
	if (said->n == SCENE_SAID || !is_trouble(text))
		return;
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

int64_t
case_said_since(const struct scene *scene)
{
	int64_t onset_ms = 0;

	for (size_t i = 0; i < scene->n_views; i++) {
		const struct scene_view *view = &scene->views[i];

		if (text_same(view->series->environment, scene->environment) &&
		    view->last->outcome == OUTCOME_CRITICAL &&
		    (onset_ms == 0 || view->bad_from_ms < onset_ms))
			onset_ms = view->bad_from_ms;
	}
	return onset_ms;
}

struct past {
	struct case_said *said;
	struct arena *arena;
};

static int
on_past(void *arg, const struct series *series, const struct result *result,
    struct err *err)
{
	struct past *past = arg;

	(void)series;
	(void)err;
	case_said_add(past->said, past->arena, result);
	return 0;
}

int
case_said_look_back(struct case_said *said, struct arena *arena,
    struct store *store, const struct series *series, int64_t onset_ms,
    int64_t until_ms, struct err *err)
{
	struct past past = { said, arena };
	struct query_history request = {
		.environment = series->environment,
		.agent = series->agent,
		.service = series->service,
		.probe = series->probe,
		.from_ms = onset_ms - AROUND_MS,
		.to_ms = onset_ms + AROUND_MS,
		.limit = RESULTS_MAX,
	};
	bool more;

	if (request.to_ms > until_ms + 1)
		request.to_ms = until_ms + 1;
	return store_scan_results(store, &more, &request, on_past, &past, err);
}
