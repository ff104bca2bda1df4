/*
 * cron.h - "30 2 * * sun": the minutes that five fields name, in UTC.
 *
 * Minute, hour, day of the month, month, day of the week (0 and 7 are Sunday);
 * *, lists, ranges, steps and English three-letter names, as crontab(5) has
 * them.  When both days are restricted, either will do.
 */
#ifndef COLLECTOR_ALERT_CRON_H
#define COLLECTOR_ALERT_CRON_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/base/err.h"

struct cron {
	uint64_t minutes, hours, days, months, weekdays; /* bit n: n */
	bool is_any_day, is_any_weekday;
};

int cron_parse(struct cron *out, const char *text, struct err *err);

/* Is the minute that this moment lies in one of them? */
bool cron_matches(const struct cron *cron, int64_t at_ms);

/* When the spans that begin at those minutes and last so long, at most a
 * week, end, if now lies in one: the last end of those.  0: in none. */
int64_t cron_until(const struct cron *cron, int64_t lasts_ms, int64_t now_ms);

#endif
