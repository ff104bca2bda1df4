/*
 * report.h - what people and pipelines tell a collector: marks.
 *
 * The Report service.  Only those who may ask may tell (peer_is_user); the
 * collector answers after its commit.
 */
#ifndef PROTO_REPORT_H
#define PROTO_REPORT_H

#include "proto/mark.h"
#include "proto/rpc.h"

/* --- telling ------------------------------------------------------------------ */

struct report_client;

/* at_ms: the moment it was stored with; 0 unless status is OK.  replaced: the
 * condition of the guard whose place it takes; "" for none. */
typedef void report_done_fn(void *arg, const struct rpc_status *status,
    int64_t at_ms, const char *replaced);

struct report_client *report_client_new(struct rpc_client *rpc);

/* at_ms 0: now, by the collector's clock.  Attributes do not travel: who told
 * it is found out there. */
void report_mark(struct report_client *client, const struct mark *mark,
    report_done_fn *done, void *arg);

/* Before the rpc_client is closed.  done of calls under way is not called any
 * more.  NULL is allowed. */
void report_client_free(struct report_client *client);

/* --- serving ------------------------------------------------------------------ */

struct report_service;

/* The mark was checked, its attribute MARK_BY says who told it; it is borrowed
 * until the call is answered: with report_ack(), or rpc_call_fail(). */
typedef void
report_on_mark_fn(void *arg, struct mark *mark, struct rpc_call *call);

struct report_service *report_service_new(
    struct rpc_server *server, report_on_mark_fn *on_mark, void *arg);
/* replaced: NULL for nothing. */
void report_ack(struct rpc_call *call, int64_t at_ms, const char *replaced);
void report_service_free(struct report_service *service); /* NULL is allowed */

#endif
