#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "collector/cli/look.h"

static bool
is_set(const char *variable)
{
	const char *value = getenv(variable);

	return value != NULL && value[0] != '\0';
}

static size_t
measure(int fd)
{
	struct winsize size;
	const char *columns = getenv("COLUMNS");
	long width = LOOK_WIDTH;

	if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		width = size.ws_col;
	else if (columns != NULL && atol(columns) > 0)
		width = atol(columns);
	if (width < LOOK_WIDTH_MIN)
		return LOOK_WIDTH_MIN;
	return width > LOOK_WIDTH_MAX ? LOOK_WIDTH_MAX : (size_t)width;
}

void
look_at(struct look *out, int fd)
{
	bool terminal = isatty(fd) == 1;
	const char *term = getenv("TERM");
	bool dumb = term == NULL || strcmp(term, "dumb") == 0;

	out->width = measure(fd);
	out->colour = terminal && !dumb && !is_set("NO_COLOR");
	out->utf8 = setlocale(LC_CTYPE, "") != NULL &&
	    strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	out->glyphs = terminal && out->utf8;
}
