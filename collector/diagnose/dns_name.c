#include <string.h>

#include "collector/diagnose/dns_name.h"
#include "collector/diagnose/told.h"
#include "proto/base/text.h"

const char *
dns_name_of(struct arena *arena, const struct node *node)
{
	const struct result *told = node->view->told;
	const char *name = told_text(told, "name"), *space;
	struct signature_found found;

	if (name[0] != '\0')
		return name;
	signature_find(&found, told->message, strlen(told->message));
	space = strrchr(found.object, ' ');
	name = space != NULL ? space + 1 : found.object;
	return found.signature == SIGNATURE_NAME && name[0] != '*'
	    ? arena_strdup(arena, name)
	    : "";
}

const struct node *
dns_name_teller(
    struct arena *arena, const struct chain *chain, const struct node *node)
{
	if (dns_name_of(arena, node)[0] != '\0')
		return node;
	for (size_t i = 0; i < chain->n_failing; i++) {
		const struct node *other = chain->failing[i];

		if (other->layer == LAYER_DNS && other->entailed_by == node &&
		    text_same(node_target(other), node_target(node)) &&
		    dns_name_of(arena, other)[0] != '\0')
			return other;
	}
	return node;
}
