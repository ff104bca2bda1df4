#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

#include "agent/probes/http_client.h"
#include "agent/probes/http_origin.h"
#include "agent/probes/secure.h"
#include "agent/resolve.h"
#include "proto/base/mem.h"
#include "proto/base/text.h"

#define HEAD_MAX_BYTES (256 * 1024)
#define USER_AGENT     "vedette-agent"
#define SWITCHING      101 /* protocols */

const char *const http_phases[] = { "resolve", "connect", "tls", "first_byte",
	"transfer", NULL };

enum stage { IDLE, LOOKING_UP, ASKING };

struct http_client {
	struct probe *probe;
	struct http_setup setup;
	CURL *curl;
	struct curl_slist *headers, *addresses;
	struct origin trusted, origin;  /* that get the headers; of now */
	char target[ORIGIN_TEXT_BYTES]; /* without user and query */
	char trouble[CURL_ERROR_SIZE];
	enum stage stage;
	bool is_upgrade, is_upgraded;
	int64_t hop_us; /* when this look-up or transfer began */
	int64_t tls_us; /* when TLS began, since then; 0: not yet */
	int64_t phase_us[HTTP_PHASES];
	enum http_phase reached;
	struct text body;
	size_t n_head, received;
};

/* --- what libcurl tells --------------------------------------------------- */

static long
number_of(const struct http_client *client, CURLINFO info)
{
	long number = 0;

	curl_easy_getinfo(client->curl, info, &number);
	return number;
}

static size_t
take_body(char *bytes, size_t size, size_t n, void *arg)
{
	struct http_client *client = arg;

	n *= size;
	client->received += n;
	if (client->received > client->setup.max_bytes)
		return 0; /* ends the transfer with CURLE_WRITE_ERROR */
	if (client->setup.wants_body)
		text_add_bytes(&client->body, bytes, n);
	return n;
}

static bool
ends_head(const char *bytes, size_t n)
{
	return n > 0 && (bytes[0] == '\r' || bytes[0] == '\n');
}

static size_t
take_line(char *bytes, size_t size, size_t n, void *arg)
{
	struct http_client *client = arg;

	n *= size;
	client->n_head += n;
	if (client->n_head > HEAD_MAX_BYTES)
		return 0;
	if (client->setup.on_line != NULL)
		client->setup.on_line(client->setup.arg, bytes, n);
	if (client->is_upgrade && ends_head(bytes, n) &&
	    number_of(client, CURLINFO_RESPONSE_CODE) == SWITCHING) {
		client->is_upgraded = true;
		return 0; /* what follows is another protocol's */
	}
	return n;
}

/* The connection stands and TLS begins.  libcurl itself tells the time of the
 * connection only when TLS has succeeded as well. */
static CURLcode
on_tls(CURL *curl, void *context, void *arg)
{
	struct http_client *client = arg;

	(void)curl;
	(void)context;
	client->tls_us = probe_elapsed_us(client->probe) - client->hop_us;
	return CURLE_OK;
}

static int64_t
time_of(const struct http_client *client, CURLINFO info)
{
	curl_off_t us = 0;

	curl_easy_getinfo(client->curl, info, &us);
	return us;
}

/* Adds the times of the transfer up to now to its phases. */
static void
add_times(struct http_client *client)
{
	int64_t end = probe_elapsed_us(client->probe) - client->hop_us;
	int64_t at[HTTP_PHASES] = {
		[HTTP_CONNECT] = time_of(client, CURLINFO_CONNECT_TIME_T),
		[HTTP_TLS] = time_of(client, CURLINFO_APPCONNECT_TIME_T),
		[HTTP_FIRST_BYTE] =
		    time_of(client, CURLINFO_STARTTRANSFER_TIME_T),
	};
	int64_t before = 0;

	if (strcmp(client->origin.scheme, "http") == 0)
		at[HTTP_TLS] = at[HTTP_CONNECT];
	else if (client->tls_us > 0)
		at[HTTP_CONNECT] = client->tls_us;
	if (client->n_head == 0)
		at[HTTP_FIRST_BYTE] = 0; /* it ended without one */
	for (client->reached = HTTP_CONNECT; client->reached < HTTP_TRANSFER;
	     client->reached++) {
		if (at[client->reached] == 0)
			break;
		client->phase_us[client->reached] +=
		    at[client->reached] - before;
		before = at[client->reached];
	}
	client->phase_us[client->reached] += end - before;
}

