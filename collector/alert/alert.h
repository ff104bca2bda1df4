/*
 * alert.h - one cause that people are told of, and what each was told.
 *
 * An alert is of an environment; it gathers the regressions that one cause
 * brought about, and what the verdict says of that cause.  Plain structs: who
 * fills them is group.h, who decides what to tell of them is decide.h, and
 * they are kept in the store as state_json.h writes them.
 */
#ifndef COLLECTOR_ALERT_ALERT_H
#define COLLECTOR_ALERT_ALERT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ALERTS_MAX        256 /* of one collector, those of the last hour too */
#define ALERT_MEMBERS_MAX 200 /* regressions that are kept of one */
#define ALERT_ADVICE_MAX  5

/* A regression of the alert. */
struct alert_member {
	uint64_t id;
	int kind; /* enum regression_kind */
	char *service, *agent, *subject;
	char *message;
	bool is_critical, is_open;
};

/* What the verdict says of the cause; texts are NULL until there was one. */
struct alert_cause {
	char *class, *subject, *word, *owner;
	double confidence;
	char *advice[ALERT_ADVICE_MAX]; /* commands: what to do next */
	size_t n_advice;
};

/* What one receiver was told last. */
struct alert_told {
	char *receiver;
	bool is_firing;        /* its last word from us: it fires */
	bool is_acked;         /* ... and it knows that somebody took it */
	uint32_t version;      /* of the alert, then */
	int64_t at_ms;         /* when anything was told */
	int64_t reminded_ms;   /* when people were, resends aside */
	char *service, *class; /* the names under which it was told */
};

struct alert {
	uint64_t id; /* of its first regression: vedette report ID */
	char *environment;
	int64_t onset_ms;  /* first bad result */
	int64_t opened_ms; /* first became known; of a relapse, again */
	int64_t quiet_ms;  /* none of its regressions is open since; 0: red */
	int64_t closed_ms; /* over, and people may be told so; 0: open */
	int64_t judged_ms; /* of the newest verdict; 0: none yet */
	uint32_t n_relapses;
	uint32_t version; /* grows with what is worth telling again */
	struct alert_member *members;
	size_t n_members;
	struct alert_cause cause;
	char *acked_by;                   /* NULL: nobody has */
	int64_t acked_ms, acked_until_ms; /* until 0: until it is over */
	struct alert_told *told;
	size_t n_told;
	bool is_dirty; /* differs from what is kept */
};

struct alert *alert_new(uint64_t id, const char *environment);
void alert_free(struct alert *alert); /* NULL is allowed */

/* Replaces an owned text; NULL is allowed. */
void alert_text(char **of, const char *text);

void alert_cause_fini(struct alert_cause *cause);

/* What this receiver was told, or NULL. */
struct alert_told *
alert_told_find(const struct alert *alert, const char *receiver);

/* The same, begun if need be. */
struct alert_told *alert_told_of(struct alert *alert, const char *receiver);

/* Adds a member, open, its texts copied. */
struct alert_member *
alert_add(struct alert *alert, const struct alert_member *member);

bool alert_is_critical(const struct alert *alert);

/* Is it taken over by somebody at this moment? */
bool alert_is_acked(const struct alert *alert, int64_t now_ms);

/* The service it is named after: that of its first regression. */
const char *alert_service(const struct alert *alert);

/* Is one of its regressions of this service? */
bool alert_touches(const struct alert *alert, const char *service);

/* "undetermined" until there is a verdict. */
const char *alert_class(const struct alert *alert);

/* --- all of them ------------------------------------------------------------ */

struct alert_book {
	struct alert *list[ALERTS_MAX]; /* by id: the oldest first */
	size_t n;
	uint64_t n_untold; /* that found no room */
};

/* The alert of this id, or of which it is a regression; NULL. */
struct alert *alert_book_find(const struct alert_book *book, uint64_t id);

/* Takes alert; false when there is no room, and it is freed. */
bool alert_book_add(struct alert_book *book, struct alert *alert);

/* Frees the one at i. */
void alert_book_remove(struct alert_book *book, size_t i);

void alert_book_fini(struct alert_book *book);

#endif
