/*
 * edge.h - carries nng's messages between processes, on libuv and OpenSSL.
 *
 * The edge faces the network so that nng need not (docs/architecture.md,
 * "Why an edge").  Outside it speaks nng's own wire mapping: an 8-byte SP
 * header each way, then messages of 64-bit length, over
 *
 *   ipc:///path            Unix socket; the peer's uid is known
 *                          (messages carry nng's leading type byte)
 *   tcp://host:port        loopback only, unless insecure is set
 *   tls+tcp://host:port    TLS 1.3, client certificate required, the peer's
 *                          identity is its SAN URI
 *
 * Inside it is an nng device: raw nng sockets on inproc:// addresses, with the
 * connection's number pushed on each message's header.  A listening edge takes
 * two kinds of peer at the same address, told apart by their SP header:
 *
 *   REQ peers   their requests go to a REP socket (raw REQ here), or to the
 *               rpc_server on the same loop, each after a block of peer.h;
 *   SUB peers   everything published inside goes to them, as far as their
 *               queue has room; what does not fit is dropped and counted.
 *
 * A dialling edge is the mirror: REQ sockets inside (REP contexts here, one
 * for each request in flight), or SUB sockets.
 *
 * All functions and callbacks belong to the loop's thread.  A bad peer costs
 * its own connection, is counted, and nothing else.  All deadlines are timers
 * of the loop, so they are monotonic.
 */
#ifndef PROTO_EDGE_H
#define PROTO_EDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "proto/base/clock.h"
#include "proto/base/err.h"
#include "proto/base/random.h"
#include "proto/passage.h"
#include "proto/peer.h"

/* Files are PEM; the key must be readable by its owner alone. */
struct edge_tls {
	const char *ca_file, *certificate_file, *key_file;
	const char *revoked_file; /* CRL; NULL for none */
};

/* A zero means the default in brackets. */
struct edge_limits {
	size_t frame_bytes;    /* received, largest [256 KiB] */
	uint32_t connections;  /* [9/10 of RLIMIT_NOFILE] */
	uint32_t handshaking;  /* per address; the oldest gives way [256] */
	uint32_t in_flight;    /* requests per connection, then no more is
				  read from it (dialling: from inside) [16] */
	size_t queue_bytes;    /* unsent to one SUB peer [4 MiB] */
	uint32_t handshake_ms; /* connect, TLS and SP header [10000] */
	uint32_t progress_ms;  /* a begun frame, either way: a whole frame
				    or 64 KiB of it within this [10000] */
	uint32_t idle_ms;      /* a REQ peer without any request; dialling:
				  requests without any reply [60000] */
};

/* What happened since the start; only ever grows, but for open. */
struct edge_counts {
	uint64_t accepted, open, handshakes_refused, handshakes_late;
	uint64_t frames_in, frames_out, frames_too_large, frames_malformed;
	uint64_t idle_closed, stalled_closed, evicted, dropped_events;
	uint64_t certificate_refused;
};

/* --- listening ---------------------------------------------------------- */

struct edge_server;

struct edge_server_setup {
	uv_loop_t *loop;
	const struct clock *clock;
	struct edge_limits limits;
	struct passage *passage; /* to who serves on the same loop; borrowed
				    until closed; or NULL, and then ... */
	const char *rep_address; /* inproc:// of a REP socket, which listens */
	const char *pub_address; /* inproc:// of a PUB socket; NULL for none */
	/* Told of a refused peer in words for the log; may be NULL. */
	void (*on_refused)(
	    void *arg, const struct peer *peer, const struct err *why);
	void *arg;
};

/* Connects to the inside, whose sockets must listen already. */
int edge_server_new(struct edge_server **out,
    const struct edge_server_setup *setup, struct err *err);

/* Adds an address.  insecure allows tcp:// beyond the loopback; tls is
 * required for tls+tcp:// and copied.  Port 0 takes a free one.  A stale IPC
 * socket file is replaced, one that is served is not. */
int edge_server_listen(struct edge_server *server, const char *url,
    bool insecure, const struct edge_tls *tls, struct err *err);

/* The address of the last listen as it came out, port included. */
const char *edge_server_url(const struct edge_server *server);

/* Reads certificate, key, CA and CRL again.  Connections whose certificate
 * is no longer acceptable are closed.  On failure the old ones stay. */
int edge_server_reload(struct edge_server *server, struct err *err);

const struct edge_counts *edge_server_counts(const struct edge_server *server);

/* Does any SUB peer listen?  Who publishes may save itself the work. */
bool edge_server_has_subscribers(const struct edge_server *server);

/* Stops at once; answers that came through the passage are written first, as
 * far as the kernel takes them.  done is called from the loop when everything
 * is closed and the server is freed. */
void edge_server_close(
    struct edge_server *server, void (*done)(void *arg), void *arg);

/* --- dialling ----------------------------------------------------------- */

struct edge_client;

enum edge_pattern { EDGE_REQ, EDGE_SUB };

struct edge_client_setup {
	uv_loop_t *loop;
	const struct clock *clock;
	const struct random *random;
	struct edge_limits limits; /* frame_bytes defaults to 16 MiB here */
	enum edge_pattern pattern;
	const char *inside_address; /* inproc:// where this edge listens: REQ
				       and SUB sockets of ours dial it */
	const char *const *urls;    /* tried in turn; copied */
	size_t n_urls;
	bool insecure;
	const struct edge_tls *tls; /* copied; NULL without tls+tcp:// */
	const char *server_name;    /* in the server's certificate; NULL: the
				       host of the URL.  Always checked. */
	uint32_t retry_min_ms, retry_max_ms; /* full jitter up to the time
				       nothing has worked; [1000, 300000] */
	/* Connected, SP header exchanged: requests will travel. */
	void (*on_up)(void *arg, const char *url);
	/* Not connected: why, and when the next try is.  Requests under way
	 * are lost; nothing is sent again by the edge.  Also called for each
	 * try in vain. */
	void (*on_down)(void *arg, const char *url, const struct err *why,
	    uint32_t retry_ms);
	void *arg;
};

int edge_client_new(struct edge_client **out,
    const struct edge_client_setup *setup, struct err *err);

bool edge_client_is_up(const struct edge_client *client);

/* Tries again now instead of waiting for the back-off. */
void edge_client_hurry(struct edge_client *client);

/* Gives up the connection that is up, if any, and goes on to the next URL:
 * for a peer that answers, but of no use.  on_down follows from the loop. */
void edge_client_skip(struct edge_client *client);

const struct edge_counts *edge_client_counts(const struct edge_client *client);

void edge_client_close(
    struct edge_client *client, void (*done)(void *arg), void *arg);

#endif
