/*
 * edge_outbox.h - parcels that wait to be written to one connection.
 */
#ifndef PROTO_EDGE_OUTBOX_H
#define PROTO_EDGE_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/uio.h>

#include "proto/edge_parcel.h"

/* Starts as { 0 } but for typed. */
struct outbox {
	bool typed;   /* frames go with nng's type byte */
	size_t n;     /* parcels that are not written whole */
	size_t bytes; /* of them that are not written */
	size_t sent;  /* of the first one that are */
	size_t first, room;
	struct parcel **ring;
};

/* Holds parcel on its own. */
void outbox_push(struct outbox *outbox, struct parcel *parcel);

/* Describes the front; returns the number of pieces. */
#define OUTBOX_PIECES 64
int outbox_pieces(struct iovec out[OUTBOX_PIECES], const struct outbox *outbox);

/* n more bytes of the front are written. */
void outbox_sent(struct outbox *outbox, size_t n);

/* Takes away the first parcel if it is written whole; was it a frame? */
enum outbox_front { OUTBOX_UNSENT, OUTBOX_HELLO, OUTBOX_FRAME };
enum outbox_front outbox_pop(struct outbox *outbox);

void outbox_fini(struct outbox *outbox);

#endif
