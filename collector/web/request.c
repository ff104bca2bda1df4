#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/web/request.h"
#include "proto/base/text.h"

#define HOUR_MS     INT64_C(3600000)
#define LIMIT_MAX   10000
#define LIMIT_USUAL 100

/* What a walk over the parameters carries. */
struct reading {
	struct web_request *out;
	const char *permitted;
	struct err *err;
	int rc;
};

/* --- values ------------------------------------------------------------- */

static int
read_time(void *to, const char *value, struct err *err)
{
	return text_time_parse(to, value, err);
}

static int
read_duration(void *to, const char *value, struct err *err)
{
	return text_duration(to, value, err);
}

static int
read_text(void *to, const char *value, struct err *err)
{
	(void)err;
	*(const char **)to = value;
	return 0;
}

static int
read_flag(void *to, const char *value, struct err *err)
{
	*(bool *)to = strcmp(value, "true") == 0;
	if (*(bool *)to || strcmp(value, "false") == 0)
		return 0;
	return err_set(err, ERR_INVALID, "true or false");
}

static int
read_limit(void *to, const char *value, struct err *err)
{
	unsigned long number;
	char *end;

	errno = 0;
	number = strtoul(value, &end, 10);
	if (value[0] < '0' || value[0] > '9' || *end != '\0' || errno != 0 ||
	    number < 1 || number > LIMIT_MAX)
		return err_set(
		    err, ERR_INVALID, "a number from 1 to %d", LIMIT_MAX);
	*(uint32_t *)to = (uint32_t)number;
	return 0;
}

static int
read_step(void *to, const char *value, struct err *err)
{
	static const struct {
		const char *name;
		int64_t ms;
	} steps[] = {
		{ "hour", HOUR_MS },
		{ "day", 24 * HOUR_MS },
		{ "week", 7 * 24 * HOUR_MS },
	};

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		if (strcmp(steps[i].name, value) == 0) {
			*(int64_t *)to = steps[i].ms;
			return 0;
		}
	return err_set(err, ERR_INVALID, "hour, day or week");
}

static int
read_cursor(void *to, const char *value, struct err *err)
{
	struct web_request *request = to;
	unsigned skip;
	long long at;
	char rest;

	if (sscanf(value, "%lld.%u%c", &at, &skip, &rest) != 2 || at <= 0 ||
	    skip > LIMIT_MAX)
		return err_set(err, ERR_INVALID,
		    "not one: take what the page before says under next");
	request->before_ms = at;
	request->skip = skip;
	return 0;
}

#define ASK(member) offsetof(struct web_request, ask.member)
#define OF(member)  offsetof(struct web_request, member)

static const struct {
	const char *name;
	int (*read)(void *to, const char *value, struct err *err);
	size_t at;
} parameters[] = {
	{ "environment", read_text, ASK(environment) },
	{ "service", read_text, ASK(service) },
	{ "agent", read_text, ASK(agent) },
	{ "probe", read_text, ASK(probe) },
	{ "name", read_text, OF(name) },
	{ "from", read_time, ASK(from_ms) },
	{ "to", read_time, ASK(to_ms) },
	{ "at", read_time, ASK(to_ms) },
	{ "since", read_duration, OF(since_ms) },
	{ "last", read_duration, ASK(last_ms) },
	{ "limit", read_limit, ASK(limit) },
	{ "by", read_step, ASK(span_ms) },
	{ "together", read_flag, ASK(together) },
	{ "for", read_duration, OF(for_ms) },
	{ "why", read_text, OF(why) },
	{ "who", read_text, OF(by) },
	{ "open", read_flag, OF(open) },
	{ "results", read_flag, OF(results) },
	{ "cursor", read_cursor, 0 },
};

/* --- reading ------------------------------------------------------------ */

static bool
is_permitted(const char *permitted, const char *name)
{
	size_t n = strlen(name);

	for (const char *at = permitted; n > 0 && *at != '\0';) {
		size_t word = strcspn(at, " ");

		if (word == n && memcmp(at, name, n) == 0)
			return true;
		at += word + strspn(at + word, " ");
	}
	return false;
}

static void
on_parameter(void *arg, const char *name, const char *value)
{
	struct reading *reading = arg;
	size_t i = 0, n = sizeof(parameters) / sizeof(parameters[0]);

	if (reading->rc < 0)
		return;
	while (i < n && strcmp(parameters[i].name, name) != 0)
		i++;
	if (i == n || !is_permitted(reading->permitted, name)) {
		reading->rc = err_set(reading->err, ERR_INVALID,
		    "parameter %.64s: not one of: %s", name,
		    reading->permitted[0] != '\0' ? reading->permitted
						  : "(none)");
		return;
	}
	reading->rc = parameters[i].read(
	    (char *)reading->out + parameters[i].at, value, reading->err);
	if (reading->rc < 0)
		err_wrap(reading->err, "parameter %s", name);
}

int
web_request_read(struct web_request *out, const struct http_call *call,
    const char *permitted, int64_t now_ms, struct err *err)
{
	struct reading reading = { out, permitted, err, 0 };

	*out = (struct web_request){
		.ask = { .question = "",
		    .environment = "",
		    .service = "",
		    .agent = "",
		    .probe = "",
		    .other = "" },
		.name = "",
		.by = "",
		.why = "",
	};
	http_queries(call, on_parameter, &reading);
	if (reading.rc < 0)
		return -1;
	if (out->since_ms > 0 && (out->ask.from_ms | out->ask.to_ms) != 0)
		return err_set(err, ERR_INVALID,
		    "parameter since: goes without from and to");
	if (out->since_ms > 0)
		out->ask.from_ms = now_ms - out->since_ms;
	if (out->ask.limit == 0)
		out->ask.limit = LIMIT_USUAL;
	if (out->before_ms > 0)
		out->ask.to_ms = out->before_ms;
	return 0;
}
