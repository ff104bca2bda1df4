/*
 * access.h - who may do what over HTTP: tokens and their scopes.
 *
 * Without tokens everybody who reaches the address may read and nobody may
 * push or administrate; then the name that the request calls us by must be a number
 * or localhost, or one of the origins, so that no page of somebody else's can
 * have a browser ask (DNS rebinding).
 */
#ifndef COLLECTOR_WEB_ACCESS_H
#define COLLECTOR_WEB_ACCESS_H

#include "collector/config/config.h"
#include "collector/web/http.h"
#include "proto/result.h"

enum scope { SCOPE_NONE, SCOPE_READ, SCOPE_PUSH, SCOPE_ADMIN };

/* For whom a token with the scope push speaks. */
struct pusher {
	char *agent; /* "push.NAME": nobody else is called so */
	char **environments;
	uint32_t n_environments;
	enum vantage vantage;
};

struct access;

/* Reads the tokens.  config is borrowed for the call. */
int access_new(
    struct access **out, const struct http_config *config, struct err *err);
void access_free(struct access *access); /* NULL is allowed */

/* May this call do what needs the scope?  0, or the status that refuses it:
 * 401, 403 or 421; *out_why says why. */
unsigned access_check(const char **out_why, const struct access *access,
    const struct http_call *call, enum scope scope);

/* Who pushes by this call, borrowed until the tokens are read again; NULL
 * when it may not. */
const struct pusher *
access_pusher(const struct access *access, const struct http_call *call);

bool pusher_speaks_for(const struct pusher *pusher, const char *environment);

#endif
