#include "collector/ask/case_past.h"
#include "proto/base/text.h"

#define AROUND_MS   INT64_C(600000) /* of an onset */
#define RESULTS_MAX 2000

int64_t
case_past_since(const struct scene *scene)
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

static int
on_past(void *arg, const struct series *series, const struct result *result,
    struct err *err)
{
	const struct case_past *past = arg;

	(void)series;
	(void)err;
	if (past->said != NULL)
		case_said_add(past->said, past->arena, result);
	case_holders_add(past->holders, past->arena, result);
	return 0;
}

int
case_past_read(const struct case_past *past, struct store *store,
    const struct series *series, int64_t onset_ms, int64_t until_ms,
    struct err *err)
{
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
	return store_scan_results(
	    store, &more, &request, on_past, (void *)(uintptr_t)past, err);
}
