/*
 * frame.h - what stands around the payload of a call: reading and writing.
 *
 * Bytes in, messages out; no sockets.  For the rpc_*.c files, which alone
 * know what to do with them, and for the fuzzer of the envelope.
 */
#ifndef PROTO_FRAME_H
#define PROTO_FRAME_H

#include <stddef.h>
#include <stdint.h>

#include "proto/base/err.h"
#include "proto/base/mem.h"
#include "proto/envelope.pb-c.h"

#define FRAME_METHOD_MAX   128
#define FRAME_METADATA_MAX 32

/* Reads a Call into the arena; NULL with ERR_INVALID or ERR_LIMIT. */
Vedette__Call *frame_call_read(
    struct arena *arena, const void *bytes, size_t n, struct err *err);

/* The id of a Call that is malformed further on; 0 when it is not there. */
uint64_t frame_call_id(const void *bytes, size_t n);

/* Splits "package.Service/Method"; the method's name is borrowed from it.
 * NULL when method does not have that shape. */
const char *
frame_method(char out_service[FRAME_METHOD_MAX], const char *method);

/* Reads a Reply into the arena; NULL with ERR_INVALID or ERR_LIMIT. */
Vedette__Reply *frame_reply_read(
    struct arena *arena, const void *bytes, size_t n, struct err *err);

#endif
