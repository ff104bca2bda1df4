/*
 * edge_listener.h - a socket that takes connections at one URL.
 */
#ifndef PROTO_EDGE_LISTENER_H
#define PROTO_EDGE_LISTENER_H

#include <stdbool.h>
#include <uv.h>

#include "proto/base/err.h"
#include "proto/edge_url.h"

struct listener;

/* Takes fd, which is non-blocking; -1: one was turned away for want of
 * descriptors. */
typedef void listener_accept_fn(void *arg, struct listener *listener, int fd);

/* insecure allows tcp:// beyond the loopback. */
int listener_open(struct listener **out, uv_loop_t *loop, const char *url,
    bool insecure, listener_accept_fn *on_accept, void *arg, struct err *err);

enum transport listener_transport(const struct listener *listener);

/* The URL with the port that was taken. */
const char *listener_url(const struct listener *listener);

/* closed is called from the loop; listener is freed. */
void
listener_close(struct listener *listener, void (*closed)(void *arg), void *arg);

#endif
