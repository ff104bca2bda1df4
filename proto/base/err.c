#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "proto/base/err.h"

int
err_set(struct err *err, enum err_code code, const char *format, ...)
{
	va_list args;

	if (err == NULL)
		return -1;
	err->code = code;
	va_start(args, format);
	vsnprintf(err->text, sizeof(err->text), format, args);
	va_end(args);
	return -1;
}

int
err_wrap(struct err *err, const char *format, ...)
{
	char inner[sizeof(err->text)];
	va_list args;
	size_t used;
	int n;

	if (err == NULL)
		return -1;
	memcpy(inner, err->text, sizeof(inner));
	va_start(args, format);
	n = vsnprintf(err->text, sizeof(err->text), format, args);
	va_end(args);
	used = n < 0 ? 0 : (size_t)n;
	if (used < sizeof(err->text))
		snprintf(
		    err->text + used, sizeof(err->text) - used, ": %s", inner);
	return -1;
}
