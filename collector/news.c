#include <stdlib.h>

#include "collector/news.h"
#include "proto/base/map.h"
#include "proto/base/mem.h"

struct line {
	int64_t told_ms;
	uint64_t n_untold;
};

struct news {
	struct map *lines;
};

static void
forget(struct news *news)
{
	MAP_EACH (struct line, line, news->lines)
		free(line);
	map_free(news->lines);
	news->lines = map_new();
}

struct news *
news_new(void)
{
	struct news *news = mem_zalloc(sizeof(*news));

	news->lines = map_new();
	return news;
}

bool
news_is_due(
    struct news *news, uint64_t *out_untold, const char *text, int64_t mono_ms)
{
	struct line *line = map_get(news->lines, text);

	if (line != NULL && mono_ms - line->told_ms < NEWS_EVERY_MS) {
		line->n_untold++;
		return false;
	}
	if (line == NULL) {
		if (map_count(news->lines) >= NEWS_MAX)
			forget(news);
		line = mem_zalloc(sizeof(*line));
		map_put(news->lines, text, line);
	}
	*out_untold = line->n_untold;
	*line = (struct line){ mono_ms, 0 };
	return true;
}

void
news_free(struct news *news)
{
	forget(news);
	map_free(news->lines);
	free(news);
}
