/*
 * incident_json.h - incidents, and the report on one, as documents.
 *
 * docs/formats.md sections 5 and 6.
 */
#ifndef COLLECTOR_ASK_INCIDENT_JSON_H
#define COLLECTOR_ASK_INCIDENT_JSON_H

#include "collector/ask/document.h"

/* Each returns text owned by the caller, or NULL with err. */

/* Those of request->environment ("" for all) that began since from_ms (30 days
 * before), each with the verdict at the moment when most was to be seen. */
char *
incidents_document(struct arena *arena, const struct document_source *source,
    const struct query_document *request, struct err *err);

/* The one whose id is request->other. */
char *report_document(struct arena *arena, const struct document_source *source,
    const struct query_document *request, struct err *err);

#endif
