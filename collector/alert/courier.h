/*
 * courier.h - takes what is written to where it belongs: HTTP, SMTP, a
 * program; on the loop, and never longer than the target's timeout.
 */
#ifndef COLLECTOR_ALERT_COURIER_H
#define COLLECTOR_ALERT_COURIER_H

#include <uv.h>

#include "collector/alert/target.h"

struct courier;
struct delivery;

/* why is NULL when it was taken; it names no secret.  The delivery is gone. */
typedef void courier_fn(void *arg, const struct err *why);

int courier_new(struct courier **out, uv_loop_t *loop, struct err *err);

/* body is copied, target borrowed until it is done.  done is called once,
 * never from inside. */
int courier_send(struct delivery **out, struct courier *courier,
    const struct target *target, const struct text *body, courier_fn *done,
    void *arg, struct err *err);

/* done will not be called.  NULL is allowed, one that is done is not. */
void delivery_cancel(struct delivery *delivery);

/* All deliveries must have ended; closed is called from the loop.  NULL is
 * allowed, and calls closed at once. */
void
courier_close(struct courier *courier, void (*closed)(void *arg), void *arg);

#endif
