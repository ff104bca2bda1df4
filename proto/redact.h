/*
 * redact.h - takes out of foreign text what looks like a secret.
 *
 * For lines of logs and words of other programs, which nobody can know
 * beforehand: by shape only.  user:password@ of a URL, the value after a key
 * such as password, token or Authorization, tokens with a known beginning, and
 * long runs of letters and digits that no language has.
 */
#ifndef PROTO_REDACT_H
#define PROTO_REDACT_H

/* The text with "***" in place of each; owned by the caller, who may be sure
 * that the rest is as it was. */
char *redact(const char *text);

#endif
