/* What a server says before TLS: the first byte chooses the protocol, each
 * piece after it is as long as its first byte says. */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "agent/probes/starttls.h"

static const char *const protocols[] = { "postgres", "smtp", "imap", "pop3" };

/* As much of a piece as there is room for, as a socket would give it. */
static size_t
take(struct starttls *s, const uint8_t *bytes, size_t n, bool is_byte)
{
	size_t room = sizeof(s->bytes) - 1 - s->n;

	if (n > room)
		n = room;
	if (is_byte && n > 1)
		n = 1;
	memcpy(s->bytes + s->n, bytes, n);
	s->n += n;
	return n;
}

static void
check(const struct starttls *s, enum starttls_answer answer, const char *line)
{
	if (answer == STARTTLS_AGREED)
		assert(s->n == 0 && !s->is_asked && s->bytes[0] == '\0');
	if (answer == STARTTLS_TOO_LONG)
		assert(s->n + 1 == sizeof(s->bytes));
	if (answer != STARTTLS_REFUSED || line == NULL)
		return;
	assert(line >= s->bytes && line < s->bytes + s->n);
	assert(strpbrk(line, "\r\n") == NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	enum starttls_answer answer = STARTTLS_MORE;
	const char *protocol = protocols[n > 0 ? bytes[0] % 4 : 0];
	struct starttls starttls = { 0 };
	size_t at = 1, n_piece;
	const char *line;

	while (answer != STARTTLS_REFUSED && answer != STARTTLS_TOO_LONG &&
	    at < n && !starttls_is_over(&starttls, protocol)) {
		n_piece = 1 + (size_t)bytes[at++] * 16;
		if (n_piece > n - at)
			n_piece = n - at;
		at += take(&starttls, bytes + at, n_piece, bytes[0] % 4 == 0);
		line = NULL;
		answer = starttls_judge(&line, &starttls, protocol);
		check(&starttls, answer, line);
	}
	return 0;
}
