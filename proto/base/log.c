#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "proto/base/text.h"

/* The only mutable global: see log_set_level() for its contract. */
static enum log_level threshold = LOG_LEVEL_INFO;

void
log_set_level(enum log_level level)
{
	threshold = level;
}

void
log_line(enum log_level level, const char *format, ...)
{
	static const char *const names[] = { "error", "warn ", "info ",
		"debug" };
	static const char *const priorities[] = { "<3>", "<4>", "<6>", "<7>" };
	char line[1024], when[TEXT_TIME_BYTES];
	va_list args;
	int head, body;
	size_t n;

	if (level > threshold)
		return;
	if (getenv("JOURNAL_STREAM") != NULL)
		head = snprintf(line, sizeof(line), "%s", priorities[level]);
	else
		head = snprintf(line, sizeof(line), "%s %s ",
		    text_time(when, clock_wall_ms(clock_system())),
		    names[level]);
	va_start(args, format);
	body = vsnprintf(
	    line + head, sizeof(line) - (size_t)head - 1, format, args);
	va_end(args);
	if (body < 0)
		return;
	n = strlen(line);
	text_sanitise(line + head, n - (size_t)head);
	line[n] = '\n';
	/* One write, so that lines of several processes do not mix. */
	if (write(STDERR_FILENO, line, n + 1) < 0)
		return; /* nobody is left to be told */
}
