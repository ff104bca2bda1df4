/*
 * tokens.h - bearer tokens that were got, until shortly before they expire.
 *
 * A token is good for an hour, so that one is asked for once, not at each run.
 * Shared by all runs of a runner.  Wiped when it goes.
 */
#ifndef AGENT_TOKENS_H
#define AGENT_TOKENS_H

#include <stdint.h>

#include "proto/base/clock.h"

#define TOKENS_MARGIN_S INT64_C(300) /* before its end it is old */

struct tokens;

struct tokens *tokens_new(const struct clock *clock);

/* What key, a name for whose token it is, was given; borrowed until the next
 * call; NULL when there is none, or not for long any more. */
const char *tokens_get(struct tokens *tokens, const char *key);

/* Copies both.  What is valid for no more than the margin is not kept. */
void tokens_put(
    struct tokens *tokens, const char *key, const char *token, int64_t valid_s);

/* It is not taken any more. */
void tokens_forget(struct tokens *tokens, const char *key);

void tokens_free(struct tokens *tokens); /* NULL is allowed */

#endif
