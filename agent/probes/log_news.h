/*
 * log_news.h - what a run of a log found that was not there before.
 *
 * The first line of each new kind of error, up to a limit: the kind that
 * matters is seldom the first.
 */
#ifndef AGENT_PROBES_LOG_NEWS_H
#define AGENT_PROBES_LOG_NEWS_H

#include <stddef.h>

#include "proto/base/text.h"

#define LOG_NEWS_MAX 12 /* that are told; more are counted */

/* Starts as { 0 }. */
struct log_news {
	char *lines[LOG_NEWS_MAX]; /* owned, without secrets */
	size_t n;                  /* all, told or not */
};

/* Copies the line, without what looks like a secret. */
void log_news_add(struct log_news *news, const char *line);

/* Adds the lines, "; " between them, in at most max_bytes: each is cut to an
 * equal share, and what a short one leaves is there for the others. */
void
log_news_tell(struct text *out, const struct log_news *news, size_t max_bytes);

void log_news_fini(struct log_news *news);

#endif
