#include "tests/support/table.h"

#include <stdio.h>
#include <string.h>

#include "proto/peer.h"

static const struct trip {
	const char *name;
	struct peer peer;
} trips[] = {
	{ "a TLS peer comes back as it was",
	    { TRANSPORT_TLS, UINT32_MAX, 7, "vedette://staging/stg-1",
		"10.0.0.7:41822" } },
	{ "an IPC peer comes back with its uid",
	    { TRANSPORT_IPC, 1000, UINT64_MAX, "", "pid 4711" } },
};

/* Every shorter block is refused, and so is every longer claim. */
static void
test_trip(void **state)
{
	const struct trip *row = *state;
	unsigned char block[PEER_BLOCK_MAX_BYTES] = { 0 };
	struct peer again;
	struct err err;
	size_t n = peer_write(block, &row->peer);

	assert_int_equal(peer_read(&again, block, sizeof(block), &err), n);
	assert_int_equal(again.transport, row->peer.transport);
	assert_int_equal(again.uid, row->peer.uid);
	assert_int_equal(again.connection, row->peer.connection);
	assert_string_equal(again.identity, row->peer.identity);
	assert_string_equal(again.address, row->peer.address);
	for (size_t cut = 0; cut < n; cut++)
		assert_int_equal(peer_read(&again, block, cut, &err), -1);
	block[1]++;
	assert_int_equal(peer_read(&again, block, sizeof(block), &err), -1);
}

static const struct right {
	const char *name;
	enum transport transport;
	const char *identity;
	const char *environment, *agent;
	int may_publish, may_ask;
} rights[] = {
	{ "an agent may publish as itself and not ask", TRANSPORT_TLS,
	    "vedette://staging/a", "staging", "a", 0, -1 },
	{ "staging may not publish for production", TRANSPORT_TLS,
	    "vedette://staging/a", "production", "a", -1, -1 },
	{ "an agent may not publish as another", TRANSPORT_TLS,
	    "vedette://staging/a", "staging", "b", -1, -1 },
	{ "a person may ask and not publish", TRANSPORT_TLS,
	    "vedette://user/ann", "staging", "a", -1, 0 },
	{ "no environment is called user", TRANSPORT_TLS, "vedette://user/ann",
	    "user", "ann", -1, 0 },
	{ "a peer without identity may do nothing", TRANSPORT_TLS, "",
	    "staging", "a", -1, -1 },
	{ "a local peer is trusted by where it connects", TRANSPORT_IPC, "",
	    "staging", "a", 0, 0 },
};

static void
test_right(void **state)
{
	const struct right *row = *state;
	struct peer peer = { .transport = row->transport,
		.address = "127.0.0.1:1" };
	struct err err;

	snprintf(peer.identity, sizeof(peer.identity), "%s", row->identity);
	assert_int_equal(
	    peer_is_agent(&peer, row->environment, row->agent, &err),
	    row->may_publish);
	assert_int_equal(peer_is_user(&peer, &err), row->may_ask);
}

int
main(void)
{
	return TABLE_RUN(trips, test_trip) + TABLE_RUN(rights, test_right);
}
