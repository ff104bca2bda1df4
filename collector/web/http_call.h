/*
 * http_call.h - connections and calls, between http.c and its library.
 *
 * For http.c only.  A connection is a guest: it is idle, sends a request, or
 * waits for its answer; only the last may take its time.
 */
#ifndef COLLECTOR_WEB_HTTP_CALL_H
#define COLLECTOR_WEB_HTTP_CALL_H

#include <microhttpd.h>

#include "collector/web/http.h"
#include "collector/web/identity.h"
#include "proto/base/list.h"

struct http_calls {
	uv_loop_t *loop;
	http_handle_fn *handle;
	bool (*wants_body)(void *arg, const struct http_call *call);
	void *arg;
	/* A connection that was held may go on: the library has work, of which
	 * it does not wake up by itself. */
	void (*on_resumed)(struct http_calls *calls);
	struct list guests; /* the longest idle one first */
	struct list held;   /* calls that wait to be answered, and streams */
	struct identity *identity; /* for who connects now; NULL: no TLS */
	struct http_counts counts;
	bool is_closing;
};

void http_calls_init(struct http_calls *calls, const struct http_setup *setup);

/* Ends connections whose request takes too long. */
void http_calls_sweep(struct http_calls *calls);

/* Before the library is stopped: lets go of all that is held. */
void http_calls_release(struct http_calls *calls);

/* What the library calls. */
enum MHD_Result http_call_on_access(void *arg,
    struct MHD_Connection *connection, const char *url, const char *method,
    const char *version, const char *bytes, size_t *n, void **context);
void http_call_on_connection(void *arg, struct MHD_Connection *connection,
    void **context, enum MHD_ConnectionNotificationCode code);
void http_call_on_completed(void *arg, struct MHD_Connection *connection,
    void **context, enum MHD_RequestTerminationCode code);
int
http_call_on_certificate(gnutls_session_t session, const gnutls_datum_t *names,
    int n_names, const gnutls_pk_algorithm_t *algorithms, int n_algorithms,
    gnutls_pcert_st **chain, unsigned *n_chain, gnutls_privkey_t *key);

#endif
