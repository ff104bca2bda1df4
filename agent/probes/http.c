#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/probes/http_check.h"
#include "agent/probes/http_facts.h"
#include "agent/probes/http_origin.h"
#include "agent/probes/kinds.h"
#include "agent/resolve.h"
#include "proto/base/mem.h"
#include "proto/base/secret.h"
#include "proto/base/text.h"

#define REDIRECTS_MAX  5
#define HEAD_MAX_BYTES (256 * 1024)
#define USER_AGENT     "vedette-agent"

enum phase { RESOLVE, CONNECT, TLS, FIRST_BYTE, TRANSFER, N_PHASES };

static const char *const phases[] = { "resolve", "connect", "tls", "first_byte",
	"transfer", NULL };

struct http {
	CURL *curl;
	struct curl_slist *headers, *addresses;
	struct origin first, origin;    /* asked at first, and now */
	char target[ORIGIN_TEXT_BYTES]; /* without user and query */
	char trouble[CURL_ERROR_SIZE];
	bool is_asking;     /* a transfer is under way */
	bool is_looking_up; /* the host of a redirect */
	bool is_get;        /* a redirect has made it one */
	bool wants_body;
	unsigned n_redirects;
	const struct probe *probe;
	int64_t hop_us; /* when this look-up or transfer began */
	int64_t tls_us; /* when TLS began, since then; 0: not yet */
	int64_t phase_us[N_PHASES];
	enum phase reached;
	struct text body;
	size_t n_head, received, max_bytes;
	struct http_facts *facts;
};

/* --- addresses ------------------------------------------------------------ */

/* The host as a name or an address to look up: "[::1]" without brackets. */
static void
aim(struct probe *p, const struct origin *origin)
{
	size_t n = strlen(origin->host);
	char *bare = origin->host[0] == '['
	    ? mem_strndup(origin->host + 1, n - 2)
	    : mem_strdup(origin->host);

	probe_target(p, bare, origin->port);
	free(bare);
}

/* --- what libcurl tells --------------------------------------------------- */

static size_t
take_body(char *bytes, size_t size, size_t n, void *arg)
{
	struct http *http = arg;

	n *= size;
	http->received += n;
	if (http->received > http->max_bytes)
		return 0; /* ends the transfer with CURLE_WRITE_ERROR */
	if (http->wants_body)
		text_add_bytes(&http->body, bytes, n);
	return n;
}

static size_t
take_line(char *bytes, size_t size, size_t n, void *arg)
{
	struct http *http = arg;

	n *= size;
	http->n_head += n;
	if (http->n_head > HEAD_MAX_BYTES)
		return 0;
	http_facts_take_line(http->facts, bytes, n);
	return n;
}

/* The connection stands and TLS begins.  libcurl itself tells the time of the
 * connection only when TLS has succeeded as well. */
static CURLcode
on_tls(CURL *curl, void *context, void *arg)
{
	struct http *http = arg;

	(void)curl;
	(void)context;
	http->tls_us = probe_elapsed_us(http->probe) - http->hop_us;
	return CURLE_OK;
}

static int64_t
time_of(const struct http *http, CURLINFO info)
{
	curl_off_t us = 0;

	curl_easy_getinfo(http->curl, info, &us);
	return us;
}

static long
number_of(const struct http *http, CURLINFO info)
{
	long number = 0;

	curl_easy_getinfo(http->curl, info, &number);
	return number;
}

