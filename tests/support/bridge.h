/*
 * bridge.h - what an edge does to messages, without a network.
 *
 * A device of nng between rpc_client and rpc_server: a raw REP socket that the
 * client dials, a raw REQ socket that dials the server, and between them the
 * peer's block of peer.h put before each request.
 */
#ifndef TESTS_SUPPORT_BRIDGE_H
#define TESTS_SUPPORT_BRIDGE_H

#include <nng/nng.h>
#include <nng/protocol/reqrep0/rep.h>
#include <nng/protocol/reqrep0/req.h>

#include "proto/peer.h"
#include "tests/support/table.h"

struct bridge_way {
	nng_socket from, to;
	nng_aio *receiving, *sending;
	const struct peer *peer; /* NULL on the way back */
};

struct bridge {
	nng_socket rep, req;
	struct peer peer;
	struct bridge_way there, back;
};

/* A copy with the block before it: nng_msg_insert() of nng 1.5.2 writes past
 * the end of a message whose start was moved. */
static inline nng_msg *
bridge_introduce(nng_msg *msg, const struct peer *peer)
{
	unsigned char block[PEER_BLOCK_MAX_BYTES];
	size_t n = peer_write(block, peer);
	nng_msg *copy;

	assert_int_equal(nng_msg_alloc(&copy, 0), 0);
	nng_msg_header_append(
	    copy, nng_msg_header(msg), nng_msg_header_len(msg));
	nng_msg_append(copy, block, n);
	nng_msg_append(copy, nng_msg_body(msg), nng_msg_len(msg));
	nng_msg_free(msg);
	return copy;
}

static inline void
bridge_on_receive(void *arg)
{
	struct bridge_way *way = arg;
	nng_msg *msg;

	if (nng_aio_result(way->receiving) != 0)
		return;
	msg = nng_aio_get_msg(way->receiving);
	if (way->peer != NULL)
		msg = bridge_introduce(msg, way->peer);
	nng_aio_set_msg(way->sending, msg);
	nng_send_aio(way->to, way->sending);
}

static inline void
bridge_on_sent(void *arg)
{
	struct bridge_way *way = arg;

	if (nng_aio_result(way->sending) != 0) {
		nng_msg_free(nng_aio_get_msg(way->sending));
		return;
	}
	nng_recv_aio(way->from, way->receiving);
}

static inline void
bridge_way_open(struct bridge_way *way, nng_socket from, nng_socket to)
{
	way->from = from;
	way->to = to;
	assert_int_equal(
	    nng_aio_alloc(&way->receiving, bridge_on_receive, way), 0);
	assert_int_equal(nng_aio_alloc(&way->sending, bridge_on_sent, way), 0);
	nng_recv_aio(from, way->receiving);
}

/* The server listens at inside already; clients will dial outside. */
static inline void
bridge_open(struct bridge *bridge, const char *outside, const char *inside,
    const struct peer *peer)
{
	*bridge = (struct bridge){ .peer = *peer };
	assert_int_equal(nng_rep0_open_raw(&bridge->rep), 0);
	assert_int_equal(nng_req0_open_raw(&bridge->req), 0);
	nng_socket_set_int(bridge->rep, NNG_OPT_SENDBUF, 64);
	nng_socket_set_int(bridge->req, NNG_OPT_SENDBUF, 64);
	assert_int_equal(nng_listen(bridge->rep, outside, NULL, 0), 0);
	assert_int_equal(nng_dial(bridge->req, inside, NULL, 0), 0);
	bridge->there.peer = &bridge->peer;
	bridge_way_open(&bridge->there, bridge->rep, bridge->req);
	bridge_way_open(&bridge->back, bridge->req, bridge->rep);
}

static inline void
bridge_close(struct bridge *bridge)
{
	nng_close(bridge->rep);
	nng_close(bridge->req);
	nng_aio_free(bridge->there.receiving);
	nng_aio_free(bridge->back.receiving);
	nng_aio_free(bridge->there.sending);
	nng_aio_free(bridge->back.sending);
}

#endif
