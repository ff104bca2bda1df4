#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/config/config_http.h"
#include "proto/base/mem.h"
#include "proto/base/text.h"
#include "proto/label.h"
#include "proto/result.h"

#define PATH_BYTES 96

/* What every check needs. */
struct check {
	const struct conf *conf;
	const struct http_config *http;
	struct err *err;
};

void
config_resolve(char **path, const char *folder)
{
	char *whole;

	if (*path == NULL || (*path)[0] == '/' || (*path)[0] == '\0')
		return;
	whole = mem_printf("%s%s", folder, *path);
	free(*path);
	*path = whole;
}

static bool
is_loopback(const char *listen)
{
	return strncmp(listen, "127.", 4) == 0 ||
	    strncmp(listen, "localhost:", 10) == 0 ||
	    strncmp(listen, "[::1]:", 6) == 0;
}

/* Numbers only: no name server decides where we listen. */
static bool
is_address(const char *listen)
{
	const char *colon = strrchr(listen, ':');
	size_t n = colon != NULL ? (size_t)(colon - listen) : 0;

	if (n == 0 || colon[1] == '\0' ||
	    strspn(colon + 1, "0123456789") != strlen(colon + 1) ||
	    strlen(colon + 1) > 5 || atoi(colon + 1) > 65535)
		return false;
	if (listen[0] == '[')
		return listen[n - 1] == ']' &&
		    strspn(listen + 1, "0123456789abcdefABCDEF:.") == n - 2;
	return strncmp(listen, "localhost:", 10) == 0 ||
	    strspn(listen, "0123456789.") == n;
}

/* What is wrong with a field of a token; returns -1. */
static int
complain(const struct check *check, uint32_t i, const char *field,
    const char *complaint)
{
	char path[PATH_BYTES];

	snprintf(path, sizeof(path), "http.tokens[%u].%s", i, field);
	return conf_complain(check->conf, check->err, path, "%s", complaint);
}

static bool
is_scope(const char *word)
{
	return strcmp(word, "read") == 0 || strcmp(word, "push") == 0 ||
	    strcmp(word, "admin") == 0;
}

static int
check_scopes(const struct check *check, uint32_t i)
{
	const struct token_config *token = &check->http->tokens[i];
	char field[PATH_BYTES];
	int rc = 0;

	for (uint32_t k = 0; k < token->scopes.n; k++) {
		if (is_scope(token->scopes.names[k]))
			continue;
		snprintf(field, sizeof(field), "scopes[%u]", k);
		rc = complain(
		    check, i, field, "not a scope: write read, push or admin");
	}
	if (token->scopes.n > 0)
		return rc;
	return complain(
	    check, i, "scopes", "must list some of read, push, admin");
}

/* Who pushes speaks for somebody, and from somewhere. */
static int
check_speech(const struct check *check, uint32_t i)
{
	const struct token_config *token = &check->http->tokens[i];
	bool pushes = names_hold(&token->scopes, "push");
	enum vantage vantage;
	char field[PATH_BYTES];
	int rc = 0;

	if (pushes != (token->environments.n > 0))
		rc = complain(check, i, "environments",
		    pushes ? "must list those that this token may speak for"
			   : "goes with the scope push only");
	for (uint32_t k = 0; k < token->environments.n; k++) {
		if (label_is_environment(token->environments.names[k]))
			continue;
		snprintf(field, sizeof(field), "environments[%u]", k);
		rc = complain(check, i, field, "not " ENVIRONMENT_RULE);
	}
	if (token->vantage == NULL)
		return rc;
	if (!pushes)
		return complain(
		    check, i, "vantage", "goes with the scope push only");
	if (vantage_parse(&vantage, token->vantage) < 0)
		return complain(check, i, "vantage",
		    "not a vantage: write external, in_environment, "
		    "in_service, control_plane or workstation");
	return rc;
}

static int
check_token(const struct check *check, uint32_t i)
{
	const struct http_config *http = check->http;
	char path[PATH_BYTES];
	int rc = 0;

	snprintf(path, sizeof(path), "http.tokens[%u].name", i);
	if (!text_is_name(http->tokens[i].name))
		rc = conf_complain(check->conf, check->err, path,
		    "not a name: write 1 to 64 of a-z 0-9 . _ - without a "
		    "dot first");
	for (uint32_t k = 0; k < i; k++)
		if (strcmp(http->tokens[k].name, http->tokens[i].name) == 0)
			rc = conf_complain(check->conf, check->err, path,
			    "another token has this name; choose another");
	rc |= check_scopes(check, i);
	return rc | check_speech(check, i);
}

/* Beyond this machine nobody reads along, and nobody reads without asking. */
static int
check_reach(const struct check *check)
{
	const struct http_config *http = check->http;

	if (is_loopback(http->listen))
		return 0;
	if (http->n_tokens == 0)
		return conf_complain(check->conf, check->err, "http.listen",
		    "beyond the loopback needs at least one of http.tokens");
	if (http->tls == NULL && !http->behind_proxy)
		return conf_complain(check->conf, check->err, "http.listen",
		    "beyond the loopback needs http.tls, or behind_proxy: "
		    "true when a proxy in front of it speaks TLS");
	return 0;
}

int
config_http_check(const struct conf *conf, struct http_config *http,
    const char *folder, struct err *err)
{
	const struct check check = { conf, http, err };
	int rc = 0;

	if (http == NULL)
		return 0;
	if (!is_address(http->listen))
		rc = conf_complain(conf, err, "http.listen",
		    "not an address: write NUMBER:PORT, such as "
		    "127.0.0.1:8080 or [::1]:8080");
	for (uint32_t i = 0; i < http->n_tokens; i++)
		rc |= check_token(&check, i);
	if (http->tls != NULL) {
		config_resolve(&http->tls->certificate_file, folder);
		config_resolve(&http->tls->key_file, folder);
	}
	return rc | check_reach(&check);
}
