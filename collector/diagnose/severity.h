/*
 * severity.h - how much of what users do a failure takes away.
 *
 * Told by the checks that users feel, whatever complains beside them:
 *
 *   outage    none of them passes
 *   partial   some fail and others pass, or what fails is a later step of a
 *             journey while its beginning and the application's own answers
 *             are well
 *   degraded  it fails now and then, at one of several replicas, or only by
 *             coming too late on a path that became slow
 *   none      nothing fails
 *   unknown   nobody could see, what was seen was not kept, or only somebody
 *             who does not count complains
 *
 * Where nothing is declared that users feel, what fails decides alone.
 */
#ifndef COLLECTOR_DIAGNOSE_SEVERITY_H
#define COLLECTOR_DIAGNOSE_SEVERITY_H

#include "collector/diagnose/finding.h"

enum severity {
	SEVERITY_NONE,
	SEVERITY_SILENT,   /* a rule is broken and nobody feels it yet */
	SEVERITY_PARTIAL,  /* some of what users do fails */
	SEVERITY_DEGRADED, /* it fails now and then, or is slow */
	SEVERITY_OUTAGE,
	SEVERITY_UNKNOWN, /* nobody could see */
};

const char *severity_name(enum severity severity);

/* All but SEVERITY_SILENT, which is no matter of results. */
enum severity severity_of(const struct scene *scene, const struct chain *chain,
    const struct findings *findings);

#endif
