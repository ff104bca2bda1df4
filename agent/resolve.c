#include <ares.h>
#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <assert.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "agent/resolve.h"
#include "proto/watch.h"
#include "proto/base/list.h"
#include "proto/base/mem.h"

#define RESOLV_CONF "/etc/resolv.conf"

/* How long c-ares waits for a name server at first, and how often it asks
 * each: two queries of a name are lost before 6 s are over. */
#define TIMEOUT_MS 2000
#define TRIES      2

/* c-ares needs to be told that time passes; only while it waits. */
#define TICK_MS 100

/* A channel with so many cancelled look-ups takes no new ones and is thrown
 * away, with their queries, when the last one that counts has ended. */
#define ABANDONED_MAX 256

/* A set of queries of c-ares that can only be cancelled together. */
struct channel {
	struct list node; /* of the resolver's channels */
	struct list sockets;
	struct resolver *resolver;
	ares_channel ares;
	size_t live, abandoned;
	bool retired; /* takes no new look-ups */
};

struct socket {
	struct list node;
	struct watch *watch;
	int fd;
};

struct resolver {
	uv_loop_t *loop;
	uv_timer_t tick; /* while a channel exists that waits */
	uv_timer_t soon; /* while there is something in finished */
	struct list channels;
	struct list finished; /* look-ups to tell of */
	struct channel *current;
	struct timespec conf_mtime; /* of resolv.conf when current was made */
	int n_handles;
	void (*closed)(void *arg);
	void *closed_arg;
};

struct resolve {
	struct list node; /* of the resolver's finished */
	struct channel *channel;
	resolve_fn *done; /* NULL: cancelled */
	void *arg;
	uint16_t port;
	struct resolved found;
	unsigned char *answer;
};

/* --- addresses ------------------------------------------------------------ */

socklen_t
address_size(const union address *address)
{
	return address->any.sa_family == AF_INET6 ? sizeof(address->v6)
						  : sizeof(address->v4);
}

int
address_parse(union address *out, const char *host, uint16_t port)
{
	memset(out, 0, sizeof(*out));
	if (inet_pton(AF_INET, host, &out->v4.sin_addr) == 1) {
		out->v4.sin_family = AF_INET;
		out->v4.sin_port = htons(port);
		return 0;
	}
	if (inet_pton(AF_INET6, host, &out->v6.sin6_addr) == 1) {
		out->v6.sin6_family = AF_INET6;
		out->v6.sin6_port = htons(port);
		return 0;
	}
	return -1;
}

char *
address_text(char out[ADDRESS_TEXT_BYTES], const struct sockaddr *address)
{
	const union address *any = (const void *)address;
	char host[INET6_ADDRSTRLEN] = "?";

	if (address->sa_family == AF_INET6) {
		inet_ntop(AF_INET6, &any->v6.sin6_addr, host, sizeof(host));
		snprintf(out, ADDRESS_TEXT_BYTES, "[%s]:%u", host,
		    ntohs(any->v6.sin6_port));
	} else {
		inet_ntop(AF_INET, &any->v4.sin_addr, host, sizeof(host));
		snprintf(out, ADDRESS_TEXT_BYTES, "%s:%u", host,
		    ntohs(any->v4.sin_port));
	}
	return out;
}

/* --- telling -------------------------------------------------------------- */

static const struct meaning {
	int status;
	enum reason reason;
	const char *why;
} meanings[] = {
	{ ARES_SUCCESS, REASON_NONE, "" },
	{ ARES_ENOTFOUND, REASON_NXDOMAIN, "no such name" },
	{ ARES_EBADNAME, REASON_NXDOMAIN, "not a name" },
	{ ARES_ENODATA, REASON_NO_ADDRESS,
	    "the name exists, without such a record" },
	{ ARES_ESERVFAIL, REASON_SERVFAIL,
	    "the name server answered SERVFAIL" },
	{ ARES_EREFUSED, REASON_SERVFAIL, "the name server answered REFUSED" },
	{ ARES_ENOTIMP, REASON_SERVFAIL,
	    "the name server answered NOT IMPLEMENTED" },
	{ ARES_EFORMERR, REASON_SERVFAIL,
	    "the name server answered FORMAT ERROR" },
	{ ARES_ECONNREFUSED, REASON_SERVFAIL,
	    "no name server gave a useful answer" },
	{ ARES_ETIMEOUT, REASON_TIMEOUT, "no name server answered" },
	{ ARES_EBADRESP, REASON_PROTOCOL,
	    "the answer of the name server makes no sense" },
};

