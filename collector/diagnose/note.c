#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include "collector/diagnose/note.h"
#include "proto/base/text.h"

#define NOTE_MAX_BYTES 4096
#define TIME_AT        11 /* where the time begins in RFC 3339 */
#define TIME_BYTES     8

const char *
note(struct arena *arena, const char *format, ...)
{
	char text[NOTE_MAX_BYTES];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return arena_strdup(arena, text);
}

const char *
note_clock(struct arena *arena, int64_t at_ms)
{
	char text[TEXT_TIME_BYTES];

	if (at_ms == 0)
		return "never";
	return arena_strndup(
	    arena, text_time(text, at_ms) + TIME_AT, TIME_BYTES);
}

const char *
note_interval(struct arena *arena, int64_t from_ms, int64_t to_ms)
{
	if (from_ms == 0)
		return note(arena, "before %s", note_clock(arena, to_ms));
	if (to_ms - from_ms < 1000)
		return note_clock(arena, to_ms);
	return note(arena, "%s-%s", note_clock(arena, from_ms),
	    note_clock(arena, to_ms));
}
