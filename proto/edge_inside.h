/*
 * edge_inside.h - the inner face of an edge: one raw nng socket on inproc://.
 *
 * A raw socket shows the words before a message (connections, request id) as
 * the message's header, so the edge can be an nng device.  Messages are taken
 * in bursts when nng's descriptor says so; nng's own threads never call us.
 */
#ifndef PROTO_EDGE_INSIDE_H
#define PROTO_EDGE_INSIDE_H

#include <nng/nng.h>
#include <uv.h>

#include "proto/base/err.h"

enum inside_kind {
	INSIDE_REQ, /* dials a REP socket */
	INSIDE_SUB, /* dials a PUB socket */
	INSIDE_PUB, /* listens for SUB sockets */
};

struct inside;

struct inside_events {
	/* Takes msg. */
	void (*on_message)(void *arg, nng_msg *msg);
	/* Those that waited were all given: time to write. */
	void (*on_burst)(void *arg);
	/* There is room again, after INSIDE_FULL. */
	void (*on_room)(void *arg);
};

/* Events are borrowed until closed.  Receiving starts with inside_resume(). */
int inside_open(struct inside **out, uv_loop_t *loop, enum inside_kind kind,
    const char *address, const struct inside_events *events, void *arg,
    struct err *err);

enum inside_sent { INSIDE_SENT, INSIDE_FULL };

/* Takes msg when sent.  When full, it stays the caller's, and on_room comes
 * later. */
enum inside_sent inside_send(struct inside *inside, nng_msg *msg);

/* Stops and starts receiving; what comes meanwhile waits.  Both may be called
 * from on_message. */
void inside_pause(struct inside *inside);
void inside_resume(struct inside *inside);

/* Throws away what waits. */
void inside_forget(struct inside *inside);

/* closed is called from the loop; inside is freed. */
void inside_close(struct inside *inside, void (*closed)(void *arg), void *arg);

#endif
