#include <stdlib.h>
#include <string.h>

#include "agent/probes/json_path.h"
#include "proto/base/mem.h"

static const json_t *
step_into(const json_t *value, const char *key, size_t n)
{
	size_t n_digits = strspn(key, "0123456789");

	if (!json_is_array(value))
		return json_object_getn(value, key, n);
	if (n == 0 || n > 9 || n_digits < n)
		return NULL;
	return json_array_get(value, (size_t)strtoul(key, NULL, 10));
}

const json_t *
json_path_find(const json_t *root, const char *path)
{
	const char *dot;

	for (; root != NULL; path = dot + 1) {
		dot = strchrnul(path, '.');
		root = step_into(root, path, (size_t)(dot - path));
		if (*dot == '\0')
			break;
	}
	return root;
}

char *
json_path_text(const json_t *root, const char *path)
{
	const json_t *value = json_path_find(root, path);

	switch (value == NULL ? JSON_NULL : json_typeof(value)) {
	case JSON_STRING:
		return mem_strdup(json_string_value(value));
	case JSON_INTEGER:
		return mem_printf(
		    "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	case JSON_REAL:
		return mem_printf("%.17g", json_real_value(value));
	case JSON_TRUE:
		return mem_strdup("true");
	case JSON_FALSE:
		return mem_strdup("false");
	default:
		return NULL;
	}
}
