/*
 * decide.h - what should be said of an alert to a receiver now.
 *
 * A function of what is the case and of what the receiver was told last; not
 * a queue of messages.  A receiver that was away for a day is told how things
 * stand now, once, and a collector that was restarted tells nothing twice.
 * Pure: no clock, no I/O.
 */
#ifndef COLLECTOR_ALERT_DECIDE_H
#define COLLECTOR_ALERT_DECIDE_H

#include "collector/alert/alert.h"
#include "collector/config/config.h"

/* A verdict that does not come is not waited for longer. */
#define DECIDE_VERDICT_MS INT64_C(15000)

enum word {
	WORD_NONE,
	WORD_FIRING,
	WORD_UPDATE,       /* the cause, or what it reaches, has changed */
	WORD_REMINDER,     /* it still fires, and nobody has taken it */
	WORD_ACKNOWLEDGED, /* somebody has */
	WORD_AGAIN,        /* to programs that forget: it still fires */
	WORD_RESOLVED,
};

const char *word_name(enum word word);

/* What the receiver is like, and what holds for it now. */
struct listener {
	const char *receiver; /* the name that alert->told knows it by */
	bool is_wanted;       /* by the routes */
	int64_t muted_until_ms;
	int64_t wait_ms, remind_ms, resend_ms; /* 0: never */
};

enum word decide(
    const struct alert *alert, const struct listener *listener, int64_t now_ms);

/* Writes down that the receiver took this word, about the alert as it was
 * when it had this version. */
void decide_note(struct alert *alert, const char *receiver, enum word word,
    uint32_t version, int64_t now_ms);

/* Do the routes send the alert to this receiver?  Without routes everybody
 * gets everything; of the routes the first that matches counts, and those
 * after it only if it goes on. */
bool decide_is_wanted(const struct alerts_config *config,
    const struct alert *alert, const char *receiver);

#endif
