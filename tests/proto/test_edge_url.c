#include "tests/support/table.h"

#include <string.h>

#include "proto/edge_url.h"

static const struct url {
	const char *name, *url;
	const char *address; /* NULL: refused */
	bool is_local;
	const char *why;
} urls[] = {
	{ "a tcp address is read", "tcp://127.0.0.1:7000", "127.0.0.1:7000",
	    true, NULL },
	{ "port 0 asks for a free one", "tcp://127.8.8.8:0", "127.8.8.8:0",
	    true, NULL },
	{ "localhost is an address", "tcp://localhost:1", "127.0.0.1:1", true,
	    NULL },
	{ "a star is all of this host", "tls+tcp://*:7443", "0.0.0.0:7443",
	    false, NULL },
	{ "an ipv6 address stands in brackets", "tcp://[::1]:7000",
	    "[::1]:7000", true, NULL },
	{ "an address of the network is not local", "tcp://[2001:db8::1]:7000",
	    "[2001:db8::1]:7000", false, NULL },
	{ "ipv4 in ipv6 is told apart", "tcp://[::ffff:10.0.0.1]:7000",
	    "10.0.0.1:7000", false, NULL },
	{ "a unix socket is local", "ipc:///run/edge.sock", "", true, NULL },
	{ "a name must be looked up", "tcp://collector:7000", NULL, false,
	    "collector is a name, not an address" },
	{ "a relative path is refused", "ipc://run/edge.sock", NULL, false,
	    "write the path of the socket from the root" },
	{ "a long path is refused",
	    "ipc:///0123456789012345678901234567890123456789012345678901234567"
	    "890123456789012345678901234567890123456789012345678901234567",
	    NULL, false, "at most 107 bytes" },
	{ "another scheme is refused", "http://127.0.0.1:7000", NULL, false,
	    "unknown kind of address" },
	{ "a missing port is refused", "tcp://127.0.0.1", NULL, false,
	    "write tcp://host:port" },
	{ "an empty port is refused", "tcp://127.0.0.1:", NULL, false,
	    "write tcp://host:port" },
	{ "a port of letters is refused", "tcp://127.0.0.1:http", NULL, false,
	    "write tcp://host:port" },
	{ "a port past the last is refused", "tcp://127.0.0.1:65536", NULL,
	    false, "write tcp://host:port" },
	{ "a missing host is refused", "tls+tcp://:7000", NULL, false,
	    "write tls+tcp://host:port" },
	{ "a path after the port is refused", "tcp://127.0.0.1:7000/", NULL,
	    false, "write tcp://host:port" },
	{ "an open bracket is refused", "tcp://[::1:7000", NULL, false,
	    "brackets" },
};

static void
test_url(void **state)
{
	const struct url *row = *state;
	struct edge_address address;
	char text[EDGE_ADDRESS_BYTES];
	struct edge_url url;
	struct err err;
	int rc;

	rc = edge_url_parse(&url, row->url, &err);
	if (rc == 0)
		rc = edge_url_address(&address, &url, &err);
	if (row->address == NULL) {
		assert_int_equal(rc, -1);
		assert_non_null(strstr(err.text, row->why));
		return;
	}
	assert_int_equal(rc, 0);
	assert_string_equal(
	    edge_address_text(text, &address, true), row->address);
	assert_int_equal(edge_address_is_local(&address), row->is_local);
}

int
main(void)
{
	return TABLE_RUN(urls, test_url);
}
