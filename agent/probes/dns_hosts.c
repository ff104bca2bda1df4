#include <string.h>
#include <strings.h>

#include "agent/probes/dns_hosts.h"
#include "proto/base/text.h"

static const char blank[] = " \t\r";

/* The next word of a line; its length is 0 at the line's end. */
static const char *
next_word(const char *line, size_t *out_n)
{
	line += strspn(line, blank);
	*out_n = strcspn(line, " \t\r\n#");
	return line;
}

static void
read_line(struct text *found, const char *line, const char *name)
{
	size_t n_address, n;
	const char *address = next_word(line, &n_address);
	const char *word = address;

	for (n = n_address; n > 0;) {
		word = next_word(word + n, &n);
		if (n == 0 || n != strlen(name) ||
		    strncasecmp(word, name, n) != 0)
			continue;
		text_addf(found, "%s%.*s", found->n > 0 ? ", " : "",
		    (int)n_address, address);
		return;
	}
}

char *
dns_hosts_find(const char *text, const char *name)
{
	struct text found = { 0 };

	while (*text != '\0') {
		read_line(&found, text, name);
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
	return found.bytes;
}
