#include <stdlib.h>

#include "collector/cli/ask_document.h"
#include "collector/cli/output.h"
#include "proto/shape.h"
#include "proto/base/mem.h"

struct asking {
	struct ask *ask;
	ask_show_fn *show;
	ask_exit_fn *exit_of;
};

struct query_document
ask_about(const struct arguments *arguments, const char *question)
{
	return (struct query_document){
		.question = question,
		.environment = arguments->environment,
		.service = arguments->service,
		.agent = arguments->agent,
		.probe = arguments->probe,
		.other = arguments->other,
		.from_ms = arguments->from_ms,
		.to_ms = arguments->to_ms,
		.limit = (uint32_t)arguments->limit,
		.span_ms = arguments->span_ms,
		.last_ms = arguments->last_ms,
		.together = arguments->together,
	};
}

void
ask_document_answered(struct ask *ask, const struct rpc_status *status,
    const char *json, ask_show_fn *show, ask_exit_fn *exit_of)
{
	json_t *document = json == NULL ? NULL : json_loads(json, 0, NULL);

	if (document != NULL && exit_of != NULL)
		ask->exit_code = exit_of(document);
	if (json != NULL && document == NULL)
		ask->exit_code = OUTPUT_NO_ANSWER;
	else if (document != NULL && ask->arguments->json)
		shape_print(&ask->page.text, json_incref(document), false);
	else if (document != NULL)
		show(ask, document);
	json_decref(document);
	ask_done(ask, status);
}

static void
on_answer(void *arg, const struct rpc_status *status, const char *json)
{
	struct asking *asking = arg;

	ask_document_answered(
	    asking->ask, status, json, asking->show, asking->exit_of);
	free(asking);
}

void
ask_document(struct ask *ask, struct query_client *client,
    const struct query_document *request, ask_show_fn *show,
    ask_exit_fn *exit_of)
{
	struct asking *asking = mem_zalloc(sizeof(*asking));

	asking->ask = ask;
	asking->show = show;
	asking->exit_of = exit_of;
	query_document(client, request, on_answer, asking);
}
