/*
 * derive.h - what a result that gives no reason failed of.
 *
 * By its attributes (sqlstate, status, exit), by having reached its limit, or
 * by what its message says in the words of a runtime (diagnose/signature).  A
 * message that says nothing known gives no reason: nothing is guessed.
 */
#ifndef COLLECTOR_KEEP_DERIVE_H
#define COLLECTOR_KEEP_DERIVE_H

#include "proto/result.h"

/* REASON_NONE when there is none to be found, or result is ok. */
enum reason derive_reason(const struct result *result);

#endif
