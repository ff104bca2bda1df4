/*
 * perfdata.h - what a Nagios plug-in prints, taken apart.
 *
 * "TEXT | 'label'=VALUE[UNIT];WARN;CRIT;MIN;MAX ...", further lines of text,
 * and after a "|" on one of those, performance data to the end (Monitoring
 * Plugins Development Guidelines).  Pure: reads bytes, sends nothing.
 */
#ifndef AGENT_PROBES_PERFDATA_H
#define AGENT_PROBES_PERFDATA_H

#include <stddef.h>

/* A "label" with its unit as a name of ours: "time" in "s" is "time_s"; sizes
 * become bytes, a percentage "_percent", a counter "_count". */
#define PERFDATA_NAME_BYTES 64
struct perfdata {
	char name[PERFDATA_NAME_BYTES];
	double value;
};

/* Takes the next of the performance data at *at and moves *at behind it; 0
 * when there are no more.  What makes no sense is passed over, "U" (unknown)
 * and what is not finite as well. */
int perfdata_next(struct perfdata *out, const char **at);

/* Takes plug-in output apart.  Both are owned by the caller: the first line's
 * text (the next that is not empty, when it is), and all performance data. */
void perfdata_split(char **out_text, char **out_data, const char *output);

#endif
