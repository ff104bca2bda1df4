/*
 * label.h - what people said afterwards that an incident was.
 *
 * A mark incident_closed whose attributes name an incident and a class; its
 * subject is the object held responsible.  Said of one incident several
 * times, the last word counts.
 */
#ifndef COLLECTOR_ASK_LABEL_H
#define COLLECTOR_ASK_LABEL_H

#include "collector/ask/incident.h"
#include "collector/diagnose/token.h"

/* The verdict on it when people looked at it. */
struct label_said {
	enum blame blame; /* or BLAME_UNDETERMINED */
	const char *subject;
	int permyriad, probabilities[BLAME_COUNT];
};

struct label {
	uint64_t incident;
	int64_t at_ms;
	enum blame blame;
	const char *subject, *summary, *by; /* "" when unsaid */
	const char *findings;               /* NULL when they were not kept */
	const struct label_said *said;      /* likewise */
};

struct labels {
	struct label *list; /* by time */
	size_t n;
};

/* Those of an environment ("" for all) that were told before to_ms; who looks
 * back at a moment may know how it ended: LABELS_ALL.  In the arena. */
#define LABELS_ALL INT64_MAX
int labels_find(struct labels *out, struct arena *arena, struct store *store,
    const char *environment, int64_t to_ms, struct err *err);

/* The last word on an incident, by whichever of its regressions people called
 * it; or NULL. */
const struct label *
labels_of(const struct labels *labels, const struct incident *incident);

/* Do two subjects name the same object?  What stands behind # or @ only says
 * more of it. */
bool label_same_subject(const char *a, const char *b);

/* Does it name this object?  A class whose subject nobody named holds for
 * any. */
bool label_names(const struct label *label, const char *subject);

#endif
