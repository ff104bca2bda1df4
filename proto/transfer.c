#include <curl/curl.h>
#include <stdlib.h>

#include "proto/transfer.h"
#include "proto/watch.h"
#include "proto/base/mem.h"

struct transfers {
	uv_loop_t *loop;
	uv_timer_t timer; /* what libcurl asks for */
	CURLM *multi;
	void (*closed)(void *arg);
	void *closed_arg;
};

struct transfer {
	struct transfers *transfers;
	CURL *curl;
	transfer_fn *done;
	void *arg;
};

/* Takes a transfer out of the multi handle and frees it. */
static void
take_out(struct transfer *transfer)
{
	curl_easy_setopt(transfer->curl, CURLOPT_PRIVATE, NULL);
	curl_multi_remove_handle(transfer->transfers->multi, transfer->curl);
	free(transfer);
}

static void
tell_finished(struct transfers *transfers)
{
	struct transfer *transfer;
	transfer_fn *done;
	CURLMsg *message;
	CURLcode code;
	char *private;
	void *arg;
	int n;

	while ((message = curl_multi_info_read(transfers->multi, &n)) != NULL) {
		if (message->msg != CURLMSG_DONE)
			continue;
		code = message->data.result; /* gone with the handle */
		curl_easy_getinfo(
		    message->easy_handle, CURLINFO_PRIVATE, &private);
		transfer = (void *)private;
		done = transfer->done;
		arg = transfer->arg;
		take_out(transfer);
		done(arg, (int)code);
	}
}

static void
on_ready(void *arg, int fd, int events)
{
	struct transfers *transfers = arg;
	int n, flags = 0;

	if (events & UV_READABLE)
		flags |= CURL_CSELECT_IN;
	if (events & UV_WRITABLE)
		flags |= CURL_CSELECT_OUT;
	curl_multi_socket_action(transfers->multi, fd, flags, &n);
	tell_finished(transfers);
}

static void
on_timer(uv_timer_t *timer)
{
	struct transfers *transfers = timer->data;
	int n;

	curl_multi_socket_action(transfers->multi, CURL_SOCKET_TIMEOUT, 0, &n);
	tell_finished(transfers);
}

/* libcurl calls this from within its own functions, so even a timer of 0 has
 * to go through the loop. */
static int
on_timer_wanted(CURLM *multi, long timeout_ms, void *arg)
{
	struct transfers *transfers = arg;

	(void)multi;
	if (timeout_ms < 0)
		uv_timer_stop(&transfers->timer);
	else
		uv_timer_start(
		    &transfers->timer, on_timer, (uint64_t)timeout_ms, 0);
	return 0;
}

/* watch is what was assigned to this socket, NULL at first.  It is closed
 * before libcurl closes the socket. */
static int
on_socket(CURL *curl, curl_socket_t fd, int what, void *arg, void *assigned)
{
	struct transfers *transfers = arg;
	struct watch *watch = assigned;

	(void)curl;
	if (what == CURL_POLL_REMOVE) {
		watch_close(watch);
		curl_multi_assign(transfers->multi, fd, NULL);
		return 0;
	}
	if (watch == NULL) {
		if (watch_open(&watch, transfers->loop, fd, on_ready, transfers,
			NULL) < 0)
			return -1;
		curl_multi_assign(transfers->multi, fd, watch);
	}
	watch_set(watch,
	    (what & CURL_POLL_IN ? UV_READABLE : 0) |
		(what & CURL_POLL_OUT ? UV_WRITABLE : 0));
	return 0;
}

int
transfers_new(struct transfers **out, uv_loop_t *loop, struct err *err)
{
	struct transfers *transfers = mem_zalloc(sizeof(*transfers));

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		free(transfers);
		return err_set(err, ERR_IO, "libcurl does not start");
	}
	transfers->multi = curl_multi_init();
	if (transfers->multi == NULL) {
		curl_global_cleanup();
		free(transfers);
		return err_set(err, ERR_IO, "libcurl has no multi handle");
	}
	curl_multi_setopt(transfers->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(transfers->multi, CURLMOPT_SOCKETDATA, transfers);
	curl_multi_setopt(
	    transfers->multi, CURLMOPT_TIMERFUNCTION, on_timer_wanted);
	curl_multi_setopt(transfers->multi, CURLMOPT_TIMERDATA, transfers);
	transfers->loop = loop;
	uv_timer_init(loop, &transfers->timer);
	transfers->timer.data = transfers;
	*out = transfers;
	return 0;
}

int
transfer_start(struct transfer **out, struct transfers *transfers, void *curl,
    transfer_fn *done, void *arg, struct err *err)
{
	struct transfer *transfer = mem_zalloc(sizeof(*transfer));
	CURLMcode code;

	transfer->transfers = transfers;
	transfer->curl = curl;
	transfer->done = done;
	transfer->arg = arg;
	curl_easy_setopt(curl, CURLOPT_PRIVATE, transfer);
	code = curl_multi_add_handle(transfers->multi, curl);
	if (code != CURLM_OK) {
		free(transfer);
		return err_set(err, ERR_IO, "%s", curl_multi_strerror(code));
	}
	*out = transfer;
	return 0;
}

void
transfer_cancel(struct transfer *transfer)
{
	if (transfer != NULL)
		take_out(transfer);
}

static void
on_closed(uv_handle_t *handle)
{
	struct transfers *transfers = handle->data;

	transfers->closed(transfers->closed_arg);
	free(transfers);
}

void
transfers_close(
    struct transfers *transfers, void (*closed)(void *arg), void *arg)
{
	if (transfers == NULL) {
		closed(arg);
		return;
	}
	transfers->closed = closed;
	transfers->closed_arg = arg;
	curl_multi_cleanup(transfers->multi); /* closes its watches */
	curl_global_cleanup();
	uv_close((uv_handle_t *)&transfers->timer, on_closed);
}
