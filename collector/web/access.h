/*
 * access.h - who may do what over HTTP: tokens and their scopes.
 *
 * Without tokens everybody who reaches the address may read and nobody may
 * administrate; then the name that the request calls us by must be a number
 * or localhost, or one of the origins, so that no page of somebody else's can
 * have a browser ask (DNS rebinding).
 */
#ifndef COLLECTOR_WEB_ACCESS_H
#define COLLECTOR_WEB_ACCESS_H

#include "collector/config/config.h"
#include "collector/web/http.h"

enum scope { SCOPE_NONE, SCOPE_READ, SCOPE_ADMIN };

struct access;

/* Reads the tokens.  config is borrowed for the call. */
int access_new(
    struct access **out, const struct http_config *config, struct err *err);
void access_free(struct access *access); /* NULL is allowed */

/* May this call do what needs the scope?  0, or the status that refuses it:
 * 401, 403 or 421; *out_why says why. */
unsigned access_check(const char **out_why, const struct access *access,
    const struct http_call *call, enum scope scope);

#endif
