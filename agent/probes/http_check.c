#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/probes/http_check.h"
#include "agent/probes/http_origin.h"
#include "agent/probes/settings_value.h"
#include "proto/base/file.h"

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
check_bound(const struct conf *conf, const char *path, double *out,
    const char *text, struct err *err)
{
	*out = NAN;
	if (text == NULL || value_number(out, text) == 0)
		return 0;
	return conf_complain(conf, err, path, "not a number, such as 0.5");
}

int
http_check_expect(const struct conf *conf, const char *path,
    struct http_expect_config *expect, struct err *err)
{
	int rc = 0;

	if ((expect->header == NULL) == (expect->json == NULL))
		rc = conf_complain(
		    conf, err, path, "must have one of header and json");
	if (expect->equals == NULL && expect->contains == NULL &&
	    expect->at_least == NULL && expect->at_most == NULL)
		rc = conf_complain(conf, err, path,
		    "expects nothing: give equals, contains, at_least or "
		    "at_most");
	rc |= check_bound(conf, path, &expect->low, expect->at_least, err);
	return rc |
	    check_bound(conf, path, &expect->high, expect->at_most, err);
}

int
http_check_certificate(const struct conf *conf, const char *path,
    const char *certificate_file, const char *key_file, struct err *err)
{
	struct err inner;

	if ((certificate_file == NULL) != (key_file == NULL))
		return complain(conf, err, path,
		    "certificate_file and key_file go together; write both",
		    key_file == NULL ? "certificate_file" : "key_file");
	if (key_file != NULL && access(key_file, F_OK) == 0 &&
	    file_is_private(key_file, &inner) < 0)
		return complain(conf, err, path, inner.text, "key_file");
	return 0;
}

int
http_check_lists(const struct conf *conf, const char *path,
    const struct http_header *headers, uint32_t n_headers,
    const uint16_t *status, uint32_t n_status, struct err *err)
{
	int rc = 0;

	for (uint32_t i = 0; i < n_headers; i++)
		if (!is_token(headers[i].name))
			rc = complain(conf, err, path,
			    "not the name of a header", "headers[%u].name", i);
	for (uint32_t i = 0; i < n_status; i++)
		if (status[i] < 100 || status[i] > 599)
			rc = complain(conf, err, path,
			    "must be from 100 to 599", "status[%u]", i);
	return rc;
}

static int
check_expectations(const struct conf *conf, const char *path,
    const struct http_config *http, struct err *err)
{
	const struct http_identity_config *identity = http->identity;
	char place[256];
	int rc = 0;

	for (uint32_t i = 0; i < http->n_expect; i++) {
		snprintf(place, sizeof(place), "%s.expect[%u]", path, i);
		rc |= http_check_expect(conf, place, &http->expect[i], err);
	}
	if (identity != NULL &&
	    (identity->header == NULL) == (identity->json == NULL))
		rc = complain(conf, err, path,
		    "must have one of header and json", "identity");
	rc |= http_check_certificate(
	    conf, path, http->certificate_file, http->key_file, err);
	if (http->websocket &&
	    (http->n_status > 0 || strcmp(http->method, "GET") != 0))
		rc = complain(conf, err, path,
		    "a web socket is asked for with GET, and 101 is what "
		    "counts: leave method and status out",
		    "websocket");
	return rc;
}

static int
check_facts(const struct conf *conf, const char *path,
    const struct http_config *http, struct err *err)
{
	int rc = 0;

	for (uint32_t i = 0; i < http->n_facts; i++)
		if ((http->facts[i].header == NULL) ==
		    (http->facts[i].json == NULL))
			rc = complain(conf, err, path,
			    "must have one of header and json", "facts[%u]", i);
	return rc;
}

int
http_check(const struct conf *conf, const char *path,
    const struct probe_config *config, struct err *err)
{
	const struct http_config *http = config->http;
	struct origin origin = { 0 };
	int rc = 0;

	if (origin_of(&origin, NULL, http->url) < 0)
		rc = complain(conf, err, path,
		    "not a url: write http://HOST/PATH or https://HOST/PATH",
		    "url");
	origin_fini(&origin);
	if (!is_token(http->method))
		rc = complain(
		    conf, err, path, "not a method, such as GET", "method");
	if (http->max_bytes > BODY_MAX_BYTES)
		rc = complain(
		    conf, err, path, "must be at most 67108864", "max_bytes");
	if (http->contains != NULL && http->contains[0] == '\0')
		rc = complain(conf, err, path,
		    "every body holds the empty text; write what it must hold",
		    "contains");
	rc |= http_check_lists(conf, path, http->headers, http->n_headers,
	    http->status, http->n_status, err);
	rc |= check_facts(conf, path, http, err);
	return rc | check_expectations(conf, path, http, err);
}
