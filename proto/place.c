#include <stdarg.h>
#include <stdio.h>

#include "proto/place.h"

struct place
place_of(const char *format, ...)
{
	struct place place;
	va_list args;

	va_start(args, format);
	vsnprintf(place.path, sizeof(place.path), format, args);
	va_end(args);
	return place;
}
