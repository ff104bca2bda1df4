#include <stdlib.h>
#include <string.h>

#include "agent/probes/journey_text.h"
#include "proto/base/mem.h"
#include "proto/base/text.h"

/* Of RFC 3986, section 2.3: what stands for itself. */
#define UNRESERVED                                                    \
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456" \
	"789-._~"

/* Finds the next "${NAME}" at or after text: returns where it begins and sets
 * *name and *n; NULL when there is none. */
static const char *
next_name(const char *text, const char **name, size_t *n)
{
	const char *open = strstr(text, "${");
	const char *close = open == NULL ? NULL : strchr(open, '}');

	if (close == NULL)
		return NULL;
	*name = open + 2;
	*n = (size_t)(close - *name);
	return open;
}

static const char *
value_at(const char *name, size_t n, journey_value_fn *value_of, void *arg)
{
	char *copy = mem_strndup(name, n);
	const char *value = value_of(arg, copy);

	free(copy);
	return value;
}

const char *
journey_text_unknown(
    size_t *out_n, const char *text, journey_value_fn *value_of, void *arg)
{
	const char *name;
	size_t n;

	for (; next_name(text, &name, &n) != NULL; text = name + n) {
		if (value_at(name, n, value_of, arg) != NULL)
			continue;
		*out_n = n;
		return name;
	}
	return NULL;
}

static void
add_value(struct text *out, const char *value, bool is_url)
{
	if (!is_url) {
		text_add(out, value);
		return;
	}
	for (; *value != '\0'; value++)
		if (strchr(UNRESERVED, *value) != NULL)
			text_add_bytes(out, value, 1);
		else
			text_addf(out, "%%%02X", (unsigned char)*value);
}

char *
journey_text_fill(
    const char *text, bool is_url, journey_value_fn *value_of, void *arg)
{
	struct text out = { 0 };
	const char *open, *name, *value;
	size_t n;

	for (; (open = next_name(text, &name, &n)) != NULL;
	     text = name + n + 1) {
		value = value_at(name, n, value_of, arg);
		text_add_bytes(&out, text, (size_t)(open - text));
		if (value != NULL)
			add_value(&out, value, is_url);
		else
			text_add_bytes(&out, open, n + 3);
	}
	text_add(&out, text);
	return text_take(&out);
}