/* Adds the times of the transfer up to now to its phases. */
static void
add_times(const struct probe *p, struct http *http)
{
	int64_t end = probe_elapsed_us(p) - http->hop_us;
	int64_t at[N_PHASES] = {
		[CONNECT] = time_of(http, CURLINFO_CONNECT_TIME_T),
		[TLS] = time_of(http, CURLINFO_APPCONNECT_TIME_T),
		[FIRST_BYTE] = time_of(http, CURLINFO_STARTTRANSFER_TIME_T),
	};
	int64_t before = 0;

	if (strcmp(http->origin.scheme, "http") == 0)
		at[TLS] = at[CONNECT];
	else if (http->tls_us > 0)
		at[CONNECT] = http->tls_us;
	if (http->n_head == 0)
		at[FIRST_BYTE] = 0; /* it ended without one */
	for (http->reached = CONNECT; http->reached < TRANSFER;
	     http->reached++) {
		if (at[http->reached] == 0)
			break;
		http->phase_us[http->reached] += at[http->reached] - before;
		before = at[http->reached];
	}
	http->phase_us[http->reached] += end - before;
}

static void
report_times(struct probe *p, const struct http *http)
{
	for (int i = 0; i <= (int)http->reached; i++)
		probe_phase(p, (size_t)i, http->phase_us[i]);
}

static void
report_server(struct probe *p, const struct http *http)
{
	char *address = NULL, *text;
	long port = number_of(http, CURLINFO_PRIMARY_PORT);

	curl_easy_getinfo(http->curl, CURLINFO_PRIMARY_IP, &address);
	if (address == NULL || address[0] == '\0')
		return;
	text = mem_printf(strchr(address, ':') != NULL ? "[%s]:%ld" : "%s:%ld",
	    address, port);
	probe_text(p, "server", text);
	free(text);
}

/* --- setting up ----------------------------------------------------------- */

static void
wipe_list(struct curl_slist *list)
{
	for (struct curl_slist *at = list; at != NULL; at = at->next)
		explicit_bzero(at->data, strlen(at->data));
	curl_slist_free_all(list);
}

/* The headers of the configuration; they may hold secrets. */
static int
add_headers(struct probe *p, struct http *http,
    const struct http_config *config, struct err *err)
{
	for (uint32_t i = 0; i < config->n_headers; i++) {
		const struct http_header *header = &config->headers[i];
		struct secret *secret = NULL;
		char *line;

		if (secret_load(&secret, header->value, err) < 0)
			return err_wrap(err, "header %s", header->name);
		if (strpbrk(secret_reveal(secret), "\r\n") != NULL) {
			secret_free(secret);
			return err_set(err, ERR_INVALID,
			    "header %s: its value has a line end",
			    header->name);
		}
		probe_hide(p, secret_reveal(secret));
		line =
		    mem_printf("%s: %s", header->name, secret_reveal(secret));
		http->headers = curl_slist_append(http->headers, line);
		explicit_bzero(line, strlen(line));
		free(line);
		secret_free(secret);
	}
	return 0;
}

static void
set_method(struct http *http, const char *method)
{
	if (http->is_get)
		method = "GET";
	if (strcmp(method, "HEAD") == 0) {
		curl_easy_setopt(http->curl, CURLOPT_NOBODY, 1L);
	} else if (strcmp(method, "GET") == 0) {
		curl_easy_setopt(http->curl, CURLOPT_CUSTOMREQUEST, NULL);
		curl_easy_setopt(http->curl, CURLOPT_HTTPGET, 1L);
	} else if (strcmp(method, "POST") == 0) {
		curl_easy_setopt(http->curl, CURLOPT_POST, 1L);
		curl_easy_setopt(http->curl, CURLOPT_POSTFIELDS, "");
	} else {
		curl_easy_setopt(http->curl, CURLOPT_CUSTOMREQUEST, method);
	}
}

/* What libcurl is to take for the host's addresses: those of our own look-up.
 * It would start a thread for its own. */
static void
set_addresses(struct probe *p, struct http *http)
{
	struct text line = { 0 };
	const struct sockaddr *address;
	char text[ADDRESS_TEXT_BYTES];

	text_addf(&line, "%s:%u:", http->origin.host, http->origin.port);
	for (size_t i = 0; (address = probe_address(p, i, NULL)) != NULL; i++) {
		address_text(text, address);
		*strrchr(text, ':') = '\0'; /* the port */
		text_addf(&line, "%s%s", i > 0 ? "," : "", text);
	}
	curl_slist_free_all(http->addresses);
	http->addresses = curl_slist_append(NULL, line.bytes);
	curl_easy_setopt(http->curl, CURLOPT_RESOLVE, http->addresses);
	text_fini(&line);
}

