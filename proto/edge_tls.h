/*
 * edge_tls.h - TLS 1.3 with certificates on both sides, for one descriptor.
 *
 * No version below 1.3, no tickets, no early data.  A listening side requires
 * a certificate whose SAN URI is the peer's identity, vedette://ENVIRONMENT/
 * AGENT or vedette://user/NAME; a dialling side always checks the server's
 * name.
 */
#ifndef PROTO_EDGE_TLS_H
#define PROTO_EDGE_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "proto/base/clock.h"
#include "proto/base/err.h"
#include "proto/edge.h"

/* What the files of struct edge_tls said when they were read. */
struct tls_context;

int tls_context_new(struct tls_context **out, bool is_listening,
    const struct edge_tls *files, struct err *err);

/* Reads the same files again. */
int tls_context_again(struct tls_context **out,
    const struct tls_context *context, struct err *err);

/* Its sessions may live on.  NULL is allowed. */
void tls_context_free(struct tls_context *context);

/* One end of one connection. */
struct tls;

/* The descriptor stays the caller's.  server_name, borrowed, is what the
 * certificate of the other side must be for; NULL on the listening side, whose
 * identity is checked instead.  Certificates are
 * valid or not by the wall clock. */
struct tls *tls_new(struct tls_context *context, int fd,
    const char *server_name, const struct clock *clock);
void tls_free(struct tls *tls); /* NULL is allowed */

/* Each returns 0 when it cannot go on before the descriptor is ready (for
 * writing too, if tls_wants_write()), and -1 when all is over: ERR_DENIED for
 * a certificate, ERR_CLOSED, ERR_IO, or ERR_INVALID for what is not TLS. */
int tls_handshake(struct tls *tls, struct err *err); /* 1: done */
ssize_t tls_read(struct tls *tls, void *to, size_t room, struct err *err);

/* After 0 the next call must begin with the same bytes, and not be shorter. */
ssize_t
tls_write(struct tls *tls, const void *bytes, size_t n, struct err *err);

bool tls_wants_write(const struct tls *tls);

/* Has it decrypted bytes that tls_read() gives without the descriptor? */
bool tls_has_more(const struct tls *tls);

/* The identity of the peer, once the handshake is done; "" when dialling. */
const char *tls_identity(const struct tls *tls);

/* Would the peer's certificate be accepted by this context now? */
int tls_recheck(
    const struct tls *tls, const struct tls_context *context, struct err *err);

#endif
