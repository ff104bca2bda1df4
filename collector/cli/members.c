#include <stdbool.h>
#include <string.h>

#include "collector/cli/members.h"
#include "proto/base/text.h"

const char *
member_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text == NULL ? "" : text;
}

double
member_number(const json_t *object, const char *key)
{
	return json_number_value(json_object_get(object, key));
}

uint64_t
member_count(const json_t *object, const char *key)
{
	json_int_t count = json_integer_value(json_object_get(object, key));

	return count > 0 ? (uint64_t)count : 0;
}

int64_t
member_time_ms(const json_t *object, const char *key)
{
	const char *text = member_text(object, key);
	int64_t at_ms;

	if (text[0] == '\0' || text_time_parse(&at_ms, text, NULL) < 0)
		return 0;
	return at_ms;
}

bool
member_is(const json_t *object, const char *key, const char *text)
{
	return strcmp(member_text(object, key), text) == 0;
}
