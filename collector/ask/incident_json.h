/*
 * incident_json.h - incidents as documents (docs/formats.md, section 3).
 */
#ifndef COLLECTOR_ASK_INCIDENT_JSON_H
#define COLLECTOR_ASK_INCIDENT_JSON_H

#include <jansson.h>

#include "collector/ask/document.h"
#include "collector/ask/incident_book.h"

/* Those of request->environment ("" for all) that began since from_ms (30 days
 * before), each with the verdict at the moment when most was to be seen.
 * Text owned by the caller, or NULL with err. */
char *
incidents_document(struct arena *arena, const struct document_source *source,
    const struct query_document *request, struct err *err);

/* The parts of it, owned by the caller: an incident with its regressions; what
 * people said of it (null: nothing), beside the verdict (NULL: there is none);
 * the earlier one that it repeats, with the guard of that object (null). */
json_t *incident_value(const struct incident *incident);
json_t *
incident_label(const struct label *label, const struct verdict *verdict);
int incident_relapse(
    json_t **out, struct incident_book *book, size_t at, struct err *err);

#endif
