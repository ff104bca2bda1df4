#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "agent/probes/secure.h"
#include "agent/resolve.h"
#include "proto/base/mem.h"
#include "proto/base/text.h"

#define NAME_BYTES     256
#define SERIAL_BYTES   64
#define DIGEST_BYTES   (2 * 32 + 1)
#define SECONDS_OF_DAY 86400.0

struct secure {
	SSL_CTX *context;
	SSL *ssl;
	char *name;
	/* What is wrong: X509_V_... and at which depth of the chain; 0 is
	 * nothing.  The first of each sort counts. */
	struct fault {
		int code, depth;
	} authority, identity, time, other;
	double days_left;
	bool has_ticket; /* the server was content with us */
};

/* --- what is wrong with a chain ------------------------------------------- */

static struct fault *
sort_of(struct secure *secure, int code)
{
	switch (code) {
	case X509_V_ERR_CERT_HAS_EXPIRED:
	case X509_V_ERR_CERT_NOT_YET_VALID:
		return &secure->time;
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		return &secure->identity;
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_CERT_UNTRUSTED:
		return &secure->authority;
	default:
		return &secure->other;
	}
}

enum reason
secure_reason(long verify_code)
{
	struct secure any = { 0 };
	const struct fault *sort = sort_of(&any, (int)verify_code);

	return sort == &any.authority ? REASON_AUTHORITY
	    : sort == &any.identity   ? REASON_WRONG_NAME
	    : sort == &any.time       ? REASON_EXPIRED
				      : REASON_CERTIFICATE;
}

/* Goes on whatever it is: the handshake is not what is in question. */
static int
on_verified(int is_good, X509_STORE_CTX *store)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(
	    store, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct secure *secure = SSL_get_app_data(ssl);
	int code = X509_STORE_CTX_get_error(store);
	struct fault *fault;

	if (is_good)
		return 1;
	fault = sort_of(secure, code);
	if (fault->code == 0)
		*fault = (struct fault){ code,
			X509_STORE_CTX_get_error_depth(store) };
	return 1;
}

/* --- the handshake -------------------------------------------------------- */

/* The words of OpenSSL for what happened last. */
static const char *
last_words(void)
{
	unsigned long code = ERR_peek_last_error();
	const char *words = ERR_reason_error_string(code);

	if (words != NULL)
		return words;
	return ERR_SYSTEM_ERROR(code) ? strerror(ERR_GET_REASON(code))
				      : "OpenSSL does not say why";
}

static int
set_trust(struct secure *secure, const char *ca_file, struct err *err)
{
	if (ca_file == NULL) {
		SSL_CTX_set_default_verify_paths(secure->context);
		return 0;
	}
	if (SSL_CTX_load_verify_locations(secure->context, ca_file, NULL) == 1)
		return 0;
	return err_set(err, ERR_IO, "ca_file: %s: %s", ca_file, last_words());
}

static int
on_ticket(SSL *ssl, SSL_SESSION *session)
{
	struct secure *secure = SSL_get_app_data(ssl);

	(void)session;
	secure->has_ticket = true;
	return 0; /* it stays OpenSSL's */
}

/* What the server may ask of us. */
static int
set_own(
    struct secure *secure, const struct secure_setup *setup, struct err *err)
{
	if (setup->certificate_file == NULL)
		return 0;
	if (SSL_CTX_use_certificate_chain_file(
		secure->context, setup->certificate_file) != 1)
		return err_set(err, ERR_IO, "certificate_file: %s: %s",
		    setup->certificate_file, last_words());
	if (SSL_CTX_use_PrivateKey_file(
		secure->context, setup->key_file, SSL_FILETYPE_PEM) != 1)
		return err_set(err, ERR_IO, "key_file: %s: %s", setup->key_file,
		    last_words());
	SSL_CTX_set_session_cache_mode(secure->context, SSL_SESS_CACHE_CLIENT);
	SSL_CTX_sess_set_new_cb(secure->context, on_ticket);
	return 0;
}