static void
report_server(struct http_client *client)
{
	char *address = NULL, *text;
	long port = number_of(client, CURLINFO_PRIMARY_PORT);

	curl_easy_getinfo(client->curl, CURLINFO_PRIMARY_IP, &address);
	if (address == NULL || address[0] == '\0')
		return;
	text = mem_printf(strchr(address, ':') != NULL ? "[%s]:%ld" : "%s:%ld",
	    address, port);
	probe_text(client->probe, "server", text);
	free(text);
}

void
http_client_report(struct http_client *client)
{
	for (int i = 0; client->setup.has_phases && i <= (int)client->reached;
	     i++)
		probe_phase(client->probe, (size_t)i, client->phase_us[i]);
	report_server(client);
}

/* --- setting up ----------------------------------------------------------- */

static void
set_options(struct http_client *client)
{
	const struct http_setup *setup = &client->setup;
	CURL *curl = client->curl;

	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_PROXY, ""); /* what is asked, answers */
	curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, 1L);
	curl_easy_setopt(curl, CURLOPT_FORBID_REUSE, 1L);
	curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(curl, CURLOPT_USERAGENT, USER_AGENT);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, client);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, client->trouble);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_line);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, client);
	curl_easy_setopt(curl, CURLOPT_SSL_CTX_FUNCTION, on_tls);
	curl_easy_setopt(curl, CURLOPT_SSL_CTX_DATA, client);
	/* Without a folder libcurl keeps the authorities between transfers
	 * instead of reading them each time. */
	curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
	if (setup->ca_file != NULL)
		curl_easy_setopt(curl, CURLOPT_CAINFO, setup->ca_file);
	if (setup->certificate_file != NULL) {
		curl_easy_setopt(
		    curl, CURLOPT_SSLCERT, setup->certificate_file);
		curl_easy_setopt(curl, CURLOPT_SSLKEY, setup->key_file);
	}
	if (setup->keeps_cookies)
		curl_easy_setopt(curl, CURLOPT_COOKIEFILE, "");
}

struct http_client *
http_client_new(struct probe *probe, const struct http_setup *setup)
{
	struct http_client *client = mem_zalloc(sizeof(*client));

	client->probe = probe;
	client->setup = *setup;
	client->curl = curl_easy_init();
	if (client->curl == NULL) {
		free(client);
		return NULL;
	}
	set_options(client);
	return client;
}

void
http_client_add_header(
    struct http_client *client, const char *name, const char *value)
{
	char *line = mem_printf("%s: %s", name, value);

	client->headers = curl_slist_append(client->headers, line);
	explicit_bzero(line, strlen(line));
	free(line);
}

void
http_client_forget_headers(struct http_client *client)
{
	struct curl_slist *at = client->headers;

	for (; at != NULL; at = at->next)
		explicit_bzero(at->data, strlen(at->data));
	curl_easy_setopt(client->curl, CURLOPT_HTTPHEADER, NULL);
	curl_slist_free_all(client->headers);
	client->headers = NULL;
}

void
http_client_trust(struct http_client *client)
{
	origin_fini(&client->trusted);
}

