/*
 * edge_link.h - bytes through one descriptor, plain or inside TLS.
 */
#ifndef PROTO_EDGE_LINK_H
#define PROTO_EDGE_LINK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "proto/base/err.h"
#include "proto/edge_tls.h"

struct link {
	int fd;
	struct tls *tls; /* NULL: plain */
};

/* Sets what a TCP socket needs: small messages leave at once; a host that
 * vanished is noticed, after lost_ms if something was sent to it. */
void link_tune(int fd, uint32_t lost_ms);

/* Both return 0 for "not now" and -1 when all is over; ERR_CLOSED: the peer
 * closed. */
ssize_t
link_read(const struct link *link, void *to, size_t room, struct err *err);

/* The pieces must begin with the same bytes again until some are taken.
 * scratch has LINK_SCRATCH_BYTES. */
#define LINK_SCRATCH_BYTES 16384
ssize_t link_write(const struct link *link, struct iovec *pieces, int n,
    unsigned char *scratch, struct err *err);

/* Reads and forgets some of what waits, then closes.  Data that nobody read
 * would turn our last words, a TLS alert, into a reset. */
void link_close(struct link *link);

#endif