static void
judge(struct resolved *out, int status)
{
	size_t n = sizeof(meanings) / sizeof(meanings[0]);

	out->reason = REASON_INTERNAL;
	out->why = ares_strerror(status);
	for (size_t i = 0; i < n; i++) {
		if (meanings[i].status != status)
			continue;
		out->reason = meanings[i].reason;
		out->why = meanings[i].why;
	}
}

static void
resolve_free(struct resolve *resolve)
{
	free(resolve->answer);
	free(resolve);
}

static void
channel_free(struct channel *channel)
{
	if (channel->resolver->current == channel)
		channel->resolver->current = NULL;
	channel->retired = true;
	ares_destroy(channel->ares); /* ends all queries and sockets */
	assert(list_is_empty(&channel->sockets));
	list_remove(&channel->node);
	free(channel);
}

/* Runs from the loop, never inside c-ares, which could not bear that a
 * channel is destroyed, and never inside who started a look-up. */
static void
on_soon(uv_timer_t *timer)
{
	struct resolver *resolver = timer->data;
	struct resolve *resolve;
	struct list *node;

	while ((node = list_pop(&resolver->finished)) != NULL) {
		resolve = LIST_ITEM(node, struct resolve, node);
		if (resolve->done != NULL)
			resolve->done(resolve->arg, &resolve->found);
		resolve_free(resolve);
	}
	LIST_EACH (at, &resolver->channels) {
		struct channel *channel = LIST_ITEM(at, struct channel, node);

		if (channel->retired && channel->live == 0)
			channel_free(channel);
	}
	if (list_is_empty(&resolver->channels))
		uv_timer_stop(&resolver->tick);
}

static void
wake(struct resolver *resolver)
{
	uv_timer_start(&resolver->soon, on_soon, 0, 0);
}

/* c-ares has ended a query, perhaps while it was being started. */
static void
finish(struct resolve *resolve, int status)
{
	struct channel *channel = resolve->channel;
	struct resolver *resolver = channel->resolver;

	if (resolve->done == NULL) {
		channel->abandoned--;
		resolve_free(resolve);
		return;
	}
	channel->live--;
	judge(&resolve->found, status);
	list_push(&resolver->finished, &resolve->node);
	wake(resolver);
}

/* --- c-ares on the loop --------------------------------------------------- */

static void
on_ready(void *arg, int fd, int events)
{
	struct channel *channel = arg;

	ares_process_fd(channel->ares,
	    events & UV_READABLE ? fd : ARES_SOCKET_BAD,
	    events & UV_WRITABLE ? fd : ARES_SOCKET_BAD);
}

static struct socket *
socket_of(struct channel *channel, int fd)
{
	struct socket *socket;

	LIST_EACH (node, &channel->sockets) {
		socket = LIST_ITEM(node, struct socket, node);
		if (socket->fd == fd)
			return socket;
	}
	socket = mem_zalloc(sizeof(*socket));
	socket->fd = fd;
	list_push(&channel->sockets, &socket->node);
	return socket;
}

static void
on_socket(void *arg, ares_socket_t fd, int readable, int writable)
{
	struct channel *channel = arg;
	struct socket *socket = socket_of(channel, fd);

	if (!readable && !writable) {
		watch_close(socket->watch);
		list_remove(&socket->node);
		free(socket);
		return;
	}
	if (socket->watch == NULL &&
	    watch_open(&socket->watch, channel->resolver->loop, fd, on_ready,
		channel, NULL) < 0)
		return; /* its queries end by their own time limit */
	watch_set(socket->watch,
	    (readable ? UV_READABLE : 0) | (writable ? UV_WRITABLE : 0));
}