static void
set_options(struct http *http, const struct http_config *config)
{
	CURL *curl = http->curl;

	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_PROXY, ""); /* what is asked, answers */
	curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, 1L);
	curl_easy_setopt(curl, CURLOPT_FORBID_REUSE, 1L);
	curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(curl, CURLOPT_USERAGENT, USER_AGENT);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, http);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, http->trouble);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_line);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, http);
	curl_easy_setopt(curl, CURLOPT_SSL_CTX_FUNCTION, on_tls);
	curl_easy_setopt(curl, CURLOPT_SSL_CTX_DATA, http);
	/* Without a folder libcurl keeps the authorities between transfers
	 * instead of reading them each time. */
	curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
	if (config->ca_file != NULL)
		curl_easy_setopt(curl, CURLOPT_CAINFO, config->ca_file);
}

static enum turn
prepare(struct probe *p, struct http *http)
{
	const struct http_config *config = probe_config(p)->http;
	struct err err;

	http->probe = p;
	http->max_bytes = config->max_bytes;
	http->wants_body =
	    config->contains != NULL || http_facts_want_body(config);
	http->facts = http_facts_new(config);
	http->curl = curl_easy_init();
	if (http->curl == NULL ||
	    origin_of(&http->origin, http->target, config->url) < 0 ||
	    origin_of(&http->first, NULL, config->url) < 0)
		return probe_unknown(
		    p, REASON_INTERNAL, "the url cannot be used");
	if (add_headers(p, http, config, &err) < 0)
		return probe_unknown(p, REASON_INTERNAL, "%s", err.text);
	set_options(http, config);
	curl_easy_setopt(http->curl, CURLOPT_URL, config->url);
	aim(p, &http->origin);
	return TURN_NEXT;
}

/* --- steps ---------------------------------------------------------------- */

static enum turn
resolve_step(struct probe *p, void *state)
{
	struct http *http = state;
	enum turn turn;

	if (http->curl == NULL) {
		turn = prepare(p, http);
		if (turn != TURN_NEXT)
			return turn;
	}
	turn = probe_resolve(p, state);
	if (turn == TURN_NEXT)
		http->phase_us[RESOLVE] = probe_elapsed_us(p);
	return turn;
}

static enum turn
start(struct probe *p, struct http *http)
{
	const struct http_config *config = probe_config(p)->http;

	/* Secrets are for the server of the configuration only, wherever it
	 * may send us. */
	curl_easy_setopt(http->curl, CURLOPT_HTTPHEADER,
	    origin_is_same(&http->origin, &http->first) ? http->headers : NULL);
	set_method(http, config->method);
	set_addresses(p, http);
	http->is_asking = true;
	http->hop_us = probe_elapsed_us(p);
	http->tls_us = 0;
	http->n_head = http->received = 0;
	text_fini(&http->body);
	return probe_transfer(p, http->curl);
}

static const struct trouble {
	CURLcode code;
	enum reason reason;
} troubles[] = {
	{ CURLE_OPERATION_TIMEDOUT, REASON_TIMEOUT },
	{ CURLE_GOT_NOTHING, REASON_EMPTY },
	{ CURLE_RECV_ERROR, REASON_RESET },
	{ CURLE_SEND_ERROR, REASON_RESET },
	{ CURLE_PARTIAL_FILE, REASON_RESET },
	{ CURLE_WEIRD_SERVER_REPLY, REASON_PROTOCOL },
	{ CURLE_UNSUPPORTED_PROTOCOL, REASON_PROTOCOL },
	{ CURLE_BAD_CONTENT_ENCODING, REASON_PROTOCOL },
	{ CURLE_HTTP2, REASON_PROTOCOL },
	{ CURLE_OUT_OF_MEMORY, REASON_LIMIT }, /* for a line without end */
	{ CURLE_PEER_FAILED_VERIFICATION, REASON_CERTIFICATE },
	{ CURLE_SSL_ISSUER_ERROR, REASON_CERTIFICATE },
	{ CURLE_SSL_CONNECT_ERROR, REASON_HANDSHAKE },
	{ CURLE_SSL_CIPHER, REASON_HANDSHAKE },
};

