#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/cli/output.h"
#include "proto/base/mem.h"

int
output_write(struct text *text, struct err *err)
{
	int rc = 0;

	if (text->n > 0 &&
	    (fwrite(text->bytes, 1, text->n, stdout) != text->n ||
		fflush(stdout) != 0))
		rc = err_set(err, errno == EPIPE ? ERR_CLOSED : ERR_IO,
		    "standard output: %s", strerror(errno));
	text_fini(text);
	return rc;
}

void
output_complain(const char *text, const char *advice)
{
	char *clean = mem_strdup(text);
	const char *end;

	text_sanitise(clean, strlen(clean));
	fprintf(stderr, "vedette: %s\n", clean);
	while (advice != NULL && *advice != '\0') {
		end = strchrnul(advice, '\n');
		fprintf(stderr, "  %.*s\n", (int)(end - advice), advice);
		advice = *end != '\0' ? end + 1 : end;
	}
	free(clean);
}
