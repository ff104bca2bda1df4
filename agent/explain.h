/*
 * explain.h - what a reason means, what it cannot tell, and what tells.
 *
 * For people at a terminal: words only, nothing is looked at.
 */
#ifndef AGENT_EXPLAIN_H
#define AGENT_EXPLAIN_H

#include "proto/base/err.h"
#include "proto/base/text.h"

/* Adds what there is to say of a code: "connect.timeout", "timeout", or an
 * SQLSTATE such as "28P01".  ERR_NOT_FOUND names what there is. */
int explain(struct text *out, const char *code, struct err *err);

#endif
