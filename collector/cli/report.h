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

#include "collector/cli/render.h"

enum report_format { REPORT_TEXT, REPORT_MARKDOWN, REPORT_HTML };

/* -1 for another word: text, md, html. */
int report_format_parse(enum report_format *out, const char *word);

/* report is a document of docs/formats.md section 3; options: what its commands
 * need to ask the same store, as a shell reads it, with a space before. */
void report_write(struct page *page, enum report_format format,
    const json_t *report, const char *options);

/* Adds a word as a shell reads it, behind a space. */
void report_add_word(struct text *text, const char *word);

#endif
