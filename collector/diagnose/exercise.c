#include <string.h>

#include "collector/diagnose/exercise.h"
#include "collector/diagnose/told.h"
#include "proto/base/text.h"

#define SQLSTATE_DISK_FULL "53100"

static enum signature
signature_of(const struct node *node)
{
	struct signature_found found;
	const char *message = node->view->told->message;

	if (node->by_text)
		return node->text.signature;
	signature_find(&found, message, strlen(message));
	return found.signature;
}

bool
exercise_is_of_disk(const struct node *node)
{
	const struct result *told = node->view->told;
	const char *sqlstate = told_text(told, "sqlstate");

	if (sqlstate[0] != '\0')
		return text_same(sqlstate, SQLSTATE_DISK_FULL);
	return (node->by_text || told->reason == REASON_EXHAUSTED) &&
	    signature_of(node) == SIGNATURE_DISK;
}

bool
exercise_is_of_slots(const struct node *node)
{
	return !exercise_is_of_disk(node) && node->layer >= LAYER_DNS &&
	    node->layer <= LAYER_QUERY &&
	    (node->view->told->reason == REASON_EXHAUSTED ||
		node->text.signature == SIGNATURE_CONNECTIONS);
}

/* Did the run that failed end in this phase? */
static bool
is_of_phase(const struct node *node, const char *phase)
{
	char reason[REASON_TEXT_BYTES];

	result_reason(reason, node->view->series, node->view->told);
	reason[strcspn(reason, ".")] = '\0';
	return text_same(reason, phase);
}

static bool
is_of_writing(const struct node *node)
{
	return is_of_phase(node, "write") ||
	    node->view->told->reason == REASON_READ_ONLY ||
	    signature_of(node) == SIGNATURE_READ_ONLY ||
	    exercise_is_of_disk(node);
}

/* Does a server that answers refuse this one question? */
static bool
is_of_question(const struct node *node)
{
	return node->token == TOKEN_BREAK_LOCK ||
	    node->token == TOKEN_BREAK_SCHEMA ||
	    ((node->token == TOKEN_BREAK_SERVER ||
		 node->token == TOKEN_BREAK_DEPENDENCY) &&
		node->layer == LAYER_QUERY);
}

bool
exercise_covers(const struct scene_view *view, const struct node *node)
{
	const struct series *a = view->series, *b = node->view->series;

	/* What a server says of its sessions no other login contradicts. */
	if (is_of_phase(node, "sessions"))
		return false;
	if (text_same(a->kind, b->kind) &&
	    (text_same(a->probe, b->probe) ||
		text_same(a->reference_of, b->probe)))
		return true; /* it does the same */
	if (!node_is_failing(node->view))
		return true; /* a slow path is any run's */
	if (is_of_writing(node))
		return told_has(view->last, "write_duration_ms");
	return !is_of_question(node);
}
