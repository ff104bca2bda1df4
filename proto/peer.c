#include <stdio.h>
#include <string.h>

#include "proto/base/text.h"
#include "proto/peer.h"

/* Size (2), transport (1), uid (4), connection (8), then identity and address
 * with one byte of length each; all big-endian. */
#define FIXED_BYTES 17

static unsigned char *
put_number(unsigned char *at, uint64_t value, size_t n)
{
	for (size_t i = 0; i < n; i++)
		at[i] = (unsigned char)(value >> 8 * (n - 1 - i));
	return at + n;
}

static uint64_t
get_number(const unsigned char *at, size_t n)
{
	uint64_t value = 0;

	for (size_t i = 0; i < n; i++)
		value = value << 8 | at[i];
	return value;
}

static unsigned char *
put_text(unsigned char *at, const char *text)
{
	size_t n = strlen(text);

	*at = (unsigned char)n;
	memcpy(at + 1, text, n);
	return at + 1 + n;
}

size_t
peer_write(unsigned char out[PEER_BLOCK_MAX_BYTES], const struct peer *peer)
{
	unsigned char *at = out + 2;
	size_t n;

	_Static_assert(
	    FIXED_BYTES + sizeof(peer->identity) + sizeof(peer->address) <=
		PEER_BLOCK_MAX_BYTES,
	    "a block has room for both texts");
	at = put_number(at, peer->transport, 1);
	at = put_number(at, peer->uid, 4);
	at = put_number(at, peer->connection, 8);
	at = put_text(at, peer->identity);
	at = put_text(at, peer->address);
	n = (size_t)(at - out);
	put_number(out, n, 2);
	return n;
}

/* Copies a text of one length byte; returns what follows, or NULL. */
static const unsigned char *
get_text(
    char *out, size_t room, const unsigned char *at, const unsigned char *end)
{
	size_t n;

	if (at == NULL || at == end)
		return NULL;
	n = *at++;
	if (n >= room || n > (size_t)(end - at))
		return NULL;
	memcpy(out, at, n);
	out[n] = '\0';
	return at + n;
}

int
peer_read(
    struct peer *out, const unsigned char *bytes, size_t n, struct err *err)
{
	const unsigned char *at = bytes, *end;
	size_t size = n < FIXED_BYTES ? 0 : get_number(bytes, 2);

	if (size < FIXED_BYTES || size > n || bytes[2] > TRANSPORT_TLS)
		return err_set(err, ERR_INVALID, "malformed peer block");
	end = bytes + size;
	out->transport = (enum transport)at[2];
	out->uid = (uint32_t)get_number(at + 3, 4);
	out->connection = get_number(at + 7, 8);
	at = get_text(out->identity, sizeof(out->identity), at + 15, end);
	at = get_text(out->address, sizeof(out->address), at, end);
	if (at != end)
		return err_set(err, ERR_INVALID, "malformed peer block");
	return (int)size;
}

int
peer_is_agent(const struct peer *peer, const char *environment,
    const char *agent, struct err *err)
{
	char wanted[sizeof(peer->identity)];

	if (peer->transport != TRANSPORT_TLS)
		return 0;
	snprintf(wanted, sizeof(wanted), "vedette://%s/%s", environment, agent);
	if (strcmp(peer->identity, wanted) == 0 &&
	    strcmp(environment, "user") != 0)
		return 0;
	return err_set(err, ERR_DENIED,
	    "the certificate of %s says %s and may not publish for %s",
	    peer->address, peer->identity, wanted);
}

int
peer_is_user(const struct peer *peer, struct err *err)
{
	static const char prefix[] = "vedette://user/";

	if (peer->transport != TRANSPORT_TLS)
		return 0;
	if (strncmp(peer->identity, prefix, sizeof(prefix) - 1) == 0 &&
	    text_is_name(peer->identity + sizeof(prefix) - 1))
		return 0;
	return err_set(err, ERR_DENIED,
	    "the certificate of %s says %s and may not ask; it needs "
	    "vedette://user/NAME",
	    peer->address, peer->identity);
}

char *
peer_who(char out[PEER_WHO_BYTES], const struct peer *peer)
{
	if (peer->identity[0] != '\0')
		snprintf(out, PEER_WHO_BYTES, "%s", peer->identity);
	else if (peer->transport == TRANSPORT_IPC)
		snprintf(out, PEER_WHO_BYTES, "uid %u", peer->uid);
	else
		snprintf(out, PEER_WHO_BYTES, "%s", peer->address);
	return out;
}
