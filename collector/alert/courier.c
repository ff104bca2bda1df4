#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/alert/courier.h"
#include "proto/base/mem.h"
#include "proto/child.h"
#include "proto/transfer.h"

#define SAID_MAX_BYTES 65536 /* of a program */

struct courier {
	uv_loop_t *loop;
	struct transfers *transfers;
};

struct delivery {
	const struct target *target;
	char *body;
	size_t n_body, at; /* at: of it was read by libcurl */
	CURL *curl;
	char *url;
	struct curl_slist *lines; /* headers, or whom a mail is for */
	char trouble[CURL_ERROR_SIZE];
	struct transfer *transfer;
	struct child *child;
	uv_timer_t timer; /* of a child */
	bool is_late;
	courier_fn *done;
	void *arg;
};

/* --- its end -------------------------------------------------------------- */

static void
wipe(char *text)
{
	if (text != NULL)
		explicit_bzero(text, strlen(text));
	free(text);
}

static void
delivery_free(struct delivery *delivery)
{
	if (delivery->curl != NULL)
		curl_easy_cleanup(delivery->curl);
	curl_slist_free_all(delivery->lines);
	wipe(delivery->url);
	if (delivery->body != NULL)
		explicit_bzero(delivery->body, delivery->n_body);
	free(delivery->body);
	free(delivery);
}

static void
on_timer_closed(uv_handle_t *handle)
{
	delivery_free(handle->data);
}

/* The timer of a child belongs to the loop until it is closed. */
static void
let_go(struct delivery *delivery)
{
	if (delivery->target->way->road == ROAD_COMMAND)
		uv_close((uv_handle_t *)&delivery->timer, on_timer_closed);
	else
		delivery_free(delivery);
}

static void
finish(struct delivery *delivery, const struct err *why)
{
	courier_fn *done = delivery->done;
	void *arg = delivery->arg;

	let_go(delivery);
	done(arg, why);
}

/* --- by libcurl ----------------------------------------------------------- */

static size_t
drop(char *bytes, size_t size, size_t n, void *arg)
{
	(void)bytes; /* what it says may repeat what it was told */
	(void)arg;
	return size * n;
}

static size_t
read_body(char *out, size_t size, size_t n, void *arg)
{
	struct delivery *delivery = arg;
	size_t left = delivery->n_body - delivery->at;

	n *= size;
	if (n > left)
		n = left;
	memcpy(out, delivery->body + delivery->at, n);
	delivery->at += n;
	return n;
}

static void
on_transferred(void *arg, int code)
{
	struct delivery *delivery = arg;
	const struct target *target = delivery->target;
	long status = 0;
	struct err err;

	curl_easy_getinfo(delivery->curl, CURLINFO_RESPONSE_CODE, &status);
	if (code == CURLE_OK &&
	    (target->way->road == ROAD_MAIL || (status >= 200 && status < 300)))
		return finish(delivery, NULL);
	if (code == CURLE_OPERATION_TIMEDOUT)
		err_set(&err, ERR_TIMEOUT, "%s: no answer within %lld s",
		    target->shown, (long long)target->timeout_ms / 1000);
	else if (code != CURLE_OK)
		err_set(&err, ERR_IO, "%s: %s%s%ld", target->shown,
		    delivery->trouble[0] != '\0'
			? delivery->trouble
			: curl_easy_strerror((CURLcode)code),
		    status != 0 ? ", status " : ", code ",
		    status != 0 ? status : (long)code);
	else
		err_set(&err, ERR_DENIED, "%s: answered with status %ld",
		    target->shown, status);
	finish(delivery, &err);
}

static void
add_header(struct delivery *delivery, const char *line)
{
	delivery->lines = curl_slist_append(delivery->lines, line);
}

static void
set_common(struct delivery *delivery)
{
	const struct target *target = delivery->target;
	CURL *curl = delivery->curl;

	delivery->url =
	    mem_printf("%s%s", secret_reveal(target->url), target->way->path);
	curl_easy_setopt(curl, CURLOPT_URL, delivery->url);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, delivery->trouble);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	/* A name server that hangs must not hold the loop at the timeout. */
	curl_easy_setopt(curl, CURLOPT_QUICK_EXIT, 1L);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)target->timeout_ms);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, drop);
	curl_easy_setopt(curl, CURLOPT_FORBID_REUSE, 1L);
	if (target->ca_file != NULL)
		curl_easy_setopt(curl, CURLOPT_CAINFO, target->ca_file);
}

static void
set_http(struct delivery *delivery)
{
	const struct target *target = delivery->target;
	CURL *curl = delivery->curl;
	char *line;

	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_USERAGENT, "vedette-collector");
	curl_easy_setopt(curl, CURLOPT_POSTFIELDS, delivery->body);
	curl_easy_setopt(
	    curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)delivery->n_body);
	add_header(delivery, "Content-Type: application/json");
	add_header(delivery, "Expect:");
	if (target->token != NULL) {
		line = mem_printf(
		    "Authorization: Bearer %s", secret_reveal(target->token));
		add_header(delivery, line);
		wipe(line);
	}
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, delivery->lines);
}

