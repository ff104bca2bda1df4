/*
 * redis_reply.h - what the words of a redis server mean.
 *
 * Pure: the protocol itself is hiredis's.
 */
#ifndef AGENT_PROBES_REDIS_REPLY_H
#define AGENT_PROBES_REDIS_REPLY_H

#include <stddef.h>

#include "proto/result.h"

/* The class of an error reply, "WRONGPASS invalid username-password pair". */
enum reason redis_reason_of(const char *error);

/* What INFO says of key ("role"): writes its value, cut to size, and returns
 * 0; -1 when it does not say. */
int redis_info_text(char *out, size_t size, const char *info, const char *key);
int redis_info_number(double *out, const char *info, const char *key);

/* How many bytes a replica is behind: of a primary, its last replica; of a
 * replica, itself.  -1 when there is none. */
int redis_info_lag(double *out, const char *info);

#endif
