/*
 * verdict_json.h - a verdict in the words of the documented contract.
 *
 * docs/formats.md section 3: version 1, keys in one fixed order, times
 * RFC 3339 in UTC or null, probabilities between 0 and 1 with four digits, so
 * that the same verdict is the same bytes.
 */
#ifndef COLLECTOR_ASK_VERDICT_JSON_H
#define COLLECTOR_ASK_VERDICT_JSON_H

#include "collector/diagnose/verdict.h"

/* One object on one line, without a line end; owned by the caller.
 * environments' owners, by class, may be NULL or hold NULLs; guards is the
 * document of that question. */
char *verdict_json(const struct verdict *verdict,
    const char *const owners[BLAME_COUNT], const char *guards);

#endif
