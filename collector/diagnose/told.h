/*
 * told.h - what a result says in its attributes.
 */
#ifndef COLLECTOR_DIAGNOSE_TOLD_H
#define COLLECTOR_DIAGNOSE_TOLD_H

#include "proto/result.h"

/* The text of an attribute, borrowed; "" when there is none, or a number. */
const char *told_text(const struct result *result, const char *name);

/* Is there one of this name, text or number? */
bool told_has(const struct result *result, const char *name);

#endif
