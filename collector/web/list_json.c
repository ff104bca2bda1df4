#include "collector/web/list_json.h"

void
list_json_add(json_t *answer, const struct list_page *page)
{
	json_object_set_new(answer, "next",
	    page->next[0] != '\0' ? json_string(page->next) : json_null());
}
