#include <stddef.h>
#include <stdlib.h>

#include "proto/rpc_inside.h"

static const char *const code_names[] = {
	[RPC_OK] = "OK",
	[RPC_CANCELLED] = "CANCELLED",
	[RPC_UNKNOWN] = "UNKNOWN",
	[RPC_INVALID_ARGUMENT] = "INVALID_ARGUMENT",
	[RPC_DEADLINE_EXCEEDED] = "DEADLINE_EXCEEDED",
	[RPC_NOT_FOUND] = "NOT_FOUND",
	[RPC_ALREADY_EXISTS] = "ALREADY_EXISTS",
	[RPC_PERMISSION_DENIED] = "PERMISSION_DENIED",
	[RPC_RESOURCE_EXHAUSTED] = "RESOURCE_EXHAUSTED",
	[RPC_FAILED_PRECONDITION] = "FAILED_PRECONDITION",
	[RPC_ABORTED] = "ABORTED",
	[RPC_OUT_OF_RANGE] = "OUT_OF_RANGE",
	[RPC_UNIMPLEMENTED] = "UNIMPLEMENTED",
	[RPC_INTERNAL] = "INTERNAL",
	[RPC_UNAVAILABLE] = "UNAVAILABLE",
	[RPC_DATA_LOSS] = "DATA_LOSS",
	[RPC_UNAUTHENTICATED] = "UNAUTHENTICATED",
};

const char *
rpc_code_name(enum rpc_code code)
{
	if ((unsigned)code > RPC_UNAUTHENTICATED)
		return code_names[RPC_UNKNOWN];
	return code_names[code];
}

nng_msg *
rpc_pack(const ProtobufCMessage *message)
{
	size_t n = protobuf_c_message_get_packed_size(message);
	nng_msg *msg;

	if (nng_msg_alloc(&msg, n) != 0)
		abort(); /* out of memory, as in mem_zalloc() */
	protobuf_c_message_pack(message, nng_msg_body(msg));
	return msg;
}

int
rpc_nng_err(struct err *err, const char *what, const char *address, int rc)
{
	return err_set(err, rc == NNG_ECONNREFUSED ? ERR_CLOSED : ERR_IO,
	    "%s %s: %s", what, address, nng_strerror(rc));
}