/* Whom the certificate has to name.  An address is never sent as SNI. */
static void
set_name(struct secure *secure, const char *name)
{
	X509_VERIFY_PARAM *param = SSL_get0_param(secure->ssl);
	union address address;

	secure->name = mem_strdup(name);
	if (address_parse(&address, name, 0) == 0) {
		X509_VERIFY_PARAM_set1_ip_asc(param, name);
		return;
	}
	X509_VERIFY_PARAM_set_hostflags(
	    param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	X509_VERIFY_PARAM_set1_host(param, name, 0);
	SSL_set_tlsext_host_name(secure->ssl, name);
}

int
secure_open(
    struct secure **out, const struct secure_setup *setup, struct err *err)
{
	struct secure *secure = mem_zalloc(sizeof(*secure));

	ERR_clear_error();
	secure->context = SSL_CTX_new(TLS_client_method());
	if (secure->context == NULL) {
		err_set(err, ERR_IO, "OpenSSL: %s", last_words());
		goto out;
	}
	SSL_CTX_set_min_proto_version(secure->context, TLS1_2_VERSION);
	SSL_CTX_set_mode(secure->context,
	    SSL_MODE_ENABLE_PARTIAL_WRITE |
		SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_verify(secure->context, SSL_VERIFY_PEER, on_verified);
	if (set_trust(secure, setup->ca_file, err) < 0 ||
	    set_own(secure, setup, err) < 0)
		goto out;
	secure->ssl = SSL_new(secure->context);
	if (secure->ssl == NULL || SSL_set_fd(secure->ssl, setup->fd) != 1) {
		err_set(err, ERR_IO, "OpenSSL: %s", last_words());
		goto out;
	}
	SSL_set_app_data(secure->ssl, secure);
	set_name(secure, setup->name);
	SSL_set_connect_state(secure->ssl);
	*out = secure;
	return 0;
out:
	secure_close(secure);
	return -1;
}

/* What a call of OpenSSL that gave rc waits for; 0 when it has failed, with
 * errno. */
static int
events_of(struct secure *secure, int rc)
{
	switch (SSL_get_error(secure->ssl, rc)) {
	case SSL_ERROR_WANT_READ:
		return UV_READABLE;
	case SSL_ERROR_WANT_WRITE:
		return UV_WRITABLE;
	case SSL_ERROR_ZERO_RETURN:
		errno = 0;
		return 0;
	case SSL_ERROR_SYSCALL:
		if (errno == 0)
			errno = ECONNRESET; /* an end without a word */
		return 0;
	default:
		errno = ERR_GET_REASON(ERR_peek_last_error()) ==
			SSL_R_UNEXPECTED_EOF_WHILE_READING
		    ? ECONNRESET
		    : EPROTO;
		return 0;
	}
}

enum turn
secure_handshake(struct probe *p, struct secure *secure)
{
	int events, rc;

	ERR_clear_error();
	errno = 0;
	rc = SSL_do_handshake(secure->ssl);
	if (rc == 1)
		return TURN_NEXT;
	events = events_of(secure, rc);
	if (events != 0)
		return probe_await(p, SSL_get_fd(secure->ssl), events);
	if (errno == EPROTO)
		return probe_fail(
		    p, REASON_HANDSHAKE, "%s: %s", secure->name, last_words());
	return probe_fail(p, probe_reason_of_errno(errno),
	    "%s: closed during the handshake: is it TLS that is spoken there?",
	    secure->name);
}

/* --- talking -------------------------------------------------------------- */

ssize_t
secure_read(struct secure *secure, void *bytes, size_t n, int *out_events)
{
	int rc;

	ERR_clear_error();
	errno = 0;
	rc = SSL_read(secure->ssl, bytes, (int)n);
	if (rc > 0)
		return rc;
	*out_events = events_of(secure, rc);
	if (*out_events != 0)
		errno = EAGAIN;
	return *out_events == 0 && errno == 0 ? 0 : -1;
}

ssize_t
secure_write(
    struct secure *secure, const void *bytes, size_t n, int *out_events)
{
	int rc;

	ERR_clear_error();
	errno = 0;
	rc = SSL_write(secure->ssl, bytes, (int)n);
	if (rc > 0)
		return rc;
	*out_events = events_of(secure, rc);
	if (*out_events != 0)
		errno = EAGAIN;
	return -1;
}

enum turn
secure_confirm(struct probe *p, struct secure *secure, int64_t until_us)
{
	int events = 0;
	char byte;

	if (SSL_version(secure->ssl) < TLS1_3_VERSION ||
	    secure_read(secure, &byte, 1, &events) > 0 || secure->has_ticket)
		return TURN_NEXT;
	if (events != 0 && probe_elapsed_us(p) >= until_us)
		return TURN_NEXT;
	if (events != 0)
		return probe_await_until(
		    p, SSL_get_fd(secure->ssl), events, until_us);
	return probe_fail(p, REASON_HANDSHAKE,
	    "%s: our certificate is not accepted: %s", secure->name,
	    errno == EPROTO ? last_words() : "closed without a word");
}

/* --- the certificate ------------------------------------------------------ */

static double
days_until(int64_t now_ms, const ASN1_TIME *time)
{
	ASN1_TIME *then = ASN1_TIME_set(NULL, (time_t)(now_ms / 1000));
	int days = 0, seconds = 0;

	ASN1_TIME_diff(&days, &seconds, then, time);
	ASN1_TIME_free(then);
	return days + seconds / SECONDS_OF_DAY;
}

static void
write_time(char out[TEXT_TIME_BYTES], const ASN1_TIME *time)
{
	struct tm tm = { 0 };

	ASN1_TIME_to_tm(time, &tm);
	text_time(out, (int64_t)timegm(&tm) * 1000);
}

static void
write_name(char out[NAME_BYTES], const X509_NAME *name)
{
	int n = X509_NAME_get_text_by_NID(
	    (X509_NAME *)(uintptr_t)name, NID_commonName, out, NAME_BYTES);

	if (n < 0)
		X509_NAME_oneline(name, out, NAME_BYTES);
}

/* The one at this depth of what was presented, borrowed; or NULL. */
static X509 *
presented(const struct secure *secure, int depth)
{
	STACK_OF(X509) *chain = SSL_get_peer_cert_chain(secure->ssl);

	return chain != NULL && depth < sk_X509_num(chain)
	    ? sk_X509_value(chain, depth)
	    : NULL;
}

/* Of those that were presented: one that expires early breaks all. */
static void
find_days_left(struct secure *secure, int64_t now_ms)
{
	X509 *certificate;
	double days;

	for (int i = 0; (certificate = presented(secure, i)) != NULL; i++) {
		days = days_until(now_ms, X509_get0_notAfter(certificate));
		if (i == 0 || days < secure->days_left)
			secure->days_left = days;
	}
}

/* The names it is for: "web.test, *.web.test"; owned by the caller. */
static char *
names_of(X509 *certificate)
{
	struct text names = { 0 };
	GENERAL_NAMES *all =
	    X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);

	for (int i = 0; i < sk_GENERAL_NAME_num(all); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(all, i);
		const ASN1_STRING *text = name->d.ia5;

		if (name->type != GEN_DNS || names.n > NAME_BYTES)
			continue;
		text_addf(&names, "%s%.*s", names.n > 0 ? ", " : "",
		    ASN1_STRING_length(text), ASN1_STRING_get0_data(text));
	}
	GENERAL_NAMES_free(all);
	return text_take(&names);
}

static void
add_time(struct text *out, const struct secure *secure)
{
	X509 *certificate = presented(secure, secure->time.depth);
	char name[NAME_BYTES] = "", time[TEXT_TIME_BYTES];
	bool is_early = secure->time.code == X509_V_ERR_CERT_NOT_YET_VALID;
	const ASN1_TIME *when;

	if (certificate == NULL) {
		text_add(out, "an authority in its chain has expired");
		return;
	}
	when = is_early ? X509_get0_notBefore(certificate)
			: X509_get0_notAfter(certificate);
	write_time(time, when);
	write_name(name, X509_get_subject_name(certificate));
	if (secure->time.depth > 0)
		text_addf(out, "its authority \"%s\" ", name);
	text_addf(
	    out, is_early ? "is not valid before %s" : "expired at %s", time);
}

static void
add_identity(struct text *out, const struct secure *secure)
{
	X509 *certificate = presented(secure, 0);
	char subject[NAME_BYTES] = "";
	char *names;

	names = names_of(certificate);
	write_name(subject, X509_get_subject_name(certificate));
	text_addf(out, "it is for %s", names[0] != '\0' ? names : subject);
	free(names);
}

static void
add_authority(struct text *out, const struct secure *secure)
{
	X509 *certificate = presented(secure, secure->authority.depth);
	char issuer[NAME_BYTES] = "";

	if (secure->authority.code == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT) {
		text_add(out, "it is signed by itself");
		return;
	}
	if (certificate != NULL)
		write_name(issuer, X509_get_issuer_name(certificate));
	text_addf(out, "nobody trusts \"%s\", who signed it", issuer);
}

/* Whom it is not trusted by comes first: without that it says nothing at all
 * of who is there. */
static enum turn
complain(struct probe *p, const struct secure *secure)
{
	const struct {
		const struct fault *fault;
		enum reason reason;
		void (*add)(struct text *out, const struct secure *secure);
	} sorts[] = {
		{ &secure->authority, REASON_AUTHORITY, add_authority },
		{ &secure->identity, REASON_WRONG_NAME, add_identity },
		{ &secure->time, REASON_EXPIRED, add_time },
	};
	enum reason reason = REASON_CERTIFICATE;
	struct text all = { 0 };

	for (size_t i = 0; i < sizeof(sorts) / sizeof(sorts[0]); i++) {
		if (sorts[i].fault->code == 0)
			continue;
		if (all.n == 0)
			reason = sorts[i].reason;
		text_add(&all, all.n > 0 ? "; " : "");
		sorts[i].add(&all, secure);
	}
	if (secure->other.code != 0)
		text_addf(&all, "%s%s", all.n > 0 ? "; " : "",
		    X509_verify_cert_error_string(secure->other.code));
	probe_fail(
	    p, reason, "certificate for %s: %s", secure->name, all.bytes);
	text_fini(&all);
	return TURN_STOP;
}

enum turn
secure_judge(struct probe *p, struct secure *secure)
{
	X509 *certificate = presented(secure, 0);
	char time[TEXT_TIME_BYTES], issuer[NAME_BYTES] = "";

	probe_text(p, "tls", SSL_get_version(secure->ssl));
	if (certificate == NULL)
		return probe_fail(p, REASON_CERTIFICATE,
		    "%s: presented no certificate", secure->name);
	find_days_left(secure, probe_now_ms(p));
	write_time(time, X509_get0_notAfter(certificate));
	write_name(issuer, X509_get_issuer_name(certificate));
	probe_text(p, "not_after", time);
	probe_text(p, "issuer", issuer);
	probe_number(p, "days_left", secure->days_left);
	if (secure->authority.code != 0 || secure->identity.code != 0 ||
	    secure->time.code != 0 || secure->other.code != 0)
		return complain(p, secure);
	return TURN_NEXT;
}

double
secure_days_left(const struct secure *secure)
{
	return secure->days_left;
}

static void
tell(struct probe *p, const char *what, const char *value)
{
	char *name = mem_printf("tls/%s/%s", probe_config(p)->name, what);

	probe_fact(p, name, value, NULL, SOURCE_SERVER);
	free(name);
}

static void
write_hex(char *out, size_t room, const unsigned char *bytes, size_t n)
{
	static const char digits[] = "0123456789abcdef";
	size_t at = 0;

	for (size_t i = 0; i < n && at + 2 < room; i++) {
		out[at++] = digits[bytes[i] >> 4];
		out[at++] = digits[bytes[i] & 15];
	}
	out[at] = '\0';
}

void
secure_tell(struct probe *p, struct secure *secure)
{
	X509 *certificate = presented(secure, 0);
	unsigned char digest[EVP_MAX_MD_SIZE];
	char text[NAME_BYTES] = "", hex[DIGEST_BYTES], serial[SERIAL_BYTES];
	const ASN1_INTEGER *number;
	unsigned n = 0;

	if (certificate == NULL)
		return;
	number = X509_get0_serialNumber(certificate);
	write_hex(serial, sizeof(serial), ASN1_STRING_get0_data(number),
	    (size_t)ASN1_STRING_length(number));
	tell(p, "serial", serial);
	write_time(text, X509_get0_notAfter(certificate));
	tell(p, "not_after", text);
	write_name(text, X509_get_issuer_name(certificate));
	tell(p, "issuer", text);
	if (X509_digest(certificate, EVP_sha256(), digest, &n) != 1)
		return;
	write_hex(hex, sizeof(hex), digest, n);
	tell(p, "sha256", hex);
}

void
secure_close(struct secure *secure)
{
	if (secure == NULL)
		return;
	SSL_free(secure->ssl);
	SSL_CTX_free(secure->context);
	free(secure->name);
	free(secure);
}
