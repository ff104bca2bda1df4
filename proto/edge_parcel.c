#include <stdlib.h>

#include "proto/base/mem.h"
#include "proto/edge_parcel.h"
#include "proto/edge_wire.h"

struct parcel {
	unsigned refs;
	nng_msg *msg; /* NULL: an SP header */
	unsigned char head[WIRE_HEAD_BYTES];
};

struct parcel *
parcel_new(nng_msg *msg)
{
	struct parcel *parcel = mem_zalloc(sizeof(*parcel));

	parcel->refs = 1;
	parcel->msg = msg;
	wire_head(parcel->head, nng_msg_header_len(msg) + nng_msg_len(msg));
	return parcel;
}

struct parcel *
parcel_new_hello(uint16_t protocol)
{
	struct parcel *parcel = mem_zalloc(sizeof(*parcel));

	parcel->refs = 1;
	wire_hello(parcel->head, protocol);
	return parcel;
}

struct parcel *
parcel_hold(struct parcel *parcel)
{
	parcel->refs++;
	return parcel;
}

void
parcel_drop(struct parcel *parcel)
{
	if (--parcel->refs > 0)
		return;
	if (parcel->msg != NULL)
		nng_msg_free(parcel->msg);
	free(parcel);
}

bool
parcel_is_frame(const struct parcel *parcel)
{
	return parcel->msg != NULL;
}

/* What precedes the message; the type byte is for typed connections only. */
static struct iovec
head_of(struct parcel *parcel, bool typed)
{
	if (parcel->msg == NULL)
		return (struct iovec){ parcel->head, WIRE_HELLO_BYTES };
	return typed ? (struct iovec){ parcel->head, WIRE_HEAD_BYTES }
		     : (struct iovec){ parcel->head + 1, WIRE_HEAD_BYTES - 1 };
}

size_t
parcel_size(const struct parcel *parcel, bool typed)
{
	if (parcel->msg == NULL)
		return WIRE_HELLO_BYTES;
	return WIRE_HEAD_BYTES - !typed + nng_msg_header_len(parcel->msg) +
	    nng_msg_len(parcel->msg);
}

int
parcel_pieces(struct iovec out[PARCEL_PIECES], struct parcel *parcel,
    bool typed, size_t offset)
{
	struct iovec all[PARCEL_PIECES] = { head_of(parcel, typed) };
	int n = 0;

	if (parcel->msg != NULL) {
		all[1].iov_base = nng_msg_header(parcel->msg);
		all[1].iov_len = nng_msg_header_len(parcel->msg);
		all[2].iov_base = nng_msg_body(parcel->msg);
		all[2].iov_len = nng_msg_len(parcel->msg);
	}
	for (int i = 0; i < PARCEL_PIECES; i++) {
		if (offset >= all[i].iov_len) {
			offset -= all[i].iov_len;
			continue;
		}
		out[n].iov_base = (char *)all[i].iov_base + offset;
		out[n++].iov_len = all[i].iov_len - offset;
		offset = 0;
	}
	return n;
}
