/*
 * label.h - what people said afterwards that an incident was.
 *
 * A mark incident_closed whose attributes name an incident and a class; its
 * subject is the object held responsible.  Said of one incident several
 * times, the last word counts.
 */
#ifndef COLLECTOR_ASK_LABEL_H
#define COLLECTOR_ASK_LABEL_H

#include "collector/diagnose/token.h"
#include "proto/base/err.h"
#include "proto/base/mem.h"
#include "storage/store.h"

#define LABEL_INCIDENT "incident" /* attributes of the mark */
#define LABEL_VERDICT  "verdict"

struct label {
	uint64_t incident;
	int64_t at_ms;
	enum blame blame;
	const char *subject, *by; /* "" when unsaid */
};

struct labels {
	struct label *list; /* by time */
	size_t n;
};

/* Those of an environment ("" for all), whenever they were told: who looks
 * back at a moment may know how it ended.  In the arena. */
int labels_find(struct labels *out, struct arena *arena, struct store *store,
    const char *environment, struct err *err);

/* The last word on an incident, or NULL. */
const struct label *labels_of(const struct labels *labels, uint64_t incident);

/* Do two subjects name the same object?  What stands behind # or @ only says
 * more of it; a class whose subject nobody named holds for any. */
bool label_names(const struct label *label, const char *subject);

#endif
