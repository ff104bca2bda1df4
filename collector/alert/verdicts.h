/*
 * verdicts.h - asks for the verdict on environments that have changed.
 *
 * One at a time, and for each millisecond that one took nine of rest: what it
 * costs is bounded, however much breaks.  An environment that stays red is
 * asked about again now and then.
 */
#ifndef COLLECTOR_ALERT_VERDICTS_H
#define COLLECTOR_ALERT_VERDICTS_H

#include "collector/alert/alert.h"
#include "proto/base/clock.h"
#include "proto/base/map.h"
#include "proto/query.h"

struct verdicts_place;

struct verdicts {
	struct query_client *client; /* borrowed */
	const struct clock *clock;
	/* How long after a verdict there is to be another one; 0: none, all
	 * is well. */
	int64_t (*again_ms)(void *arg, const char *environment);
	/* cause NULL: there is no verdict; borrowed for the call. */
	void (*judged)(void *arg, const char *environment,
	    const struct alert_cause *cause);
	void *arg;

	struct map *places;
	struct verdicts_place *asking; /* NULL: nothing is under way */
	int64_t asked_us, rest_ms;
	uint64_t n_asked;
	int64_t took_us; /* all of them together */
};

/* The members above places are the caller's to set. */
void verdicts_init(struct verdicts *verdicts);

/* Something opened or cleared there; asked about by verdicts_ask(). */
void verdicts_touch(struct verdicts *verdicts, const char *environment);

/* Asks about the next, if it is time.  judged may be called from inside. */
void verdicts_ask(struct verdicts *verdicts);

/* client must have been freed. */
void verdicts_fini(struct verdicts *verdicts);

#endif
