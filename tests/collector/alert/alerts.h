/*
 * alerts.h - an alert with everything in it, for tests.
 */
#ifndef TESTS_COLLECTOR_ALERT_ALERTS_H
#define TESTS_COLLECTOR_ALERT_ALERTS_H

#include "collector/alert/alert.h"
#include "proto/base/mem.h"

#define ALERTS_NOW_MS INT64_C(1767607200000) /* 2026-01-05T10:00:00Z */

static inline void
alerts_member(struct alert *alert, uint64_t id, char *service, char *message)
{
	static char agent[] = "stg-1", subject[] = "port";

	alert_add(alert,
	    &(struct alert_member){ .id = id,
		.service = service,
		.agent = agent,
		.subject = subject,
		.message = message,
		.is_critical = true,
		.is_open = true });
}

/* Owned by the caller. */
static inline struct alert *
alerts_whole(void)
{
	static char backend[] = "backend", database[] = "database";
	static char refused[] = "refused \"here\"\nand \x1b[31mthere";
	struct alert *alert = alert_new(17, "staging");

	alert->onset_ms = ALERTS_NOW_MS - 60000;
	alert->opened_ms = ALERTS_NOW_MS - 50000;
	alert->judged_ms = ALERTS_NOW_MS - 49000;
	alert->n_relapses = 2;
	alert->version = 5;
	alerts_member(alert, 17, backend, refused);
	alerts_member(alert, 18, database, refused);
	alert->cause = (struct alert_cause){
		.class = mem_strdup("env"),
		.subject = mem_strdup("envfile:staging.env"),
		.word = mem_strdup("very likely"),
		.owner = mem_strdup("platform"),
		.confidence = 0.96,
		.advice = { mem_strdup("put staging.env back") },
		.n_advice = 1,
	};
	return alert;
}

#endif
