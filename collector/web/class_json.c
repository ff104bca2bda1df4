#include <jansson.h>

#include "collector/web/class_json.h"
#include "proto/base/mem.h"

char *
class_json(const char *verdict)
{
	json_t *root = json_loads(verdict, 0, NULL);
	char *class =
	    mem_strdup(json_string_value(json_object_get(root, "class")));

	json_decref(root);
	return class;
}