static void
set_method(struct http_client *client, const struct http_request *request)
{
	CURL *curl = client->curl;
	const char *method = request->method, *body = request->body;

	curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L); /* as if new */
	curl_easy_setopt(curl, CURLOPT_NOBODY, 0L);
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, NULL);
	if (strcmp(method, "HEAD") == 0) {
		curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
	} else if (body != NULL || strcmp(method, "POST") == 0) {
		curl_easy_setopt(curl, CURLOPT_POST, 1L);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, -1L);
		curl_easy_setopt(
		    curl, CURLOPT_COPYPOSTFIELDS, body != NULL ? body : "");
		if (strcmp(method, "POST") != 0)
			curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
	} else {
		curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
		if (strcmp(method, "GET") != 0)
			curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
	}
}

/* The host as a name or an address to look up: "[::1]" without brackets. */
static void
aim(struct http_client *client)
{
	const struct origin *origin = &client->origin;
	size_t n = strlen(origin->host);
	char *bare = origin->host[0] == '['
	    ? mem_strndup(origin->host + 1, n - 2)
	    : mem_strdup(origin->host);

	probe_target(client->probe, bare, origin->port);
	free(bare);
}

int
http_client_ask(struct http_client *client, const struct http_request *request)
{
	char *url = mem_strdup(request->url); /* may be libcurl's own */
	int rc = origin_of(&client->origin, client->target, url);

	if (rc == 0 && client->trusted.scheme == NULL)
		rc = origin_of(&client->trusted, NULL, url);
	if (rc == 0) {
		set_method(client, request);
		curl_easy_setopt(client->curl, CURLOPT_URL, url);
		client->is_upgrade = request->is_upgrade;
		aim(client);
		client->stage = LOOKING_UP;
		client->hop_us = probe_elapsed_us(client->probe);
	}
	explicit_bzero(url, strlen(url));
	free(url);
	return rc;
}

/* What libcurl is to take for the host's addresses: those of our own look-up.
 * It would start a thread for its own. */
static void
set_addresses(struct http_client *client)
{
	struct text line = { 0 };
	const struct sockaddr *address;
	char text[ADDRESS_TEXT_BYTES];

	text_addf(&line, "%s:%u:", client->origin.host, client->origin.port);
	for (size_t i = 0;
	     (address = probe_address(client->probe, i, NULL)) != NULL; i++) {
		address_text(text, address);
		*strrchr(text, ':') = '\0'; /* the port */
		text_addf(&line, "%s%s", i > 0 ? "," : "", text);
	}
	curl_slist_free_all(client->addresses);
	client->addresses = curl_slist_append(NULL, line.bytes);
	curl_easy_setopt(client->curl, CURLOPT_RESOLVE, client->addresses);
	text_fini(&line);
}

static enum turn
start(struct http_client *client)
{
	bool is_trusted = origin_is_same(&client->origin, &client->trusted);

	client->phase_us[HTTP_RESOLVE] +=
	    probe_elapsed_us(client->probe) - client->hop_us;
	/* Secrets are for the server of the configuration only, wherever it
	 * may send us. */
	curl_easy_setopt(client->curl, CURLOPT_HTTPHEADER,
	    is_trusted ? client->headers : NULL);
	set_addresses(client);
	client->stage = ASKING;
	client->hop_us = probe_elapsed_us(client->probe);
	client->tls_us = 0;
	client->n_head = client->received = 0;
	client->is_upgraded = false;
	client->trouble[0] = '\0';
	if (client->body.n > 0)
		explicit_bzero(client->body.bytes, client->body.n);
	text_fini(&client->body);
	return probe_transfer(client->probe, client->curl);
}

/* --- the end of a transfer ------------------------------------------------ */

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
refuse_size(const struct http_client *client)
{
	if (client->received > client->setup.max_bytes)
		return probe_fail(client->probe, REASON_LIMIT,
		    "%s: the body is larger than %zu bytes (max_bytes)",
		    client->target, client->setup.max_bytes);
	return probe_fail(client->probe, REASON_LIMIT,
	    "%s: the head of the answer is larger than %d bytes",
	    client->target, HEAD_MAX_BYTES);
}

