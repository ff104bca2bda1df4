/*
 * incident_book.h - incidents, what people said of them, and the verdict on
 * each, which is reached when somebody asks for it, and once.
 */
#ifndef COLLECTOR_ASK_INCIDENT_BOOK_H
#define COLLECTOR_ASK_INCIDENT_BOOK_H

#include "collector/ask/document.h"
#include "collector/ask/incident.h"
#include "collector/ask/label.h"
#include "collector/diagnose/verdict.h"

/* Verdicts that one book reaches: each costs some milliseconds. */
#define INCIDENT_BOOK_VERDICTS 20

struct incident_book {
	const struct document_source *source;
	struct arena *arena;
	struct incidents incidents;
	struct labels labels;
	struct incident_page *pages;
	size_t n_judged;
};

/* Incidents as incidents_find() has them; borrows source and arena. */
int incident_book_open(struct incident_book *out, struct arena *arena,
    const struct document_source *source, const char *environment,
    int64_t from_ms, int64_t at_ms, struct err *err);

/* The last word on the one at this place, or NULL. */
const struct label *
incident_book_label(const struct incident_book *book, size_t at);

/* *out is NULL when the results of then are no longer kept, or enough were
 * judged. */
int incident_book_verdict(const struct verdict **out,
    struct incident_book *book, size_t at, struct err *err);

/* *out is the place of the newest one that was over before this began and had
 * the same fault, by what people said of it or by its verdict; or -1. */
int incident_book_relapse(
    int64_t *out, struct incident_book *book, size_t at, struct err *err);

#endif
