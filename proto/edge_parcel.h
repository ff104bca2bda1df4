/*
 * edge_parcel.h - an outgoing message with its framing, shared by all
 * connections that it goes to.
 */
#ifndef PROTO_EDGE_PARCEL_H
#define PROTO_EDGE_PARCEL_H

#include <nng/nng.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

struct parcel;

/* A frame of the message's header and body.  Takes msg.  The caller holds
 * one reference. */
struct parcel *parcel_new(nng_msg *msg);

/* The SP header of a protocol. */
struct parcel *parcel_new_hello(uint16_t protocol);

struct parcel *parcel_hold(struct parcel *parcel);
void parcel_drop(struct parcel *parcel); /* the last one frees */

bool parcel_is_frame(const struct parcel *parcel);

/* Bytes on the wire; typed: with nng's type byte. */
size_t parcel_size(const struct parcel *parcel, bool typed);

/* Describes the bytes from offset on; returns how many of out are used,
 * which point into the parcel. */
#define PARCEL_PIECES 3
int parcel_pieces(struct iovec out[PARCEL_PIECES], struct parcel *parcel,
    bool typed, size_t offset);

#endif
