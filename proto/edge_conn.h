/*
 * edge_conn.h - one connection of an edge: frames in, frames out, deadlines.
 *
 * Used by both sides.  It owns the descriptor, connects, shakes hands, cuts
 * what arrives into frames, and writes what is queued; who the peer may be
 * and what a frame means is its user's business (struct conn_events).
 */
#ifndef PROTO_EDGE_CONN_H
#define PROTO_EDGE_CONN_H

#include "proto/edge.h"
#include "proto/edge_deadline.h"
#include "proto/edge_link.h"
#include "proto/edge_outbox.h"
#include "proto/edge_url.h"
#include "proto/edge_wire.h"

struct conn;

struct conn_events {
	/* The peer's SP header names this protocol; identity and address are
	 * known.  Returning -1 closes. */
	int (*on_hello)(struct conn *conn, uint16_t protocol, struct err *err);
	/* A frame, borrowed for the call.  Returning -1 closes. */
	int (*on_frame)(struct conn *conn, const unsigned char *bytes, size_t n,
	    struct err *err);
	/* A queued frame is with the kernel. */
	void (*on_written)(struct conn *conn);
	/* It ended, for this reason; no other call follows but on_freed. */
	void (*on_closed)(struct conn *conn, const struct err *why);
	/* The memory is the caller's again. */
	void (*on_freed)(struct conn *conn);
};

/* What the connections of one edge share. */
struct conn_shared {
	uv_loop_t *loop;
	struct edge_limits limits; /* without zeros */
	struct edge_counts counts;
	struct deadlines deadlines;
	const struct conn_events *events;
	const struct clock *clock;
	unsigned char *scratch;  /* to read into; of CONN_SCRATCH_BYTES */
	unsigned char *gathered; /* to write from; of LINK_SCRATCH_BYTES */
};

#define CONN_SCRATCH_BYTES 16384

void conn_shared_init(struct conn_shared *shared, uv_loop_t *loop,
    const struct clock *clock, const struct edge_limits *limits,
    const struct conn_events *events);

/* After the last connection was freed; closed is called from the loop. */
void conn_shared_fini(struct conn_shared *shared, uv_close_cb closed);

enum conn_state {
	CONN_CONNECTING,
	CONN_SECURING, /* TLS shakes hands */
	CONN_GREETING, /* waits for the peer's SP header */
	CONN_OPEN,
	CONN_CLOSED,
};

/* Embedded by its user; read only but for what is said. */
struct conn {
	struct conn_shared *shared;
	enum conn_state state;
	struct peer peer; /* connection is the user's to set */

	uv_poll_t poll;
	struct link link;
	int watched;
	bool paused, reading;
	struct wire wire;
	unsigned char *stash; /* arrived, but not taken while paused */
	size_t n_stash, stash_at;
	struct outbox outbox;
	uint16_t hello;              /* of the connecting side */
	size_t got_bytes, put_bytes; /* since the deadline was started */
	struct deadline waiting;     /* for the handshake, or idle */
	struct deadline getting, putting;
};

/* Starts with an accepted descriptor, which it takes.  context is for TLS. */
void conn_accept(struct conn *conn, struct conn_shared *shared, int fd,
    enum transport transport, struct tls_context *context);

/* Where to connect; borrowed for the call, server_name for the connection's
 * life. */
struct conn_target {
	const struct edge_address *address;
	enum transport transport;
	uint16_t hello;              /* the protocol that we speak */
	struct tls_context *context; /* for TLS */
	const char *server_name;     /* for TLS */
};

/* Starts connecting; the outcome is on_hello or on_closed. */
int conn_connect(struct conn *conn, struct conn_shared *shared,
    const struct conn_target *target, struct err *err);

/* Queues a parcel, borrowing the caller's reference; conn_flush() sends. */
void conn_queue(struct conn *conn, struct parcel *parcel);
void conn_flush(struct conn *conn);

/* Stops and starts giving frames.  May be called from on_frame and
 * on_written. */
void conn_pause(struct conn *conn);
void conn_resume(struct conn *conn);

/* The idle time, after which it is closed, starts (again) or is of no
 * interest. */
void conn_start_idle(struct conn *conn);
void conn_cancel_idle(struct conn *conn);

/* Closes at once; on_closed is called from here, on_freed later.  Nothing
 * happens when it is closed already. */
void conn_close(struct conn *conn, const struct err *why);

#endif
