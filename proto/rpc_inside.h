/*
 * rpc_inside.h - what the rpc*.c files share, and nobody else sees.
 */
#ifndef PROTO_RPC_INSIDE_H
#define PROTO_RPC_INSIDE_H

#include <nng/nng.h>
#include <protobuf-c/protobuf-c.h>

#include "proto/rpc.h"

/* What a received frame may hold where the setup does not say. */
#define RPC_REQUEST_MAX_BYTES (256 * 1024)
#define RPC_REPLY_MAX_BYTES   (16 * 1024 * 1024)

/* Packs into a new message, owned by the caller. */
nng_msg *rpc_pack(const ProtobufCMessage *message);

/* Describes a failure of nng and returns -1. */
int rpc_nng_err(struct err *err, const char *what, const char *address, int rc);

#endif
