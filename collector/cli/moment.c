#include "collector/cli/moment.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/text.h"

#define SECONDS      1e8  /* 1973; smaller numbers are no seconds */
#define MILLISECONDS 1e11 /* 1973 in milliseconds, 5138 in seconds */
#define MICROSECONDS 1e14
#define LATEST       1e17
#define MINUTE_MS    60000

static bool
parse_number(int64_t *out_ms, const char *text)
{
	char *end;
	double x = strtod(text, &end);

	if (end == text || *end != '\0' || !isfinite(x) || fabs(x) > LATEST)
		return false;
	if (fabs(x) >= MICROSECONDS)
		x /= 1000;
	else if (fabs(x) >= SECONDS && fabs(x) < MILLISECONDS)
		x *= 1000;
	else if (fabs(x) < SECONDS)
		x *= MINUTE_MS;
	*out_ms = (int64_t)floor(x);
	return true;
}

/* Copies n characters that have the form of pattern: 0 is any digit, T a T or
 * a space. */
static bool
has_form(const char *text, const char *pattern)
{
	for (; *pattern != '\0'; pattern++, text++) {
		if (*pattern == '0' ? !isdigit((unsigned char)*text)
			: *pattern == 'T'
			? *text != 'T' && *text != 't' && *text != ' '
			: *text != *pattern)
			return false;
	}
	return true;
}

/* Completes a shortened time to RFC 3339. */
static bool
complete(char out[48], const char *text)
{
	size_t n = strlen(text);

	if (n > 40)
		return false;
	if (n == 7 && has_form(text, "0000-00"))
		snprintf(out, 48, "%s-01T00:00:00Z", text);
	else if (n == 10 && has_form(text, "0000-00-00"))
		snprintf(out, 48, "%sT00:00:00Z", text);
	else if (n == 16 && has_form(text, "0000-00-00T00:00"))
		snprintf(out, 48, "%s:00Z", text);
	else if (n >= 19 && has_form(text, "0000-00-00T00:00:00") &&
	    strpbrk(text + 19, "Zz+-") == NULL)
		snprintf(out, 48, "%sZ", text);
	else
		snprintf(out, 48, "%s", text);
	if (strlen(out) > 10)
		out[10] = 'T';
	return true;
}

bool
moment_parse(int64_t *out_ms, const char *text)
{
	char whole[48];

	if (parse_number(out_ms, text))
		return true;
	return complete(whole, text) &&
	    text_time_parse(out_ms, whole, NULL) == 0;
}