static enum turn
broken(const struct http_client *client, CURLcode code)
{
	size_t n = sizeof(troubles) / sizeof(troubles[0]);
	enum reason reason = REASON_INTERNAL;
	int error = (int)number_of(client, CURLINFO_OS_ERRNO);
	long verified = number_of(client, CURLINFO_SSL_VERIFYRESULT);
	const char *why = client->trouble[0] != '\0' ? client->trouble
						     : curl_easy_strerror(code);

	if (code == CURLE_WRITE_ERROR)
		return refuse_size(client);
	if (code == CURLE_COULDNT_CONNECT) {
		reason = probe_reason_of_errno(error);
		if (reason != REASON_INTERNAL && reason != REASON_DENIED)
			return probe_fail(client->probe, reason, "%s: %s",
			    client->target, strerror(error));
	}
	for (size_t i = 0; i < n; i++)
		if (troubles[i].code == code)
			reason = troubles[i].reason;
	/* libcurl compares the name before it takes OpenSSL's result. */
	if (code == CURLE_PEER_FAILED_VERIFICATION && verified <= 1)
		reason = REASON_WRONG_NAME;
	else if (code == CURLE_PEER_FAILED_VERIFICATION)
		reason = secure_reason(verified);
	if (reason == REASON_INTERNAL || reason == REASON_DENIED)
		return probe_unknown(
		    client->probe, reason, "%s: %s", client->target, why);
	return probe_fail(client->probe, reason, "%s: %s", client->target, why);
}

enum turn
http_client_step(struct http_client *client)
{
	CURLcode code;
	enum turn turn;

	if (client->stage == LOOKING_UP) {
		turn = probe_resolve(client->probe, NULL);
		return turn == TURN_NEXT ? start(client) : turn;
	}
	code = (CURLcode)probe_transfer_code(client->probe);
	client->stage = IDLE;
	add_times(client);
	if (code == CURLE_OK ||
	    (code == CURLE_WRITE_ERROR && client->is_upgraded))
		return TURN_NEXT;
	http_client_report(client);
	return broken(client, code);
}

void
http_client_expire(struct http_client *client)
{
	const struct probe_config *config = probe_config(client->probe);
	char span[TEXT_SPAN_BYTES];

	if (client->stage == IDLE)
		return;
	text_span(span, (int64_t)config->timeout_ms * 1000);
	if (client->stage == LOOKING_UP) {
		probe_fail(client->probe, REASON_TIMEOUT,
		    "%s: resolve: not done within %s", client->target, span);
		return;
	}
	add_times(client);
	http_client_report(client);
	probe_number(client->probe, "bytes", (double)client->received);
	probe_fail(client->probe, REASON_TIMEOUT, "%s: %s: not done within %s",
	    client->target, http_phases[client->reached], span);
}

/* --- of the last answer --------------------------------------------------- */

long
http_client_status(const struct http_client *client)
{
	return number_of(client, CURLINFO_RESPONSE_CODE);
}

size_t
http_client_received(const struct http_client *client)
{
	return client->received;
}

const char *
http_client_body(const struct http_client *client, size_t *out_n)
{
	*out_n = client->body.n;
	return client->body.n > 0 ? client->body.bytes : "";
}

const char *
http_client_target(const struct http_client *client)
{
	return client->target;
}

const char *
http_client_redirect(const struct http_client *client)
{
	char *url = NULL;

	curl_easy_getinfo(client->curl, CURLINFO_REDIRECT_URL, &url);
	return url;
}

void
http_client_free(struct http_client *client)
{
	if (client == NULL)
		return;
	http_client_forget_headers(client);
	curl_easy_cleanup(client->curl);
	curl_slist_free_all(client->addresses);
	origin_fini(&client->trusted);
	origin_fini(&client->origin);
	if (client->body.n > 0)
		explicit_bzero(client->body.bytes, client->body.n);
	text_fini(&client->body);
	free(client);
}
