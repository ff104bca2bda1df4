#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/probes/kinds.h"
#include "agent/resolve.h"
#include "proto/base/file.h"
#include "proto/base/text.h"

#define COUNT_MAX       100
#define SPACING_MIN_MS  10
#define ERRORS_MAX      16 /* taken in at a time */
#define PACKET_BYTES    64 /* as ping sends: 8 of header, 56 more */
#define RANGE_FILE      "/proc/sys/net/ipv4/ping_group_range"
#define RANGE_MAX_BYTES 64

/* An echo request or reply; the header is the same for both versions of IP.
 * Checksum and identifier are the kernel's. */
struct packet {
	uint8_t type, code;
	uint16_t checksum, identifier, sequence;
	uint64_t token; /* of this run: what else comes is not for us */
	uint8_t filler[PACKET_BYTES - 16];
};

/* What has become of one address. */
struct answers {
	uint32_t n_sent, n_answered, n_repeated;
	int64_t sent_us[COUNT_MAX];
	bool is_answered[COUNT_MAX];
	double min_ms, max_ms, sum_ms;
	int error;      /* errno, of the kernel or of what a router said */
	bool is_denied; /* the kernel gives no socket for it */
	bool is_cut;    /* no more could be sent: it counts as silent */
};

struct echo {
	size_t at; /* the address that is asked */
	int fd;
	bool is_open, is_v6;
	uint64_t token;
	int64_t spacing_us, wait_us;
	struct answers now;
	/* When the one that is asked is not the first, that one did not do. */
	struct answers first;
};

static enum turn
resolve_step(struct probe *p, void *state)
{
	if (probe_answer(p) == NULL)
		probe_target(p, probe_config(p)->icmp->host, 0);
	return probe_resolve(p, state);
}

/* --- the socket ----------------------------------------------------------- */

/* The kernel has not let us: a setting of this host, which says nothing of the
 * other one. */
static enum turn
denied(struct probe *p, int error)
{
	char *range = NULL;
	size_t n;

	if (error != EACCES ||
	    file_read(&range, &n, RANGE_FILE, RANGE_MAX_BYTES, NULL) < 0)
		return probe_unknown(p, REASON_DENIED,
		    "no socket for echo requests: %s", strerror(error));
	range[strcspn(range, "\n")] = '\0';
	for (char *tab; (tab = strchr(range, '\t')) != NULL;)
		*tab = ' ';
	probe_unknown(p, REASON_DENIED,
	    "the kernel lets group %u send no echo requests: "
	    "net.ipv4.ping_group_range is \"%s\"; widen it: sysctl -w "
	    "net.ipv4.ping_group_range=\"0 2147483647\"",
	    (unsigned)getegid(), range);
	free(range);
	return TURN_STOP;
}

static enum turn
unreachable(struct probe *p, int error, const char *more)
{
	enum reason reason = probe_reason_of_errno(error);
	const char *host = probe_config(p)->icmp->host;

	if (reason == REASON_INTERNAL || reason == REASON_DENIED)
		return probe_unknown(
		    p, reason, "%s: %s%s", host, strerror(error), more);
	return probe_fail(p, reason, "%s: %s%s", host, strerror(error), more);
}

static int64_t
us_of(const char *text)
{
	int64_t ms = 0;

	text_duration(&ms, text, NULL); /* check() has seen that it is one */
	return ms * 1000;
}

/* The requests and the wait for the last reply. */
static int64_t
needs_us(uint32_t count, int64_t spacing_us, int64_t wait_us)
{
	return (int64_t)(count - 1) * spacing_us + wait_us;
}

static void
close_socket(struct echo *echo)
{
	if (echo->is_open)
		close(echo->fd);
	echo->is_open = false;
}

/* What routers say becomes an error of the socket. */
static void
want_errors(const struct echo *echo)
{
	int on = 1;

	if (echo->is_v6)
		setsockopt(
		    echo->fd, IPPROTO_IPV6, IPV6_RECVERR, &on, sizeof(on));
	else
		setsockopt(echo->fd, IPPROTO_IP, IP_RECVERR, &on, sizeof(on));
}

/* A socket for the address that is to be asked; false says why in now. */
static bool
open_socket(struct probe *p, struct echo *echo)
{
	const struct sockaddr *address;
	socklen_t size;

	address = probe_address(p, echo->at, &size);
	memset(&echo->now, 0, sizeof(echo->now));
	echo->is_v6 = address->sa_family == AF_INET6;
	echo->fd = socket(address->sa_family,
	    SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
	    echo->is_v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP);
	if (echo->fd < 0) {
		echo->now.error = errno;
		echo->now.is_denied = true;
		return false;
	}
	echo->is_open = true;
	want_errors(echo);
	if (connect(echo->fd, address, size) == 0)
		return true;
	echo->now.error = errno;
	close_socket(echo);
	return false;
}

static void
tell_server(struct probe *p, size_t at)
{
	char text[ADDRESS_TEXT_BYTES];

	address_text(text, probe_address(p, at, NULL));
	text[strlen(text) - strlen(":0")] = '\0'; /* there are no ports */
	probe_text(p, "server", text);
}

