#include "collector/web/list_json.h"

void
list_json_skip(json_t *answer, const char *key, size_t n)
{
	const json_t *all = json_object_get(answer, key);
	json_t *rest;

	if (n == 0)
		return;
	rest = json_array();
	for (size_t i = n; i < json_array_size(all); i++)
		json_array_append(rest, json_array_get(all, i));
	json_object_set_new(answer, key, rest);
}

void
list_json_add(json_t *answer, const struct list_page *page)
{
	json_object_set_new(answer, "next",
	    page->next[0] != '\0' ? json_string(page->next) : json_null());
}
