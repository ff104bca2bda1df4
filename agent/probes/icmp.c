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

struct echo {
	int fd;
	bool is_open, is_v6;
	uint64_t token;
	int64_t spacing_us, wait_us;
	uint32_t n_sent, n_answered, n_repeated;
	int64_t sent_us[COUNT_MAX];
	bool is_answered[COUNT_MAX];
	double min_ms, max_ms, sum_ms;
	int error; /* errno of what a router said */
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
unreachable(struct probe *p, int error)
{
	enum reason reason = probe_reason_of_errno(error);
	const char *host = probe_config(p)->icmp->host;

	if (reason == REASON_INTERNAL || reason == REASON_DENIED)
		return probe_unknown(
		    p, reason, "%s: %s", host, strerror(error));
	return probe_fail(p, reason, "%s: %s", host, strerror(error));
}

static int64_t
us_of(const char *text)
{
	int64_t ms = 0;

	text_duration(&ms, text, NULL); /* check() has seen that it is one */
	return ms * 1000;
}

static enum turn
open_step(struct probe *p, void *state)
{
	const struct icmp_config *config = probe_config(p)->icmp;
	struct echo *echo = state;
	char text[ADDRESS_TEXT_BYTES];
	const struct sockaddr *address;
	socklen_t size;
	int on = 1;

	address = probe_address(p, 0, &size);
	echo->is_v6 = address->sa_family == AF_INET6;
	echo->fd = socket(address->sa_family,
	    SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
	    echo->is_v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP);
	if (echo->fd < 0)
		return denied(p, errno);
	echo->is_open = true;
	/* What routers say becomes an error of the socket. */
	if (echo->is_v6)
		setsockopt(
		    echo->fd, IPPROTO_IPV6, IPV6_RECVERR, &on, sizeof(on));
	else
		setsockopt(echo->fd, IPPROTO_IP, IP_RECVERR, &on, sizeof(on));
	address_text(text, address);
	text[strlen(text) - strlen(":0")] = '\0'; /* there are no ports */
	probe_text(p, "server", text);
	if (connect(echo->fd, address, size) < 0)
		return unreachable(p, errno);
	echo->token = random_u64(random_system());
	echo->spacing_us = us_of(config->spacing);
	echo->wait_us = us_of(config->wait);
	return TURN_NEXT;
}

/* --- echo ----------------------------------------------------------------- */

/* 0 or an errno. */
static int
send_one(struct probe *p, struct echo *echo)
{
	struct packet packet = {
		.type = echo->is_v6 ? ICMP6_ECHO_REQUEST : ICMP_ECHO,
		.sequence = htons((uint16_t)echo->n_sent),
		.token = echo->token,
	};

	echo->sent_us[echo->n_sent++] = probe_elapsed_us(p);
	if (send(echo->fd, &packet, sizeof(packet), MSG_NOSIGNAL) >= 0)
		return 0;
	/* A full queue is a lost packet. */
	return errno == ENOBUFS || errno == EAGAIN || errno == EINTR ? 0
								     : errno;
}

static void
take(struct probe *p, struct echo *echo, const struct packet *packet)
{
	uint16_t i = ntohs(packet->sequence);
	double ms;

	if (packet->type != (echo->is_v6 ? ICMP6_ECHO_REPLY : ICMP_ECHOREPLY) ||
	    packet->token != echo->token || i >= echo->n_sent)
		return;
	if (echo->is_answered[i]) {
		echo->n_repeated++;
		return;
	}
	ms = (double)(probe_elapsed_us(p) - echo->sent_us[i]) / 1000;
	echo->is_answered[i] = true;
	if (echo->n_answered == 0 || ms < echo->min_ms)
		echo->min_ms = ms;
	if (ms > echo->max_ms)
		echo->max_ms = ms;
	echo->sum_ms += ms;
	echo->n_answered++;
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
		echo->error = errno;
		n_errors++;
		while (recv(echo->fd, said, sizeof(said), MSG_ERRQUEUE) >= 0)
			continue;
	}
}

static enum turn
judge(struct probe *p, const struct echo *echo)
{
	const struct icmp_config *config = probe_config(p)->icmp;
	uint32_t n_lost = echo->n_sent - echo->n_answered;
	double percent = 100.0 * n_lost / echo->n_sent;
	char span[TEXT_SPAN_BYTES];

	probe_number(p, "sent", echo->n_sent);
	probe_number(p, "lost", n_lost);
	probe_number(p, "loss_percent", percent);
	if (echo->n_repeated > 0)
		probe_number(p, "repeated", echo->n_repeated);
	if (echo->n_answered > 0) {
		probe_number(p, "rtt_min_ms", echo->min_ms);
		probe_number(p, "rtt_avg_ms", echo->sum_ms / echo->n_answered);
		probe_number(p, "rtt_max_ms", echo->max_ms);
	} else if (echo->error != 0) {
		return unreachable(p, echo->error);
	} else {
		text_span(span, echo->wait_us);
		return probe_fail(p, REASON_LOSS,
		    "%s: no reply to any of %u requests, the last of them %s "
		    "ago",
		    config->host, echo->n_sent, span);
	}
	if (percent >= config->critical_loss)
		return probe_fail(p, REASON_LOSS,
		    "%s: %u of %u requests without a reply", config->host,
		    n_lost, echo->n_sent);
	if (percent >= config->warning_loss)
		return probe_warn(p, REASON_LOSS,
		    "%s: %u of %u requests without a reply", config->host,
		    n_lost, echo->n_sent);
	return TURN_NEXT;
}

/* A request now and then, and a while for the last reply. */
static enum turn
echo_step(struct probe *p, void *state)
{
	const struct icmp_config *config = probe_config(p)->icmp;
	struct echo *echo = state;
	int64_t until_us = 0;
	int error;

	for (;;) {
		receive(p, echo);
		if (echo->n_answered == config->count)
			break;
		if (echo->n_sent > 0)
			until_us = echo->sent_us[echo->n_sent - 1] +
			    (echo->n_sent < config->count ? echo->spacing_us
							  : echo->wait_us);
		if (probe_elapsed_us(p) < until_us)
			return probe_await_until(
			    p, echo->fd, UV_READABLE, until_us);
		if (echo->n_sent == config->count)
			break;
		error = send_one(p, echo);
		if (error != 0)
			return unreachable(p, error);
	}
	return judge(p, echo);
}

static void
cleanup(void *state)
{
	struct echo *echo = state;

	if (echo->is_open)
		close(echo->fd);
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
	int64_t needs_us;
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
	needs_us = (icmp->count - 1) * us_of(icmp->spacing) + us_of(icmp->wait);
	if (needs_us >= (int64_t)config->timeout_ms * 1000)
		rc = conf_complain(conf, err, path,
		    "needs %lld ms for %u requests and the last reply, more "
		    "than its timeout; raise that, or lower count, spacing or "
		    "wait",
		    (long long)needs_us / 1000, icmp->count);
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
