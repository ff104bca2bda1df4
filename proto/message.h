/*
 * message.h - from the bytes of others to a generated message that is safe
 * to read.
 *
 * protobuf-c checks neither text nor how much memory a message takes: 1 MiB of
 * empty sub-messages unpacks to 84 MiB.  So messages are unpacked into arenas
 * with a cap, and all their text is checked.  A NUL within a text ends it.
 */
#ifndef PROTO_MESSAGE_H
#define PROTO_MESSAGE_H

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>

#include "proto/base/err.h"
#include "proto/base/mem.h"

/* An arena with room for an honest message of n bytes and no more: factor
 * times n, and some for messages of a few bytes. */
#define MESSAGE_REQUEST_FACTOR 8
#define MESSAGE_ANSWER_FACTOR  16 /* many rows of a few short texts */
struct arena *message_arena(size_t n, size_t factor);

/* Unpacks without looking at texts, for those who check each by themselves. */
void *message_parse(const ProtobufCMessageDescriptor *type, struct arena *arena,
    const void *bytes, size_t n, struct err *err);

/* Unpacks into the arena, where the message stays; it is never freed by
 * itself.  NULL with ERR_INVALID when the bytes are malformed or a text is not
 * UTF-8, with ERR_LIMIT when it does not fit the arena. */
void *message_unpack(const ProtobufCMessageDescriptor *type,
    struct arena *arena, const void *bytes, size_t n, struct err *err);

#endif
