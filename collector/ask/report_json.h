/*
 * report_json.h - the report on an incident as a document (docs/formats.md,
 * section 3).
 */
#ifndef COLLECTOR_ASK_REPORT_JSON_H
#define COLLECTOR_ASK_REPORT_JSON_H

#include "collector/ask/document.h"

/* The one whose id, or that of one of its regressions, is request->other.
 * Text owned by the caller, or NULL with err. */
char *report_document(struct arena *arena, const struct document_source *source,
    const struct query_document *request, struct err *err);

#endif
