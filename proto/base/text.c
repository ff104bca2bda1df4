#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "proto/base/mem.h"
#include "proto/base/text.h"

#define NAME_MAX_CHARACTERS 64
#define DURATION_MAX_MS     (INT64_C(4000) * 24 * 3600 * 1000)

static void
make_room(struct text *text, size_t more)
{
	if (text->room - text->n > more)
		return;
	text->room = (text->n + more + 1) * 2;
	text->bytes = mem_resize(text->bytes, text->room, 1);
}

void
text_add_bytes(struct text *text, const void *bytes, size_t n)
{
	make_room(text, n);
	if (n > 0)
		memcpy(text->bytes + text->n, bytes, n);
	text->n += n;
	text->bytes[text->n] = '\0';
}

void
text_add(struct text *text, const char *more)
{
	text_add_bytes(text, more, strlen(more));
}

void
text_addf(struct text *text, const char *format, ...)
{
	va_list args, again;
	int n;

	va_start(args, format);
	va_copy(again, args);
	n = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (n > 0) {
		make_room(text, (size_t)n);
		vsnprintf(text->bytes + text->n, (size_t)n + 1, format, again);
		text->n += (size_t)n;
	}
	va_end(again);
}

void
text_add_quoted(struct text *text, const char *string)
{
	const char *plain = string;

	text_add_bytes(text, "\"", 1);
	for (; *string != '\0'; string++) {
		unsigned char c = (unsigned char)*string;

		if (c >= 0x20 && c != '"' && c != '\\')
			continue;
		text_add_bytes(text, plain, (size_t)(string - plain));
		text_addf(text, "\\u%04x", c);
		plain = string + 1;
	}
	text_add_bytes(text, plain, (size_t)(string - plain));
	text_add_bytes(text, "\"", 1);
}

void
text_add_html(struct text *text, char c)
{
	switch (c) {
	case '&':
		text_add(text, "&amp;");
		break;
	case '<':
		text_add(text, "&lt;");
		break;
	case '>':
		text_add(text, "&gt;");
		break;
	case '"':
		text_add(text, "&quot;");
		break;
	case '\'':
		text_add(text, "&#39;");
		break;
	default:
		text_add_bytes(text, &c, 1);
	}
}

void
text_add_field(struct text *text, const char *field)
{
	if (strpbrk(field, ",\"\r\n") == NULL) {
		text_add(text, field);
		return;
	}
	text_add_bytes(text, "\"", 1);
	for (; *field != '\0'; field++)
		text_add_bytes(text, *field == '"' ? "\"\"" : field,
		    *field == '"' ? 2 : 1);
	text_add_bytes(text, "\"", 1);
}

char *
text_take(struct text *text)
{
	char *bytes = text->bytes;

	*text = (struct text){ 0 };
	return bytes != NULL ? bytes : mem_strdup("");
}

void
text_fini(struct text *text)
{
	free(text->bytes);
	*text = (struct text){ 0 };
}

static bool
is_of_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' ||
	    c == '_' || c == '-';
}

bool
text_is_name(const char *name)
{
	size_t n = 0;

	/* strspn() makes a table of its set each time, and every batch has a
	 * hundred names. */
	while (n <= NAME_MAX_CHARACTERS && is_of_name(name[n]))
		n++;
	return n > 0 && n <= NAME_MAX_CHARACTERS && name[n] == '\0' &&
	    name[0] != '.';
}

/* Returns the length of the valid UTF-8 sequence at bytes, or 0. */
static size_t
utf8_sequence(const unsigned char *bytes, size_t n)
{
	unsigned char lead = bytes[0], low = 0x80, high = 0xbf;
	size_t length;

	if (lead < 0x80)
		return 1;
	if (lead < 0xc2 || lead > 0xf4)
		return 0;
	length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
	if (n < length)
		return 0;
	if (lead == 0xe0)
		low = 0xa0;
	else if (lead == 0xed)
		high = 0x9f; /* surrogates */
	else if (lead == 0xf0)
		low = 0x90;
	else if (lead == 0xf4)
		high = 0x8f;
	if (bytes[1] < low || bytes[1] > high)
		return 0;
	for (size_t i = 2; i < length; i++)
		if ((bytes[i] & 0xc0) != 0x80)
			return 0;
	return length;
}

bool
text_is_utf8(const char *bytes, size_t n)
{
	const unsigned char *at = (const unsigned char *)bytes;
	size_t length;

	for (; n > 0; at += length, n -= length) {
		if (*at == '\0')
			return false;
		length = utf8_sequence(at, n);
		if (length == 0)
			return false;
	}
	return true;
}

void
text_sanitise(char *bytes, size_t n)
{
	unsigned char *at = (unsigned char *)bytes;
	size_t length;

	for (; n > 0; at += length, n -= length) {
		length = utf8_sequence(at, n);
		if (length > 1)
			continue;
		length = 1;
		if (*at == '\t' || *at == '\n' || *at == '\r')
			*at = ' ';
		else if (*at < 0x20 || *at >= 0x7f)
			*at = '?';
	}
}

struct unit {
	const char *name;
	int64_t factor;
};

static int
parse_unit(int64_t *out, const char *text, const struct unit *units)
{
	char *end;
	long long number;

	if (!isdigit((unsigned char)text[0]))
		return -1;
	errno = 0;
	number = strtoll(text, &end, 10);
	if (errno != 0)
		return -1;
	for (; units->name != NULL; units++)
		if (strcmp(end, units->name) == 0)
			return __builtin_mul_overflow(
				   number, units->factor, out)
			    ? -1
			    : 0;
	return -1;
}

