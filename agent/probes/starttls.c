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

/* Is the answer complete?  Then *out is its last line, without its end. */
static bool
is_complete(char **out, struct starttls *s, const struct exchange *exchange)
{
	char *line = s->bytes, *end;

	*out = line;
	if (exchange->last == NULL)
		return s->n > 0;
	for (; (end = strchr(line, '\n')) != NULL; line = end + 1) {
		*end = '\0';
		if (end[1] == '\0' && text_matches(exchange->last, line)) {
			line[strcspn(line, "\r")] = '\0';
			*out = line;
			return true;
		}
		*end = '\n';
	}
	return false;
}

/* Goes on receiving the answer, and judges it. */
static enum turn
hear(struct probe *p, struct starttls *s, const struct protocol *protocol,
    int fd)
{
	const struct exchange *exchange = &protocol->exchanges[s->at];
	ssize_t got;
	char *line;

	while (!is_complete(&line, s, exchange)) {
		if (s->n + 1 == sizeof(s->bytes))
			return probe_fail(p, REASON_LIMIT,
			    "%s: an answer of more than %d bytes",
			    protocol->name, STARTTLS_MAX_BYTES - 1);
		got = recv(fd, s->bytes + s->n,
		    exchange->last == NULL ? 1 : sizeof(s->bytes) - 1 - s->n,
		    0);
		if (got < 0 && errno == EAGAIN)
			return probe_await(p, fd, UV_READABLE);
		if (got <= 0)
			return lost(
			    p, protocol->name, got == 0 ? ECONNRESET : errno);
		s->n += (size_t)got;
	}
	if (exchange->last != NULL ? text_matches(exchange->good, line)
				   : line[0] == exchange->good[0])
		return TURN_NEXT;
	if (exchange->last == NULL)
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

	while (protocol->exchanges[s->at].good != NULL) {
		turn = s->is_asked ? TURN_NEXT : ask(p, s, protocol, fd);
		if (turn == TURN_NEXT)
			turn = hear(p, s, protocol, fd);
		if (turn != TURN_NEXT)
			return turn;
		s->at++;
		s->is_asked = false;
		s->n_sent = s->n = 0;
		memset(s->bytes, 0, sizeof(s->bytes));
	}
	return TURN_NEXT;
}
