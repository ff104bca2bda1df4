/*
 * news.h - lines of the log that were told lately, so that the same one is not
 * told again at once.
 */
#ifndef COLLECTOR_NEWS_H
#define COLLECTOR_NEWS_H

#include <stdbool.h>
#include <stdint.h>

#define NEWS_EVERY_MS 10000
#define NEWS_MAX      256 /* lines that are remembered */

struct news;

struct news *news_new(void);

/* Is this line to be told now?  Then *out_untold says how often it was left
 * out since. */
bool news_is_due(
    struct news *news, uint64_t *out_untold, const char *text, int64_t mono_ms);

void news_free(struct news *news);

#endif
