#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/web/parts.h"
#include "proto/base/mem.h"
#include "proto/base/text.h"

#define GLYPH_PX 7 /* of Verdana at 11 px, about */
#define PAD_PX   12

/* A badge under way. */
struct badge {
	struct http_call *call;
	char *environment, *service; /* service "": the worst of all */
};

/* White on these has a contrast of at least 4.5 to 1. */
static const struct {
	enum state state;
	const char *colour;
} colours[] = {
	{ STATE_OK, "#1a7f37" },
	{ STATE_WARNING, "#8a5a00" },
	{ STATE_CRITICAL, "#b3261e" },
	{ STATE_UNKNOWN, "#5f4b8b" },
	{ STATE_STALE, "#57606a" },
	{ STATE_BLIND, "#57606a" },
};

/* Names come from outside, and may hold anything that is printable. */
static void
draw(struct http_call *call, const char *name, enum state state)
{
	struct text escaped = { 0 };
	char *label;
	int left = (int)strlen(name) * GLYPH_PX + PAD_PX;
	int right = (int)strlen(state_name(state)) * GLYPH_PX + PAD_PX;
	const char *colour = colours[STATE_BLIND].colour;
	struct text svg = { 0 };
	size_t n;

	for (const char *c = name; *c != '\0'; c++)
		text_add_html(&escaped, *c);
	label = text_take(&escaped);
	for (size_t i = 0; i < sizeof(colours) / sizeof(colours[0]); i++)
		if (colours[i].state == state)
			colour = colours[i].colour;
	text_addf(&svg,
	    "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" "
	    "height=\"20\" role=\"img\" aria-label=\"%s: %s\"><title>%s: "
	    "%s</title><rect width=\"%d\" height=\"20\" fill=\"#444c56\"/>"
	    "<rect x=\"%d\" width=\"%d\" height=\"20\" fill=\"%s\"/>",
	    left + right, label, state_name(state), label, state_name(state),
	    left, left, right, colour);
	text_addf(&svg,
	    "<g fill=\"#fff\" text-anchor=\"middle\" font-size=\"11\" "
	    "font-family=\"Verdana,DejaVu Sans,sans-serif\"><text x=\"%d\" "
	    "y=\"14\">%s</text><text x=\"%d\" y=\"14\">%s</text></g></svg>\n",
	    left / 2, label, left + right / 2, state_name(state));
	n = svg.n;
	free(label);
	reply_once(call, "image/svg+xml", text_take(&svg), n);
}

static void
badge_free(struct badge *badge)
{
	free(badge->environment);
	free(badge->service);
	free(badge);
}

/* How bad a state is; what cannot be seen is worse than ok. */
static int
weight(enum state state)
{
	static const int weights[] = {
		[STATE_OK] = 0,
		[STATE_BLIND] = 1,
		[STATE_STALE] = 2,
		[STATE_UNKNOWN] = 3,
		[STATE_WARNING] = 4,
		[STATE_CRITICAL] = 5,
	};

	return weights[state];
}

static void
on_status(void *arg, const struct rpc_status *status,
    const struct status_answer *answer)
{
	struct badge *badge = arg;
	enum state worst = STATE_OK;

	if (status->code != RPC_OK)
		reply_status(badge->call, status);
	else if (answer->n_cells == 0)
		reply_error(badge->call, 404, "no such service");
	else {
		for (size_t i = 0; i < answer->n_cells; i++)
			if (weight(answer->cells[i].state) > weight(worst))
				worst = answer->cells[i].state;
		draw(badge->call,
		    badge->service[0] != '\0' ? badge->service
					      : badge->environment,
		    worst);
	}
	badge_free(badge);
}

/* rest: "ENVIRONMENT/SERVICE.svg" or "ENVIRONMENT.svg". */
void
badge_answer(struct web *web, struct http_call *call,
    const struct web_request *request, const char *rest)
{
	size_t n = strlen(rest), n_left = strcspn(rest, "/");
	struct query_status query;
	struct badge *badge;

	(void)request;
	if (n < 5 || strcmp(rest + n - 4, ".svg") != 0) {
		reply_error(call, 404, "write /badge/ENVIRONMENT/SERVICE.svg");
		return;
	}
	n -= 4;
	badge = mem_zalloc(sizeof(*badge));
	badge->call = call;
	badge->environment = mem_strndup(rest, n_left < n ? n_left : n);
	badge->service = n_left < n
	    ? mem_strndup(rest + n_left + 1, n - n_left - 1)
	    : mem_strdup("");
	query = (struct query_status){ badge->environment, badge->service };
	query_status(web->setup.client, &query, on_status, badge);
}
