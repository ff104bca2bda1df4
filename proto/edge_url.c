#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#include "proto/edge_url.h"

static const struct scheme {
	const char *prefix;
	enum transport transport;
} schemes[] = {
	{ "ipc://", TRANSPORT_IPC },
	{ "tcp://", TRANSPORT_TCP },
	{ "tls+tcp://", TRANSPORT_TLS },
};

/* Reads "host:port" or "[host]:port" to its end. */
static int
parse_host(struct edge_url *out, const char *text)
{
	const char *end, *colon;
	unsigned long port = 0;
	size_t n;

	if (*text == '[') {
		end = strchr(++text, ']');
		colon = end != NULL ? end + 1 : NULL;
	} else {
		end = colon = strchr(text, ':');
	}
	if (end == NULL || end == text || *colon != ':' || colon[1] == '\0')
		return -1;
	n = (size_t)(end - text);
	if (n >= sizeof(out->host) || memchr(text, '/', n) != NULL)
		return -1;
	memcpy(out->host, text, n);
	for (const char *at = colon + 1; *at != '\0'; at++) {
		if (*at < '0' || *at > '9')
			return -1;
		port = port * 10 + (unsigned long)(*at - '0');
		if (port > UINT16_MAX)
			return -1;
	}
	out->port = (uint16_t)port;
	return 0;
}

int
edge_url_parse(struct edge_url *out, const char *url, struct err *err)
{
	const struct scheme *scheme = NULL;
	const char *rest;

	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		if (strncmp(
			url, schemes[i].prefix, strlen(schemes[i].prefix)) == 0)
			scheme = &schemes[i];
	}
	if (scheme == NULL)
		return err_set(err, ERR_INVALID,
		    "%s: unknown kind of address; write ipc:///path, "
		    "tcp://host:port or tls+tcp://host:port",
		    url);
	out->transport = scheme->transport;
	rest = url + strlen(scheme->prefix);
	if (scheme->transport != TRANSPORT_IPC) {
		if (parse_host(out, rest) < 0)
			return err_set(err, ERR_INVALID,
			    "%s: write %shost:port, an IPv6 address in "
			    "brackets",
			    url, scheme->prefix);
		return 0;
	}
	if (rest[0] != '/')
		return err_set(err, ERR_INVALID,
		    "%s: write the path of the socket from the root: "
		    "ipc:///path",
		    url);
	if (strlen(rest) >= sizeof(out->path))
		return err_set(err, ERR_LIMIT,
		    "%s: the path of a socket has at most %zu bytes", url,
		    sizeof(out->path) - 1);
	snprintf(out->path, sizeof(out->path), "%s", rest);
	return 0;
}

static void
set_path(struct edge_address *out, const char *path)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };

	memcpy(un.sun_path, path, strlen(path) + 1);
	memcpy(&out->storage, &un, sizeof(un));
	out->n = sizeof(un);
}

int
edge_url_address(
    struct edge_address *out, const struct edge_url *url, struct err *err)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
	const char *host = url->host;

	memset(out, 0, sizeof(*out));
	if (url->transport == TRANSPORT_IPC) {
		set_path(out, url->path);
		return 0;
	}
	if (strcmp(host, "localhost") == 0)
		host = "127.0.0.1";
	if (strcmp(host, "*") == 0)
		host = "0.0.0.0";
	if (inet_pton(AF_INET, host, &in.sin_addr) == 1) {
		memcpy(&out->storage, &in, sizeof(in));
		out->n = sizeof(in);
	} else if (inet_pton(AF_INET6, host, &in6.sin6_addr) == 1) {
		memcpy(&out->storage, &in6, sizeof(in6));
		out->n = sizeof(in6);
	} else {
		return err_set(
		    err, ERR_NOT_FOUND, "%s is a name, not an address", host);
	}
	edge_address_set_port(out, url->port);
	return 0;
}

void
edge_address_set_port(struct edge_address *address, uint16_t port)
{
	if (address->any.sa_family == AF_INET)
		((struct sockaddr_in *)(void *)&address->storage)->sin_port =
		    htons(port);
	else if (address->any.sa_family == AF_INET6)
		((struct sockaddr_in6 *)(void *)&address->storage)->sin6_port =
		    htons(port);
}

uint16_t
edge_address_port(const struct edge_address *address)
{
	const void *any = &address->storage;

	if (address->any.sa_family == AF_INET)
		return ntohs(((const struct sockaddr_in *)any)->sin_port);
	if (address->any.sa_family == AF_INET6)
		return ntohs(((const struct sockaddr_in6 *)any)->sin6_port);
	return 0;
}

/* The IPv4 address in an IPv6 one, or NULL. */
static const unsigned char *
mapped(const struct sockaddr_in6 *in6)
{
	return IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr)
	    ? in6->sin6_addr.s6_addr + 12
	    : NULL;
}

bool
edge_address_is_local(const struct edge_address *address)
{
	const void *any = &address->storage;
	const struct sockaddr_in *in = any;
	const struct sockaddr_in6 *in6 = any;

	switch (address->any.sa_family) {
	case AF_UNIX:
		return true;
	case AF_INET:
		return ntohl(in->sin_addr.s_addr) >> 24 == 127;
	case AF_INET6:
		if (mapped(in6) != NULL)
			return *mapped(in6) == 127;
		return IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr);
	default:
		return false;
	}
}

char *
edge_address_text(char out[EDGE_ADDRESS_BYTES],
    const struct edge_address *address, bool with_port)
{
	const void *any = &address->storage;
	const struct sockaddr_in *in = any;
	const struct sockaddr_in6 *in6 = any;
	char host[INET6_ADDRSTRLEN] = "";
	bool bracketed = false;

	if (address->any.sa_family == AF_INET) {
		inet_ntop(AF_INET, &in->sin_addr, host, sizeof(host));
	} else if (address->any.sa_family == AF_INET6 && mapped(in6) != NULL) {
		inet_ntop(AF_INET, mapped(in6), host, sizeof(host));
	} else if (address->any.sa_family == AF_INET6) {
		inet_ntop(AF_INET6, &in6->sin6_addr, host, sizeof(host));
		bracketed = true;
	} else {
		with_port = false;
	}
	snprintf(out, EDGE_ADDRESS_BYTES, bracketed ? "[%s]" : "%s", host);
	if (with_port)
		snprintf(out + strlen(out), EDGE_ADDRESS_BYTES - strlen(out),
		    ":%u", edge_address_port(address));
	return out;
}
