#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/list.h"
#include "proto/base/mem.h"
#include "proto/edge_lookup.h"

struct lookup {
	uv_getaddrinfo_t request;
	uint16_t port;
	lookup_done_fn *done; /* NULL: cancelled */
	void *arg;
};

static size_t
collect(struct edge_address out[LOOKUP_ADDRESSES_MAX],
    const struct addrinfo *list, uint16_t port)
{
	size_t n = 0;

	for (; list != NULL && n < LOOKUP_ADDRESSES_MAX; list = list->ai_next) {
		if (list->ai_addrlen > sizeof(out[n].storage))
			continue;
		memset(&out[n], 0, sizeof(out[n]));
		memcpy(&out[n].storage, list->ai_addr, list->ai_addrlen);
		out[n].n = list->ai_addrlen;
		edge_address_set_port(&out[n++], port);
	}
	return n;
}

static void
on_resolved(uv_getaddrinfo_t *request, int status, struct addrinfo *list)
{
	struct lookup *lookup = LIST_ITEM(request, struct lookup, request);
	struct edge_address addresses[LOOKUP_ADDRESSES_MAX];
	struct err err;
	size_t n = 0;

	if (status == 0)
		n = collect(addresses, list, lookup->port);
	if (n == 0)
		err_set(&err, ERR_NOT_FOUND, "look-up: %s",
		    status != 0 ? uv_strerror(status) : "no address");
	uv_freeaddrinfo(list);
	if (lookup->done != NULL)
		lookup->done(lookup->arg, addresses, n, &err);
	free(lookup);
}

int
lookup_start(struct lookup **out, uv_loop_t *loop, const char *host,
    uint16_t port, lookup_done_fn *done, void *arg, struct err *err)
{
	struct lookup *lookup = mem_zalloc(sizeof(*lookup));
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	int rc;

	lookup->port = port;
	lookup->done = done;
	lookup->arg = arg;
	rc = uv_getaddrinfo(
	    loop, &lookup->request, on_resolved, host, NULL, &hints);
	if (rc != 0) {
		free(lookup);
		return err_set(
		    err, ERR_IO, "look up %s: %s", host, uv_strerror(rc));
	}
	*out = lookup;
	return 0;
}

void
lookup_cancel(struct lookup *lookup)
{
	lookup->done = NULL;
	uv_cancel((uv_req_t *)&lookup->request);
}
