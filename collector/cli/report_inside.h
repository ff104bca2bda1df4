/*
 * report_inside.h - what the sections of a report share.
 *
 * For report*.c alone.
 */
#ifndef COLLECTOR_CLI_REPORT_INSIDE_H
#define COLLECTOR_CLI_REPORT_INSIDE_H

#include "collector/cli/markup.h"
#include "collector/cli/members.h"
#include "collector/cli/report.h"

struct writing {
	struct markup markup;
	const json_t *report, *incident, *verdict;
	const char *options; /* that its commands need, or "" */
};

const char *report_or_dash(const char *text);

/* "application code or release" */
const char *report_class(const char *class);

/* Writes the text as a paragraph and ends it. */
void report_paragraph(struct writing *writing, struct text *text);

/* "10:00:00.000Z to ..." of an interval, or its one end. */
void report_add_interval(struct text *text, const json_t *interval);

/* report_measured.c: the checks and guards, what got worse, the timeline, how
 * it felt, and how each component stands. */
void report_measurements(struct writing *writing);
void report_timeline(struct writing *writing);
void report_impact(struct writing *writing);
void report_status(struct writing *writing);

/* report_next.c: how to see it again, what to do, how it will be known to be
 * over, whom to call, and how far to trust it. */
void report_reproduce(struct writing *writing);
void report_actions(struct writing *writing);
void report_repair(struct writing *writing);
void report_escalation(struct writing *writing);
void report_confidence(struct writing *writing);

#endif
