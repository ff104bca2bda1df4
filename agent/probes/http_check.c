#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "agent/probes/http_check.h"
#include "agent/probes/http_origin.h"

#define BODY_MAX_BYTES (64 * 1024 * 1024)

static bool
is_token(const char *text)
{
	return text[0] != '\0' &&
	    strspn(text,
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"0123456789!#$%&'*+-.^_`|~") == strlen(text);
}

static int __attribute__((format(printf, 5, 6)))
complain(const struct conf *conf, struct err *err, const char *path,
    const char *text, const char *key, ...)
{
	char place[256];
	va_list args;
	int n;

	n = snprintf(place, sizeof(place), "%s.", path);
	va_start(args, key);
	vsnprintf(place + n, sizeof(place) - (size_t)n, key, args);
	va_end(args);
	return conf_complain(conf, err, place, "%s", text);
}

static int
check_lists(const struct conf *conf, const char *path,
    const struct http_config *http, struct err *err)
{
	for (uint32_t i = 0; i < http->n_headers; i++)
		if (!is_token(http->headers[i].name))
			return complain(conf, err, path,
			    "not the name of a header", "headers[%u].name", i);
	for (uint32_t i = 0; i < http->n_status; i++)
		if (http->status[i] < 100 || http->status[i] > 599)
			return complain(conf, err, path,
			    "must be from 100 to 599", "status[%u]", i);
	for (uint32_t i = 0; i < http->n_facts; i++)
		if ((http->facts[i].header == NULL) ==
		    (http->facts[i].json == NULL))
			return complain(conf, err, path,
			    "must have one of header and json", "facts[%u]", i);
	return 0;
}

int
http_check(const struct conf *conf, const char *path,
    const struct probe_config *config, struct err *err)
{
	const struct http_config *http = config->http;
	struct origin origin = { 0 };

	if (origin_of(&origin, NULL, http->url) < 0)
		return complain(conf, err, path,
		    "not a url: write http://HOST/PATH or https://HOST/PATH",
		    "url");
	origin_fini(&origin);
	if (!is_token(http->method))
		return complain(
		    conf, err, path, "not a method, such as GET", "method");
	if (http->max_bytes > BODY_MAX_BYTES)
		return complain(
		    conf, err, path, "must be at most 67108864", "max_bytes");
	if (http->contains != NULL && http->contains[0] == '\0')
		return complain(conf, err, path,
		    "every body holds the empty text; write what it must hold",
		    "contains");
	return check_lists(conf, path, http, err);
}
