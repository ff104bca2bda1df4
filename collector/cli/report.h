/*
 * report.h - the report on an incident, as people used to write it by hand.
 *
 * Sections and rules are those of docs/diagnosis.md: what is cleared, what is
 * held responsible, measurements, timeline, evidence for and against, what is
 * not established, next actions, impact, escalation, confidence.
 */
#ifndef COLLECTOR_CLI_REPORT_H
#define COLLECTOR_CLI_REPORT_H

#include <jansson.h>

#include "proto/base/text.h"

enum report_format { REPORT_TEXT, REPORT_MARKDOWN, REPORT_HTML };

/* -1 for another word: text, md, html. */
int report_format_parse(enum report_format *out, const char *word);

/* report is an object of docs/formats.md section 6. */
void
report_write(struct text *out, enum report_format format, const json_t *report);

#endif
