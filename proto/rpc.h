/*
 * rpc.h - calls: the transport that protobuf-c's generated services lack.
 *
 * A client is a ProtobufCService whose invoke travels over an nng REQ
 * context; a server hands an incoming call to a registered ProtobufCService by
 * its descriptor.  One envelope each way (envelope.proto): call id,
 * "package.Service/Method", time left, metadata, payload; status, message,
 * retry delay, payload.  Statuses and their meaning are gRPC's
 * (https://grpc.io/docs/guides/status-codes/).
 *
 * nng lives inside the process only; proto/edge carries the messages out.
 * All functions and callbacks belong to the loop's thread; what nng's own
 * threads deliver crosses over in one place.
 */
#ifndef PROTO_RPC_H
#define PROTO_RPC_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "proto/base/clock.h"
#include "proto/base/err.h"
#include "proto/passage.h"
#include "proto/peer.h"

enum rpc_code {
	RPC_OK = 0,
	RPC_CANCELLED = 1,
	RPC_UNKNOWN = 2,
	RPC_INVALID_ARGUMENT = 3,
	RPC_DEADLINE_EXCEEDED = 4,
	RPC_NOT_FOUND = 5,
	RPC_ALREADY_EXISTS = 6,
	RPC_PERMISSION_DENIED = 7,
	RPC_RESOURCE_EXHAUSTED = 8,
	RPC_FAILED_PRECONDITION = 9,
	RPC_ABORTED = 10,
	RPC_OUT_OF_RANGE = 11,
	RPC_UNIMPLEMENTED = 12,
	RPC_INTERNAL = 13,
	RPC_UNAVAILABLE = 14,
	RPC_DATA_LOSS = 15,
	RPC_UNAUTHENTICATED = 16,
};

const char *rpc_code_name(enum rpc_code code); /* "DEADLINE_EXCEEDED" */

struct rpc_status {
	enum rpc_code code;
	uint32_t retry_ms; /* with UNAVAILABLE: not before; 0 when unknown */
	char message[512]; /* "" when OK */
};

/* --- serving ------------------------------------------------------------ */

struct rpc_server;

struct rpc_server_setup {
	uv_loop_t *loop;
	const struct clock *clock;
	struct passage *passage; /* from the edge on the same loop; borrowed
				    until closed; or NULL, and then ... */
	const char *address;     /* inproc:// that the REP socket listens on */
	uint32_t contexts;       /* calls that services work on [256] */
	uint32_t queue;          /* calls that wait for their turn, of 64 MiB
				  together; more are told UNAVAILABLE [1024] */
	uint32_t busy_retry_ms;  /* what they are told to wait [1000] */
	size_t request_bytes;    /* largest that is unpacked [256 KiB] */
	size_t reply_bytes;      /* largest that is sent [16 MiB] */
};

/* Only ever grow.  Of the calls that came, answered were (whatever the
 * status), refused_busy found no room, cancelled were under way at the end.
 * malformed, unknown_method and late are among the answered. */
struct rpc_counts {
	uint64_t calls, answered, refused_busy, malformed, unknown_method, late,
	    cancelled;
};

int rpc_server_new(struct rpc_server **out,
    const struct rpc_server_setup *setup, struct err *err);

/* Adds a service, borrowed until the server is closed.  Its methods get an
 * rpc_call as closure_data; they answer once, now or later: with the closure
 * (message borrowed for the call; the status is OK), or rpc_call_fail().  The
 * request is borrowed until then.
 *
 * What is wrong with a call is answered here: INVALID_ARGUMENT for bytes that
 * are malformed or text that is not UTF-8, RESOURCE_EXHAUSTED for what is too
 * large or would unpack so, UNIMPLEMENTED, UNAVAILABLE when too many wait,
 * DEADLINE_EXCEEDED when the caller has stopped waiting before its turn. */
void rpc_server_add(struct rpc_server *server, ProtobufCService *service);

struct rpc_call;

const struct peer *rpc_call_peer(const struct rpc_call *call);

/* Milliseconds until the caller stops waiting; INT64_MAX without deadline. */
int64_t rpc_call_left_ms(const struct rpc_call *call);

