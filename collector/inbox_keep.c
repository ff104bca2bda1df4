/*
 * What others keep in the store goes into the transactions of the inbox: it is
 * copied on the loop, and written beside it.
 */
#include <stdlib.h>
#include <string.h>

#include "collector/inbox_inside.h"
#include "proto/base/mem.h"

struct piece {
	struct list node;
	char *key, *bytes;
	size_t n;
};

void
inbox_want(struct inbox *inbox)
{
	inbox->is_wanted = inbox->setup.gather != NULL;
	inbox->must_write = true;
	inbox_go_on(inbox);
}

void
inbox_keep(struct inbox *inbox, const char *key, const void *bytes, size_t n)
{
	struct piece *piece = mem_zalloc(sizeof(*piece));

	piece->key = mem_strdup(key);
	piece->bytes = mem_dup(bytes, n);
	piece->n = n;
	list_push(&inbox->pieces, &piece->node);
}

void
inbox_pieces_gather(struct inbox *inbox)
{
	inbox->has_gathered = inbox->is_wanted;
	inbox->is_wanted = false;
	if (inbox->has_gathered)
		inbox->setup.gather(inbox->setup.arg, inbox);
}

int
inbox_pieces_write(struct inbox *inbox, struct err *err)
{
	LIST_EACH (node, &inbox->pieces) {
		const struct piece *piece = LIST_ITEM(node, struct piece, node);

		if (pipeline_keep(inbox->setup.pipeline, piece->key,
			piece->bytes, piece->n, err) < 0)
			return -1;
	}
	return 0;
}

void
inbox_pieces_done(struct inbox *inbox, bool is_stored)
{
	bool has_gathered = inbox->has_gathered;

	while (!list_is_empty(&inbox->pieces)) {
		struct piece *piece =
		    LIST_ITEM(list_pop(&inbox->pieces), struct piece, node);

		free(piece->key);
		free(piece->bytes);
		free(piece);
	}
	inbox->has_gathered = false;
	if (has_gathered)
		inbox->setup.written(inbox->setup.arg, is_stored);
}
