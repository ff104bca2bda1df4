#include <stdio.h>
#include <unistd.h>

#include "collector/keep/bar.h"
#include "proto/base/clock.h"

#define BAR_WIDTH        30
#define PROGRESS_WAIT_MS 100

void
bar_init(struct bar *bar, const char *command, const char *unit)
{
	*bar = (struct bar){ .command = command,
		.unit = unit,
		.shown = isatty(STDERR_FILENO) != 0,
		.start_ms = clock_mono_ms(clock_system()) };
}

void
bar_draw(struct bar *bar, uint64_t n, int64_t done, int64_t of)
{
	static const char full[] = "##############################";
	int64_t now_ms = clock_mono_ms(clock_system());
	int64_t took_ms = now_ms - bar->start_ms + 1;
	int filled;

	if (!bar->shown || now_ms < bar->told_ms + PROGRESS_WAIT_MS)
		return;
	bar->told_ms = now_ms;
	fprintf(stderr, "\r%s ", bar->command);
	if (of > 0) {
		done = done < of ? done : of; /* it may have grown meanwhile */
		filled = (int)(done * BAR_WIDTH / of);
		fprintf(stderr, "[%-*.*s] %3d %% ", BAR_WIDTH, filled, full,
		    (int)(done * 100 / of));
	}
	if (bar->unit != NULL)
		fprintf(stderr, "%llu %s, %llu/s\033[K", (unsigned long long)n,
		    bar->unit,
		    (unsigned long long)(n * 1000 / (uint64_t)took_ms));
	else
		fprintf(stderr, "%lld s\033[K", (long long)(took_ms / 1000));
}

void
bar_end(const struct bar *bar)
{
	if (bar->shown && bar->told_ms != 0)
		fputs("\r\033[K", stderr);
}
