/*
 * notice.h - one word about one alert, in text for people.
 */
#ifndef COLLECTOR_ALERT_NOTICE_H
#define COLLECTOR_ALERT_NOTICE_H

#include "collector/alert/decide.h"

struct notice {
	const struct alert *alert;
	enum word word;
	int64_t at_ms;
	const char *receiver;
	const char *url;  /* of the page; NULL: no links */
	int64_t lasts_ms; /* what fires is taken as over after this */
	/* The names that the receiver knows the alert by, when they are
	 * others now; else NULL. */
	const char *old_service, *old_class;
};

/* "FIRING staging: env envfile:staging.env, 96 %".  Owned by the caller, as
 * is what follows. */
char *notice_title(const struct notice *notice);

/* A few lines: since when, what fails, whose it is, what next. */
char *notice_text(const struct notice *notice);

/* Where the incident is on the page; NULL without one. */
char *notice_link(const struct notice *notice);

#endif
