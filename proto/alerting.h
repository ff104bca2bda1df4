/*
 * alerting.h - what people want of the alerts: to take one over, to silence.
 *
 * The Alerting service.  Only those who may ask may order (peer_is_user); the
 * collector answers after its commit.
 */
#ifndef PROTO_ALERTING_H
#define PROTO_ALERTING_H

#include "proto/rpc.h"

#define ORDER_FOR_MAX_MS     (90 * INT64_C(86400000))
#define ORDER_TEXT_MAX_BYTES 200

enum order_kind {
	ORDER_ACKNOWLEDGE, /* alert id, for for_ms or until it is over */
	ORDER_RELEASE,     /* alert id: nobody has it any more */
	ORDER_SILENCE,     /* environment and service ("": all), for for_ms */
	ORDER_UNSILENCE,   /* silence id */
	ORDER_COUNT,
};

struct order {
	enum order_kind kind;
	uint64_t id;
	const char *environment, *service; /* "" for all */
	int64_t for_ms;
	const char *by, *why; /* for people */
};

struct order_answer {
	uint64_t id;      /* of the alert or the silence */
	int64_t until_ms; /* 0: until it is over */
};

/* ERR_INVALID names what is wrong with it. */
int order_check(const struct order *order, struct err *err);

/* What became of it; why is NULL, and answer is not, when it was done. */
typedef void order_done_fn(
    void *arg, const struct err *why, const struct order_answer *answer);

/* --- ordering ------------------------------------------------------------- */

struct alerting_client;

/* answer is NULL unless status is OK. */
typedef void alerting_done_fn(void *arg, const struct rpc_status *status,
    const struct order_answer *answer);

struct alerting_client *alerting_client_new(struct rpc_client *rpc);

/* by may be "": who orders is found out there, too. */
void alerting_order(struct alerting_client *client, const struct order *order,
    alerting_done_fn *done, void *arg);

/* Before the rpc_client is closed.  done of calls under way is not called any
 * more.  NULL is allowed. */
void alerting_client_free(struct alerting_client *client);

/* --- serving -------------------------------------------------------------- */

struct alerting_service;

/* The order was checked, and its by says who gave it; it is borrowed until the
 * call is answered: alerting_answer() as an order_done_fn, whose arg is the
 * call. */
typedef void
alerting_on_order_fn(void *arg, const struct order *order, void *call);

struct alerting_service *alerting_service_new(
    struct rpc_server *server, alerting_on_order_fn *on_order, void *arg);
order_done_fn alerting_answer;
void alerting_service_free(struct alerting_service *service); /* may be NULL */

#endif
