#include <stdlib.h>

#include "proto/base/mem.h"
#include "proto/edge_outbox.h"

#define ROOM_FIRST 4

void
outbox_push(struct outbox *outbox, struct parcel *parcel)
{
	size_t room = outbox->room;

	if (outbox->n == room) {
		outbox->room = room > 0 ? room * 2 : ROOM_FIRST;
		outbox->ring = mem_resize(
		    outbox->ring, outbox->room, sizeof(struct parcel *));
		/* What had wrapped around goes behind the rest. */
		for (size_t i = 0; i < outbox->first; i++)
			outbox->ring[room + i] = outbox->ring[i];
	}
	outbox->ring[(outbox->first + outbox->n++) % outbox->room] =
	    parcel_hold(parcel);
	outbox->bytes += parcel_size(parcel, outbox->typed);
}

int
outbox_pieces(struct iovec out[OUTBOX_PIECES], const struct outbox *outbox)
{
	size_t offset = outbox->sent;
	int n = 0;

	for (size_t i = 0; i < outbox->n && n + PARCEL_PIECES <= OUTBOX_PIECES;
	     i++) {
		n += parcel_pieces(out + n,
		    outbox->ring[(outbox->first + i) % outbox->room],
		    outbox->typed, offset);
		offset = 0;
	}
	return n;
}

void
outbox_sent(struct outbox *outbox, size_t n)
{
	outbox->bytes -= n;
	outbox->sent += n;
}

enum outbox_front
outbox_pop(struct outbox *outbox)
{
	struct parcel *parcel;
	enum outbox_front front;
	size_t size;

	if (outbox->n == 0)
		return OUTBOX_UNSENT;
	parcel = outbox->ring[outbox->first];
	size = parcel_size(parcel, outbox->typed);
	if (outbox->sent < size)
		return OUTBOX_UNSENT;
	front = parcel_is_frame(parcel) ? OUTBOX_FRAME : OUTBOX_HELLO;
	outbox->sent -= size;
	outbox->first = (outbox->first + 1) % outbox->room;
	outbox->n--;
	parcel_drop(parcel);
	return front;
}

void
outbox_fini(struct outbox *outbox)
{
	for (size_t i = 0; i < outbox->n; i++)
		parcel_drop(outbox->ring[(outbox->first + i) % outbox->room]);
	free(outbox->ring);
}
