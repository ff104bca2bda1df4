#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "agent/probes/starttls.h"
#include "proto/base/text.h"

#define EXCHANGES_MAX 3

/* A question, and what an answer to it is. */
struct exchange {
	const char *ask; /* NULL: the server speaks first */
	size_t n_ask;
	const char *last; /* the line that ends an answer; NULL: one byte */
	const char *good; /* what it is, and begins with, when all is well */
};

static const struct protocol {
	const char *name;
	struct exchange exchanges[EXCHANGES_MAX + 1]; /* ends with good NULL */
} protocols[] = {
	/* SSLRequest: its length, and a number that is no version */
	{ "postgres",
	    { { "\0\0\0\x08\x04\xd2\x16\x2f", 8, NULL, "S" }, { 0 } } },
	{ "smtp", /* RFC 3207; lines before the last have a hyphen */
	    { { NULL, 0, "??? *", "220*" },
		{ "EHLO vedette\r\n", 14, "??? *", "250*" },
		{ "STARTTLS\r\n", 10, "??? *", "220*" }, { 0 } } },
	{ "imap", /* RFC 3501 */
	    { { NULL, 0, "? *", "? OK*" },
		{ "a STARTTLS\r\n", 12, "a *", "a OK*" }, { 0 } } },
	{ "pop3", /* RFC 2595 */
	    { { NULL, 0, "*", "+OK*" }, { "STLS\r\n", 6, "*", "+OK*" },
		{ 0 } } },
};

static const struct protocol *
protocol_of(const char *name)
{
	for (size_t i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++)
		if (strcmp(protocols[i].name, name) == 0)
			return &protocols[i];
	return NULL;
}

bool
starttls_is_known(const char *protocol)
{
	return protocol_of(protocol) != NULL;
}

static enum turn
lost(struct probe *p, const char *protocol, int error)
{
	return probe_fail(p, probe_reason_of_errno(error),
	    "%s, before TLS began: %s", protocol, strerror(error));
}

/* Goes on sending the question. */
static enum turn
ask(struct probe *p, struct starttls *s, const struct protocol *protocol,
    int fd)
{
	const struct exchange *exchange = &protocol->exchanges[s->at];
	ssize_t put;

	while (exchange->ask != NULL && s->n_sent < exchange->n_ask) {
		put = send(fd, exchange->ask + s->n_sent,
		    exchange->n_ask - s->n_sent, MSG_NOSIGNAL);
		if (put < 0 && errno == EAGAIN)
			return probe_await(p, fd, UV_WRITABLE);
		if (put < 0)
			return lost(p, protocol->name, errno);
		s->n_sent += (size_t)put;
	}
	s->is_asked = true;
	return TURN_NEXT;
}

/* Is the answer complete?  Then *out is its last line, without its end, which
 * is also the end of what has come: who says more has not waited for TLS. */
static bool
is_complete(char **out, struct starttls *s, const struct exchange *exchange)
{
	char *line = s->bytes, *const end = s->bytes + s->n, *stop;

	*out = line;
	if (exchange->last == NULL)
		return s->n > 0;
	for (; (stop = memchr(line, '\n', (size_t)(end - line))) != NULL;
	     line = stop + 1) {
		*stop = '\0';
		if (stop + 1 == end && text_matches(exchange->last, line)) {
			line[strcspn(line, "\r")] = '\0';
			*out = line;
			return true;
		}
		*stop = '\n';
	}
	return false;
}

enum starttls_answer
starttls_judge(const char **out, struct starttls *s, const char *name)
{
	const struct exchange *exchange = &protocol_of(name)->exchanges[s->at];
	char *line;

	if (!is_complete(&line, s, exchange))
		return s->n + 1 < sizeof(s->bytes) ? STARTTLS_MORE
						   : STARTTLS_TOO_LONG;
	*out = exchange->last != NULL ? line : NULL;
	if (exchange->last == NULL ? line[0] != exchange->good[0]
				   : !text_matches(exchange->good, line))
		return STARTTLS_REFUSED;
	s->at++;
	s->is_asked = false;
	s->n_sent = s->n = 0;
	memset(s->bytes, 0, sizeof(s->bytes));
	return STARTTLS_AGREED;
}

bool
starttls_is_over(const struct starttls *s, const char *name)
{
	return protocol_of(name)->exchanges[s->at].good == NULL;
}

/* Goes on receiving the answer; TURN_NEXT when there is more of it. */
static enum turn
receive(struct probe *p, struct starttls *s, const struct protocol *protocol,
    int fd)
{
	const struct exchange *exchange = &protocol->exchanges[s->at];
	ssize_t got;

	/* Of what comes after a single byte the first is TLS's. */
	got = recv(fd, s->bytes + s->n,
	    exchange->last == NULL ? 1 : sizeof(s->bytes) - 1 - s->n, 0);
	if (got < 0 && errno == EAGAIN)
		return probe_await(p, fd, UV_READABLE);
	if (got <= 0)
		return lost(p, protocol->name, got == 0 ? ECONNRESET : errno);
	s->n += (size_t)got;
	return TURN_NEXT;
}

/* Goes on receiving the answer, and judges it. */
static enum turn
hear(struct probe *p, struct starttls *s, const struct protocol *protocol,
    int fd)
{
	enum starttls_answer answer;
	const char *line = NULL;
	enum turn turn;

	while ((answer = starttls_judge(&line, s, protocol->name)) ==
	    STARTTLS_MORE) {
		turn = receive(p, s, protocol, fd);
		if (turn != TURN_NEXT)
			return turn;
	}
	if (answer == STARTTLS_AGREED)
		return TURN_NEXT;
	if (answer == STARTTLS_TOO_LONG)
		return probe_fail(p, REASON_LIMIT,
		    "%s: an answer of more than %d bytes", protocol->name,
		    STARTTLS_MAX_BYTES - 1);
	if (line == NULL)
		return probe_fail(p, REASON_HANDSHAKE,
		    "%s: the server does not speak TLS", protocol->name);
	return probe_fail(p, REASON_HANDSHAKE,
	    "%s: the server does not go on with TLS: %s", protocol->name, line);
}

enum turn
starttls_ask(struct probe *p, struct starttls *s, const char *name, int fd)
{
	const struct protocol *protocol = protocol_of(name);
	enum turn turn;

	while (!starttls_is_over(s, name)) {
		turn = s->is_asked ? TURN_NEXT : ask(p, s, protocol, fd);
		if (turn == TURN_NEXT)
			turn = hear(p, s, protocol, fd);
		if (turn != TURN_NEXT)
			return turn;
	}
	return TURN_NEXT;
}
