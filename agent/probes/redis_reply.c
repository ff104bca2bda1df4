#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/probes/redis_reply.h"

#define VALUE_BYTES 256

/* The first that the error begins with; of redis 7, and older words. */
static const struct saying {
	const char *words;
	enum reason reason;
} sayings[] = {
	{ "NOAUTH", REASON_PASSWORD },
	{ "WRONGPASS", REASON_PASSWORD },
	{ "ERR AUTH", REASON_PASSWORD }, /* called without any configured */
	{ "ERR Client sent AUTH", REASON_PASSWORD },
	{ "ERR invalid password", REASON_PASSWORD },
	{ "NOPERM", REASON_PRIVILEGE },
	{ "DENIED", REASON_ROLE }, /* protected mode */
	{ "LOADING", REASON_STARTING },
	{ "READONLY", REASON_READ_ONLY },
	{ "NOREPLICAS", REASON_READ_ONLY },
	{ "OOM", REASON_EXHAUSTED },
	{ "MISCONF", REASON_EXHAUSTED }, /* it cannot write to its disk */
	{ "BUSY", REASON_EXHAUSTED },    /* with a script */
	{ "ERR max number of clients", REASON_EXHAUSTED },
	{ "MASTERDOWN", REASON_STALE },
	{ "ERR DB index", REASON_DATABASE },
	{ "ERR invalid DB index", REASON_DATABASE },
	{ "ERR SELECT is not allowed", REASON_DATABASE }, /* a cluster */
	{ "ERR Protocol error", REASON_PROTOCOL },
};

enum reason
redis_reason_of(const char *error)
{
	for (size_t i = 0; i < sizeof(sayings) / sizeof(sayings[0]); i++)
		if (strncmp(
			error, sayings[i].words, strlen(sayings[i].words)) == 0)
			return sayings[i].reason;
	return REASON_ANSWER;
}

/* The value of the line that begins with "key:", n bytes; NULL when there is
 * none. */
static const char *
find(const char *info, const char *key, size_t *out_n)
{
	size_t n_key = strlen(key);
	const char *line = info;

	while (*line != '\0') {
		size_t n = strcspn(line, "\r\n");

		if (n > n_key && line[n_key] == ':' &&
		    memcmp(line, key, n_key) == 0) {
			*out_n = n - n_key - 1;
			return line + n_key + 1;
		}
		line += n;
		line += strspn(line, "\r\n");
	}
	return NULL;
}

int
redis_info_text(char *out, size_t size, const char *info, const char *key)
{
	size_t n;
	const char *value = find(info, key, &n);

	if (value == NULL)
		return -1;
	snprintf(
	    out, size, "%.*s", n > VALUE_BYTES ? VALUE_BYTES : (int)n, value);
	return 0;
}

static int
read_number(double *out, const char *text)
{
	char *end;

	*out = strtod(text, &end);
	return end != text && *end == '\0' && isfinite(*out) ? 0 : -1;
}

int
redis_info_number(double *out, const char *info, const char *key)
{
	char text[VALUE_BYTES];

	if (redis_info_text(text, sizeof(text), info, key) < 0)
		return -1;
	return read_number(out, text);
}

/* "slave0:ip=...,port=...,state=online,offset=42,lag=0" */
static int
offset_of(double *out, const char *info, int i)
{
	char key[24], text[VALUE_BYTES], *at;

	snprintf(key, sizeof(key), "slave%d", i);
	if (redis_info_text(text, sizeof(text), info, key) < 0)
		return -1;
	at = strstr(text, ",offset=");
	if (at == NULL)
		return -1;
	at += strlen(",offset=");
	at[strcspn(at, ",")] = '\0';
	return read_number(out, at);
}

int
redis_info_lag(double *out, const char *info)
{
	double own, at, behind = -1;

	if (redis_info_number(&own, info, "slave_read_repl_offset") == 0 &&
	    redis_info_number(&at, info, "slave_repl_offset") == 0) {
		*out = own > at ? own - at : 0;
		return 0;
	}
	if (redis_info_number(&own, info, "master_repl_offset") < 0)
		return -1;
	for (int i = 0; offset_of(&at, info, i) == 0; i++)
		if (own - at > behind)
			behind = own - at;
	*out = behind;
	return behind < 0 ? -1 : 0;
}