static void
on_tick(uv_timer_t *timer)
{
	struct resolver *resolver = timer->data;
	bool waits = false;

	LIST_EACH (node, &resolver->channels) {
		struct channel *channel = LIST_ITEM(node, struct channel, node);

		ares_process_fd(
		    channel->ares, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
		waits = waits || channel->live + channel->abandoned > 0;
	}
	if (!waits)
		uv_timer_stop(timer);
}

/* NULL when c-ares cannot be set up. */
static struct channel *
channel_new(struct resolver *resolver, int flags)
{
	struct channel *channel = mem_zalloc(sizeof(*channel));
	struct ares_options options = {
		.flags = flags,
		.timeout = TIMEOUT_MS,
		.tries = TRIES,
		.sock_state_cb = on_socket,
		.sock_state_cb_data = channel,
	};

	channel->resolver = resolver;
	list_init(&channel->sockets);
	if (ares_init_options(&channel->ares, &options,
		ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES |
		    ARES_OPT_SOCK_STATE_CB) != ARES_SUCCESS) {
		free(channel);
		return NULL;
	}
	list_push(&resolver->channels, &channel->node);
	return channel;
}

static struct channel *
current_channel(struct resolver *resolver)
{
	struct channel *channel = resolver->current;
	struct stat st = { 0 };

	stat(RESOLV_CONF, &st); /* without one c-ares asks the loopback */
	if (channel != NULL && channel->abandoned < ABANDONED_MAX &&
	    st.st_mtim.tv_sec == resolver->conf_mtime.tv_sec &&
	    st.st_mtim.tv_nsec == resolver->conf_mtime.tv_nsec)
		return channel;
	if (channel != NULL) {
		channel->retired = true;
		wake(resolver); /* it may be free already */
	}
	resolver->conf_mtime = st.st_mtim;
	resolver->current = channel_new(resolver, 0);
	return resolver->current;
}

/* --- looking up ----------------------------------------------------------- */

static struct resolve *
resolve_new(struct resolver *resolver, struct channel *channel,
    resolve_fn *done, void *arg)
{
	struct resolve *resolve = mem_zalloc(sizeof(*resolve));

	resolve->channel = channel;
	resolve->done = done;
	resolve->arg = arg;
	if (channel == NULL) {
		judge(&resolve->found, ARES_ENOTINITIALIZED);
		list_push(&resolver->finished, &resolve->node);
		wake(resolver);
		return resolve;
	}
	list_init(&resolve->node);
	channel->live++;
	if (!uv_is_active((uv_handle_t *)&resolver->tick))
		uv_timer_start(&resolver->tick, on_tick, TICK_MS, TICK_MS);
	return resolve;
}

static void
take_addresses(
    struct resolve *resolve, const struct ares_addrinfo *info, int family)
{
	struct resolved *found = &resolve->found;
	const struct ares_addrinfo_node *node = info->nodes;

	for (; node != NULL; node = node->ai_next) {
		union address *at = &found->addresses[found->n_addresses];

		if (node->ai_family != family ||
		    node->ai_addrlen > sizeof(*at) ||
		    found->n_addresses == RESOLVE_MAX_ADDRESSES)
			continue;
		memcpy(at, node->ai_addr, node->ai_addrlen);
		if (family == AF_INET)
			at->v4.sin_port = htons(resolve->port);
		else
			at->v6.sin6_port = htons(resolve->port);
		found->n_addresses++;
	}
}

static void
on_addresses(void *arg, int status, int timeouts, struct ares_addrinfo *info)
{
	struct resolve *resolve = arg;

	(void)timeouts;
	if (status == ARES_SUCCESS && info != NULL) {
		take_addresses(resolve, info, AF_INET);
		take_addresses(resolve, info, AF_INET6);
		if (resolve->found.n_addresses == 0)
			status = ARES_ENODATA;
	}
	ares_freeaddrinfo(info);
	finish(resolve, status);
}

struct resolve *
resolve_start(struct resolver *resolver, const char *host, uint16_t port,
    resolve_fn *done, void *arg)
{
	static const struct ares_addrinfo_hints hints = {
		.ai_flags = ARES_AI_NOSORT, /* it would open sockets */
		.ai_family = AF_UNSPEC,
		.ai_socktype = SOCK_STREAM,
	};
	struct channel *channel = current_channel(resolver);
	struct resolve *resolve = resolve_new(resolver, channel, done, arg);

	resolve->port = port;
	if (channel != NULL)
		ares_getaddrinfo(
		    channel->ares, host, NULL, &hints, on_addresses, resolve);
	return resolve;
}

static void
on_answer(
    void *arg, int status, int timeouts, unsigned char *answer, int n_answer)
{
	struct resolve *resolve = arg;

	(void)timeouts;
	if (answer != NULL && n_answer > 0) {
		resolve->answer = mem_dup(answer, (size_t)n_answer);
		resolve->found.answer = resolve->answer;
		resolve->found.n_answer = (size_t)n_answer;
	}
	finish(resolve, status);
}

struct resolve *
resolve_query(struct resolver *resolver, const char *server, const char *name,
    int type, resolve_fn *done, void *arg)
{
	/* By default c-ares hides SERVFAIL and REFUSED behind "connection
	 * refused"; here they are what somebody wants to know. */
	struct channel *channel = channel_new(resolver, ARES_FLAG_NOCHECKRESP);
	struct resolve *resolve = resolve_new(resolver, channel, done, arg);
	int status;

	if (channel == NULL)
		return resolve;
	channel->retired = true; /* for this one only */
	status = server == NULL
	    ? ARES_SUCCESS
	    : ares_set_servers_ports_csv(channel->ares, server);
	if (status == ARES_SUCCESS)
		ares_query(
		    channel->ares, name, ns_c_in, type, on_answer, resolve);
	else
		finish(resolve, status);
	return resolve;
}

static bool
is_port(const char *text)
{
	size_t n = strspn(text, "0123456789");
	long port = n >= 1 && n <= 5 ? strtol(text, NULL, 10) : 0;

	return text[n] == '\0' && port >= 1 && port <= 65535;
}

bool
resolve_is_server(const char *server)
{
	bool is_v6 = server[0] == '[', is_address;
	const char *end = strchrnul(server, is_v6 ? ']' : ':');
	char *host =
	    mem_strndup(server + is_v6, (size_t)(end - server) - is_v6);
	union address address;

	is_address = address_parse(&address, host, 0) == 0 &&
	    (address.any.sa_family == AF_INET6) == is_v6;
	free(host);
	if (!is_address || (is_v6 && *end++ != ']'))
		return false;
	return *end == '\0' || (*end == ':' && is_port(end + 1));
}

void
resolve_cancel(struct resolve *resolve)
{
	if (resolve == NULL)
		return;
	resolve->done = NULL;
	if (resolve->node.next != &resolve->node) {
		list_remove(&resolve->node); /* c-ares knows it no more */
		resolve_free(resolve);
		return;
	}
	resolve->channel->live--;
	resolve->channel->abandoned++;
	if (resolve->channel->retired)
		wake(resolve->channel->resolver);
}

/* --- the resolver --------------------------------------------------------- */

struct resolver *
resolver_new(uv_loop_t *loop)
{
	struct resolver *resolver = mem_zalloc(sizeof(*resolver));

	resolver->loop = loop;
	list_init(&resolver->channels);
	list_init(&resolver->finished);
	uv_timer_init(loop, &resolver->tick);
	uv_timer_init(loop, &resolver->soon);
	resolver->tick.data = resolver->soon.data = resolver;
	resolver->n_handles = 2;
	return resolver;
}

static void
on_handle_closed(uv_handle_t *handle)
{
	struct resolver *resolver = handle->data;

	if (--resolver->n_handles > 0)
		return;
	resolver->closed(resolver->closed_arg);
	free(resolver);
}

void
resolver_close(struct resolver *resolver, void (*closed)(void *arg), void *arg)
{
	if (resolver == NULL) {
		closed(arg);
		return;
	}
	assert(list_is_empty(&resolver->finished));
	resolver->closed = closed;
	resolver->closed_arg = arg;
	LIST_EACH (node, &resolver->channels)
		channel_free(LIST_ITEM(node, struct channel, node));
	uv_close((uv_handle_t *)&resolver->tick, on_handle_closed);
	uv_close((uv_handle_t *)&resolver->soon, on_handle_closed);
}
