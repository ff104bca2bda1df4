/*
 * mark.h - what people and pipelines report: deploys, changes, claims.
 *
 * A mark stands on the time axis beside the results; it is an input, never
 * evidence of its own.  Files call it an event (docs/formats.md); here struct
 * event is what a collector tells live.  Strings are borrowed from whoever
 * owns the struct.
 */
#ifndef PROTO_MARK_H
#define PROTO_MARK_H

#include <stddef.h>
#include <stdint.h>

#include "proto/result.h"

/* Closed: add at the end, in mark.c too. */
enum mark_kind {
	MARK_DEPLOY,
	MARK_ROLLBACK,
	MARK_RESTART,
	MARK_CONFIG_CHANGE,
	MARK_SECRET_CHANGE,
	MARK_SCALE,
	MARK_MAINTENANCE_START,
	MARK_MAINTENANCE_END,
	MARK_CLAIM,           /* of a person: "it is the database" */
	MARK_INCIDENT_CLOSED, /* somebody says that it is over, or what it was */
	MARK_GUARD,           /* what keeps a fix in force: subject holds */
	MARK_UNSTORED,        /* of the collector: it could not store, since */
	MARK_COUNT,
};

struct mark {
	int64_t at_ms;
	const char *environment;
	const char *service; /* "" means the environment as a whole */
	enum mark_kind kind;
	const char *subject; /* "build/v2", "setting/egress"; "" when unsaid */
	const char *summary; /* for people; "" when unsaid */
	const struct attribute *attributes; /* at most ATTRIBUTES_MAX */
	size_t n_attributes;
};

/* The attribute that says who told it, where that is known. */
#define MARK_BY "by"
const char *mark_by(const struct mark *mark); /* "" when nobody says */
/* The text of an attribute, or NULL. */
const char *mark_text(const struct mark *mark, const char *name);

/* The attributes of a MARK_INCIDENT_CLOSED that says what an incident was: its
 * number and class; and of the verdict on it the findings (ids of tokens, with
 * a space between), class, subject, confidence, and with the name of each
 * class behind MARK_SAID_OF its probability. */
#define MARK_INCIDENT        "incident"
#define MARK_VERDICT         "verdict"
#define MARK_FINDINGS        "findings"
#define MARK_SAID            "said"
#define MARK_SAID_SUBJECT    "said_subject"
#define MARK_SAID_CONFIDENCE "said_confidence"
#define MARK_SAID_OF         "said_"

/* The attribute that says up to when the collector could not store, in
 * milliseconds since 1970. */
#define MARK_UNTIL "until_ms"
/* Of MARK_UNSTORED; at_ms when it does not say. */
int64_t mark_unstored_to_ms(const struct mark *mark);

/* The written words, borrowed for ever; parsing gives -1 for another word. */
const char *mark_kind_name(enum mark_kind kind);
int mark_kind_parse(enum mark_kind *out, const char *name);

#endif
