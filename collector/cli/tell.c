#include <stdlib.h>
#include <string.h>

#include "collector/cli/show.h"
#include "collector/cli/tell.h"
#include "proto/base/mem.h"
#include "proto/report.h"
#include "proto/shape.h"

struct telling {
	struct ask *ask;
	struct report_client *client;
	struct mark mark;
	tell_show_fn *show;
	const void *arg;
};

/* What was told and, behind it, what it replaced; owned by the caller. */
static struct attribute *
add_replaced(struct mark *mark, const char *replaced)
{
	struct attribute *all =
	    mem_calloc(mark->n_attributes + 1, sizeof(*all));

	if (mark->n_attributes > 0)
		memcpy(
		    all, mark->attributes, mark->n_attributes * sizeof(*all));
	mark->attributes = all;
	if (replaced[0] != '\0')
		all[mark->n_attributes++] =
		    (struct attribute){ TELL_REPLACED, replaced, 0 };
	return all;
}

static void
on_told(void *arg, const struct rpc_status *status, int64_t at_ms,
    const char *replaced)
{
	struct telling *telling = arg;
	struct ask *ask = telling->ask;
	struct attribute *attributes = add_replaced(&telling->mark, replaced);

	telling->mark.at_ms = at_ms;
	if (status->code == RPC_OK && ask->arguments->json)
		shape_print(&ask->page.text, shape_mark(&telling->mark), false);
	else if (status->code == RPC_OK)
		telling->show(ask, &telling->mark, telling->arg);
	report_client_free(telling->client);
	free(attributes);
	free(telling);
	ask_done(ask, status);
}

void
tell_mark(struct ask *ask, const struct mark *mark, tell_show_fn *show,
    const void *arg)
{
	struct telling *telling = mem_zalloc(sizeof(*telling));

	telling->ask = ask;
	telling->mark = *mark;
	telling->show = show;
	telling->arg = arg;
	telling->client = report_client_new(ask_rpc(ask));
	report_mark(telling->client, &telling->mark, on_told, telling);
}

void
tell_show(struct ask *ask, const struct mark *mark, const void *arg)
{
	struct event event = {
		.kind = EVENT_MARK, .at_ms = mark->at_ms, .mark = *mark
	};

	(void)arg;
	show_event(&ask->page, &event);
}

const char *
tell_fault(const struct arguments *arguments)
{
	if (arguments->store == NULL)
		return NULL;
	return "this tells a collector; vedette-collector import adds events "
	       "to a store";
}
