#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "agent/endpoint.h"
#include "proto/base/mem.h"

#define HOST_MAX_BYTES 253 /* RFC 1035, without the last dot */

static const struct known {
	const char *scheme;
	uint16_t port;
} knowns[] = {
	{ "http", 80 },
	{ "https", 443 },
	{ "ws", 80 },
	{ "wss", 443 },
	{ "postgres", 5432 },
	{ "postgresql", 5432 },
	{ "redis", 6379 },
	{ "rediss", 6379 },
	{ "amqp", 5672 },
	{ "amqps", 5671 },
	{ "mysql", 3306 },
	{ "mariadb", 3306 },
	{ "mongodb", 27017 },
	{ "ldap", 389 },
	{ "ldaps", 636 },
	{ "smtp", 25 },
	{ "smtps", 465 },
	{ "nats", 4222 },
	{ "memcached", 11211 },
	{ "ssh", 22 },
};

uint16_t
endpoint_port_of(const char *scheme)
{
	for (size_t i = 0; i < sizeof(knowns) / sizeof(knowns[0]); i++)
		if (strcmp(knowns[i].scheme, scheme) == 0)
			return knowns[i].port;
	return 0;
}

static bool
is_host(const char *host)
{
	struct in6_addr v6;
	size_t n = strlen(host);

	if (inet_pton(AF_INET6, host, &v6) == 1)
		return true;
	return n > 0 && n <= HOST_MAX_BYTES && host[0] != '.' &&
	    host[0] != '-' &&
	    host[strspn(host,
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"0123456789.-_")] == '\0';
}

static int
read_port(uint16_t *out, const char *digits, size_t n)
{
	unsigned long port = 0;

	if (n == 0 || n > 5)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (!isdigit((unsigned char)digits[i]))
			return -1;
		port = port * 10 + (unsigned long)(digits[i] - '0');
	}
	if (port < 1 || port > 65535)
		return -1;
	*out = (uint16_t)port;
	return 0;
}

/* "HOST", "HOST:PORT", "[V6]:PORT"; -1 when it is none of them. */
static int
read_authority(struct endpoint *out, const char *text, size_t n)
{
	const char *end = text + n, *colon = memrchr(text, ':', n);
	const char *close =
	    n > 0 && text[0] == '[' ? memchr(text, ']', n) : NULL;
	const char *host_end;

	if (close != NULL) {
		text++;
		host_end = close;
		colon = close + 1 < end ? close + 1 : NULL;
		if (colon != NULL && *colon != ':')
			return -1;
	} else {
		host_end = colon != NULL ? colon : end;
	}
	if (colon != NULL &&
	    read_port(&out->port, colon + 1, (size_t)(end - colon - 1)) < 0)
		return -1;
	out->host = mem_strndup(text, (size_t)(host_end - text));
	return is_host(out->host) ? 0 : -1;
}

/* The scheme without a driver ("postgresql+asyncpg"); -1 when it is none. */
static int
read_scheme(struct endpoint *out, const char *text, size_t n)
{
	size_t plain = 0;

	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)text[i]) &&
		    memchr("+.-", text[i], 3) == NULL)
			return -1;
	while (plain < n && text[plain] != '+')
		plain++;
	if (plain == 0 || !isalpha((unsigned char)text[0]))
		return -1;
	out->scheme = mem_strndup(text, plain);
	for (size_t i = 0; i < plain; i++)
		out->scheme[i] = (char)tolower((unsigned char)out->scheme[i]);
	return 0;
}

int
endpoint_parse(struct endpoint *out, const char *text)
{
	struct endpoint found = { 0 };
	const char *at = strstr(text, "://"), *user;
	size_t n, n_path;
	int rc = -1;

	if (at != NULL && read_scheme(&found, text, (size_t)(at - text)) < 0)
		goto out;
	if (at == NULL)
		found.scheme = mem_strdup("");
	at = at != NULL ? at + 3 : text;
	n = strcspn(at, "/?#");
	user = memrchr(at, '@', n);
	if (user != NULL) {
		found.has_more = true;
		n -= (size_t)(user + 1 - at);
		at = user + 1;
	}
	if (read_authority(&found, at, n) < 0)
		goto out;
	n_path = strcspn(at + n, "?#");
	found.path = mem_strndup(at + n, n_path);
	found.has_more = found.has_more || at[n + n_path] != '\0';
	if (found.scheme[0] == '\0' &&
	    (found.port == 0 || found.path[0] != '\0' || found.has_more))
		goto out; /* a word, or a path of a file */
	if (found.port == 0)
		found.port = endpoint_port_of(found.scheme);
	*out = found;
	found = (struct endpoint){ 0 };
	rc = 0;
out:
	endpoint_fini(&found);
	return rc;
}

bool
endpoint_has_name(const struct endpoint *endpoint)
{
	struct in6_addr v6;
	const char *host = endpoint->host;

	return strchr(host, '.') != NULL &&
	    host[strspn(host, "0123456789.")] != '\0' &&
	    inet_pton(AF_INET6, host, &v6) != 1;
}

void
endpoint_fini(struct endpoint *endpoint)
{
	free(endpoint->scheme);
	free(endpoint->host);
	free(endpoint->path);
	*endpoint = (struct endpoint){ 0 };
}