int
text_duration(int64_t *out_ms, const char *text, struct err *err)
{
	static const struct unit units[] = { { "ms", 1 }, { "s", 1000 },
		{ "m", 60 * 1000 }, { "h", 3600 * 1000 },
		{ "d", 24 * 3600 * 1000 }, { NULL, 0 } };

	if (parse_unit(out_ms, text, units) < 0)
		return err_set(err, ERR_INVALID,
		    "not a duration: write a number and ms, s, m, h or d, "
		    "such as 10s");
	if (*out_ms > DURATION_MAX_MS)
		return err_set(err, ERR_LIMIT, "longer than 4000 days");
	return 0;
}

int
text_size(int64_t *out_bytes, const char *text, struct err *err)
{
	static const struct unit units[] = { { "", 1 }, { "B", 1 },
		{ "kB", 1000 }, { "MB", 1000 * 1000 },
		{ "GB", 1000 * 1000 * 1000 }, { "KiB", 1024 },
		{ "MiB", 1024 * 1024 }, { "GiB", 1024 * 1024 * 1024 },
		{ NULL, 0 } };

	if (parse_unit(out_bytes, text, units) < 0)
		return err_set(err, ERR_INVALID,
		    "not a size: write a number and KiB, MiB or GiB, "
		    "such as 64MiB");
	return 0;
}

char *
text_time(char out[TEXT_TIME_BYTES], int64_t at_ms)
{
	int64_t ms = at_ms % 1000;
	time_t seconds = (time_t)(at_ms / 1000);
	struct tm tm;
	size_t n;

	if (ms < 0) {
		ms += 1000;
		seconds--;
	}
	if (gmtime_r(&seconds, &tm) == NULL || tm.tm_year > 8099 ||
	    tm.tm_year < -1900) {
		snprintf(out, TEXT_TIME_BYTES, "no time");
		return out;
	}
	n = strftime(out, TEXT_TIME_BYTES, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(out + n, TEXT_TIME_BYTES - n, ".%03dZ", (int)ms);
	return out;
}

/* Reads ".123456" to milliseconds and returns what follows. */
static const char *
parse_fraction(int64_t *out_ms, const char *text)
{
	int64_t scale = 100;

	*out_ms = 0;
	if (*text != '.')
		return text;
	for (text++; isdigit((unsigned char)*text); text++, scale /= 10)
		*out_ms += (*text - '0') * scale;
	return text;
}

/* Reads "Z" or "+01:00" to minutes east; -1 when it is neither. */
static int
parse_zone(int *out_minutes, const char *text)
{
	int hours, minutes, used = 0;

	*out_minutes = 0;
	if ((text[0] == 'Z' || text[0] == 'z') && text[1] == '\0')
		return 0;
	if (text[0] != '+' && text[0] != '-')
		return -1;
	if (sscanf(text + 1, "%2d:%2d%n", &hours, &minutes, &used) != 2 ||
	    used != 5 || text[6] != '\0' || hours > 23 || minutes > 59)
		return -1;
	*out_minutes = (hours * 60 + minutes) * (text[0] == '-' ? -1 : 1);
	return 0;
}

int
text_time_parse(int64_t *out_ms, const char *text, struct err *err)
{
	struct tm tm = { 0 }, check;
	int64_t fraction_ms, seconds;
	int used = 0, zone_minutes;
	char t;

	if (sscanf(text, "%4d-%2d-%2d%c%2d:%2d:%2d%n", &tm.tm_year, &tm.tm_mon,
		&tm.tm_mday, &t, &tm.tm_hour, &tm.tm_min, &tm.tm_sec,
		&used) != 7 ||
	    used != 19 || (t != 'T' && t != 't' && t != ' ') || tm.tm_sec > 60)
		goto malformed;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	check = tm;
	seconds = timegm(&check);
	if (check.tm_mon != tm.tm_mon || tm.tm_hour > 23 || tm.tm_min > 59)
		goto malformed;
	text = parse_fraction(&fraction_ms, text + used);
	if (parse_zone(&zone_minutes, text) < 0)
		goto malformed;
	*out_ms = (seconds - zone_minutes * 60) * 1000 + fraction_ms;
	return 0;
malformed:
	return err_set(err, ERR_INVALID,
	    "not a time: write it as 2026-01-05T10:00:00.120Z");
}

char *
text_span(char out[TEXT_SPAN_BYTES], int64_t us)
{
	int64_t s = us / 1000000;

	if (us < 10000)
		snprintf(out, TEXT_SPAN_BYTES, "%.2f ms", (double)us / 1e3);
	else if (us < 1000000)
		snprintf(out, TEXT_SPAN_BYTES, "%.0f ms", (double)us / 1e3);
	else if (s < 60)
		snprintf(out, TEXT_SPAN_BYTES, "%.1f s", (double)us / 1e6);
	else if (s < 3600)
		snprintf(out, TEXT_SPAN_BYTES, "%d m %d s", (int)(s / 60),
		    (int)(s % 60));
	else if (s < 86400)
		snprintf(out, TEXT_SPAN_BYTES, "%d h %d m", (int)(s / 3600),
		    (int)(s / 60 % 60));
	else
		snprintf(out, TEXT_SPAN_BYTES, "%lld d %d h",
		    (long long)(s / 86400), (int)(s / 3600 % 24));
	return out;
}

bool
text_same(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

bool
text_is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool
text_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool
text_is_word(char c)
{
	return text_is_letter(c) || text_is_digit(c);
}

bool
text_matches(const char *pattern, const char *text)
{
	return fnmatch(pattern, text, 0) == 0;
}
