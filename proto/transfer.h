/*
 * transfer.h - runs libcurl's transfers on the loop.
 *
 * One multi handle for all.  Who starts a transfer sets its easy handle up,
 * and decides who looks names up: libcurl would start a thread for it.
 */
#ifndef PROTO_TRANSFER_H
#define PROTO_TRANSFER_H

#include <uv.h>

#include "proto/base/err.h"

struct transfers;
struct transfer;

/* code is the CURLcode; the easy handle is out of the multi handle. */
typedef void transfer_fn(void *arg, int code);

int transfers_new(struct transfers **out, uv_loop_t *loop, struct err *err);

/* curl is an easy handle, borrowed until done or cancelled; its CURLOPT_PRIVATE
 * is taken.  done is called once, never from inside. */
int transfer_start(struct transfer **out, struct transfers *transfers,
    void *curl, transfer_fn *done, void *arg, struct err *err);

/* done will not be called.  NULL is allowed, one that is done is not. */
void transfer_cancel(struct transfer *transfer);

/* All transfers must have ended; closed is called from the loop.  NULL is
 * allowed, and calls closed at once. */
void transfers_close(
    struct transfers *transfers, void (*closed)(void *arg), void *arg);

#endif
