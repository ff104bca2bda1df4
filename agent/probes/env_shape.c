#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "agent/probes/env_shape.h"

/* What people write where a value should go later. */
static const char *const placeholders[] = { "changeme", "change_me",
	"change-me", "changeit", "placeholder", "replaceme", "replace_me",
	"replace-me", "todo", "tbd", "fixme", "xxx", "xxxx", "example", "dummy",
	"undefined", "null", "nil", NULL };

static const char *const booleans[] = { "true", "false", "yes", "no", "on",
	"off", "1", "0", NULL };

static bool
is_one_of(const char *const *words, const char *value)
{
	while (*words != NULL && strcasecmp(*words, value) != 0)
		words++;
	return *words != NULL;
}

/* "<secret>", "your-key", or a known word. */
static bool
is_placeholder(const char *value, const struct variable_config *variable)
{
	size_t n = strlen(value);

	if (is_one_of(placeholders, value) ||
	    (value[0] == '<' && value[n - 1] == '>') ||
	    strncasecmp(value, "your-", 5) == 0 ||
	    strncasecmp(value, "your_", 5) == 0)
		return true;
	for (uint32_t i = 0;
	     variable != NULL && i < variable->n_not_placeholder; i++)
		if (strcasecmp(variable->not_placeholder[i], value) == 0)
			return true;
	return false;
}

static bool
is_integer(const char *value)
{
	if (*value == '-' || *value == '+')
		value++;
	return value[0] != '\0' && strspn(value, "0123456789") == strlen(value);
}

static bool
is_number(const char *value)
{
	char *end;
	double number = strtod(value, &end);

	return end != value && *end == '\0' && isfinite(number) &&
	    !isspace((unsigned char)value[0]);
}

static bool
is_port(const char *value)
{
	size_t n = strspn(value, "0123456789");
	long port = n >= 1 && n <= 5 ? strtol(value, NULL, 10) : 0;

	return value[n] == '\0' && port >= 1 && port <= 65535;
}

/* SCHEME://something */
static bool
is_url(const char *value)
{
	size_t n = 0;

	if (!isalpha((unsigned char)value[0]))
		return false;
	while (isalnum((unsigned char)value[n]) ||
	    (value[n] != '\0' && strchr("+-.", value[n]) != NULL))
		n++;
	return strncmp(value + n, "://", 3) == 0 && value[n + 3] != '\0' &&
	    strpbrk(value, " \t") == NULL;
}

static bool
is_boolean(const char *value)
{
	return is_one_of(booleans, value);
}

/* With a slash, so that nobody takes a word for one; file:///x opens nothing. */
static bool
is_path(const char *value)
{
	return strchr(value, '/') != NULL && !is_url(value);
}

const struct env_shape_type env_shape_types[] = {
	{ "text", NULL, NULL, false },
	{ "integer", is_integer, "is not an integer", true },
	{ "number", is_number, "is not a number", true },
	{ "boolean", is_boolean, "is not a boolean", true },
	{ "url", is_url, "is not a url", false },
	{ "port", is_port, "is not a port", true },
	{ "path", is_path, "is not a path", false },
	{ NULL, NULL, NULL, false },
};

const struct env_shape_type *
env_shape_type(const char *name)
{
	const struct env_shape_type *type = env_shape_types;

	while (type->name != NULL && strcmp(type->name, name) != 0)
		type++;
	return type->name != NULL ? type : NULL;
}

static const char *
type_fault(const char *value, const struct variable_config *variable)
{
	const struct env_shape_type *type = env_shape_type(variable->type);

	return type != NULL && type->is != NULL && !type->is(value)
	    ? type->fault
	    : NULL;
}

static bool
is_quoted(const char *value, size_t n)
{
	return n >= 2 && (value[0] == '"' || value[0] == '\'') &&
	    value[n - 1] == value[0];
}

static bool
is_unexpanded(const char *value)
{
	const char *open = strstr(value, "${");

	return open != NULL && strchr(open, '}') != NULL;
}

const char *
env_shape_fault(const char *value, const struct variable_config *variable)
{
	size_t n = strlen(value);

	if (strspn(value, " \t\r\n") == n)
		return n == 0 ? "is empty" : "is nothing but white space";
	if (value[n - 1] == '\r')
		return "ends with a carriage return";
	if (isspace((unsigned char)value[0]) ||
	    isspace((unsigned char)value[n - 1]))
		return "has white space around it";
	if (is_quoted(value, n))
		return "is still in its quotes";
	if (is_unexpanded(value))
		return "holds a ${...} that nobody expanded";
	if (is_placeholder(value, variable))
		return "is a placeholder";
	if (variable == NULL)
		return NULL;
	if (n < variable->min_length)
		return "is too short";
	return type_fault(value, variable);
}