static enum turn
refuse_size(struct probe *p, const struct http *http)
{
	if (http->received > http->max_bytes)
		return probe_fail(p, REASON_LIMIT,
		    "%s: the body is larger than %zu bytes (max_bytes)",
		    http->target, http->max_bytes);
	return probe_fail(p, REASON_LIMIT,
	    "%s: the head of the answer is larger than %d bytes", http->target,
	    HEAD_MAX_BYTES);
}

static enum turn
broken(struct probe *p, const struct http *http, CURLcode code)
{
	size_t n = sizeof(troubles) / sizeof(troubles[0]);
	enum reason reason = REASON_INTERNAL;
	long error = number_of(http, CURLINFO_OS_ERRNO);

	if (code == CURLE_WRITE_ERROR)
		return refuse_size(p, http);
	if (code == CURLE_COULDNT_CONNECT) {
		reason = probe_reason_of_errno((int)error);
		if (reason != REASON_INTERNAL && reason != REASON_DENIED)
			return probe_fail(p, reason, "%s: %s", http->target,
			    strerror((int)error));
	}
	for (size_t i = 0; i < n; i++)
		if (troubles[i].code == code)
			reason = troubles[i].reason;
	if (reason == REASON_INTERNAL || reason == REASON_DENIED)
		return probe_unknown(p, reason, "%s: %s", http->target,
		    http->trouble[0] != '\0' ? http->trouble
					     : curl_easy_strerror(code));
	return probe_fail(p, reason, "%s: %s", http->target,
	    http->trouble[0] != '\0' ? http->trouble
				     : curl_easy_strerror(code));
}

static bool
is_wanted(const struct http_config *config, long status)
{
	if (config->n_status == 0)
		return status >= 200 && status <= 299;
	for (uint32_t i = 0; i < config->n_status; i++)
		if (config->status[i] == status)
			return true;
	return false;
}

/* Answers that have no body by their nature. */
static bool
may_be_empty(const struct http_config *config, long status)
{
	return strcmp(config->method, "HEAD") == 0 || status == 204 ||
	    status == 205 || (status >= 300 && status <= 399);
}

static enum turn
refuse_status(struct probe *p, const struct http *http, long status)
{
	const struct http_config *config = probe_config(p)->http;
	bool redirects = status >= 300 && status <= 399 && !config->follow;

	return probe_fail(p, REASON_STATUS, "%s: status %ld%s", http->target,
	    status,
	    redirects ? ": it leads elsewhere; follow: true goes there" : "");
}

static enum turn
judge(struct probe *p, struct http *http)
{
	const struct http_config *config = probe_config(p)->http;
	long status = number_of(http, CURLINFO_RESPONSE_CODE);

	probe_number(p, "status", (double)status);
	probe_number(p, "bytes", (double)http->received);
	if (http->n_redirects > 0)
		probe_number(p, "redirects", http->n_redirects);
	http_facts_report(http->facts, p, http->body.bytes, http->body.n);
	if (!is_wanted(config, status))
		return refuse_status(p, http, status);
	if (http->received == 0 && !may_be_empty(config, status))
		return probe_fail(p, REASON_EMPTY,
		    "%s: status %ld with an empty body; if the status is all "
		    "that counts, write method: HEAD",
		    http->target, status);
	if (config->contains != NULL &&
	    (http->body.n == 0 ||
		memmem(http->body.bytes, http->body.n, config->contains,
		    strlen(config->contains)) == NULL))
		return probe_fail(p, REASON_ANSWER,
		    "%s: status %ld, but the body does not hold the expected "
		    "text",
		    http->target, status);
	return TURN_NEXT;
}

