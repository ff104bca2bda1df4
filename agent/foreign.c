#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "agent/foreign.h"
#include "agent/probes/settings_file.h"
#include "proto/base/file.h"
#include "proto/base/mem.h"

#define FILE_MAX_BYTES  (4 * 1024 * 1024)
#define MERGES_MAX      8 /* of "<<" within "<<" */
#define DURATION_MAX_MS INT64_C(31536000000)
#define INTERVAL_MIN_MS INT64_C(100)
#define TIMEOUT_MIN_MS  INT64_C(10)
#define INTERVAL_MAX_MS INT64_C(604800000) /* docs/agent.md: 7d */
#define DEFAULT_MS      INT64_C(30000)     /* of what draft_write() says */

int
foreign_load(json_t **out, const char *path, struct err *err)
{
	char *bytes = NULL;
	size_t n;
	int rc;

	if (file_read(&bytes, &n, path, FILE_MAX_BYTES, err) < 0)
		return -1;
	rc = settings_file_parse(out, FORMAT_YAML, bytes, n, err);
	if (rc < 0)
		err_wrap(err, "%s", path);
	explicit_bzero(bytes, n);
	free(bytes);
	return rc;
}

/* --- values ---------------------------------------------------------------- */

const json_t *
foreign_get(const json_t *object, const char *key)
{
	const json_t *value = NULL;

	for (int i = 0; value == NULL && object != NULL && i < MERGES_MAX;
	     i++) {
		value = json_object_get(object, key);
		object = json_object_get(object, "<<");
	}
	return value;
}

const char *
foreign_text(const json_t *object, const char *key)
{
	return json_string_value(foreign_get(object, key));
}

bool
foreign_is(const json_t *object, const char *key, const char *word)
{
	const char *text = foreign_text(object, key);

	return text != NULL && strcasecmp(text, word) == 0;
}

int64_t
foreign_duration_ms(const char *text)
{
	static const struct unit {
		const char *name;
		double ms;
	} units[] = { { "ms", 1 }, { "h", 3600000 }, { "m", 60000 },
		{ "s", 1000 }, { "d", 86400000 }, { NULL, 0 } };
	double sum = 0;
	char *end;

	if (text == NULL || *text == '\0')
		return -1;
	while (*text != '\0') {
		const struct unit *unit = units;
		double value;

		if (!isdigit((unsigned char)*text))
			return -1;
		value = strtod(text, &end);
		while (unit->name != NULL &&
		    strncmp(end, unit->name, strlen(unit->name)) != 0)
			unit++;
		if (unit->name == NULL)
			return -1;
		sum += value * unit->ms;
		if (!(sum <= (double)DURATION_MAX_MS))
			return -1;
		text = end + strlen(unit->name);
	}
	return (int64_t)sum;
}

char *
foreign_literal(const char *regexp)
{
	struct text plain = { 0 };

	for (; *regexp != '\0'; regexp++) {
		if (*regexp == '\\' && ispunct((unsigned char)regexp[1]))
			regexp++;
		else if (strchr("\\.^$|?*+()[]{}", *regexp) != NULL)
			goto special;
		text_add_bytes(&plain, regexp, 1);
	}
	if (plain.n > 0)
		return text_take(&plain);
special:
	text_fini(&plain);
	return NULL;
}

/* --- what is written ------------------------------------------------------- */

void
foreign_miss(struct draft *draft, const char *place, const json_t *object,
    const char *const *known)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)object, key, value)
	{
		const char *const *at = known;

		while (*at != NULL && strcmp(*at, key) != 0)
			at++;
		if (*at == NULL && strcmp(key, "<<") != 0)
			draft_miss(draft, "%s: %s", place, key);
	}
}

void
foreign_times(struct draft *draft, const char *place, int64_t interval_ms,
    int64_t timeout_ms)
{
	if (interval_ms > INTERVAL_MAX_MS ||
	    (interval_ms >= 0 && interval_ms < INTERVAL_MIN_MS)) {
		draft_miss(
		    draft, "%s: an interval must be from 100ms to 7d", place);
		interval_ms = -1;
	}
	if (interval_ms >= 0)
		draft_line(draft, 0, "interval: %" PRId64 "ms", interval_ms);
	else
		interval_ms = DEFAULT_MS;
	if (timeout_ms >= interval_ms || timeout_ms < 0) {
		if (timeout_ms >= 0)
			draft_miss(draft,
			    "%s: a timeout must be below the interval", place);
		timeout_ms = interval_ms / 2;
	}
	if (timeout_ms < TIMEOUT_MIN_MS)
		timeout_ms = TIMEOUT_MIN_MS;
	draft_line(draft, 0, "timeout: %" PRId64 "ms", timeout_ms);
}

static bool
is_proof(const char *header)
{
	static const char *const words[] = { "authorization", "cookie", "token",
		"secret", "key", "auth", "password", "signature", NULL };

	for (const char *const *word = words; *word != NULL; word++)
		if (strcasestr(header, *word) != NULL)
			return true;
	return false;
}

void
foreign_header(
    struct draft *draft, const char *place, const char *name, const char *value)
{
	char *file;

	draft_text(draft, 2, "- name:", name);
	if (!is_proof(name) || strncmp(value, "${", 2) == 0) {
		draft_text(draft, 3, "value", value);
		return;
	}
	file = mem_printf("@secrets/%s", name);
	draft_text(draft, 3, "value", file);
	draft_miss(draft, "%s: the value of header %s: put it into secrets/%s",
	    place, name, name);
	free(file);
}
