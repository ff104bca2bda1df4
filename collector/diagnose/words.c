#include <stdio.h>
#include <string.h>

#include "collector/diagnose/kin.h"
#include "collector/diagnose/words.h"
#include "proto/base/text.h"

#define LOG_BETWEEN "; " /* the errors in one message */

/* What an application itself says of why it fails places its failure deeper
 * than a status code can. */
static const struct {
	enum signature signature;
	enum layer layer;
	enum token token;
} meanings[] = {
	{ SIGNATURE_MODULE, LAYER_APP, TOKEN_BREAK_SCHEMA },
	{ SIGNATURE_FILE, LAYER_APP, TOKEN_BREAK_SCHEMA },
	{ SIGNATURE_MIGRATION, LAYER_QUERY, TOKEN_BREAK_SCHEMA },
	{ SIGNATURE_SETTING, LAYER_ENV, TOKEN_BREAK_ENV },
	{ SIGNATURE_LOGIN, LAYER_AUTH, TOKEN_BREAK_AUTH },
	{ SIGNATURE_GRANT, LAYER_SECRET, TOKEN_BREAK_SECRET },
	{ SIGNATURE_NAME, LAYER_DNS, TOKEN_BREAK_DNS },
	{ SIGNATURE_TIMEOUT, LAYER_TCP, TOKEN_BREAK_TIMEOUT },
	{ SIGNATURE_REFUSED, LAYER_TCP, TOKEN_BREAK_REFUSED },
	{ SIGNATURE_SILENT, LAYER_QUERY, TOKEN_BREAK_HANG },
	{ SIGNATURE_CERTIFICATE, LAYER_TLS, TOKEN_BREAK_TLS },
	{ SIGNATURE_MEMORY, LAYER_SIDE, TOKEN_SATURATED },
	{ SIGNATURE_DISK, LAYER_SIDE, TOKEN_SATURATED },
	{ SIGNATURE_CONNECTIONS, LAYER_AUTH, TOKEN_BREAK_SERVER },
	{ SIGNATURE_LOCK, LAYER_QUERY, TOKEN_BREAK_LOCK },
	{ SIGNATURE_READ_ONLY, LAYER_QUERY, TOKEN_BREAK_SERVER },
	{ SIGNATURE_STARTING, LAYER_AUTH, TOKEN_BREAK_SERVER },
	{ SIGNATURE_SERVER, LAYER_QUERY, TOKEN_BREAK_SERVER },
	{ SIGNATURE_THROTTLED, LAYER_QUERY, TOKEN_BREAK_SERVER },
	{ SIGNATURE_PROXY, LAYER_TCP, TOKEN_BREAK_TIMEOUT },
};

bool
words_are_testimony(const struct scene_view *view)
{
	enum reason reason = view->told->reason;

	const char *kind = view->series->kind;

	return reason == REASON_NONE || reason == REASON_STATUS ||
	    reason == REASON_ANSWER || reason == REASON_EXHAUSTED ||
	    text_same(kind, "log") || text_same(kind, "exec") ||
	    text_same(kind, "push") || text_same(kind, "other") ||
	    (text_same(kind, "heartbeat") && reason == REASON_EXIT);
}

/* Is it said of the way to something else? */
static bool
is_of_a_path(enum layer layer)
{
	return layer == LAYER_DNS || layer == LAYER_TCP || layer == LAYER_TLS ||
	    layer == LAYER_AUTH;
}

/* Is what ran out of room not ours, but what we use? */
static bool
is_anothers(
    const struct node *node, const struct scene *scene, const char *dependency)
{
	return !node_is_application(scene, node->service) ||
	    (dependency[0] != '\0' && !node_is_application(scene, dependency));
}

/* Runtimes that are given a limit of their own, below that of the machine. */
static bool
is_own_limit(const struct signature_found *found)
{
	static const char *const runtimes[] = { "php", "java", "node" };

	for (size_t i = 0; i < sizeof(runtimes) / sizeof(runtimes[0]); i++)
		if (text_same(found->runtime, runtimes[i]))
			return found->signature == SIGNATURE_MEMORY;
	return false;
}

static void
read_sentence(struct node *node, const struct scene *scene, const char *text)
{
	const char *dependency = node->dependency;

	signature_find(&node->text, text, strlen(text));
	/* It is the process that stops there, and nothing below it. */
	node->own_limit =
	    is_own_limit(&node->text) && !is_anothers(node, scene, dependency);
	if (node->own_limit)
		return;
	for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++) {
		if (meanings[i].signature != node->text.signature)
			continue;
		if (dependency[0] == '\0')
			dependency = kin_of_text(
			    scene, node->service, &node->text, text);
		/* Of a way to nobody we know: it fails, and that is all we
		 * know; its own place is no path. */
		if (dependency[0] == '\0' && node->layer >= LAYER_APP &&
		    (is_of_a_path(meanings[i].layer) ||
			meanings[i].signature == SIGNATURE_SILENT) &&
		    (node_is_application(scene, node->service) ||
			text_same(node->view->series->kind, "http")))
			return;
		node->layer = meanings[i].layer;
		node->token = meanings[i].token;
		if (meanings[i].token == TOKEN_SATURATED &&
		    is_anothers(node, scene, dependency)) {
			node->layer = LAYER_QUERY;
			node->token = TOKEN_BREAK_SERVER;
		}
		node->by_text = true;
		node->dependency = dependency;
	}
}

/* Does what one sentence says place a failure better? */
static bool
says_more(const struct node *a, const struct node *b)
{
	if (a->by_text != b->by_text)
		return a->by_text;
	if (!a->by_text)
		return b->text.signature == SIGNATURE_UNKNOWN;
	return a->dependency[0] != '\0' && b->dependency[0] == '\0';
}

void
words_place(struct node *node, const struct scene *scene, const char *text)
{
	char sentence[MESSAGE_MAX_BYTES];
	struct node best = *node;

	if (!text_same(node->view->series->kind, "log")) {
		read_sentence(node, scene, text);
		return;
	}
	while (*text != '\0') {
		const char *end = strstr(text, LOG_BETWEEN);
		size_t n = end != NULL ? (size_t)(end - text) : strlen(text);
		struct node one = *node;

		snprintf(sentence, sizeof(sentence), "%.*s", (int)n, text);
		read_sentence(&one, scene, sentence);
		if (says_more(&one, &best))
			best = one;
		text += n + (end != NULL ? strlen(LOG_BETWEEN) : 0);
	}
	*node = best;
}

bool
words_lead_nowhere(const struct node *node)
{
	if (node->by_text || node->dependency[0] != '\0')
		return false;
	for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++)
		if (meanings[i].signature == node->text.signature)
			return is_of_a_path(meanings[i].layer) ||
			    node->text.signature == SIGNATURE_SILENT;
	return false;
}