static void
tell_loss(struct probe *p, const struct answers *answers)
{
	uint32_t n_lost = answers->n_sent - answers->n_answered;

	if (answers->n_sent == 0)
		return;
	probe_number(p, "sent", answers->n_sent);
	probe_number(p, "lost", n_lost);
	probe_number(p, "loss_percent", 100.0 * n_lost / answers->n_sent);
}

/* No address has replied: what became of the first, since that is the one
 * others ask. */
static enum turn
lost(struct probe *p, const struct echo *echo)
{
	const struct answers *first = echo->at > 0 ? &echo->first : &echo->now;
	const char *host = probe_config(p)->icmp->host, *more = "";
	char span[TEXT_SPAN_BYTES];

	tell_server(p, 0);
	tell_loss(p, first);
	if (first->is_denied)
		return denied(p, first->error);
	if (probe_address(p, echo->at + 1, NULL) != NULL)
		more = " (and no time was left for all of its addresses)";
	else if (echo->at > 0)
		more = " (nor any other of its addresses)";
	if (first->error != 0)
		return unreachable(p, first->error, more);
	text_span(span, echo->wait_us);
	return probe_fail(p, REASON_LOSS,
	    "%s: no reply to any of %u requests, the last of them %s ago%s",
	    host, first->n_sent, span, more);
}

static bool
is_time_left(struct probe *p, const struct echo *echo)
{
	const struct probe_config *config = probe_config(p);

	return probe_elapsed_us(p) +
	    needs_us(config->icmp->count, echo->spacing_us, echo->wait_us) <
	    (int64_t)config->timeout_ms * 1000;
}

/* The address that was asked did not do: goes on with the next one that does,
 * if there is one, and time for it. */
static enum turn
next_address(struct probe *p, struct echo *echo)
{
	if (echo->at == 0)
		echo->first = echo->now;
	close_socket(echo);
	while (probe_address(p, echo->at + 1, NULL) != NULL &&
	    is_time_left(p, echo)) {
		echo->at++;
		if (open_socket(p, echo))
			return TURN_NEXT;
	}
	return lost(p, echo);
}

static enum turn
open_step(struct probe *p, void *state)
{
	const struct icmp_config *config = probe_config(p)->icmp;
	struct echo *echo = state;

	echo->token = random_u64(random_system());
	echo->spacing_us = us_of(config->spacing);
	echo->wait_us = us_of(config->wait);
	return open_socket(p, echo) ? TURN_NEXT : next_address(p, echo);
}

/* --- echo ----------------------------------------------------------------- */

/* 0 or an errno. */
static int
send_one(struct probe *p, struct echo *echo)
{
	struct answers *now = &echo->now;
	struct packet packet = {
		.type = echo->is_v6 ? ICMP6_ECHO_REQUEST : ICMP_ECHO,
		.sequence = htons((uint16_t)now->n_sent),
		.token = echo->token,
	};

	now->sent_us[now->n_sent++] = probe_elapsed_us(p);
	if (send(echo->fd, &packet, sizeof(packet), MSG_NOSIGNAL) >= 0)
		return 0;
	/* A full queue is a lost packet. */
	return errno == ENOBUFS || errno == EAGAIN || errno == EINTR ? 0
								     : errno;
}

static void
take(struct probe *p, struct echo *echo, const struct packet *packet)
{
	struct answers *now = &echo->now;
	uint16_t i = ntohs(packet->sequence);
	double ms;

	if (packet->type != (echo->is_v6 ? ICMP6_ECHO_REPLY : ICMP_ECHOREPLY) ||
	    packet->token != echo->token || i >= now->n_sent)
		return;
	if (now->is_answered[i]) {
		now->n_repeated++;
		return;
	}
	ms = (double)(probe_elapsed_us(p) - now->sent_us[i]) / 1000;
	now->is_answered[i] = true;
	if (now->n_answered == 0 || ms < now->min_ms)
		now->min_ms = ms;
	if (ms > now->max_ms)
		now->max_ms = ms;
	now->sum_ms += ms;
	now->n_answered++;
}

/* Takes in all that has come, errors too. */
static void
receive(struct probe *p, struct echo *echo)
{
	struct packet packet;
	char said[256];
	int n_errors = 0;
	ssize_t n;

	while (n_errors < ERRORS_MAX) {
		n = recv(echo->fd, &packet, sizeof(packet), MSG_TRUNC);
		if (n == (ssize_t)sizeof(packet))
			take(p, echo, &packet);
		if (n >= 0 || errno == EINTR)
			continue;
		if (errno == EAGAIN)
			return;
		echo->now.error = errno;
		n_errors++;
		while (recv(echo->fd, said, sizeof(said), MSG_ERRQUEUE) >= 0)
			continue;
	}
}

