#include <string.h>

#include "collector/diagnose/exercise.h"
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

	for (size_t i = 0; i < told->n_attributes; i++)
		if (text_same(told->attributes[i].name, "sqlstate") &&
		    told->attributes[i].text != NULL)
			return text_same(
			    told->attributes[i].text, SQLSTATE_DISK_FULL);
	return (node->by_text || told->reason == REASON_EXHAUSTED) &&
	    signature_of(node) == SIGNATURE_DISK;
}

static bool
is_of_writing(const struct node *node)
{
	char reason[REASON_TEXT_BYTES];

	result_reason(reason, node->view->series, node->view->told);
	return strncmp(reason, "write.", strlen("write.")) == 0 ||
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
	    (node->token == TOKEN_BREAK_SERVER && node->layer == LAYER_QUERY);
}

static bool
writes(const struct series *series)
{
	for (size_t i = 0; i < series->n_phases; i++)
		if (text_same(series->phases[i], "write"))
			return true;
	return false;
}

bool
exercise_covers(const struct scene_view *view, const struct node *node)
{
	const struct series *a = view->series, *b = node->view->series;

	if (text_same(a->kind, b->kind) &&
	    (text_same(a->probe, b->probe) ||
		text_same(a->reference_of, b->probe)))
		return true; /* it does the same */
	if (is_of_writing(node))
		return writes(a);
	return !is_of_question(node);
}
