#include <stddef.h>

#include "collector/diagnose/told.h"
#include "proto/base/text.h"

static const struct attribute *
find(const struct result *result, const char *name)
{
	for (size_t i = 0; i < result->n_attributes; i++)
		if (text_same(result->attributes[i].name, name))
			return &result->attributes[i];
	return NULL;
}

const char *
told_text(const struct result *result, const char *name)
{
	const struct attribute *attribute = find(result, name);

	return attribute != NULL && attribute->text != NULL ? attribute->text
							    : "";
}

bool
told_has(const struct result *result, const char *name)
{
	return find(result, name) != NULL;
}
