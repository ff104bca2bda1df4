/*
 * group.h - which regressions are one alert.
 *
 * Looked at whenever something opened or cleared in an environment, with the
 * verdict of that moment.  A regression that no alert has yet
 *
 *	- comes back (same kind, place and subject) and belongs to the alert it
 *	  was in, which it opens again if that was over for less than an hour;
 *	- or begins soon after an alert did, or while the verdict names the same
 *	  cause: it is one of that alert's dependents;
 *	- or is the first of an alert of its own.
 *
 * An alert is over when none of its regressions has been open for a while.
 * Each relapse doubles that while: what flaps is told ever more rarely, and
 * never as over as long as it flaps.  Pure: no clock, no I/O.
 */
#ifndef COLLECTOR_ALERT_GROUP_H
#define COLLECTOR_ALERT_GROUP_H

#include "collector/alert/alert.h"
#include "proto/query.h"

#define GROUP_JOIN_MS     INT64_C(600000)
#define GROUP_RELAPSE_MS  INT64_C(3600000)
#define GROUP_HOLD_MAX_MS INT64_C(1800000)
/* What could not be told for so long is forgotten. */
#define GROUP_FORGET_MS (24 * INT64_C(3600000))

struct group_view {
	const char *environment;
	const struct regression_row *const *open; /* of the environment */
	size_t n_open;
	const struct alert_cause *cause; /* NULL: there is no verdict */
	int64_t resolve_after_ms;
	int64_t now_ms;
};

/* Late regressions, and what got better, are left out here. */
void group_look(struct alert_book *book, const struct group_view *view);

/* How long the alert must have been quiet to be over. */
int64_t group_hold_ms(const struct alert *alert, int64_t resolve_after_ms);

/* Closes alerts that were quiet long enough; true when one was. */
bool
group_close(struct alert_book *book, int64_t resolve_after_ms, int64_t now_ms);

/* May it be forgotten: over for an hour, and everybody knows or nobody can be
 * told? */
bool group_is_done(const struct alert *alert, int64_t now_ms);

#endif
