#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "agent/probes/log_news.h"
#include "proto/redact.h"

#define BETWEEN "; "
#define CUT     "..."

void
log_news_add(struct log_news *news, const char *line)
{
	if (news->n < LOG_NEWS_MAX)
		news->lines[news->n] = redact(line);
	news->n++;
}

static size_t
n_told(const struct log_news *news)
{
	return news->n < LOG_NEWS_MAX ? news->n : LOG_NEWS_MAX;
}

/* The most bytes of a line at which all of them fit into room: what lines that
 * are shorter leave is shared by the others. */
static size_t
share(const struct log_news *news, size_t room)
{
	size_t n = n_told(news), most = room / n, used, n_cut;

	for (size_t round = 0; round < n; round++) {
		used = n_cut = 0;
		for (size_t i = 0; i < n; i++) {
			bool is_cut = strlen(news->lines[i]) > most;

			n_cut += is_cut;
			used += is_cut ? 0 : strlen(news->lines[i]);
		}
		if (n_cut == 0)
			break;
		most = (room - used) / n_cut;
	}
	return most;
}

/* A whole character more is not begun. */
static size_t
cut_at(const char *line, size_t n)
{
	while (n > 0 && ((unsigned char)line[n] & 0xc0) == 0x80)
		n--;
	return n;
}

void
log_news_tell(struct text *out, const struct log_news *news, size_t max_bytes)
{
	size_t n = n_told(news), most, between = strlen(BETWEEN);

	if (n == 0 || max_bytes < n * (strlen(CUT) + between))
		return;
	most = share(news, max_bytes - (n - 1) * between);
	for (size_t i = 0; i < n; i++) {
		const char *line = news->lines[i];

		if (i > 0)
			text_add(out, BETWEEN);
		if (strlen(line) <= most) {
			text_add(out, line);
			continue;
		}
		text_add_bytes(out, line, cut_at(line, most - strlen(CUT)));
		text_add(out, CUT);
	}
}

void
log_news_fini(struct log_news *news)
{
	for (size_t i = 0; i < n_told(news); i++)
		free(news->lines[i]);
	*news = (struct log_news){ 0 };
}