/* An address that replied. */
static enum turn
judge(struct probe *p, const struct echo *echo)
{
	const struct icmp_config *config = probe_config(p)->icmp;
	const struct answers *now = &echo->now;
	uint32_t n_lost = now->n_sent - now->n_answered;
	double percent = 100.0 * n_lost / now->n_sent;

	tell_server(p, echo->at);
	tell_loss(p, now);
	if (now->n_repeated > 0)
		probe_number(p, "repeated", now->n_repeated);
	probe_number(p, "rtt_min_ms", now->min_ms);
	probe_number(p, "rtt_avg_ms", now->sum_ms / now->n_answered);
	probe_number(p, "rtt_max_ms", now->max_ms);
	if (percent >= config->critical_loss)
		return probe_fail(p, REASON_LOSS,
		    "%s: %u of %u requests without a reply", config->host,
		    n_lost, now->n_sent);
	if (percent >= config->warning_loss)
		return probe_warn(p, REASON_LOSS,
		    "%s: %u of %u requests without a reply", config->host,
		    n_lost, now->n_sent);
	return TURN_NEXT;
}

/* Asks one address: a request now and then, and a while for the last reply.
 * TURN_NEXT when that is over. */
static enum turn
ask(struct probe *p, struct echo *echo)
{
	const struct icmp_config *config = probe_config(p)->icmp;
	struct answers *now = &echo->now;
	int64_t until_us;
	int error;

	for (;;) {
		receive(p, echo);
		if (now->n_answered == config->count)
			return TURN_NEXT;
		until_us = now->n_sent == 0 ? 0
					    : now->sent_us[now->n_sent - 1] +
			(now->n_sent < config->count ? echo->spacing_us
						     : echo->wait_us);
		if (probe_elapsed_us(p) < until_us)
			return probe_await_until(
			    p, echo->fd, UV_READABLE, until_us);
		if (now->n_sent == config->count)
			return TURN_NEXT;
		error = send_one(p, echo);
		if (error == 0)
			continue;
		now->error = error;
		now->is_cut = true;
		return TURN_NEXT;
	}
}

static enum turn
echo_step(struct probe *p, void *state)
{
	struct echo *echo = state;
	enum turn turn;

	while ((turn = ask(p, echo)) == TURN_NEXT) {
		if (echo->now.n_answered > 0 && !echo->now.is_cut)
			return judge(p, echo);
		turn = next_address(p, echo);
		if (turn != TURN_NEXT)
			break;
	}
	return turn;
}

static void
cleanup(void *state)
{
	close_socket(state);
}

/* --- the configuration ---------------------------------------------------- */

static int
check_span(const struct conf *conf, const char *path, const char *key,
    const char *text, struct err *err)
{
	struct err inner;
	int64_t ms;
	char at[256];

	snprintf(at, sizeof(at), "%s.%s", path, key);
	if (text_duration(&ms, text, &inner) < 0)
		return conf_complain(conf, err, at, "%s", inner.text);
	if (ms < SPACING_MIN_MS)
		return conf_complain(
		    conf, err, at, "must be at least %d ms", SPACING_MIN_MS);
	return 0;
}

static int
check_loss(const struct conf *conf, const char *path, const char *key,
    uint32_t percent, struct err *err)
{
	char at[256];

	snprintf(at, sizeof(at), "%s.%s", path, key);
	return percent <= 100
	    ? 0
	    : conf_complain(conf, err, at, "must be from 1 to 100, in percent");
}

static int
check(const struct conf *conf, const char *path,
    const struct probe_config *config, struct err *err)
{
	const struct icmp_config *icmp = config->icmp;
	int64_t needed_us;
	char at[256];
	int rc = 0;

	snprintf(at, sizeof(at), "%s.host", path);
	if (icmp->host[0] == '\0' || strchr(icmp->host, '/') != NULL)
		rc = conf_complain(
		    conf, err, at, "must be a name or an address");
	snprintf(at, sizeof(at), "%s.count", path);
	if (icmp->count > COUNT_MAX)
		rc = conf_complain(
		    conf, err, at, "must be from 1 to %d", COUNT_MAX);
	rc |= check_span(conf, path, "spacing", icmp->spacing, err);
	rc |= check_span(conf, path, "wait", icmp->wait, err);
	rc |= check_loss(conf, path, "warning_loss", icmp->warning_loss, err);
	rc |= check_loss(conf, path, "critical_loss", icmp->critical_loss, err);
	if (rc < 0)
		return rc;
	/* Or a single lost packet would look like a limit that was reached. */
	needed_us =
	    needs_us(icmp->count, us_of(icmp->spacing), us_of(icmp->wait));
	if (needed_us >= (int64_t)config->timeout_ms * 1000)
		rc = conf_complain(conf, err, path,
		    "needs %lld ms for %u requests and the last reply, more "
		    "than its timeout; raise that, or lower count, spacing or "
		    "wait",
		    (long long)needed_us / 1000, icmp->count);
	return rc;
}

static const struct probe_step steps[] = {
	{ "resolve", resolve_step },
	{ "open", open_step },
	{ "echo", echo_step },
	{ NULL, NULL },
};

const struct probe_kind icmp_kind = {
	.name = "icmp",
	.state_size = sizeof(struct echo),
	.steps = steps,
	.cleanup = cleanup,
	.check = check,
};