/* Where the answer leads, owned by libcurl; NULL when it is to be judged. */
static const char *
redirect_of(const struct http *http, const struct http_config *config)
{
	char *url = NULL;

	if (config->follow)
		curl_easy_getinfo(http->curl, CURLINFO_REDIRECT_URL, &url);
	return url;
}

static enum turn
go_to(struct probe *p, struct http *http, const char *url)
{
	const char *method = probe_config(p)->http->method;
	long status = number_of(http, CURLINFO_RESPONSE_CODE);
	char *copy;

	if (++http->n_redirects > REDIRECTS_MAX) {
		report_times(p, http);
		return probe_fail(p, REASON_LIMIT, "%s: more than %d redirects",
		    http->target, REDIRECTS_MAX);
	}
	copy = mem_strdup(url); /* setting another one frees it */
	curl_easy_setopt(http->curl, CURLOPT_URL, copy);
	if (origin_of(&http->origin, http->target, copy) < 0) {
		free(copy);
		report_times(p, http);
		return probe_fail(p, REASON_PROTOCOL,
		    "%s: leads to something that is not http", http->target);
	}
	free(copy);
	http->is_get = status == 303 ||
	    ((status == 301 || status == 302) && strcmp(method, "POST") == 0);
	aim(p, &http->origin);
	http->is_looking_up = true;
	http->hop_us = probe_elapsed_us(p);
	return TURN_NEXT;
}

/* Looks at the answer: goes on (TURN_NEXT) to where it leads, or judges it. */
static enum turn
arrive(struct probe *p, struct http *http, CURLcode code)
{
	const char *url = NULL;

	http->is_asking = false;
	add_times(p, http);
	if (code == CURLE_OK)
		url = redirect_of(http, probe_config(p)->http);
	if (url != NULL)
		return go_to(p, http, url);
	/* Only now: the phases reported last are those of the last server. */
	report_times(p, http);
	report_server(p, http);
	return code == CURLE_OK ? judge(p, http) : broken(p, http, code);
}

static enum turn
transfer_step(struct probe *p, void *state)
{
	struct http *http = state;
	enum turn turn;

	if (http->is_asking) {
		turn = arrive(p, http, (CURLcode)probe_transfer_code(p));
		if (turn != TURN_NEXT || !http->is_looking_up)
			return turn;
	}
	if (http->is_looking_up) {
		turn = probe_resolve(p, state);
		if (turn != TURN_NEXT)
			return turn;
		http->is_looking_up = false;
		http->phase_us[RESOLVE] += probe_elapsed_us(p) - http->hop_us;
	}
	return start(p, http);
}

static void
expire(struct probe *p, void *state)
{
	struct http *http = state;
	char span[TEXT_SPAN_BYTES];

	if (!http->is_asking)
		return; /* a host is being looked up */
	text_span(span, (int64_t)probe_config(p)->timeout_ms * 1000);
	add_times(p, http);
	report_times(p, http);
	report_server(p, http);
	probe_number(p, "bytes", (double)http->received);
	probe_fail(p, REASON_TIMEOUT, "%s: %s: not done within %s",
	    http->target, phases[http->reached], span);
}

static void
cleanup(void *state)
{
	struct http *http = state;

	curl_easy_cleanup(http->curl);
	wipe_list(http->headers);
	curl_slist_free_all(http->addresses);
	origin_fini(&http->first);
	origin_fini(&http->origin);
	text_fini(&http->body);
	http_facts_free(http->facts);
}

static const struct probe_step steps[] = {
	{ "resolve", resolve_step },
	{ "transfer", transfer_step },
	{ NULL, NULL },
};

const struct probe_kind http_kind = {
	.name = "http",
	.state_size = sizeof(struct http),
	.steps = steps,
	.phases = phases,
	.expire = expire,
	.cleanup = cleanup,
	.check = http_check,
};