static void
set_mail(struct delivery *delivery)
{
	const struct target *target = delivery->target;
	CURL *curl = delivery->curl;

	for (size_t i = 0; i < target->n_list; i++)
		add_header(delivery, target->list[i]);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	curl_easy_setopt(curl, CURLOPT_MAIL_FROM, target->from);
	curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, delivery->lines);
	curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(curl, CURLOPT_READFUNCTION, read_body);
	curl_easy_setopt(curl, CURLOPT_READDATA, delivery);
	curl_easy_setopt(curl, CURLOPT_USE_SSL,
	    (long)(target->is_plain ? CURLUSESSL_TRY : CURLUSESSL_ALL));
	if (target->user == NULL)
		return;
	curl_easy_setopt(curl, CURLOPT_USERNAME, target->user);
	curl_easy_setopt(
	    curl, CURLOPT_PASSWORD, secret_reveal(target->password));
}

static int
start_transfer(
    struct delivery *delivery, struct courier *courier, struct err *err)
{
	delivery->curl = curl_easy_init();
	if (delivery->curl == NULL)
		return err_set(err, ERR_IO, "libcurl has no handle");
	set_common(delivery);
	if (delivery->target->way->road == ROAD_MAIL)
		set_mail(delivery);
	else
		set_http(delivery);
	return transfer_start(&delivery->transfer, courier->transfers,
	    delivery->curl, on_transferred, delivery, err);
}

/* --- by a program --------------------------------------------------------- */

static void
on_ended(void *arg, struct child_end *end)
{
	struct delivery *delivery = arg;
	const struct target *target = delivery->target;
	struct err err;

	if (delivery->is_late)
		err_set(&err, ERR_TIMEOUT, "%s: did not end within %lld s",
		    target->shown, (long long)target->timeout_ms / 1000);
	else if (end->is_flooding)
		err_set(&err, ERR_LIMIT, "%s: says more than %d bytes",
		    target->shown, SAID_MAX_BYTES);
	else if (end->signal != 0)
		err_set(&err, ERR_IO, "%s: ended by signal %d", target->shown,
		    end->signal);
	else
		err_set(&err, ERR_IO, "%s: exit code %d", target->shown,
		    end->status);
	/* What it says is not repeated: it may be told secrets of its own. */
	finish(delivery,
	    !delivery->is_late && !end->is_flooding && end->signal == 0 &&
		    end->status == 0
		? NULL
		: &err);
	child_end_fini(end);
}

static void
on_late(uv_timer_t *timer)
{
	struct delivery *delivery = timer->data;
	struct child_end end = { .signal = 0 };

	delivery->is_late = true;
	child_cancel(delivery->child);
	on_ended(delivery, &end);
}

static int
start_child(struct delivery *delivery, struct courier *courier, struct err *err)
{
	static const char *const environment[] = {
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:"
		"/bin",
		"LANG=C.UTF-8", NULL
	};
	const struct child_setup setup = {
		.argv = (const char *const *)delivery->target->list,
		.environment = environment,
		.max_bytes = SAID_MAX_BYTES,
		.input = delivery->body,
		.n_input = delivery->n_body,
	};

	uv_timer_init(courier->loop, &delivery->timer);
	delivery->timer.data = delivery;
	uv_timer_start(&delivery->timer, on_late,
	    (uint64_t)delivery->target->timeout_ms, 0);
	return child_start(
	    &delivery->child, courier->loop, &setup, on_ended, delivery, err);
}

/* --- for all -------------------------------------------------------------- */

int
courier_send(struct delivery **out, struct courier *courier,
    const struct target *target, const struct text *body, courier_fn *done,
    void *arg, struct err *err)
{
	struct delivery *delivery = mem_zalloc(sizeof(*delivery));
	int rc;

	delivery->target = target;
	delivery->body = mem_dup(body->bytes, body->n);
	delivery->n_body = body->n;
	delivery->done = done;
	delivery->arg = arg;
	if (target->way->road == ROAD_COMMAND)
		rc = start_child(delivery, courier, err);
	else
		rc = start_transfer(delivery, courier, err);
	if (rc < 0)
		let_go(delivery);
	else
		*out = delivery;
	return rc;
}

void
delivery_cancel(struct delivery *delivery)
{
	if (delivery == NULL)
		return;
	transfer_cancel(delivery->transfer);
	child_cancel(delivery->child);
	let_go(delivery);
}

int
courier_new(struct courier **out, uv_loop_t *loop, struct err *err)
{
	struct courier *courier = mem_zalloc(sizeof(*courier));

	courier->loop = loop;
	if (transfers_new(&courier->transfers, loop, err) < 0) {
		free(courier);
		return -1;
	}
	*out = courier;
	return 0;
}

void
courier_close(struct courier *courier, void (*closed)(void *arg), void *arg)
{
	struct transfers *transfers =
	    courier != NULL ? courier->transfers : NULL;

	free(courier);
	transfers_close(transfers, closed, arg);
}