/* Size of the request on the wire. */
size_t rpc_call_bytes(const struct rpc_call *call);

/* Memory that lives as long as the call; zeroed. */
struct arena *rpc_call_arena(struct rpc_call *call);
void *rpc_call_zalloc(struct rpc_call *call, size_t size);

/* Answers OK with a message of the method's output, borrowed for the call: what
 * the closure does.  The call is gone afterwards. */
void rpc_call_answer(struct rpc_call *call, const ProtobufCMessage *answer);

/* Answers with a status other than OK.  The call is gone afterwards. */
void rpc_call_fail(struct rpc_call *call, enum rpc_code code, uint32_t retry_ms,
    const char *format, ...) __attribute__((format(printf, 4, 5)));

const struct rpc_counts *rpc_server_counts(const struct rpc_server *server);

/* Stops; unanswered calls are gone and may not be answered any more.  done is
 * called from the loop when the server is freed. */
void
rpc_server_close(struct rpc_server *server, void (*done)(void *arg), void *arg);

/* --- calling ------------------------------------------------------------ */

struct rpc_client;

struct rpc_client_setup {
	uv_loop_t *loop;
	const struct clock *clock;
	const char *address;  /* inproc:// of edge_client's inside */
	size_t reply_bytes;   /* largest reply that is unpacked [16 MiB] */
	size_t request_bytes; /* largest that is sent [256 KiB] */
};

int rpc_client_new(struct rpc_client **out,
    const struct rpc_client_setup *setup, struct err *err);

/* A ProtobufCService for the descriptor, owned by the caller, who frees it
 * with rpc_stub_free() before the client.  Give it to the generated stubs
 * (vedette__publish__send() and so on).  Their closure is called once, from
 * the loop, never from inside the call: with the reply, borrowed for the
 * call, or with NULL; then rpc_client_status() says why. */
ProtobufCService *rpc_stub_new(
    struct rpc_client *client, const ProtobufCServiceDescriptor *descriptor);
void rpc_stub_free(ProtobufCService *stub);

/* The deadline of calls from now on; 30 s at first. */
void rpc_client_set_deadline(struct rpc_client *client, uint32_t ms);

/* Of the reply whose closure is running.  INTERNAL: the reply was malformed;
 * UNAVAILABLE: the connection was lost, or the server is busy. */
const struct rpc_status *rpc_client_status(const struct rpc_client *client);

/* Ends all calls under way with UNAVAILABLE: for edge_client's on_down.
 * Closures are called soon, from the loop. */
void rpc_client_fail_all(struct rpc_client *client, const char *why);

/* Closures of calls under way are called with CANCELLED first, before this
 * returns; none is called afterwards.  done is called from the loop. */
void
rpc_client_close(struct rpc_client *client, void (*done)(void *arg), void *arg);

/* --- events ------------------------------------------------------------- */

/* Publishes messages inside, for edge_server to carry to all SUB peers. */
struct rpc_publisher;

int rpc_publisher_new(
    struct rpc_publisher **out, const char *address, struct err *err);
/* topic is what subscribers' prefixes match; the message is
 * topic NUL payload.  Never blocks; what does not fit is dropped, and counted
 * by whoever dropped it (edge_counts, rpc_subscriber_dropped). */
void rpc_publisher_send(struct rpc_publisher *publisher, const char *topic,
    const void *payload, size_t n);
void rpc_publisher_close(struct rpc_publisher *publisher);

struct rpc_subscriber;

typedef void
rpc_event_fn(void *arg, const char *topic, const void *payload, size_t n);

/* Hears topics that begin with prefix, through an edge_client of EDGE_SUB. */
int rpc_subscriber_new(struct rpc_subscriber **out, uv_loop_t *loop,
    const char *address, const char *prefix, rpc_event_fn *on_event, void *arg,
    struct err *err);

/* Events that came faster than the loop took them; the newest are dropped. */
uint64_t rpc_subscriber_dropped(const struct rpc_subscriber *subscriber);

/* on_event is not called any more; done is, from the loop. */
void rpc_subscriber_close(
    struct rpc_subscriber *subscriber, void (*done)(void *arg), void *arg);

#endif
